//! `cargo xtask bench workspaces`: the rows of workspaces that are measured.
//!
//! On this machine alone: the door to apps beside nginx, haproxy and Go's proxy (WP-04, WP-05, WP-06, WP-08, WP-15), and
//! blueprints beside Helm's engine (WP-10). On a real node: from the wish to the first program beside a bare pod (WP-01, WP-02),
//! ports beside `kubectl port-forward` (WP-07), what daemon and console keep in memory (WP-14). On simulated nodes: many at once
//! (WP-09). `--only WP-04` measures that row; the name of a bar that is missed says `NO` in the table.

#![allow(clippy::indexing_slicing, reason = "a benchmark ends where its data is not as expected")]

#[path = "workspaces/compose.rs"]
mod compose;
#[path = "workspaces/door.rs"]
mod door;
#[path = "workspaces/many.rs"]
mod many;
#[path = "workspaces/peers.rs"]
mod peers;
#[path = "workspaces/place.rs"]
mod place;
#[path = "workspaces/prompt.rs"]
mod prompt;
#[path = "workspaces/requests.rs"]
mod requests;
#[path = "workspaces/served.rs"]
mod served;
#[path = "workspaces/sockets.rs"]
mod sockets;
#[path = "workspaces/tunnel.rs"]
mod tunnel;
#[path = "workspaces/upstream.rs"]
mod upstream;

use anyhow::{Context, Result};
use bench::build::{self, xtask};
use bench::node::Node;
use bench::table::Figures;
use clap::Parser;
use place::{NAMESPACE, Place};

/// Benchmarks of workspaces.
#[derive(Parser)]
struct Args {
    /// One short round: to see that it works
    #[arg(long)]
    quick: bool,
    /// Only this row; may be given again
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,
    /// Keep the clusters afterwards
    #[arg(long)]
    keep: bool,
}

impl Args {
    fn wants(&self, rows: &[&str]) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| rows.iter().any(|row| only.eq_ignore_ascii_case(row)))
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve-upstream", port] => return runtime.block_on(upstream::main(port.parse()?)),
        ["serve-door", upstream, logins] => return runtime.block_on(door::main(upstream.parse()?, logins.parse()?)),
        _ => {}
    }
    let args = Args::parse();
    many_files()?;
    let mut figures = Figures::default();
    let result = alone(&args, &runtime, &mut figures).and_then(|()| on_clusters(&args, &mut figures));
    figures.print();
    result
}

/// What needs no cluster.
fn alone(args: &Args, runtime: &tokio::runtime::Runtime, figures: &mut Figures) -> Result<()> {
    let (rounds, seconds) = if args.quick { (1, 2) } else { (5, 5) };
    if args.wants(&["WP-04"]) {
        requests::small(rounds, seconds, figures)?;
    }
    if args.wants(&["WP-05"]) {
        requests::large(rounds, seconds, figures)?;
    }
    if args.wants(&["WP-06"]) {
        runtime.block_on(sockets::idle(if args.quick { 500 } else { 5_000 }, rounds, figures))?;
    }
    if args.wants(&["WP-08"]) {
        runtime.block_on(sockets::events(if args.quick { 250 } else { 2_500 }, figures))?;
    }
    if args.wants(&["WP-15"]) {
        runtime.block_on(sockets::busy(if args.quick { 100 } else { 1_000 }, u64::from(seconds), figures))?;
    }
    if args.wants(&["WP-10"]) {
        compose::run(rounds, figures)?;
    }
    Ok(())
}

fn on_clusters(args: &Args, figures: &mut Figures) -> Result<()> {
    if args.wants(&["WP-01", "WP-02", "WP-07", "WP-14"]) {
        let root = build::root();
        let result = Node::start(root.clone(), NAME).and_then(|node| on_node(args, &node, figures));
        if !args.keep {
            xtask(&root, &["cluster", "down", "--name", NAME])?;
        }
        result?;
    }
    if args.wants(&["WP-09"]) {
        let size = if args.quick { many::Size { many: 50, rest: 10 } } else { many::Size { many: 1_000, rest: 120 } };
        many::run(&size, args.keep, figures)?;
    }
    Ok(())
}

fn on_node(args: &Args, node: &Node, figures: &mut Figures) -> Result<()> {
    node.load(xtask(&node.root, &["agent", "--what", "workspaced"])?.trim())?;
    node.demo("shell")?;
    let place = Place::new(node)?;
    let console = place.console()?;
    node.kubectl(&["create", "namespace", NAMESPACE])?;
    if args.wants(&["WP-01"]) {
        prompt::run(&place, if args.quick { 1 } else { 9 }, figures)?;
    }
    if args.wants(&["WP-02"]) {
        prompt::wake(&place, &console, if args.quick { 1 } else { 5 }, figures)?;
    }
    if args.wants(&["WP-14"]) {
        prompt::daemon(&place, figures)?;
    }
    if args.wants(&["WP-07"]) {
        tunnel::run(&place, &console, args.quick, figures)?;
    }
    if args.wants(&["WP-14"]) {
        tunnel::crowd(&place, &console, args.quick, figures)?;
    }
    Ok(())
}

/// This process and those that it starts open as many files as the system lets them.
fn many_files() -> Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).context("more open files")
}

const NAME: &str = "benchws";
