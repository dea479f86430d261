//! `cargo xtask test`: every tier from a fresh machine. What a tier needs is installed or started first and ended after
//! it; the output of each runner passes through, its counts are added up, and the last line says the sum.
//!
//! A tier that cannot run fails and says why: nothing is left out silently.

mod block;
mod count;
mod e2e;
mod it;
mod journeys;
mod lanes;
mod long;
mod stage;
mod suites;
mod unit;
mod web;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::{metadata::Metadata, proc};
use block::{AtOnce, Shows};
use count::{Count, Runner};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The tiers to run; by default all but fuzz and soak.
    tiers: Vec<Tier>,
    /// Only these crates: for work on the tiers themselves.
    #[arg(long, hide = true, value_name = "CRATE")]
    only: Vec<String>,
    /// How many cases fuzz gives each property.
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
    /// How long changes go on in soak.
    #[arg(long, default_value_t = 1_800)]
    seconds: u32,
}

/// One kind of test, by what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Tier {
    /// Beside the code; needs nothing.
    Unit,
    /// The console: lint, types and its own unit tests.
    Web,
    /// Suites of crates against a real API server.
    It,
    /// The real programs on a real node, with real clients.
    E2e,
    /// Every parser of untrusted bytes, for minutes.
    Fuzz,
    /// Half an hour, or as long as is asked for, of changes at full rate.
    Soak,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let tiers: BTreeSet<Tier> = if args.tiers.is_empty() {
        [Tier::Unit, Tier::Web, Tier::It, Tier::E2e].into()
    } else {
        args.tiers.iter().copied().collect()
    };
    let metadata = Metadata::load()?;
    let scope = Scope { metadata: &metadata, only: &args.only };
    let mut sum = Count::default();
    for &tier in &tiers {
        proc::check()?;
        let started = Instant::now();
        let name = format!("{tier:?}").to_lowercase();
        proc::say(&format!("── {name}"));
        let mut count = Count::default();
        let outcome = match tier {
            Tier::Unit => unit::run(&scope, &mut count),
            Tier::Web => web::run(&mut count),
            Tier::It => it::run(&scope, &mut count, || {
                if tiers.contains(&Tier::E2e) {
                    e2e::prepare(&scope);
                }
            }),
            Tier::E2e => e2e::run(&scope, &mut count),
            Tier::Fuzz => long::fuzz(&scope, args.cases, &mut count),
            Tier::Soak => long::soak(&scope, args.seconds, &mut count),
        };
        if let Err(error) = outcome {
            if proc::interrupted() {
                return Err(error);
            }
            count.failure(&format!("{name}: {error:#}"));
        } else if count.passed + count.failed == 0 {
            count.failure(&format!("{name} ran no test, which counts as a failure"));
        } else if count.unsteady.len() > UNSTEADY {
            count.failure(&format!(
                "{name}: so many tests pass only when they are run once more that it counts as failed"
            ));
        }
        let seconds = started.elapsed().as_secs_f32();
        proc::say(&format!("── {name}: {count} in {seconds:.1} s"));
        sum.add(&count);
    }
    sum.said.iter().for_each(|line| println!("{line}"));
    for (what, names) in [("passed when run once more", &sum.unsteady), ("failed", &sum.names)] {
        names.iter().for_each(|name| println!("{what}: {name}"));
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed > 0 {
        super::keeper::release();
        // the sum stays the last line of all
        std::process::exit(1);
    }
    Ok(())
}

/// Which crates a tier is about.
struct Scope<'a> {
    metadata: &'a Metadata,
    only: &'a [String],
}

impl Scope<'_> {
    fn chosen(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// `-p CRATE` for each chosen crate, or `--workspace`.
    fn packages(&self) -> Vec<&str> {
        match self.only {
            [] => vec!["--workspace"],
            only => only.iter().flat_map(|name| ["-p", name]).collect(),
        }
    }

    /// `-p CRATE` for each chosen crate that has a test target which `holds`, and the names of those targets.
    fn with_target(&self, holds: impl Fn(&str) -> bool) -> (Vec<String>, BTreeSet<String>) {
        let (mut packages, mut targets) = (Vec::new(), BTreeSet::new());
        for package in self.metadata.ours().filter(|package| self.chosen(&package.name) && package.name != E2E) {
            let tests = package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "test"));
            let mut names = tests.map(|target| target.name.as_str()).filter(|name| holds(name)).peekable();
            if names.peek().is_some() {
                packages.extend(["-p".to_owned(), package.name.clone()]);
                targets.extend(names.map(str::to_owned));
            }
        }
        (packages, targets)
    }
}

/// Runs a test program, passes its output through and counts. That it fails is part of the count, not an error.
fn watch(runner: Runner, command: &mut Command, count: &mut Count) -> anyhow::Result<()> {
    watch_as(runner, command, count, AtOnce)
}

/// The same, with the lines shown as the caller says.
fn watch_as(runner: Runner, command: &mut Command, count: &mut Count, mut show: impl Shows) -> anyhow::Result<()> {
    command.env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never");
    let mut reader = runner.reader();
    let mut own = Count::default();
    let ended = proc::lines_within(command, SILENCE, |line| {
        show.line(line);
        reader.line(line, &mut own);
    });
    match ended {
        Ok(status) if !status.success() && own.failed == 0 => {
            own.failure(&format!("{} ended with {status}", proc::show(command)));
        }
        // the others go on: which test it was, the lines before say
        Err(error) if error.is::<proc::Silent>() => own.failure(&format!("{error:#}")),
        ended => drop(ended?),
    }
    if own.ignored > 0 {
        proc::say(&format!("{} tests are marked to be left out", own.ignored));
    }
    count.add(&own);
    Ok(())
}

/// Runs a program that is one test: what it prints goes to stderr. That it fails is part of the count.
fn one(name: &str, command: &mut Command, count: &mut Count) -> anyhow::Result<()> {
    match proc::run(command.stdout(std::io::stderr())) {
        Ok(()) => count.passed += 1,
        Err(error) if proc::interrupted() => return Err(error),
        Err(error) => {
            proc::say(&format!("{error:#}"));
            count.failure(name);
        }
    }
    Ok(())
}

/// `cargo test` with words of its own; every test program runs even when an earlier one failed.
fn cargo_test(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--no-fail-fast"]).args(words).current_dir(crate::paths::root());
    command
}

/// A runner prints each test that ends; one that prints nothing for this long hangs.
const SILENCE: Duration = Duration::from_mins(12);

/// As many tests of a tier may pass only when they are run once more.
const UNSTEADY: usize = 4;

/// The crate of the end-to-end suites.
const E2E: &str = "e2e";

fn need_root(tier: &str) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("{tier} needs root: a real node runs containers in namespaces of its own");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
