//! What end-to-end tests stand on: the programs, real nodes, and a control plane with long tables.

use std::path::PathBuf;
use std::process::Command;

use super::{E2E, Scope, cargo_test, need_root};
use crate::cluster::{self, UpOptions};
use crate::tasks::lease::Lease;
use crate::tasks::{agent, build, doctor, proc, web};

/// The programs under test, and those that test them.
pub(super) struct Programs {
    /// The program under test.
    pub(super) qd: PathBuf,
    kubectl: PathBuf,
    acme: [PathBuf; 2],
    registry: PathBuf,
    agents: Vec<PathBuf>,
}

impl Programs {
    /// Installs what is missing and builds all of them.
    pub(super) fn build(scope: &Scope<'_>, tier: &str) -> anyhow::Result<Self> {
        need_root(tier)?;
        doctor::ensure(&[
            doctor::Need::Build,
            doctor::Need::Web,
            doctor::Need::Node,
            doctor::Need::Images,
            doctor::Need::Browser,
            doctor::Need::Clients,
            doctor::Need::Captures,
        ])?;
        web::build()?;
        // before qd, which carries those of captures
        let agents = agent::images()?;
        agent::foreign()?;
        let qd = build::qd(scope.metadata)?;
        proc::run(cargo_test(&["--no-run", "-p", E2E]).stdout(std::io::stderr()))?;
        let (kubectl, acme, registry) = (cluster::kubectl_path()?, cluster::acme_paths()?, cluster::registry_path()?);
        Ok(Self { qd, kubectl, acme, registry, agents })
    }

    /// Tells a suite where they are.
    fn tell(&self, command: &mut Command) -> anyhow::Result<()> {
        command
            .env("QD_BIN", &self.qd)
            .env("QD_XTASK", build::xtask_path()?)
            .env("QD_KUBECTL", &self.kubectl)
            .env("KUBECTL", &self.kubectl)
            .env("QD_PEBBLE", &self.acme[0])
            .env("QD_CHALLTESTSRV", &self.acme[1])
            .env("QD_REGISTRY", &self.registry);
        Ok(())
    }
}

/// What a node has beside the images of the agents.
#[derive(Clone, Copy)]
pub(super) struct With {
    pub(super) demo: bool,
    /// It keeps NetworkPolicies.
    pub(super) enforce: bool,
}

impl With {
    pub(super) const NOTHING: Self = Self { demo: false, enforce: false };
    pub(super) const DEMO: Self = Self { demo: true, enforce: false };
    pub(super) const POLICIES: Self = Self { demo: false, enforce: true };
}

/// A real node, up and filled; ended when this is dropped.
pub(super) struct Node<'a> {
    programs: &'a Programs,
    lease: Lease,
}

impl<'a> Node<'a> {
    /// Starts it, with the images of the agents.
    pub(super) fn start(programs: &'a Programs, name: &str, with: With) -> anyhow::Result<Self> {
        let lease = Lease::take(&UpOptions { name: name.to_owned(), enforce: with.enforce, ..UpOptions::default() })?;
        anyhow::ensure!(lease.runs_pods, "the cluster {name} has no real node");
        agent::load(name, &programs.agents)?;
        if with.demo {
            proc::run(build::xtask()?.args(["demo", "up", "--name", name]).stdout(std::io::stderr()))?;
        }
        Ok(Self { programs, lease })
    }

    /// Tells a suite where everything is.
    pub(super) fn tell(&self, command: &mut Command) -> anyhow::Result<()> {
        self.programs.tell(command)?;
        command.env("QD_E2E_KUBECONFIG", self.lease.kubeconfig()).env("QD_E2E_AUDIT_LOG", self.lease.audit_log());
        Ok(())
    }
}

/// A control plane with long tables; ended when this is dropped.
pub(super) struct Large(Lease);

impl Large {
    /// Starts and fills it.
    pub(super) fn start() -> anyhow::Result<Self> {
        let lease = Lease::take(&UpOptions {
            name: LARGE.to_owned(),
            control_plane_only: true,
            fake_nodes: FAKE_NODES,
            fake_pods: FAKE_PODS,
            ..UpOptions::default()
        })?;
        let fill = ["cluster", "tool", "--name", LARGE, "fill", "--count", &ROWS.to_string()];
        proc::run(build::xtask()?.args(fill).stdout(std::io::stderr()))?;
        Ok(Self(lease))
    }

    /// Tells a suite where it is.
    pub(super) fn tell(&self, command: &mut Command) {
        command
            .env("QD_E2E_LARGE_KUBECONFIG", self.0.kubeconfig())
            .env("QD_E2E_LARGE_NAME", LARGE)
            .env("QD_E2E_LARGE_ROWS", ROWS.to_string())
            .env("QD_E2E_LARGE_PODS", FAKE_PODS.to_string());
    }
}

/// `npm run SCRIPT` of the console, told of a node with the demo in it.
pub(super) fn script(node: &Node<'_>, script: &str) -> anyhow::Result<Command> {
    let mut command = web::script_command(script).ok_or_else(no_console)?;
    node.tell(&mut command)?;
    Ok(command)
}

fn no_console() -> anyhow::Error {
    anyhow::anyhow!("there is no web/package.json")
}

/// The name of the node with the demo on it.
pub(super) const NODE: &str = "e2e";
const LARGE: &str = "large";
const FAKE_NODES: u32 = 50;
const FAKE_PODS: u32 = 2_000;
/// As many rows as the promises about tables name, of objects that are small.
const ROWS: u32 = 150_000;
