//! Suites of crates against a real API server that they share: etcd, kube-apiserver and controllers, with simulated nodes.

use super::{Count, Runner, Scope, cargo_test, watch};
use crate::cluster::{self, UpOptions};
use crate::tasks::doctor;
use crate::tasks::lease::Lease;

/// The name of the test target that needs the cluster.
pub(super) const TARGET: &str = "it";

pub(super) fn run(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    let (packages, _) = scope.with_target(|name| name == TARGET);
    anyhow::ensure!(!packages.is_empty(), "no crate has a test target called {TARGET}");
    doctor::ensure(&[doctor::Need::Build, doctor::Need::Clients])?;
    // compile before the cluster takes its share of the machine
    crate::tasks::proc::run(cargo_test(&["--no-run", "--test", TARGET]).args(&packages).stdout(std::io::stderr()))?;
    let cluster = Lease::take(&UpOptions {
        name: "it".to_owned(),
        control_plane_only: true,
        fake_nodes: FAKE_NODES,
        fake_pods: 0,
    })?;
    let mut command = cargo_test(&["--test", TARGET]);
    command
        .args(&packages)
        .env("QD_TEST_KUBECONFIG", cluster.kubeconfig())
        .env("QD_TEST_KUBECTL", cluster::kubectl_path()?)
        .env("QD_TEST_AUDIT_LOG", cluster.audit_log());
    watch(Runner::Cargo, &mut command, count)
}

const FAKE_NODES: u32 = 3;
