//! Suites of crates against a real API server that they share: etcd, kube-apiserver and controllers, with simulated nodes.

use super::{Count, Scope, cargo_test, suites};
use crate::cluster::{self, UpOptions};
use crate::tasks::doctor::{self, Need};
use crate::tasks::lease::Lease;

/// The name of the test target that needs the cluster.
pub(super) const TARGET: &str = "it";
/// What they start.
const NEEDS: [Need; 4] = [Need::Build, Need::Clients, Need::Captures, Need::Load];

/// Runs them, and `beside` while they wait.
pub(super) fn run(scope: &Scope<'_>, count: &mut Count, beside: impl FnOnce() + Send) -> anyhow::Result<()> {
    let (packages, _) = scope.with_target(|name| name == TARGET);
    anyhow::ensure!(!packages.is_empty(), "no crate has a test target called {TARGET}");
    doctor::ensure(&NEEDS)?;
    // compile before the cluster takes its share of the machine
    let mut command = cargo_test(&["--test", TARGET]);
    command.args(&packages);
    let mut suites = suites::build(command)?;
    suites.sort_by_key(|suite| LONG.iter().position(|long| *long == suite.package()).unwrap_or(LONG.len()));
    let cluster = Lease::take(&UpOptions {
        name: "it".to_owned(),
        control_plane_only: true,
        fake_nodes: FAKE_NODES,
        ..UpOptions::default()
    })?;
    let kubectl = cluster::kubectl_path()?;
    std::thread::scope(|threads| {
        threads.spawn(beside);
        suites::run(&suites::Queue::of(&suites), BESIDE, count, |command| {
            command
                .env("QD_TEST_KUBECONFIG", cluster.kubeconfig())
                .env("QD_TEST_KUBECTL", &kubectl)
                .env("QD_TEST_AUDIT_LOG", cluster.audit_log());
            Ok(())
        })
    })
}

/// Those that take a minute or more begin first, so that none of them is left alone at the end.
const LONG: &[&str] = &["workspace", "qd-agent", "mirror", "flow"];
/// Suites beside each other: much of each is waiting.
const BESIDE: usize = 2;
const FAKE_NODES: u32 = 3;
