//! `cargo xtask run`: from a fresh machine to the console in the browser, on a real cluster with the demo in it.
//!
//! The console is built beside the cluster, each step with a progress line. Then `qd` runs until Ctrl-C, which ends it
//! and takes down the cluster if this run started it; so does its end by any other way. stdout gets one line: a one-time URL that nobody used yet.

mod console;

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};

use super::lease::Lease;
use super::metadata::Metadata;
use super::steps::Steps;
use super::{agent, build, doctor, keeper, proc, web};
use crate::cluster::UpOptions;
use console::Console;

/// Arguments of `cargo xtask run`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Use the clusters of this kubeconfig; nothing is installed in them.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Do not open the browser.
    #[arg(long)]
    no_open: bool,
    /// Leave everything running and return.
    #[arg(long)]
    detach: bool,
    /// The cluster's name: for runs beside another one.
    #[arg(long, hide = true, default_value = "dev")]
    name: String,
    /// A qd that is built already.
    #[arg(long, hide = true, value_name = "FILE")]
    qd: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // handlers first: from here on an interrupt ends in a teardown
    proc::check()?;
    keeper::start()?;
    let steps = Steps::new();
    if let Some(file) = &args.kubeconfig {
        anyhow::ensure!(file.is_file(), "there is no file {}", file.display());
    }
    let own = args.kubeconfig.is_none();
    steps.step("this machine has what is needed", || machine(own))?;
    let (programs, lease) = thread::scope(|scope| {
        let cluster = own.then(|| scope.spawn(move || cluster(&args.name, steps)));
        let built = |qd| Ok(Programs { qd, agents: Vec::new() });
        let programs = args.qd.clone().map_or_else(|| programs(own, steps), built);
        let lease = cluster.map(|cluster| cluster.join().map_err(|_| anyhow!("the thread of the cluster died"))?);
        // both are asked before either fails, so that the lease is there to end what was started
        let lease = lease.transpose()?;
        anyhow::Ok((programs?, lease))
    })?;
    let Programs { qd, agents } = programs;
    if lease.as_ref().is_some_and(|lease| lease.runs_pods) && !agents.is_empty() {
        steps.step("agents in the cluster", || agent::load(&args.name, &agents))?;
    }
    let kubeconfig = match (&args.kubeconfig, &lease) {
        (Some(file), _) => std::path::absolute(file)?,
        (None, Some(lease)) => lease.kubeconfig().to_owned(),
        (None, None) => anyhow::bail!("there is neither a kubeconfig nor a cluster"),
    };
    let console = steps.step("qd answers", || Console::start(&qd, &kubeconfig, args.detach))?;
    if !args.no_open {
        console.open_browser(&qd, steps);
    }
    println!("{}", console.url);
    if args.detach {
        detach(&args.name, console, lease);
        return Ok(());
    }
    proc::say("Ctrl-C ends it");
    let ended = console.wait();
    drop(lease);
    ended
}

/// Debian packages and versions; with somebody else's cluster only what building takes.
fn machine(own_cluster: bool) -> Result<()> {
    let mut needs = vec![doctor::Need::Build, doctor::Need::Web];
    // without root the cluster is a control plane with simulated nodes, which takes no package
    if runs_pods(own_cluster) {
        needs.extend([doctor::Need::Node, doctor::Need::Images, doctor::Need::Agent]);
    }
    doctor::ensure(&needs)
}

/// The cluster is ours, and has a real node.
fn runs_pods(own_cluster: bool) -> bool {
    own_cluster && rustix::process::geteuid().is_root()
}

struct Programs {
    qd: PathBuf,
    /// Archives of images.
    agents: Vec<PathBuf>,
}

/// The console and the agents, then the program that embeds them.
fn programs(own_cluster: bool, steps: Steps) -> Result<Programs> {
    steps.step("packages of the console", web::install)?;
    steps.step("console built", web::build)?;
    let agents = if runs_pods(own_cluster) { steps.step("agents built", agent::images)? } else { Vec::new() };
    let qd = steps.step("qd built", || build::qd(&Metadata::load()?))?;
    Ok(Programs { qd, agents })
}

/// The cluster with the demo in it.
fn cluster(name: &str, steps: Steps) -> Result<Lease> {
    let lease = steps.step(&format!("cluster {name}"), || {
        Lease::take(&UpOptions { name: name.to_owned(), ..UpOptions::default() })
    })?;
    steps.step("demo", || proc::run(build::xtask()?.args(["demo", "up", "--name", name])))?;
    Ok(lease)
}

fn detach(name: &str, console: Console, lease: Option<Lease>) {
    proc::say(&format!("the console goes on: kill {} ends it", console.pid()));
    if let Some(lease) = lease {
        proc::say(&format!("the cluster goes on: cargo xtask cluster down --name {name} ends it"));
        lease.keep();
    }
    console.keep();
}

/// Where `qd` of a detached run writes.
fn log(file: &str) -> Result<PathBuf> {
    let folder = crate::paths::cache().join("run");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Path::new(&folder).join(file))
}
