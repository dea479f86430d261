//! The control plane: etcd, the API server, the controllers and the scheduler, all from one binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::layout::{Layout, NODE, Port};
use super::process::{MARK, Parts, inside, marked};
use crate::tasks::proc;

/// The two programs that a cluster is made of.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Every part of Kubernetes, by the name it is started under.
    pub(crate) node: PathBuf,
    /// Our own: certificates, fake objects, simulation, volumes.
    pub(crate) tools: PathBuf,
}

/// Makes the folders, certificates and kubeconfigs, and the names under which the parts start.
pub(crate) fn prepare(layout: &Layout, programs: &Programs) -> Result<()> {
    for folder in ["log", "pki", "bin", "volumes", "config"] {
        fs::create_dir_all(layout.dir().join(folder))?;
    }
    for part in
        ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"]
    {
        keep(&programs.node, &layout.dir().join("bin").join(part))?;
    }
    keep(&programs.tools, &layout.dir().join("bin/tools"))?;
    fs::write(layout.dir().join("config/audit-policy.yaml"), AUDIT_POLICY)?;
    let addresses = format!("127.0.0.1,{},{}", layout.api_service_address(), layout.node_address());
    let mut command = Command::new(&programs.tools);
    command.arg("pki").arg("--dir").arg(layout.pki());
    command.args(["--server", &layout.api(), "--ip", &addresses, "--context", &layout.name]);
    command.args(["--node", NODE, "--node-ip", &layout.node_address().to_string()]);
    proc::run(&mut command).context("cannot make the certificates")
}

/// Gives a program one more name, so that the cluster keeps it when newer builds replace it in the cache.
fn keep(program: &Path, name: &Path) -> Result<()> {
    fs::hard_link(program, name).with_context(|| format!("cannot make {}", name.display()))
}

/// Starts etcd and waits for it.
pub(crate) fn start_etcd(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let pki = |file: &str| layout.pki().join(file);
    let peer = format!("https://127.0.0.1:{}", layout.port(Port::EtcdPeer));
    let mut etcd = part(layout, "etcd")?;
    etcd.arg("--data-dir").arg(layout.dir().join("etcd"));
    etcd.args(["--name", "default", "--log-level", "warn", "--unsafe-no-fsync", "--max-txn-ops", "512"]);
    etcd.args(["--quota-backend-bytes", "8589934592", "--snapshot-count", "2000"]);
    // the log of changes is for followers, and there are none: its entries would stay in memory
    etcd.args(["--snapshot-catchup-entries", "200"]);
    etcd.args(["--listen-client-urls", &layout.etcd(), "--advertise-client-urls", &layout.etcd()]);
    etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    etcd.args(["--initial-cluster", &format!("default={peer}"), "--client-cert-auth", "--peer-client-cert-auth"]);
    for (flag, file) in [
        ("--cert-file", "etcd.crt"),
        ("--key-file", "etcd.key"),
        ("--trusted-ca-file", "etcd-ca.crt"),
        ("--peer-cert-file", "etcd.crt"),
        ("--peer-key-file", "etcd.key"),
        ("--peer-trusted-ca-file", "etcd-ca.crt"),
    ] {
        etcd.arg(flag).arg(pki(file));
    }
    // its heap is small and its garbage is not: fewer collections cost little memory
    etcd.env("GOGC", "400").env("GOMEMLIMIT", "1536MiB");
    parts.start("etcd", &etcd)?;
    parts.wait_for(tool(layout, "wait")?.args(["--timeout", "30s", "etcd"])).context("etcd does not answer")
}

/// Writes the fake objects. The controllers must not run.
pub(crate) fn seed(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut seed = tool(layout, "seed")?;
    seed.args(["--nodes", &layout.fake_nodes.to_string(), "--pods", &layout.fake_pods.to_string()]);
    if layout.node {
        seed.arg("--taint");
    }
    parts.wait_for(&mut seed).context("cannot write the fake objects")
}

pub(crate) fn start_api_server(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut api = part(layout, "kube-apiserver")?;
    api.args([
        format!("--etcd-servers={}", layout.etcd()),
        format!("--secure-port={}", layout.port(Port::Api)),
        format!("--bind-address={}", layout.address()),
        format!("--advertise-address={}", layout.node_address()),
        format!("--service-cluster-ip-range={}", layout.service_range()),
        format!("--audit-log-path={}", layout.audit_log().display()),
        format!("--audit-policy-file={}", layout.dir().join("config/audit-policy.yaml").display()),
    ]);
    for (flag, file) in [
        ("--etcd-cafile", "etcd-ca.crt"),
        ("--etcd-certfile", "etcd-client.crt"),
        ("--etcd-keyfile", "etcd-client.key"),
        ("--tls-cert-file", "apiserver.crt"),
        ("--tls-private-key-file", "apiserver.key"),
        ("--client-ca-file", "ca.crt"),
        ("--service-account-key-file", "service-account.crt"),
        ("--service-account-signing-key-file", "service-account.key"),
        ("--kubelet-client-certificate", "kubelet-client.crt"),
        ("--kubelet-client-key", "kubelet-client.key"),
        ("--kubelet-certificate-authority", "ca.crt"),
        ("--requestheader-client-ca-file", "front-proxy-ca.crt"),
        ("--proxy-client-cert-file", "front-proxy.crt"),
        ("--proxy-client-key-file", "front-proxy.key"),
    ] {
        api.arg(format!("{flag}={}", layout.pki().join(file).display()));
    }
    api.args([
        "--service-account-issuer=https://kubernetes.default.svc",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP,Hostname",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--enable-aggregator-routing=true",
        "--audit-log-maxsize=200",
        "--audit-log-maxbackup=1",
        "--audit-log-mode=blocking",
    ]);
    if layout.node {
        api.args(["--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"]);
    } else {
        // rules for kubelets hold a second copy of every pod, and there is no kubelet
        api.arg("--authorization-mode=RBAC");
    }
    if layout.fake_pods > 0 {
        // few collections while it reads everything at the start, but no heap of twice the size where that is the machine's memory
        api.env("GOGC", if layout.is_huge() { "75" } else { "200" }).env("GOMEMLIMIT", "12GiB");
    }
    parts.start("apiserver", &api)?;
    parts.wait_for(tool(layout, "wait")?.args(["--timeout", "240s", "api"])).context("the API server does not answer")
}

pub(crate) fn start_controllers(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let file = |name: &str| layout.pki().join(name);
    let mut controllers = part(layout, "kube-controller-manager")?;
    for (flag, path) in [
        ("--kubeconfig", layout.part_kubeconfig("controllers")),
        ("--authentication-kubeconfig", layout.part_kubeconfig("controllers")),
        ("--authorization-kubeconfig", layout.part_kubeconfig("controllers")),
        ("--service-account-private-key-file", file("service-account.key")),
        ("--root-ca-file", file("ca.crt")),
        ("--cluster-signing-cert-file", file("ca.crt")),
        ("--cluster-signing-key-file", file("ca.key")),
    ] {
        controllers.arg(format!("{flag}={}", path.display()));
    }
    controllers.args(["--use-service-account-credentials=true", "--leader-elect=false", "--allocate-node-cidrs=false"]);
    controllers.args(["--bind-address=127.0.0.1", "--profiling=false", "--kube-api-qps=200", "--kube-api-burst=400"]);
    controllers.arg(format!("--secure-port={}", layout.port(Port::Controllers)));
    if layout.fake_pods > 0 {
        controllers.env("GOGC", "50");
    }
    parts.start("controllers", &controllers)
}

pub(crate) fn start_scheduler(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut scheduler = part(layout, "kube-scheduler")?;
    for flag in ["--kubeconfig", "--authentication-kubeconfig", "--authorization-kubeconfig"] {
        scheduler.arg(format!("{flag}={}", layout.part_kubeconfig("scheduler").display()));
    }
    scheduler.args(["--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false"]);
    scheduler.arg(format!("--secure-port={}", layout.port(Port::Scheduler)));
    if layout.fake_pods > 0 {
        scheduler.env("GOGC", "50");
    }
    parts.start("scheduler", &scheduler)
}

/// Ends the controllers and the scheduler of a running cluster, for measurements that they would disturb.
pub(crate) fn pause_controllers(layout: &Layout) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let running = controllers(layout)?;
        if running.is_empty() {
            return Ok(());
        }
        for pid in running.into_iter().filter_map(Pid::from_raw) {
            // it may have ended by itself
            let _ = kill_process(pid, Signal::TERM);
        }
        if Instant::now() > deadline {
            bail!("the controllers do not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Starts controllers and scheduler again, if they do not run.
pub(crate) fn resume_controllers(layout: &Layout) -> Result<()> {
    if controllers(layout)?.is_empty() {
        let mut parts = Parts::new(layout);
        start_controllers(layout, &mut parts)?;
        start_scheduler(layout, &mut parts)?;
        parts.check()?;
    }
    Ok(())
}

/// Their processes, without the programs that wait for them outside a node.
fn controllers(layout: &Layout) -> Result<Vec<i32>> {
    let names = ["kube-controller-manager", "kube-scheduler"].map(|name| layout.dir().join("bin").join(name));
    let ours = |command: &str| names.iter().any(|name| command.starts_with(&*name.to_string_lossy()));
    Ok(marked(&layout.dir())?.into_iter().filter(|process| ours(&process.command)).map(|process| process.pid).collect())
}

/// The kubelets of the fake nodes.
pub(crate) fn start_simulation(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut simulate = tool(layout, "simulate")?;
    simulate.args(["--nodes", &layout.fake_nodes.to_string()]);
    parts.start("simulate", &simulate)
}

/// The provisioner of the storage class `local`.
pub(crate) fn start_volumes(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut provision = inside(layout, layout.dir().join("bin/tools"))?;
    provision.arg("provision").arg("--kubeconfig").arg(layout.part_kubeconfig("tools"));
    provision.arg("--dir").arg(layout.dir().join("volumes"));
    parts.start("volumes", &provision)
}

/// A part of Kubernetes.
pub(crate) fn part(layout: &Layout, name: &str) -> Result<Command> {
    inside(layout, layout.dir().join("bin").join(name))
}

/// One of our own tools, told where etcd and the API server are.
pub(crate) fn tool(layout: &Layout, name: &str) -> Result<Command> {
    let mut command = inside(layout, layout.dir().join("bin/tools"))?;
    command.arg(name).arg("--etcd").arg(layout.etcd());
    command.arg("--pki").arg(layout.pki()).arg("--kubeconfig").arg(layout.part_kubeconfig("tools"));
    Ok(command)
}

/// Applies manifests; `from` are files.
pub(crate) fn apply(layout: &Layout, from: &[&Path]) -> Result<()> {
    let mut command = part(layout, "kubectl")?;
    command.env(MARK, layout.dir()).arg("--kubeconfig").arg(layout.part_kubeconfig("tools"));
    command.args(["apply", "--server-side", "--force-conflicts", "--validate=false", "--cache-dir"]);
    command.arg(layout.dir().join("kubectl-cache"));
    for file in from {
        command.arg("--filename").arg(file);
    }
    proc::output(&mut command).map(drop)
}

const AUDIT_POLICY: &str = include_str!("../../../dev/cluster/config/audit-policy.yaml");
