//! `cargo xtask rows`: the rows of docs/spec with the tests that name them.
//!
//! A row is a table line whose first cell is an id (`EX-30`, `CAP-N-06`, `EXD-21a`). A test covers a row by beginning with
//! its id: `fn ex_30_…` in Rust, `test("EX-30 …")` or `ex_30` in TypeScript, `func TestEX30…` in Go. A row that a benchmark
//! names in its source, and no test, is `bench`: it is measured, and what came of it stands in the benchmark's table and not
//! here. A letter after the number (`ex_30a_…`) names a part: a row of which only parts have
//! tests is `part`, one without any is `open`. Rows whose parts show all of them together stand in docs/spec/together.txt with
//! those letters. A test that names no known row is an error.

mod names;
mod scan;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, bail};

use crate::paths;
use names::Ids;
use scan::{Found, Kind};
use spec::Row;

/// Arguments of `cargo xtask rows`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only rows that no test names, not even a part of them.
    #[arg(long)]
    open: bool,
    /// Only rows of which a part has tests, and the rest has none.
    #[arg(long, conflicts_with = "open")]
    part: bool,
    /// Only one file of docs/spec (`explorer`) or one prefix (`EXD`).
    #[arg(long)]
    area: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let rows = spec::read(&paths::root().join("docs/spec"))?;
    let found = scan::read(&paths::root())?;
    let place = paths::root().join("docs/spec/together.txt");
    let text = fs::read_to_string(&place).with_context(|| format!("cannot read {}", place.display()))?;
    let report = Report::new(&rows, &found, together(&text, &rows)?);
    let chosen = |row: &&Row| args.area.as_ref().is_none_or(|area| row.area == *area || row.prefix() == *area);
    let wanted = |state: State| match (args.open, args.part) {
        (true, _) => state == State::Open,
        (_, true) => state == State::Part,
        _ => true,
    };
    let mut counts = BTreeMap::from([State::Whole, State::Bench, State::Part, State::Open].map(|state| (state, 0)));
    for row in rows.iter().filter(chosen) {
        let (state, text) = report.state(&row.id);
        *counts.entry(state).or_default() += 1;
        if wanted(state) {
            println!("{:<10} {:<44} {:<5} {text}", row.id, row.title, state.word());
        }
    }
    let count = |state: State| counts.get(&state).copied().unwrap_or(0);
    println!(
        "{} rows: {} with tests, {} measured by benchmarks alone, {} in part, {} open",
        counts.values().sum::<usize>(),
        count(State::Whole),
        count(State::Bench),
        count(State::Part),
        count(State::Open)
    );
    if !report.unknown.is_empty() {
        bail!("tests that name no row of docs/spec:\n  {}", report.unknown.join("\n  "));
    }
    Ok(())
}

/// Rows with the letters that show all of each.
fn together<'a>(text: &'a str, rows: &[Row]) -> anyhow::Result<BTreeMap<&'a str, BTreeSet<char>>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once(' ') {
            Some((id, letters)) if rows.iter().any(|row| row.id == id) && letters.chars().all(char::is_alphabetic) => {
                Ok((id, letters.chars().collect()))
            }
            _ => bail!("together.txt: {line:?} is no row with letters"),
        })
        .collect()
}

/// How much of a row has tests. A benchmark measures, and does not fail where a bar is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Whole,
    Bench,
    Part,
    Open,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Bench => "bench",
            Self::Part => "part",
            Self::Open => "open",
        }
    }
}

/// Which tests cover which row, and which name none.
struct Report<'a> {
    by_row: BTreeMap<&'a str, Vec<&'a Found>>,
    by_part: BTreeMap<&'a str, Vec<(char, &'a Found)>>,
    together: BTreeMap<&'a str, BTreeSet<char>>,
    unknown: Vec<String>,
}

impl<'a> Report<'a> {
    fn new(rows: &'a [Row], found: &'a [Found], together: BTreeMap<&'a str, BTreeSet<char>>) -> Self {
        let ids = Ids::new(rows.iter().map(|row| row.id.as_str()));
        let (by_row, by_part) = (BTreeMap::new(), BTreeMap::new());
        let mut report = Report { by_row, by_part, together, unknown: Vec::new() };
        for test in found {
            let named = match test.kind {
                Kind::Bench => ids.mentioned(&test.name),
                Kind::Test | Kind::Ignored => ids.named(&test.name),
            };
            for id in named.known {
                report.by_row.entry(id).or_default().push(test);
            }
            for (id, part) in named.parts {
                report.by_part.entry(id).or_default().push((part, test));
            }
            if test.kind != Kind::Bench {
                report.unknown.extend(named.unknown.iter().map(|id| format!("{id}: {} {}", test.place, test.name)));
            }
        }
        report
    }

    /// How much of a row has tests, and which.
    fn state(&self, id: &str) -> (State, String) {
        let counts = |found: &&Found| found.kind != Kind::Ignored;
        let whole: Vec<&Found> = self.by_row.get(id).into_iter().flatten().copied().filter(counts).collect();
        if !whole.is_empty() {
            let measured = whole.iter().all(|found| found.kind == Kind::Bench);
            return (if measured { State::Bench } else { State::Whole }, describe(&whole));
        }
        let parts: Vec<&(char, &Found)> =
            self.by_part.get(id).into_iter().flatten().filter(|part| counts(&part.1)).collect();
        if parts.is_empty() {
            return (State::Open, String::new());
        }
        let letters: BTreeSet<char> = parts.iter().map(|part| part.0).collect();
        let tests: Vec<&Found> = parts.iter().map(|part| part.1).collect();
        let shown = self.together.get(id).is_some_and(|all| all.is_subset(&letters));
        let state = if shown { State::Whole } else { State::Part };
        (state, format!("{}: {}", letters.iter().collect::<String>(), describe(&tests)))
    }
}

fn describe(tests: &[&Found]) -> String {
    let mut places: Vec<String> = tests.iter().map(|found| found.place.clone()).collect();
    places.dedup();
    let more = places.len().saturating_sub(SHOWN);
    places.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let benches = tests.iter().all(|found| found.kind == Kind::Bench);
    let word = if benches { "benchmark" } else { "test" };
    let word = if tests.len() == 1 { word.to_owned() } else { format!("{word}s") };
    format!("{} {word}: {}{more}", tests.len(), places.join(", "))
}

const SHOWN: usize = 3;

#[cfg(test)]
mod tests;
