//! `up`: from nothing, or from whatever an earlier attempt left, to a healthy cluster.

use std::fs;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use super::addons::{self, Addon};
use super::control::{self, Programs};
use super::layout::{self, HUGE, Layout, NODE};
use super::process::{Parts, marked};
use super::progress::Progress;
use super::{Up, UpOptions, go, module, node, sandbox, teardown};
use crate::tasks::{doctor, proc};

/// Starts the cluster, or returns at once when it is healthy already. Progress goes to stderr. When this is interrupted
/// nothing stays behind; when it fails the cluster stays as it is, for its logs, and the next `up` or `down` removes it.
pub(crate) fn up(options: &UpOptions) -> Result<Up> {
    layout::check_name(&options.name)?;
    let _lock = layout::lock(&options.name)?;
    let progress = Progress::new();
    let options = plan(options);
    if let Some(there) = Layout::load(&options.name)? {
        if there.complete && healthy(&there, PATIENCE) {
            if !suits(&there, &options) {
                bail!(
                    "cluster {0} is up as {1}{4} with {2} fake nodes and {3} fake pods, which is not what is asked for; \
                     `cargo xtask cluster down --name {0}` ends it, or choose another name",
                    there.name,
                    if there.node { "a full node" } else { "a control plane" },
                    there.fake_nodes,
                    there.fake_pods,
                    if there.enforce { " that keeps network policies" } else { "" }
                );
            }
            if !there.is_huge() {
                control::resume_controllers(&there)?;
            }
            progress.say(&format!("cluster {} is up already", there.name));
            return Ok(result(&there));
        }
        progress.say("an earlier cluster of this name is not healthy: starting anew");
    }
    if options.enforce && options.control_plane_only {
        bail!("network policies are kept on a full node alone, which needs root");
    }
    teardown::remove(&options.name)?;
    enough_memory(&options)?;
    let programs = Programs { node: go::build(&module(), "node")?, tools: go::build(&module(), "tools")? };
    if !options.control_plane_only {
        doctor::ensure(&[doctor::Need::Node])?;
    }
    let mut layout = Layout::create(&options, !options.control_plane_only)?;
    let started = if layout.node {
        start_node(&layout, &programs, progress)
    } else {
        start_control_plane(&layout, &programs, progress)
    };
    if let Err(error) = started {
        if proc::interrupted() {
            teardown::remove(&options.name).context("interrupted, and the teardown failed")?;
        }
        return Err(error);
    }
    layout.complete = true;
    layout.save()?;
    Ok(result(&layout))
}

/// What can be had of what is asked for.
fn plan(options: &UpOptions) -> UpOptions {
    let mut plan = options.clone();
    if !plan.control_plane_only && !rustix::process::geteuid().is_root() {
        proc::say("not root: this will be a control plane with simulated nodes; no container runs");
        plan.control_plane_only = true;
        plan.fake_nodes = plan.fake_nodes.max(FALLBACK_NODES);
    }
    if plan.fake_pods > 0 && plan.fake_nodes == 0 {
        plan.fake_nodes = plan.fake_pods.div_ceil(PODS_PER_NODE);
    }
    plan
}

/// Whether a cluster has what is asked for; more fake objects than that are fine only when none are asked for.
fn suits(there: &Layout, options: &UpOptions) -> bool {
    let same = |have: u32, want: u32| want == 0 || have == want;
    there.node != options.control_plane_only
        && there.enforce == options.enforce
        && same(there.fake_nodes, options.fake_nodes)
        && same(there.fake_pods, options.fake_pods)
}

/// Refuses what would make the machine swap or kill: etcd and the API server take about this much for each pod.
fn enough_memory(options: &UpOptions) -> Result<()> {
    let meminfo = fs::read_to_string("/proc/meminfo").context("cannot read how much memory there is")?;
    let available = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let available: u64 = available.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(u64::MAX);
    let each = if options.fake_pods > HUGE { 80 } else { 200 };
    let needed = u64::from(options.fake_pods) * each;
    if needed > available {
        bail!(
            "{} fake pods need about {} MB of memory and {} MB are free",
            options.fake_pods,
            needed / 1024,
            available / 1024
        );
    }
    Ok(())
}

/// Whether the API server answers and, on a full node, the node is ready; waits for it on a busy machine, but not when
/// nothing of the cluster runs at all.
pub(crate) fn healthy(layout: &Layout, seconds: u32) -> bool {
    if marked(&layout.dir()).is_ok_and(|processes| processes.is_empty()) {
        return false;
    }
    let limit = format!("{seconds}s");
    let holds = |condition: &[&str]| {
        let command = control::tool(layout, "wait").and_then(|mut wait| {
            wait.args(["--timeout", &limit]).args(condition);
            Ok(wait.output()?.status.success())
        });
        command.unwrap_or(false)
    };
    holds(&["api"]) && (!layout.node || holds(&["node", NODE]))
}

fn result(layout: &Layout) -> Up {
    Up { kubeconfig: layout.kubeconfig(), runs_pods: layout.node }
}

fn start_control_plane(layout: &Layout, programs: &Programs, progress: Progress) -> Result<()> {
    let mut parts = Parts::new(layout);
    progress.step("certificates", || control::prepare(layout, programs))?;
    start_core(layout, &mut parts, progress)?;
    start_rest(layout, &mut parts, progress)?;
    parts.check()
}

/// etcd with its objects, then the API server.
fn start_core(layout: &Layout, parts: &mut Parts<'_>, progress: Progress) -> Result<()> {
    progress.step("etcd", || control::start_etcd(layout, parts))?;
    if layout.fake_nodes > 0 {
        let what = format!("{} fake nodes, {} fake pods", layout.fake_nodes, layout.fake_pods);
        progress.step(&what, || control::seed(layout, parts))?;
    }
    progress.step(&format!("API server at {}", layout.api()), || control::start_api_server(layout, parts))
}

/// Everything that talks to the API server on any cluster.
fn start_rest(layout: &Layout, parts: &mut Parts<'_>, progress: Progress) -> Result<()> {
    if layout.fake_nodes > 0 {
        control::start_simulation(layout, parts)?;
    }
    control::start_volumes(layout, parts)?;
    if layout.is_huge() {
        // each of them holds every pod, which at the size of a benchmark takes the memory of the machine
        progress.say(&format!("more than {HUGE} fake pods: controllers and scheduler stay off"));
        return progress.step("addons applied", || addons::apply(layout));
    }
    control::start_controllers(layout, parts)?;
    control::start_scheduler(layout, parts)?;
    progress.step("addons applied", || addons::apply(layout))?;
    let mut wait = control::tool(layout, "wait")?;
    wait.args(["--timeout", "60s", "account", "default"]);
    progress.step("controllers and scheduler", || parts.wait_for(&mut wait).context("the controllers do nothing"))
}

/// The runtime and its images come up beside the control plane.
fn start_node(layout: &Layout, programs: &Programs, progress: Progress) -> Result<()> {
    let pause = Addon::Pause.program()?;
    let mut parts = Parts::new(layout);
    progress.step("certificates", || control::prepare(layout, programs))?;
    progress.step("namespaces and network", || sandbox::create(layout, &mut parts, &pause))?;
    thread::scope(|scope| {
        let (loaded, images) = mpsc::channel();
        let runtime = scope.spawn(move || -> Result<()> {
            let mut parts = Parts::new(layout);
            progress.step("containerd", || node::start_runtime(layout, &mut parts))?;
            for addon in [Addon::Pause, Addon::CoreDns, Addon::MetricsServer] {
                let archive = addon.image()?;
                progress.step(&format!("image {}", addon.name()), || node::import(layout, &archive))?;
                // nobody listens when the control plane has failed already
                let _ = loaded.send(addon);
            }
            parts.check()
        });
        start_core(layout, &mut parts, progress)?;
        node::start_kubelet(layout, &mut parts)?;
        node::start_proxy(layout, &mut parts)?;
        if layout.enforce {
            progress.step("network policies", || node::start_policies(layout, &mut parts))?;
        }
        start_rest(layout, &mut parts, progress)?;
        let mut wait = control::tool(layout, "wait")?;
        wait.args(["--timeout", "90s", "node", NODE]);
        progress.step("node ready", || parts.wait_for(&mut wait).context("the node is not ready"))?;
        while images.recv().is_ok_and(|addon| addon != Addon::CoreDns) {
            parts.check()?;
        }
        let mut wait = control::tool(layout, "wait")?;
        wait.args(["--timeout", "90s", "deployment", "kube-system/coredns"]);
        progress.step("DNS answers", || parts.wait_for(&mut wait).context("CoreDNS is not available"))?;
        runtime.join().map_err(|_| anyhow!("the container runtime's thread died"))?
    })?;
    parts.check()
}

/// Seconds that a running cluster has to answer before it counts as broken.
const PATIENCE: u32 = 30;
const FALLBACK_NODES: u32 = 3;
const PODS_PER_NODE: u32 = 30;
