//! `cargo xtask cluster …`: a real Kubernetes on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Arguments of `cargo xtask cluster`.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// What [`up`] is to start.
#[derive(Debug, Clone)]
pub(crate) struct UpOptions {
    pub(crate) name: String,
    pub(crate) control_plane_only: bool,
    pub(crate) fake_nodes: u32,
    pub(crate) fake_pods: u32,
}

/// A running cluster.
#[derive(Debug, Clone)]
pub(crate) struct Up {
    pub(crate) kubeconfig: PathBuf,
    /// Whether pods run for real (a full node) or are only simulated.
    pub(crate) runs_pods: bool,
}

pub(crate) fn run(_args: Args) -> Result<()> {
    bail!("not built yet")
}

/// Starts the cluster, or returns at once when it is healthy already. Progress goes to stderr.
pub(crate) fn up(_options: &UpOptions) -> Result<Up> {
    bail!("not built yet")
}

/// Ends the cluster and removes every trace of it; fine when there is none.
pub(crate) fn down(_name: &str) -> Result<()> {
    bail!("not built yet")
}

/// Loads a docker-archive into the container runtime of the cluster.
pub(crate) fn load_image(_name: &str, _tar: &Path) -> Result<()> {
    bail!("not built yet")
}

/// Where the administrator's kubeconfig of the cluster is, whether it runs or not.
pub(crate) fn kubeconfig_path(name: &str) -> PathBuf {
    crate::paths::cache().join("clusters").join(name).join("kubeconfig")
}

/// The `kubectl` of the version that the cluster runs; built when it is missing.
pub(crate) fn kubectl_path() -> Result<PathBuf> {
    bail!("not built yet")
}

/// Builds the command `output` of a Go module (`cmd/OUTPUT`, or the module's root) into the cache, keyed by its sources.
pub(crate) fn go_build(_module: &Path, _output: &str) -> Result<PathBuf> {
    bail!("not built yet")
}
