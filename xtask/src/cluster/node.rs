//! The real node: containerd, kubelet and kube-proxy inside the sandbox.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::control;
use super::layout::{self, Layout, NODE};
use super::process::{MARK, Parts, inside};
use crate::tasks::proc;

pub(crate) fn start_runtime(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let config = layout.dir().join("config");
    fs::create_dir_all(config.join("cni"))?;
    let fill = |template: &str| {
        template
            .replace("{{DIR}}", &layout.dir().display().to_string())
            .replace("{{SNAPSHOTTER}}", snapshotter(&layout.dir()))
            .replace("{{PODS}}", &layout.pod_range())
    };
    fs::write(config.join("containerd.toml"), fill(CONTAINERD))?;
    fs::write(config.join("cni/10-bridge.conflist"), fill(NETWORK))?;
    let mut containerd = inside(layout, "containerd")?;
    containerd.arg("--config").arg(config.join("containerd.toml"));
    parts.start("containerd", &containerd)?;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        parts.check()?;
        let mut version = inside(layout, "ctr")?;
        if version.arg("version").output().is_ok_and(|output| output.status.success()) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("containerd does not answer: see {}", layout.log("containerd").display());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn start_kubelet(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let config = layout.dir().join("config");
    fs::write(config.join("resolv.conf"), format!("nameserver {}\n", layout.dns_address()))?;
    let filled = KUBELET
        .replace("{{PKI}}", &layout.pki().display().to_string())
        .replace("{{DIR}}", &layout.dir().display().to_string())
        .replace("{{ADDRESS}}", &layout.node_address().to_string())
        .replace("{{DNS}}", &layout.dns_address().to_string())
        .replace("{{CGROUP}}", &layout.cgroup());
    fs::write(config.join("kubelet.yaml"), filled)?;
    let mut kubelet = control::part(layout, "kubelet")?;
    kubelet.arg("--config").arg(config.join("kubelet.yaml"));
    kubelet.arg("--kubeconfig").arg(layout.part_kubeconfig("kubelet"));
    kubelet.args(["--hostname-override", NODE, "--node-ip", &layout.node_address().to_string()]);
    kubelet.args(["--node-labels", "topology.kubernetes.io/zone=local"]);
    parts.start("kubelet", &kubelet)
}

pub(crate) fn start_proxy(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut proxy = control::part(layout, "kube-proxy")?;
    proxy.arg("--kubeconfig").arg(layout.part_kubeconfig("proxy"));
    proxy.args(["--hostname-override", NODE, "--proxy-mode=iptables", "--metrics-bind-address=127.0.0.1:10249"]);
    proxy
        .arg(format!("--cluster-cidr={}", layout.pod_range()))
        .arg(format!("--bind-address={}", layout.node_address()));
    // limits of connection tracking belong to the whole machine
    proxy.args(["--conntrack-max-per-core=0", "--conntrack-min=0"]);
    proxy.args(["--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0"]);
    parts.start("proxy", &proxy)
}

/// Keeps the NetworkPolicies, from before any pod has started. What it makes ends with the node's network.
pub(crate) fn start_policies(layout: &Layout, parts: &mut Parts<'_>) -> Result<()> {
    let mut policies = control::part(layout, "tools")?;
    policies.arg("policies").arg("--kubeconfig").arg(layout.part_kubeconfig("tools"));
    parts.start("policies", &policies)?;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        parts.check()?;
        let mut table = inside(layout, "nft")?;
        if table.args(["list", "table", "ip", "policies"]).output().is_ok_and(|output| output.status.success()) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("nothing keeps network policies: see {}", layout.log("policies").display());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Loads a docker-archive into the container runtime of the cluster.
pub(crate) fn load_image(name: &str, tar: &Path) -> Result<()> {
    let Some(layout) = Layout::load(name)? else {
        bail!("there is no cluster {name}: `cargo xtask cluster up --name {name}`")
    };
    if !layout.node {
        bail!("cluster {name} only simulates nodes: it runs no images");
    }
    import(&layout, tar)
}

/// Loads an image into a node that `up` is still working on, or that runs.
pub(crate) fn import(layout: &Layout, tar: &Path) -> Result<()> {
    layout::exists(tar)?;
    let mut import = inside(layout, "ctr")?;
    import.env(MARK, layout.dir()).args(["--namespace", "k8s.io", "images", "import"]).arg(tar);
    proc::output(&mut import).with_context(|| format!("cannot load {}", tar.display())).map(drop)
}

/// overlayfs cannot stand on itself, as in a development container.
fn snapshotter(dir: &Path) -> &'static str {
    let kind = Command::new("stat").args(["--file-system", "--format", "%T"]).arg(dir).output();
    match kind {
        Ok(output) if String::from_utf8_lossy(&output.stdout).trim() == "overlayfs" => "native",
        _ => "overlayfs",
    }
}

const CONTAINERD: &str = include_str!("../../../dev/cluster/config/containerd.toml");
const NETWORK: &str = include_str!("../../../dev/cluster/config/bridge.conflist");
const KUBELET: &str = include_str!("../../../dev/cluster/config/kubelet.yaml");
