//! What `qd blueprint` prints.

use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;
use blueprint::{Change, Definition, Effective, Explanation, Library, Origin, Problem};
use serde_json::{Value as Json, json};
use std::io::Write;

pub(super) fn problems(problems: &[Problem], output: Output, out: &mut impl Write) -> Result<(), Error> {
    match output {
        Output::Json => {
            writeln!(out, "{}", json!({ "problems": problems.iter().map(Problem::to_json).collect::<Vec<_>>() }))?
        }
        Output::Jsonl => lines(problems.iter().map(Problem::to_json), out)?,
        _ if problems.is_empty() => {}
        _ => {
            let mut grid = headed(&["PLACE", "SEVERITY", "CODE", "BLUEPRINT", "FIELD", "PROBLEM"]);
            for one in problems {
                grid.push(&one.mark.to_string());
                grid.push(if one.warning { "warning" } else { "error" });
                grid.push(if one.warning { "-" } else { one.code.as_str() });
                grid.push(&one.blueprint);
                grid.push(&one.pointer);
                grid.push(&one.message);
            }
            laid(&grid, output, out)?;
        }
    }
    Ok(())
}

/// The blueprints of a library.
pub(super) fn listed(library: &Library, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let mut all: Vec<&Definition> = library.all().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    match output {
        Output::Json => {
            writeln!(out, "{}", json!({ "blueprints": all.iter().map(|one| told(one)).collect::<Vec<_>>() }))?
        }
        Output::Jsonl => lines(all.iter().map(|one| told(one)), out)?,
        Output::Yaml => yaml(&json!({ "blueprints": all.iter().map(|one| told(one)).collect::<Vec<_>>() }), out)?,
        _ => {
            let mut grid = headed(&["NAME", "LAYER", "TEMPLATE", "ABSTRACT", "PLACE", "DESCRIPTION"]);
            for one in all {
                grid.push(&one.name);
                grid.push(one.layer.kind.as_str());
                grid.push(one.template.as_deref().unwrap_or("-"));
                grid.push(if one.is_abstract { "yes" } else { "no" });
                grid.push(&one.mark.to_string());
                grid.push(one.description().unwrap_or("-"));
            }
            laid(&grid, output, out)?;
        }
    }
    Ok(())
}

/// A blueprint with its parents, the root first, and what can be asked of it.
pub(super) fn definition(chain: &[&Definition], output: Output, out: &mut impl Write) -> Result<(), Error> {
    let Some(one) = chain.last() else { return Ok(()) };
    let named = |key: &str| -> Vec<Json> { chain.iter().flat_map(|one| one.listed(key)).collect() };
    let (params, presets) = (named("params"), named("presets"));
    let mut object = told(one);
    if let Json::Object(fields) = &mut object {
        fields.insert("chain".to_owned(), chain.iter().map(|one| one.name.as_str()).collect());
        fields.insert("params".to_owned(), params.clone().into());
        fields.insert("presets".to_owned(), presets.clone().into());
    }
    match output {
        Output::Json | Output::Jsonl => writeln!(out, "{object}")?,
        Output::Yaml => yaml(&object, out)?,
        _ => {
            let ways: Vec<&str> = chain.iter().map(|one| one.name.as_str()).collect();
            writeln!(out, "{}: {}", one.name, one.description().unwrap_or("no description"))?;
            writeln!(out, "{}{}", ways.join(" → "), if one.is_abstract { ", abstract" } else { "" })?;
            let text = |one: &Json, key: &str| match one.get(key) {
                None | Some(Json::Null) => "-".to_owned(),
                Some(Json::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            if !params.is_empty() {
                writeln!(out)?;
                let mut grid = headed(&["PARAMETER", "TYPE", "DEFAULT", "MIN", "MAX", "DESCRIPTION"]);
                for one in &params {
                    for key in ["name", "type", "default", "min", "max", "description"] {
                        grid.push(&text(one, key));
                    }
                }
                laid(&grid, output, out)?;
            }
            if !presets.is_empty() {
                writeln!(out)?;
                let mut grid = headed(&["PRESET", "PARAMETERS", "DESCRIPTION"]);
                for one in &presets {
                    for key in ["name", "params", "description"] {
                        grid.push(&text(one, key));
                    }
                }
                laid(&grid, output, out)?;
            }
        }
    }
    Ok(())
}

fn told(one: &Definition) -> Json {
    json!({
        "name": one.name,
        "layer": one.layer.kind.as_str(),
        "template": one.template,
        "abstract": one.is_abstract,
        "description": one.description(),
        "place": one.mark.to_string(),
    })
}

fn yaml(object: &Json, out: &mut impl Write) -> Result<(), Error> {
    let text = serde_saphyr::to_string(object).map_err(|error| Error::Usage(error.to_string()))?;
    write!(out, "{text}")?;
    Ok(())
}

pub(super) fn effective(
    effective: &Effective,
    comments: bool,
    output: Output,
    out: &mut impl Write,
) -> Result<(), Error> {
    match output {
        Output::Json => {
            let layers: serde_json::Map<String, Json> = effective
                .node
                .leaves()
                .into_iter()
                .map(|(pointer, node)| (pointer.to_string(), origin(&node.origin)))
                .collect();
            let object = json!({
                "name": effective.name,
                "blueprint": effective.node.to_json(),
                "origins": layers,
                "params": effective.params,
                "pod_security": effective.pod_security.as_str(),
                "warnings": effective.warnings.iter().map(Problem::to_json).collect::<Vec<_>>(),
            });
            writeln!(out, "{object}")?;
        }
        Output::Jsonl => {
            let fields = effective.node.leaves().into_iter().map(|(pointer, node)| {
                json!({ "pointer": pointer.to_string(), "value": node.to_json(), "origin": origin(&node.origin) })
            });
            lines(fields, out)?;
        }
        _ => write!(out, "{}", blueprint::render(&effective.node, comments))?,
    }
    Ok(())
}

pub(super) fn explanation(explanation: &Explanation, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let said = |one: &blueprint::Said| json!({ "value": one.value, "origin": origin(&one.origin) });
    match output {
        Output::Json | Output::Jsonl => {
            let object = json!({
                "pointer": explanation.pointer.to_string(),
                "value": explanation.value,
                "sentence": explanation.sentence(),
                "said": explanation.said.iter().map(said).collect::<Vec<_>>(),
            });
            writeln!(out, "{object}")?;
        }
        _ => {
            writeln!(out, "{}\n", explanation.sentence())?;
            let mut grid = headed(&["LAYER", "PLACE", "VALUE"]);
            for one in &explanation.said {
                grid.push(&one.origin.layer.to_string());
                grid.push(&place(&one.origin));
                grid.push(&one.value.to_string());
            }
            laid(&grid, output, out)?;
        }
    }
    Ok(())
}

pub(super) fn changes(changes: &[Change], output: Output, out: &mut impl Write) -> Result<(), Error> {
    let side = |side: &Option<(Json, Origin)>| {
        side.as_ref().map_or(Json::Null, |(value, from)| json!({ "value": value, "origin": origin(from) }))
    };
    let object = |one: &Change| json!({ "pointer": one.pointer.to_string(), "left": side(&one.left), "right": side(&one.right) });
    match output {
        Output::Json => writeln!(out, "{}", json!({ "changes": changes.iter().map(object).collect::<Vec<_>>() }))?,
        Output::Jsonl => lines(changes.iter().map(object), out)?,
        _ if changes.is_empty() => writeln!(out, "there is no difference")?,
        _ => {
            let mut grid = headed(&["FIELD", "LEFT", "RIGHT", "LEFT FROM", "RIGHT FROM"]);
            for one in changes {
                let value = |side: &Option<(Json, Origin)>| {
                    side.as_ref().map_or("-".to_owned(), |(value, _)| value.to_string())
                };
                let from =
                    |side: &Option<(Json, Origin)>| side.as_ref().map_or("-".to_owned(), |(_, origin)| place(origin));
                grid.push(&one.pointer.to_string());
                grid.push(&value(&one.left));
                grid.push(&value(&one.right));
                grid.push(&from(&one.left));
                grid.push(&from(&one.right));
            }
            laid(&grid, output, out)?;
        }
    }
    Ok(())
}

/// A fixture that was run.
pub(super) struct Tested {
    pub(super) file: String,
    pub(super) name: String,
    /// What is not as expected.
    pub(super) wrong: Vec<String>,
}

pub(super) fn tested(results: &[Tested], output: Output, out: &mut impl Write) -> Result<(), Error> {
    let object = |one: &Tested| json!({ "file": one.file, "name": one.name, "passed": one.wrong.is_empty(), "wrong": one.wrong });
    match output {
        Output::Json => writeln!(out, "{}", json!({ "tests": results.iter().map(object).collect::<Vec<_>>() }))?,
        Output::Jsonl => lines(results.iter().map(object), out)?,
        _ => {
            let mut grid = headed(&["FILE", "RESULT", "FIXTURE"]);
            for one in results {
                grid.push(&one.file);
                grid.push(if one.wrong.is_empty() { "passed" } else { "failed" });
                grid.push(&one.name);
                for wrong in &one.wrong {
                    ["", "", &format!("  {wrong}")].iter().for_each(|cell| grid.push(cell));
                }
            }
            laid(&grid, output, out)?;
        }
    }
    Ok(())
}

pub(super) fn headed(names: &[&str]) -> Grid {
    let mut grid = Grid::new(names.len());
    names.iter().for_each(|name| grid.push(name));
    grid
}

pub(super) fn laid(grid: &Grid, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if output == Output::Csv {
        grid.csv(out)?
    } else {
        grid.aligned(out)?
    }
    Ok(())
}

fn lines(objects: impl Iterator<Item = Json>, out: &mut impl Write) -> Result<(), Error> {
    for object in objects {
        writeln!(out, "{object}")?;
    }
    Ok(())
}

fn origin(origin: &Origin) -> Json {
    json!({
        "layer": origin.layer.kind.as_str(),
        "name": origin.layer.name,
        "file": &*origin.mark.file,
        "line": origin.mark.line,
        "column": origin.mark.column,
    })
}

/// Where a field was written; what no file says is its layer.
fn place(origin: &Origin) -> String {
    match &*origin.mark.file {
        "defaults" | "policy" => origin.layer.to_string(),
        _ => origin.mark.to_string(),
    }
}
