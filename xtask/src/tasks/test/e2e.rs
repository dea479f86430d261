//! The real `qd` on real nodes, driven by real clients, and `cargo xtask run` cut short at every stage; beside them the
//! pictures of the console, for looking at; then a real browser, with nothing beside it, since its journeys measure.

use super::stage::{Large, NODE, Node, Programs, pictures, script};
use super::{Count, Runner, Scope, lanes, one, watch};

pub(super) fn run(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    let programs = Programs::build(scope, "e2e")?;
    let console = scope.chosen("web");
    let node = std::thread::scope(|threads| {
        let pictures = console.then(|| {
            threads.spawn(|| {
                let mut own = Count::default();
                one(&mut pictures()?, &mut own).map(|()| own)
            })
        });
        let node = lanes::run(scope, &programs, count);
        if let Some(pictures) = pictures {
            count.add(&pictures.join().map_err(|_| anyhow::anyhow!("the pictures died"))??);
        }
        node
    })?;
    if !console {
        return Ok(());
    }
    let node = node.map_or_else(|| Node::start(&programs, NODE, true), Ok)?;
    let large = Large::start()?;
    watch(Runner::Vitest, &mut script(&node, &large, "e2e")?, count)
}
