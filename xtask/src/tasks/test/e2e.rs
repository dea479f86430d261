//! The real `qd` on real nodes, driven by real clients, and `cargo xtask run` cut short at every stage; then a real browser.

use std::path::Path;
use std::time::Instant;

use parking_lot::Mutex;

use super::block::Block;
use super::journeys::Half;
use super::stage::{NODE, Node, Programs, With};
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
        // Whoever's suites end first goes on with a part of the journeys, and `run` is cut short from then on until journeys
        // are measured: most of all that is waiting.
        let (cut, left) =
            (Mutex::new(None), Mutex::new(Left { any: true, workspaces: Half::ALL.to_vec(), others: true }));
        let freed = |node: &Node<'_>, demo: bool, count: &mut Count| {
            if std::mem::take(&mut left.lock().any) && scope.chosen("xtask") {
                *cut.lock() = Some(threads.spawn(|| selftest(&programs.qd)));
            }
            if !scope.chosen("web") {
                return Ok(());
            }
            // Those of workspaces want a node without the demo.
            let half = if demo { None } else { left.lock().workspaces.pop() };
            match half {
                Some(half) => journeys::workspaces(node, half, count),
                None if demo && std::mem::take(&mut left.lock().others) => journeys::beside(node, count),
                None => Ok(()),
            }
        };
        let node = lanes::run(scope, &programs, count, &freed)?;
        took("the suites, and the journeys that measure nothing,");
        let node = match (node, scope.chosen("web")) {
            (None, true) => {
                let node = Node::start(&programs, NODE, With::DEMO)?;
                freed(&node, true, count)?;
                Some(node)
            }
            (node, _) => node,
        };
        if let Some(node) = node.as_ref().filter(|_| scope.chosen("web")) {
            // Of lanes that had no suites.
            while let Some(half) = { left.lock().workspaces.pop() } {
                journeys::workspaces(node, half, count)?;
            }
        }
        if let Some(cut) = cut.into_inner() {
            count.add(&cut.join().map_err(|_| anyhow::anyhow!("the self-test of `run` died"))??);
            took("to cut `run` short at every stage, after that,");
        }
        if let Some(node) = node.as_ref().filter(|_| scope.chosen("web")) {
            journeys::alone(node, count)?;
            took("the journeys that measure");
        }
        Ok(())
    })
}

/// What no node has gone on with yet.
struct Left {
    /// Anything.
    any: bool,
    workspaces: Vec<Half>,
    others: bool,
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
