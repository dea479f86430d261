//! A cluster for the time of one task. What the task started is taken down when the lease ends, also after a failure or
//! Ctrl-C; a cluster that was up before stays as it is.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use super::proc;
use crate::cluster::{self, UpOptions};

/// A running cluster, and whether this task has to end it.
pub(super) struct Lease {
    name: String,
    kubeconfig: PathBuf,
    ours: bool,
    /// Whether pods run for real.
    pub(super) runs_pods: bool,
}

impl Lease {
    /// Starts the cluster, or takes the one of this name that is up already.
    pub(super) fn take(options: &UpOptions) -> Result<Self> {
        // handlers first: from here on an interrupt ends in a teardown
        proc::check()?;
        let kubeconfig = cluster::kubeconfig_path(&options.name);
        let before = written(&record(&kubeconfig));
        let up = match cluster::up(options) {
            Ok(up) => up,
            Err(error) => {
                if before.is_none() || before != written(&record(&kubeconfig)) {
                    end(&options.name);
                }
                return Err(error);
            }
        };
        // `up` writes the record anew exactly when it starts a cluster
        let ours = before.is_none() || before != written(&record(&up.kubeconfig));
        Ok(Self { name: options.name.clone(), kubeconfig: up.kubeconfig, ours, runs_pods: up.runs_pods })
    }

    /// The administrator's kubeconfig.
    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The API server's audit log, one JSON event a line.
    pub(super) fn audit_log(&self) -> PathBuf {
        self.kubeconfig.with_file_name("log").join("audit.jsonl")
    }

    /// Leaves the cluster running when the lease ends.
    pub(super) fn keep(mut self) {
        self.ours = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.ours {
            proc::say(&format!("ending cluster {}", self.name));
            end(&self.name);
        }
    }
}

fn end(name: &str) {
    if let Err(error) = cluster::down(name) {
        proc::say(&format!("cluster {name} is not gone: {error:#}\nrun: cargo xtask cluster down --name {name}"));
    }
}

/// The cluster's own record, which stands beside its kubeconfig.
fn record(kubeconfig: &Path) -> PathBuf {
    kubeconfig.with_file_name("cluster.json")
}

fn written(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
