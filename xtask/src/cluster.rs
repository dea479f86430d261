//! `cargo xtask cluster …`: a real Kubernetes on this machine, from Go modules and Debian packages alone.
//!
//! `layout` says where a cluster keeps things and which addresses it owns; everything else follows from that one record, which
//! is on disk before the first process starts. `up` is `control` (etcd, API server, controllers, scheduler) and, on a full
//! node, `sandbox` (namespaces of its own) and `node` (containerd, kubelet, kube-proxy), then `addons`. `teardown` finds
//! what belongs to a cluster by marks that the kernel keeps, never by a list that a crash could cut short.

mod addons;
mod command;
mod control;
mod go;
mod layout;
mod node;
mod process;
mod progress;
mod proof;
mod sandbox;
mod selftest;
mod start;
mod teardown;

use std::path::PathBuf;

use anyhow::Result;

pub(crate) use command::Args;
pub(crate) use go::build as go_build;
pub(crate) use node::load_image;
pub(crate) use process::carrying;
pub(crate) use start::up;
pub(crate) use teardown::down;

/// What [`up`] is to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UpOptions {
    /// 1 to 20 lower-case letters, digits and dashes.
    pub(crate) name: String,
    pub(crate) control_plane_only: bool,
    /// NetworkPolicies are kept; on a full node alone.
    pub(crate) enforce: bool,
    pub(crate) fake_nodes: u32,
    pub(crate) fake_pods: u32,
}

/// A running cluster.
#[derive(Debug, Clone)]
pub(crate) struct Up {
    /// The administrator's.
    pub(crate) kubeconfig: PathBuf,
    /// Whether pods run for real (a full node), or are only simulated or not run at all.
    pub(crate) runs_pods: bool,
}

pub(crate) fn run(args: Args) -> Result<()> {
    command::run(args)
}

/// Where the administrator's kubeconfig of the cluster is, whether it runs or not.
pub(crate) fn kubeconfig_path(name: &str) -> PathBuf {
    layout::dir(name).join("kubeconfig")
}

/// The `kubectl` of the version that the clusters run; built when it is missing. A program of its own, because tests start it
/// thousands of times, and the parts of a node take as long to begin as it takes to ask.
pub(crate) fn kubectl_path() -> Result<PathBuf> {
    go::build_package(&module(), "kubectl", Some("k8s.io/kubernetes/cmd/kubectl"))
}

/// An ACME server for tests and the DNS server that belongs to it, at the versions of `dev/acme`.
pub(crate) fn acme_paths() -> Result<[PathBuf; 2]> {
    let (module, package) = (crate::paths::root().join("dev/acme"), "github.com/letsencrypt/pebble/v2/cmd");
    let build = |name: &str| go::build_package(&module, name, Some(&format!("{package}/{name}")));
    Ok([build("pebble")?, build("pebble-challtestsrv")?])
}

/// A registry of images for tests, at the version of `dev/registry`.
pub(crate) fn registry_path() -> Result<PathBuf> {
    go::build(&crate::paths::root().join("dev/registry"), "registry")
}

/// The Go module that the clusters are built from.
fn module() -> PathBuf {
    crate::paths::root().join("dev/cluster")
}

/// The folder of a module inside the cluster's.
fn submodule(name: &str) -> PathBuf {
    module().join(name)
}
