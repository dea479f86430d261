//! Differences on stdout.

use std::io::Write;

use serde_json::{Value, json};

use super::compare::Change;
use super::side::Side;
use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;
use crate::tap::table;

/// As a table, or as JSON.
pub(super) fn print(
    before: &Side,
    after: &Side,
    changes: &[Change],
    output: Output,
    out: &mut impl Write,
) -> Result<(), Error> {
    match output {
        Output::Json => {
            let all: Vec<Value> = changes.iter().map(object).collect();
            let count = |side: &Side| side.endpoints.values().map(|one| one.count).sum::<u64>();
            let about = |side: &Side| json!({ "endpoints": side.endpoints.len(), "transactions": count(side) });
            writeln!(out, "{}", json!({ "before": about(before), "after": about(after), "changes": all }))?;
        }
        Output::Jsonl => changes.iter().try_for_each(|change| writeln!(out, "{}", object(change)))?,
        Output::Csv => grid(changes).csv(out)?,
        Output::Table | Output::Wide if changes.is_empty() => {
            writeln!(out, "no difference that chance does not explain")?
        }
        Output::Table | Output::Wide => grid(changes).aligned(out)?,
        Output::Yaml | Output::Name | Output::FlatJson => {
            return Err(Error::Usage("differences are printed as table, json, jsonl or csv".to_owned()));
        }
    }
    Ok(())
}

fn grid(changes: &[Change]) -> Grid {
    let mut grid = Grid::new(5);
    ["CHANGE", "ENDPOINT", "BEFORE", "AFTER", "SURE"].iter().for_each(|cell| grid.push(cell));
    for change in changes {
        let (kind, before, after, sure) = cells(change);
        let sure = sure.map(|sure| format!("{:.1} %", (sure * 100.0).min(99.9))).unwrap_or_default();
        [&kind, change.what(), &before, &after, &sure].iter().for_each(|cell| grid.push(cell));
    }
    grid
}

fn cells(change: &Change) -> (String, String, String, Option<f64>) {
    let share = |(part, all): &(u64, u64)| format!("{part} of {all}");
    let times = |(half, most): &(u64, u64)| {
        format!("p50 {}, p95 {}", table::length(&half.to_string()), table::length(&most.to_string()))
    };
    match change {
        Change::New { count, .. } => ("new".to_owned(), String::new(), count.to_string(), None),
        Change::Gone { count, .. } => ("gone".to_owned(), count.to_string(), String::new(), None),
        Change::Status { status, before, after, sure, .. } => {
            (format!("status {status}"), share(before), share(after), Some(*sure))
        }
        Change::Latency { before, after, sure, .. } => ("latency".to_owned(), times(before), times(after), Some(*sure)),
        Change::Shape { shape, before, after, sure, .. } => (shape.clone(), share(before), share(after), Some(*sure)),
    }
}

fn object(change: &Change) -> Value {
    let share = |(part, all): &(u64, u64)| json!({ "count": part, "of": all });
    let times = |(half, most): &(u64, u64)| json!({ "p50": half, "p95": most });
    match change {
        Change::New { what, count } => json!({ "change": "new", "what": what, "count": count }),
        Change::Gone { what, count } => json!({ "change": "gone", "what": what, "count": count }),
        Change::Status { what, status, before, after, sure } => json!({
            "change": "status", "what": what, "status": status, "before": share(before), "after": share(after),
            "confidence": sure,
        }),
        Change::Latency { what, before, after, sure } => json!({
            "change": "latency", "what": what, "before_us": times(before), "after_us": times(after), "confidence": sure,
        }),
        Change::Shape { what, shape, before, after, sure } => json!({
            "change": "shape", "what": what, "shape": shape, "before": share(before), "after": share(after),
            "confidence": sure,
        }),
    }
}
