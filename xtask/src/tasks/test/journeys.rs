//! The journeys of the console in a real browser: two groups beside each other, since most of each is waiting for a kubelet
//! or a clock, then those that measure, with nothing beside them.

use std::path::Path;

use anyhow::Context;

use super::block::Block;
use super::stage::{Large, Node, script};
use super::{Count, Runner, watch, watch_as};
use crate::tasks::web;

/// Of workspaces: they share what an operator does.
const WORKSPACES: &[&str] = &["apps", "terminal", "upkeep", "workspaces"];
/// They take times.
const MEASURE: &[&str] = &["large", "live", "traffic"];

/// Runs all of them.
pub(super) fn run(node: &Node<'_>, large: &Large, count: &mut Count) -> anyhow::Result<()> {
    let folder = web::folder().context("there is no web/package.json")?.join("e2e");
    let [workspaces, others, measure] = groups(names(&folder)?);
    let beside = |group: &[String]| {
        let mut own = Count::default();
        watch_as(Runner::Vitest, script(node, large, "e2e")?.arg("--").args(group), &mut own, Block::default())?;
        anyhow::Ok(own)
    };
    let both = std::thread::scope(|threads| {
        let other = threads.spawn(|| beside(&others));
        [beside(&workspaces), other.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a group of journeys died")))]
    });
    for own in both {
        count.add(&own?);
    }
    watch(Runner::Vitest, script(node, large, "e2e")?.arg("--").args(measure), count)
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

/// Those of workspaces, those that measure nothing, and those that do.
fn groups(names: Vec<String>) -> [Vec<String>; 3] {
    let mut groups = [const { Vec::new() }; 3];
    for name in names {
        let group = if WORKSPACES.contains(&&*name) { 0 } else { 1 + usize::from(MEASURE.contains(&&*name)) };
        if let Some(group) = groups.get_mut(group) {
            group.push(format!("e2e/{name}.e2e.ts"));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{MEASURE, WORKSPACES, groups, names};

    #[test]
    fn every_journey_is_in_one_group() {
        let all = names(&crate::paths::root().join("web/e2e")).unwrap();
        assert!(WORKSPACES.iter().chain(MEASURE).all(|name| all.iter().any(|one| one == name)), "{all:?}");
        let [workspaces, others, measure] = groups(all.clone());
        assert_eq!((workspaces.len(), measure.len()), (WORKSPACES.len(), MEASURE.len()));
        assert_eq!(workspaces.len() + others.len() + measure.len(), all.len());
        assert!(others.contains(&"e2e/table.e2e.ts".to_owned()));
    }
}
