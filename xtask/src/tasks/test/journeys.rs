//! The journeys of the console in a real browser: groups beside each other, since most of each is waiting for a kubelet or
//! a clock, then those that measure, with nothing beside them. Long tables are there for those alone that look at them:
//! the control plane that holds them takes its part of the machine.

use std::path::Path;

use anyhow::Context;

use super::block::Block;
use super::stage::{Large, Node, script};
use super::{Count, Runner, watch, watch_as};
use crate::tasks::web;

/// Of workspaces: they share what an operator does. Two halves that take about as long.
const TERMINALS: &[&str] = &["terminal", "workspaces"];
const APPS: &[&str] = &["apps", "pages", "upkeep"];
/// They wait for nothing to happen, or for taps.
const WAIT: &[&str] = &["idle", "traffic"];
/// They take times.
const MEASURE: &[&str] = &["live", "painted"];
/// They look at long tables, and measure.
const LARGE: &[&str] = &["large"];

/// A half of the journeys of workspaces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// With terminals.
    Terminals,
    /// With apps.
    Apps,
}

impl Half {
    pub(super) const ALL: [Self; 2] = [Self::Apps, Self::Terminals];
}

/// Runs a half of those of workspaces; they want a node with an operator of their own, and not the demo.
pub(super) fn workspaces(node: &Node<'_>, half: Half, count: &mut Count) -> anyhow::Result<()> {
    let [terminals, apps, ..] = all()?;
    group(node, if half == Half::Terminals { &terminals } else { &apps }, count)
}

/// Runs the others that measure nothing, in two groups beside each other.
pub(super) fn beside(node: &Node<'_>, count: &mut Count) -> anyhow::Result<()> {
    let [_, _, wait, .., others] = all()?;
    let mut waited = Count::default();
    std::thread::scope(|threads| {
        let waits = threads.spawn(|| group(node, &wait, &mut waited));
        group(node, &others, count)?;
        waits.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a group of journeys died")))
    })?;
    count.add(&waited);
    Ok(())
}

fn group(node: &Node<'_>, names: &[String], count: &mut Count) -> anyhow::Result<()> {
    watch_as(Runner::Vitest, script(node, "e2e")?.arg("--").args(names), count, Block::default())
}

/// Runs those that measure; they want the machine for themselves.
pub(super) fn alone(node: &Node<'_>, count: &mut Count) -> anyhow::Result<()> {
    let [_, _, _, measure, large, _] = all()?;
    watch(Runner::Vitest, script(node, "e2e")?.arg("--").args(measure), count)?;
    let tables = Large::start()?;
    let mut command = script(node, "e2e")?;
    tables.tell(&mut command);
    watch(Runner::Vitest, command.arg("--").args(large), count)
}

fn all() -> anyhow::Result<[Vec<String>; 6]> {
    let folder = web::folder().context("there is no web/package.json")?.join("e2e");
    Ok(groups(names(&folder)?))
}

/// The journeys of a folder, by the paths of their files in web/.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let files = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut names = Vec::new();
    for file in files {
        let name = file?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".e2e.ts").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Those of workspaces in two halves, those that wait, those that measure, those of long tables, and the others.
fn groups(names: Vec<String>) -> [Vec<String>; 6] {
    let mut groups = [const { Vec::new() }; 6];
    for name in names {
        let group = match &*name {
            name if TERMINALS.contains(&name) => 0,
            name if APPS.contains(&name) => 1,
            name if WAIT.contains(&name) => 2,
            name if MEASURE.contains(&name) => 3,
            name if LARGE.contains(&name) => 4,
            _ => 5,
        };
        if let Some(group) = groups.get_mut(group) {
            group.push(format!("e2e/{name}.e2e.ts"));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{APPS, LARGE, MEASURE, TERMINALS, WAIT, groups, names};

    #[test]
    fn every_journey_is_in_one_group() {
        let all = names(&crate::paths::root().join("web/e2e")).unwrap();
        let named = [TERMINALS, APPS, WAIT, MEASURE, LARGE];
        assert!(named.iter().copied().flatten().all(|name| all.iter().any(|one| one == name)), "{all:?}");
        let [terminals, apps, wait, measure, large, others] = groups(all.clone());
        assert_eq!([&terminals, &apps, &wait, &measure, &large].map(Vec::len), named.map(<[_]>::len));
        let lengths = [&terminals, &apps, &wait, &measure, &large, &others].map(Vec::len);
        assert_eq!(lengths.iter().sum::<usize>(), all.len());
        assert!(others.contains(&"e2e/table.e2e.ts".to_owned()));
    }
}
