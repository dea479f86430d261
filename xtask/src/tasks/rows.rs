//! `cargo xtask rows`: the rows of docs/spec with the tests that name them.
//!
//! A row is a table line whose first cell is an id (`EX-30`, `CAP-N-06`, `EXD-21a`). A test covers a row by beginning with
//! its id: `fn ex_30_…` in Rust, `test("EX-30 …")` or `ex_30` in TypeScript, `func TestEX30…` in Go. Benchmarks cover rows of
//! speed by naming them in their source. A row without either is `open`; a test that names no known row is an error.

mod names;
mod scan;
mod spec;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;

use crate::paths;
use names::Ids;
use scan::{Found, Kind};
use spec::Row;

/// Arguments of `cargo xtask rows`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only rows that no test names.
    #[arg(long)]
    open: bool,
    /// Only one file of docs/spec (`explorer`) or one prefix (`EXD`).
    #[arg(long)]
    area: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let rows = spec::read(&paths::root().join("docs/spec"))?;
    let found = scan::read(&paths::root())?;
    let report = Report::new(&rows, &found);
    let chosen = |row: &&Row| args.area.as_ref().is_none_or(|area| row.area == *area || row.prefix() == *area);
    let mut open = 0;
    let mut total = 0;
    for row in rows.iter().filter(chosen) {
        let (closed, text) = report.state(&row.id);
        total += 1;
        open += usize::from(!closed);
        if !(args.open && closed) {
            println!("{:<10} {:<44} {text}", row.id, row.title);
        }
    }
    println!("{total} rows, {} with tests, {open} open", total - open);
    if !report.unknown.is_empty() {
        bail!("tests that name no row of docs/spec:\n  {}", report.unknown.join("\n  "));
    }
    Ok(())
}

/// Which tests cover which row, and which name none.
struct Report<'a> {
    by_row: BTreeMap<&'a str, Vec<&'a Found>>,
    by_part: BTreeMap<&'a str, Vec<(char, &'a Found)>>,
    unknown: Vec<String>,
}

impl<'a> Report<'a> {
    fn new(rows: &'a [Row], found: &'a [Found]) -> Self {
        let ids = Ids::new(rows.iter().map(|row| row.id.as_str()));
        let mut report = Report { by_row: BTreeMap::new(), by_part: BTreeMap::new(), unknown: Vec::new() };
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

    /// Whether a row has tests of its own, and what there is to say of it.
    fn state(&self, id: &str) -> (bool, String) {
        let counts = |found: &&Found| found.kind != Kind::Ignored;
        let whole: Vec<&Found> = self.by_row.get(id).into_iter().flatten().copied().filter(counts).collect();
        if !whole.is_empty() {
            return (true, describe(&whole));
        }
        let parts: Vec<&(char, &Found)> =
            self.by_part.get(id).into_iter().flatten().filter(|part| counts(&part.1)).collect();
        if parts.is_empty() {
            return (false, "open".to_owned());
        }
        let letters: BTreeSet<String> = parts.iter().map(|part| part.0.to_string()).collect();
        let tests: Vec<&Found> = parts.iter().map(|part| part.1).collect();
        let (noun, verb) = if letters.len() == 1 { ("part", "has") } else { ("parts", "have") };
        let letters: Vec<String> = letters.into_iter().collect();
        (false, format!("open, {noun} {} {verb} {}", letters.join(", "), describe(&tests)))
    }
}

fn describe(tests: &[&Found]) -> String {
    let mut places: Vec<String> = tests.iter().map(|found| found.place.clone()).collect();
    places.dedup();
    let more = places.len().saturating_sub(SHOWN);
    places.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let word = if tests.len() == 1 { "test" } else { "tests" };
    format!("{} {word}: {}{more}", tests.len(), places.join(", "))
}

const SHOWN: usize = 3;

#[cfg(test)]
mod tests;
