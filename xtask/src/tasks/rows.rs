//! `cargo xtask rows`: the rows of docs/spec with the tests that name them.
//!
//! A row is a table line whose first cell is an id (`EX-30`, `CAP-N-06`, `EXD-21a`). A test covers a row by beginning with
//! its id: `fn ex_30_…` in Rust, `test("EX-30 …")` or `ex_30` in TypeScript, `func TestEX30…` in Go. Benchmarks cover rows of
//! speed by naming them in their source. A row without either is `open`; a test that names no known row is an error.

mod names;
mod scan;
mod spec;

use std::collections::BTreeMap;

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
        let tests = report.by_row.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        let counted = tests.iter().any(|found| found.kind != Kind::Ignored);
        total += 1;
        open += usize::from(!counted);
        if args.open && counted {
            continue;
        }
        println!("{:<10} {:<44} {}", row.id, row.title, if counted { describe(tests) } else { "open".to_owned() });
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
    unknown: Vec<String>,
}

impl<'a> Report<'a> {
    fn new(rows: &'a [Row], found: &'a [Found]) -> Self {
        let ids = Ids::new(rows.iter().map(|row| row.id.as_str()));
        let mut report = Report { by_row: BTreeMap::new(), unknown: Vec::new() };
        for test in found {
            let named = match test.kind {
                Kind::Bench => ids.mentioned(&test.name),
                Kind::Test | Kind::Ignored => ids.named(&test.name),
            };
            for id in named.known {
                report.by_row.entry(id).or_default().push(test);
            }
            if test.kind != Kind::Bench {
                report.unknown.extend(named.unknown.iter().map(|id| format!("{id}: {} {}", test.place, test.name)));
            }
        }
        report
    }
}

fn describe(tests: &[&Found]) -> String {
    let counted: Vec<String> =
        tests.iter().filter(|found| found.kind != Kind::Ignored).map(|found| found.place.clone()).collect();
    let mut places = counted.clone();
    places.dedup();
    let more = places.len().saturating_sub(SHOWN);
    places.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let word = if counted.len() == 1 { "test" } else { "tests" };
    format!("{} {word}: {}{more}", counted.len(), places.join(", "))
}

const SHOWN: usize = 3;

#[cfg(test)]
mod tests;
