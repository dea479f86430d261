//! The end-to-end suites in lanes: each has nodes of its own, one suite at a time on each, beside the other lanes. Most of
//! a suite is waiting for a kubelet, and what happens on one node nobody sees on another.

use std::time::Instant;

use super::stage::{NODE, Node, Programs, With};
use super::suites::{self, Queue, Suite};
use super::{Count, E2E, Scope, cargo_test};
use crate::tasks::proc;

/// Suites that run on the same nodes.
struct Lane {
    /// The names of the clusters; the next suite goes to the one that is free.
    nodes: &'static [&'static str],
    /// What the suites need.
    with: With,
    /// How the names of its suites begin; where two lanes say so the longer words count.
    takes: &'static [&'static str],
}

/// The first takes what no other does. About as long each.
const LANES: [Lane; 4] = [
    Lane { nodes: &[NODE], with: With::DEMO, takes: &[] },
    Lane {
        nodes: &["e2e-taps"],
        with: With::DEMO,
        takes: &["live_tap_life", "live_tap_forms", "tap_witness", "tap_words", "taps"],
    },
    Lane { nodes: &["e2e-work", "e2e-doors"], with: With::NOTHING, takes: &["workspace", "serve"] },
    Lane { nodes: &["e2e-net"], with: With::POLICIES, takes: &["workspace_network"] },
];

/// What goes on with a node whose suites have ended; whether the demo is in it.
pub(super) type Freed<'a> = &'a (dyn Fn(&Node<'_>, bool, &mut Count) -> anyhow::Result<()> + Sync);

/// Runs what is chosen; a node goes to `freed` as soon as its suites have ended. The node with the demo stays, for whoever
/// wants to go on with it.
pub(super) fn run<'a>(
    scope: &Scope<'_>,
    programs: &'a Programs,
    count: &mut Count,
    freed: Freed<'_>,
) -> anyhow::Result<Option<Node<'a>>> {
    let chosen = chosen(scope);
    let lanes = LANES.iter().map(|lane| Ok((lane, build(&of(lane, &chosen))?))).collect::<anyhow::Result<Vec<_>>>()?;
    let queues: Vec<_> = lanes.iter().map(|(lane, suites)| (*lane, suites.len(), Queue::of(suites))).collect();
    std::thread::scope(|threads| {
        let nodes = queues.iter().flat_map(|(lane, suites, queue)| {
            // a lane of one suite needs one node
            lane.nodes.iter().take(*suites).map(move |node| (*node, *lane, queue))
        });
        let running: Vec<_> = nodes
            .map(|(name, lane, queue)| {
                threads.spawn(move || {
                    let mut own = Count::default();
                    let ended = on_node(name, lane, queue, programs, &mut own)
                        // what comes then wants a node on which everybody may speak to everybody
                        .and_then(|node| {
                            if lane.with.enforce {
                                return Ok(None);
                            }
                            freed(&node, lane.with.demo, &mut own).map(|()| (name == NODE).then_some(node))
                        });
                    (own, ended)
                })
            })
            .collect();
        let mut kept = None;
        for worker in running {
            let (own, ended) = worker.join().map_err(|_| anyhow::anyhow!("a lane of suites died"))?;
            count.add(&own);
            match ended {
                Ok(node) => kept = kept.or(node),
                Err(error) => {
                    proc::check()?;
                    count.failure(&format!("{error:#}"));
                }
            }
        }
        Ok(kept)
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
    let taken =
        |lane: &Lane, suite: &str| lane.takes.iter().filter(|start| suite.starts_with(*start)).map(|s| s.len()).max();
    let most = |suite: &str| LANES.iter().filter_map(|other| taken(other, suite)).max();
    let mine = |suite: &&String| most(suite) == taken(lane, suite) && (most(suite).is_some() || lane.takes.is_empty());
    suites.iter().filter(mine).cloned().collect()
}

fn build(suites: &[String]) -> anyhow::Result<Vec<Suite>> {
    if suites.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = cargo_test(&["-p", E2E]);
    command.args(suites.iter().flat_map(|suite| ["--test", suite]));
    suites::build(command)
}

/// Starts a node and runs suites on it until none is left.
fn on_node<'a>(
    name: &str,
    lane: &Lane,
    queue: &Queue<'_>,
    programs: &'a Programs,
    count: &mut Count,
) -> anyhow::Result<Node<'a>> {
    let node = Node::start(programs, name, lane.with)?;
    let since = Instant::now();
    suites::run(queue, 1, count, |command| node.tell(command))?;
    proc::say(&format!("suites on {name}: {count} in {:.0} s", since.elapsed().as_secs_f32()));
    Ok(node)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::{LANES, of};

    #[test]
    fn every_suite_is_in_one_lane() {
        let suites =
            ["acts", "live_tap", "live_tap_life", "tap_crowd", "taps", "workspace_shell", "workspace_network", "new"];
        let suites = suites.map(str::to_owned);
        let lanes: Vec<Vec<String>> = LANES.iter().map(|lane| of(lane, &suites)).collect();
        assert_eq!(lanes[0], ["acts", "live_tap", "tap_crowd", "new"]);
        assert_eq!(lanes[1], ["live_tap_life", "taps"]);
        assert_eq!(lanes[2], ["workspace_shell"]);
        assert_eq!(lanes[3], ["workspace_network"]);
    }
}
