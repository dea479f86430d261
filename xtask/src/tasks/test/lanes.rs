//! The end-to-end suites in lanes: each has a node of its own and runs its suites one after another, beside the other lanes.
//! Most of a suite is waiting for a kubelet, and what one lane does nobody sees in another.

use std::path::Path;

use super::block::Block;
use super::stage::{NODE, Node, Programs};
use super::{Count, E2E, Runner, Scope, cargo_test, suites, watch_as};
use crate::tasks::{build, proc};

/// Suites that share a node.
struct Lane {
    /// The cluster's name.
    node: &'static str,
    /// The suites need the demo.
    demo: bool,
    /// How the names of its suites begin.
    takes: &'static [&'static str],
    /// After them `cargo xtask run` is cut short at every stage.
    cuts: bool,
}

/// The first takes what no other does. About as long each.
const LANES: [Lane; 3] = [
    Lane { node: NODE, demo: true, takes: &[], cuts: false },
    Lane {
        node: "e2e-taps",
        demo: true,
        takes: &["live_tap_life", "live_tap_forms", "tap_proof", "tap_words", "taps"],
        cuts: true,
    },
    Lane { node: "e2e-work", demo: false, takes: &["workspace", "serve"], cuts: false },
];

/// Runs what is chosen; the node with the demo stays, for whoever wants to go on with it.
pub(super) fn run<'a>(
    scope: &Scope<'_>,
    programs: &'a Programs,
    count: &mut Count,
) -> anyhow::Result<Option<Node<'a>>> {
    let suites = chosen(scope);
    let [first, others @ ..] = &LANES;
    std::thread::scope(|threads| {
        let beside: Vec<_> = others
            .iter()
            .map(|lane| {
                let suites = of(lane, &suites);
                threads.spawn(move || {
                    let mut own = Count::default();
                    let node = run_lane(lane, &suites, programs, &mut own);
                    let cuts = lane.cuts && scope.chosen("xtask");
                    let ended =
                        node.map(drop).and_then(|()| if cuts { selftest(&programs.qd, &mut own) } else { Ok(()) });
                    (own, ended)
                })
            })
            .collect();
        let node = run_lane(first, &of(first, &suites), programs, count);
        for lane in beside {
            let (own, ended) = lane.join().map_err(|_| anyhow::anyhow!("a lane of suites died"))?;
            count.add(&own);
            if let Err(error) = ended {
                proc::check()?;
                proc::say(&format!("{error:#}"));
                count.failed += 1;
            }
        }
        node
    })
}

/// All suites that are chosen.
fn chosen(scope: &Scope<'_>) -> Vec<String> {
    let ours = scope.metadata.ours().filter(|package| package.name == E2E && scope.chosen(E2E));
    let targets = ours.flat_map(|package| &package.targets);
    targets.filter(|target| target.kind.iter().any(|kind| kind == "test")).map(|target| target.name.clone()).collect()
}

/// Those of one lane.
fn of(lane: &Lane, suites: &[String]) -> Vec<String> {
    let taken = |lane: &Lane, suite: &str| lane.takes.iter().any(|start| suite.starts_with(start));
    let mine = |suite: &&String| {
        if lane.takes.is_empty() { !LANES.iter().any(|other| taken(other, suite)) } else { taken(lane, suite) }
    };
    suites.iter().filter(mine).cloned().collect()
}

fn run_lane<'a>(
    lane: &Lane,
    suites: &[String],
    programs: &'a Programs,
    count: &mut Count,
) -> anyhow::Result<Option<Node<'a>>> {
    if suites.is_empty() {
        return Ok(None);
    }
    let node = Node::start(programs, lane.node, lane.demo)?;
    let mut command = cargo_test(&["-p", E2E]);
    command.args(suites.iter().flat_map(|suite| ["--test", suite]));
    suites::run(&suites::build(command)?, 1, count, |command| node.tell(command))?;
    Ok(Some(node))
}

/// `cargo xtask run` cut short at every stage; once more when that fails, as tests are.
fn selftest(qd: &Path, count: &mut Count) -> anyhow::Result<()> {
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
    count.add(&own);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::{LANES, of};

    #[test]
    fn every_suite_is_in_one_lane() {
        let suites = ["acts", "live_tap", "live_tap_life", "tap_crowd", "taps", "workspace_shell", "new"];
        let suites = suites.map(str::to_owned);
        let lanes: Vec<Vec<String>> = LANES.iter().map(|lane| of(lane, &suites)).collect();
        assert_eq!(lanes[0], ["acts", "live_tap", "tap_crowd", "new"]);
        assert_eq!(lanes[1], ["live_tap_life", "taps"]);
        assert_eq!(lanes[2], ["workspace_shell"]);
    }
}
