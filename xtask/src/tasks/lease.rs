//! A cluster for the time of one task. What the task started is taken down when the lease ends, also after a failure, Ctrl-C
//! or `kill -9`; a cluster that was up before stays as it is.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::keeper::{self, Stamp};
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
        let before = keeper::own(&options.name)?;
        let up = match cluster::up(options) {
            Ok(up) => up,
            Err(error) => {
                if Stamp::of(&options.name) != before {
                    end(&options.name);
                }
                keeper::disown(&options.name);
                return Err(error);
            }
        };
        // `up` writes the record anew exactly when it starts a cluster
        let ours = Stamp::of(&options.name) != before;
        if !ours {
            keeper::disown(&options.name);
        }
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
        keeper::disown(&self.name);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.ours {
            proc::say(&format!("ending cluster {}", self.name));
            end(&self.name);
            keeper::disown(&self.name);
        }
    }
}

fn end(name: &str) {
    if let Err(error) = cluster::down(name) {
        proc::say(&format!("cluster {name} is not gone: {error:#}\nrun: cargo xtask cluster down --name {name}"));
    }
}
