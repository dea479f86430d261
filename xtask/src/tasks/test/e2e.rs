//! The real `qd` on real nodes, driven by real clients, and `cargo xtask run` cut short at every stage; then a real browser.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use super::block::Block;
use super::stage::{NODE, Node, Programs};
use super::{Count, Runner, Scope, journeys, lanes, watch_as};
use crate::tasks::{build, proc};

/// Builds what [`run`] needs, with what others leave of the machine. Where that fails it says why, and [`run`] tries again.
pub(super) fn prepare(scope: &Scope<'_>) {
    // of this thread, and of all that it starts
    let built =
        rustix::process::nice(10).map_err(anyhow::Error::from).and_then(|_| Programs::build(scope, "e2e").map(drop));
    if let Err(error) = built {
        proc::say(&format!("the programs of e2e are not built yet: {error:#}"));
    }
}

pub(super) fn run(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    let mut since = Instant::now();
    let mut took = |what: &str| {
        proc::say(&format!("{what} took {:.0} s", since.elapsed().as_secs_f32()));
        since = Instant::now();
    };
    let programs = Programs::build(scope, "e2e")?;
    took("to build the programs");
    std::thread::scope(|threads| {
        // Whoever's suites end first goes on with the journeys of workspaces, and `run` is cut short from then on until
        // journeys are measured: most of both is waiting.
        let (cut, first) = (Mutex::new(None), AtomicBool::new(true));
        let freed = |node: &Node<'_>, count: &mut Count| {
            if !first.swap(false, Ordering::Relaxed) {
                return Ok(());
            }
            if scope.chosen("xtask") {
                *cut.lock() = Some(threads.spawn(|| selftest(&programs.qd)));
            }
            if scope.chosen("web") { journeys::workspaces(node, count) } else { Ok(()) }
        };
        let node = lanes::run(scope, &programs, count, &freed)?;
        took("the suites, and the journeys of workspaces,");
        let node = match (node, scope.chosen("web")) {
            (Some(node), true) => Some(node),
            (None, true) => {
                let node = Node::start(&programs, NODE, true)?;
                freed(&node, count)?;
                Some(node)
            }
            (_, false) => None,
        };
        if let Some(node) = &node {
            journeys::beside(node, count)?;
            took("the other journeys that measure nothing");
        }
        if let Some(cut) = cut.into_inner() {
            count.add(&cut.join().map_err(|_| anyhow::anyhow!("the self-test of `run` died"))??);
            took("to cut `run` short at every stage, after that,");
        }
        if let Some(node) = &node {
            journeys::alone(node, count)?;
            took("the journeys that measure");
        }
        Ok(())
    })
}

/// `cargo xtask run` cut short at every stage; once more when that fails, as tests are.
fn selftest(qd: &Path) -> anyhow::Result<Count> {
    let once = || -> anyhow::Result<Count> {
        let (mut command, mut own) = (build::xtask()?, Count::default());
        command.args(["cluster", "selftest", "run"]).env("QD_BIN", qd);
        watch_as(Runner::Sum, &mut command, &mut own, Block::default())?;
        Ok(own)
    };
    let mut own = once()?;
    if own.failed > 0 {
        proc::check()?;
        own = once()?;
        own.unsteady.push("cluster selftest run".to_owned());
    }
    Ok(own)
}
