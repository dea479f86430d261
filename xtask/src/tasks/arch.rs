//! `cargo xtask arch`: the dependency rule of ARCHITECTURE.md, proved from `cargo metadata`.
//!
//! pure ← adapters ← services ← doors ← `app` ← bins. Arrows never turn; services never import services and doors never
//! import doors; adapters import only leftward in their order; the agent layer imports pure crates and `pki` alone. The
//! table of layers and of who may use which outside crate is `arch/table.rs`, each line with its reason.

mod gates;
mod table;

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, bail};

use super::metadata::{Metadata, Package};
use table::{ADAPTERS, AGENT_ONLY, Layer, PURE_EXCEPTIONS, PURE_FORBIDS, PURE_SOURCE_FORBIDS, USES};

pub(crate) fn run() -> anyhow::Result<()> {
    let metadata = Metadata::load()?;
    let mut found = violations(&metadata);
    found.extend(impure_sources(&metadata)?);
    found.extend(gates::breaks(&metadata)?);
    if found.is_empty() {
        println!("{} crates keep the dependency rule", metadata.ours().count());
        return Ok(());
    }
    let mut text = String::new();
    for line in &found {
        writeln!(text, "  {line}")?;
    }
    bail!("{} breaks of the dependency rule:\n{text}", found.len());
}

/// Every break of the rule, one sentence each; empty when the workspace keeps it.
pub(crate) fn violations(metadata: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for package in metadata.ours() {
        let name = package.name.as_str();
        let Some(layer) = Layer::of(name) else {
            found.push(format!("`{name}` stands in no layer: add it to xtask/src/tasks/arch/table.rs"));
            continue;
        };
        imports(metadata, package, layer, &mut found);
        if layer != Layer::Tool {
            outside(package, &mut found);
        }
        if layer == Layer::Pure {
            pure(metadata, package, &mut found);
        }
    }
    found
}

/// The arrows between our own crates.
fn imports(metadata: &Metadata, package: &Package, layer: Layer, found: &mut Vec<String>) {
    let name = package.name.as_str();
    for declared in &package.dependencies {
        let dev = declared.kind.as_deref() == Some("dev");
        if !metadata.ours().any(|other| other.name == declared.name) || (dev && layer != Layer::Pure) {
            continue;
        }
        let Some(target) = Layer::of(&declared.name) else { continue };
        if let Some(reason) = refused(name, layer, &declared.name, target) {
            found.push(format!("`{name}` ({layer}) imports `{}` ({target}): {reason}", declared.name));
        }
    }
}

/// Why `name` may not import `other`, if it may not.
fn refused(name: &str, layer: Layer, other: &str, target: Layer) -> Option<&'static str> {
    match (layer, target) {
        (Layer::Tool, _) => None,
        (_, Layer::Tool) => Some("tools are imported by nobody"),
        (_, Layer::Pure) => None,
        (Layer::Bin, Layer::Agent) if name == AGENT_ONLY => None,
        (_, Layer::Agent) => Some("the agent layer is linked into qd-agent alone"),
        (Layer::Agent, Layer::Adapter) if other == "pki" => None,
        (Layer::Agent, _) => Some("the agent layer imports pure crates and pki alone"),
        (Layer::Adapter, Layer::Adapter) if place(ADAPTERS, other) < place(ADAPTERS, name) => None,
        (Layer::Adapter, Layer::Adapter) => Some("adapters import only leftward in their order"),
        (Layer::Service, Layer::Service) => Some("services never import services; doors compose them"),
        (Layer::Door, Layer::Door) => Some("doors never import doors"),
        (Layer::Bin, Layer::App) => None,
        (Layer::Bin, _) => Some("bins are thin mains over app"),
        _ if target < layer => None,
        _ => Some("arrows point from doors to pure crates and never turn"),
    }
}

fn place(order: &[&str], name: &str) -> usize {
    order.iter().position(|entry| *entry == name).unwrap_or(order.len())
}

/// The who-may-use-what table.
fn outside(package: &Package, found: &mut Vec<String>) {
    for declared in package.dependencies.iter().filter(|declared| declared.kind.as_deref() != Some("dev")) {
        for rule in USES.iter().filter(|rule| rule.names.contains(&declared.name.as_str())) {
            if !rule.by.contains(&package.name.as_str()) {
                found.push(format!(
                    "`{}` uses `{}`, which is for {} only: {}",
                    package.name,
                    declared.name,
                    rule.by.join(", "),
                    rule.reason
                ));
            }
        }
    }
}

/// Pure crates hold no runtime and no IO: neither by what they declare, for tests too, nor by what that brings along.
fn pure(metadata: &Metadata, package: &Package, found: &mut Vec<String>) {
    let excepted = |crate_name: &str| {
        PURE_EXCEPTIONS.iter().any(|(ours, theirs, _)| *ours == package.name && *theirs == crate_name)
    };
    for declared in &package.dependencies {
        let name = declared.name.as_str();
        if PURE_FORBIDS.contains(&name) && !excepted(name) {
            found.push(format!("`{}` is pure and declares `{name}`, which does IO or brings a runtime", package.name));
        }
    }
    let reach = metadata.reach(&package.id, false);
    let brings = |name: &str| package.name == name || reach.keys().any(|id| metadata.name(id) == name);
    if PURE_EXCEPTIONS.iter().any(|(ours, _, _)| brings(ours)) {
        return; // what comes by way of an exception is judged where the exception stands
    }
    for (id, by) in &reach {
        let (name, by) = (metadata.name(id), metadata.name(by));
        if PURE_FORBIDS.contains(&name) && by != package.name {
            found.push(format!("`{}` is pure and `{by}` brings `{name}` into it", package.name));
        }
    }
}

/// Pure crates name no file, socket or process of the standard library outside their tests.
fn impure_sources(metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for package in metadata.ours().filter(|package| Layer::of(&package.name) == Some(Layer::Pure)) {
        let folder = Path::new(&package.manifest_path).parent().context("a manifest stands in a folder")?.join("src");
        for entry in walkdir::WalkDir::new(&folder) {
            let entry = entry?;
            let path = entry.path();
            let test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
            if test || path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(path)?;
            found.extend(impure_lines(&text).map(|(line, name)| {
                format!("`{}` is pure and names `{name}` ({}:{line})", package.name, path.display())
            }));
        }
    }
    Ok(found)
}

/// Line numbers and names of IO in one source file; comments do not count.
fn impure_lines(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    text.lines().enumerate().flat_map(|(number, line)| {
        let code = line.split("//").next().unwrap_or_default();
        PURE_SOURCE_FORBIDS.iter().filter(|name| code.contains(**name)).map(move |name| (number + 1, *name))
    })
}

#[cfg(test)]
mod tests;
