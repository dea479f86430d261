//! The real `qd` on a real node with the demo in it, driven by real clients and a real browser.

use std::process::Command;

use super::{Count, E2E, Runner, Scope, cargo_test, need_root, watch};
use crate::cluster::{self, UpOptions};
use crate::tasks::lease::Lease;
use crate::tasks::{build, doctor, proc, web};

pub(super) fn run(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    need_root("e2e")?;
    doctor::ensure(&[
        doctor::Need::Build,
        doctor::Need::Web,
        doctor::Need::Node,
        doctor::Need::Images,
        doctor::Need::Browser,
        doctor::Need::Clients,
    ])?;
    web::build()?;
    let qd = build::qd(scope.metadata)?;
    proc::run(cargo_test(&["--no-run", "-p", E2E]).stdout(std::io::stderr()))?;
    let cluster =
        Lease::take(&UpOptions { name: NAME.to_owned(), control_plane_only: false, fake_nodes: 0, fake_pods: 0 })?;
    anyhow::ensure!(cluster.runs_pods, "the cluster {NAME} has no real node");
    proc::run(build::xtask()?.args(["demo", "up", "--name", NAME]))?;
    let kubectl = cluster::kubectl_path()?;
    let told = |command: &mut Command| {
        command
            .env("QD_BIN", &qd)
            .env("QD_E2E_KUBECONFIG", cluster.kubeconfig())
            .env("QD_E2E_AUDIT_LOG", cluster.audit_log())
            .env("QD_KUBECTL", &kubectl)
            .env("KUBECTL", &kubectl);
    };
    if scope.chosen(E2E) {
        let mut command = cargo_test(&["-p", E2E]);
        told(&mut command);
        watch(Runner::Cargo, &mut command, count)?;
    }
    if scope.chosen("web") {
        let mut command = web::script_command("e2e").ok_or_else(|| anyhow::anyhow!("there is no web/package.json"))?;
        told(&mut command);
        watch(Runner::Vitest, &mut command, count)?;
    }
    Ok(())
}

const NAME: &str = "e2e";
