//! The report of an import: what becomes of each object and of each of its fields.

use super::{field, kind};
use crate::error::Error;
use crate::print::Grid;
use crd::import::{Imported, Line, Refused};
use serde_json::{Value, json};
use std::io::Write;

/// The report as a table.
pub(super) fn table(all: &[Imported], err: &mut impl Write) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let mut grid = Grid::new(4);
    ["OBJECT", "FIELD", "RESULT", "WHY"].iter().for_each(|head| grid.push(head));
    for one in all {
        grid.push(&one.from);
        grid.push("");
        grid.push("becomes");
        grid.push(&becomes(one));
        for Line { field, fate, why } in one.report.lines() {
            grid.push("");
            grid.push(field);
            grid.push(fate.as_str());
            grid.push(why);
        }
    }
    Ok(grid.aligned(err)?)
}

/// The same for programs.
pub(super) fn details(all: &[Imported], refused: &[Refused]) -> Value {
    let line = |line: &Line| json!({ "field": line.field, "result": line.fate.as_str(), "why": line.why });
    let object = |one: &Imported| {
        let fields: Vec<Value> = one.report.lines().iter().map(line).collect();
        json!({ "from": one.from, "becomes": becomes(one), "renamed_from": one.renamed, "fields": fields })
    };
    json!({
        "objects": all.iter().map(object).collect::<Vec<_>>(),
        "refused": refused.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn becomes(one: &Imported) -> String {
    let (namespace, name) = (field(one, "/metadata/namespace"), field(one, "/metadata/name"));
    let at = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    format!("{} {at}{name}", kind(one))
}
