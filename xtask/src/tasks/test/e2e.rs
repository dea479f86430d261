//! The real `qd` on real nodes, driven by real clients, and `cargo xtask run` cut short at every stage; then a real browser,
//! with nothing beside it, since its journeys measure.

use super::stage::{Large, NODE, Node, Programs, script};
use super::{Count, Runner, Scope, lanes, watch};

pub(super) fn run(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    let programs = Programs::build(scope, "e2e")?;
    let node = lanes::run(scope, &programs, count)?;
    if !scope.chosen("web") {
        return Ok(());
    }
    let node = node.map_or_else(|| Node::start(&programs, NODE, true), Ok)?;
    let large = Large::start()?;
    watch(Runner::Vitest, &mut script(&node, &large, "e2e")?, count)
}
