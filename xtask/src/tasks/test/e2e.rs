//! The real `qd` on real nodes, driven by real clients, and `cargo xtask run` cut short at every stage; then a real browser.

use std::time::Instant;

use super::stage::{NODE, Node, Programs};
use super::{Count, Scope, journeys, lanes};
use crate::tasks::proc;

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
    let node = lanes::run(scope, &programs, count)?;
    took("the suites");
    if !scope.chosen("web") {
        return Ok(());
    }
    let node = node.map_or_else(|| Node::start(&programs, NODE, true), Ok)?;
    journeys::run(&node, count)?;
    took("the journeys");
    Ok(())
}
