//! `qd ws import`: objects of an older group, blueprints of files and repositories as objects, and the configuration of an older
//! program as settings.
//!
//! Everything is read, checked and told before anything is made, and nothing is made without a yes.

mod found;
mod provisioner;
#[cfg(test)]
mod tests;
mod told;

use super::ask;
use crate::Desk;
use crate::act;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::workspace::ImportArgs;
use base::{Code, Coded};
use crd::import::{Given, Imported, Refused};
use found::Found;
use policy::action::{ObjectTarget, WorkspaceCreate, WorkspaceImport};
use serde_json::Value;
use std::io::{IsTerminal as _, Write};
use workspace::acts;

/// Runs `qd ws import`.
pub(super) async fn import(desk: &Desk, args: &ImportArgs, out: &mut impl Write) -> Result<(), Error> {
    let owner = args.owner.as_deref().unwrap_or_else(|| desk.principal.name());
    let given = Given { owner, org: &args.org, namespace: args.namespace.as_deref() };
    let Found { mut objects, settings } = found::found(args, &given)?;
    for (name, found) in &settings {
        found.notes.iter().for_each(|note| eprintln!("{name}: {note}"));
        write!(out, "{}", found.table)?;
    }
    // What workspaces are made of is there before they are.
    objects.sort_by_key(|one| kind(one) == "Workspace");
    told::table(&objects, &mut std::io::stderr())?;
    if args.dry_run {
        return print(&objects, desk.global.output, out);
    }
    if objects.is_empty() {
        return Ok(());
    }
    if !desk.global.yes {
        let question = format!("make {}? [y/N] ", words(&objects));
        if !std::io::stdin().is_terminal() {
            return Err(Error::of(Unasked { what: words(&objects), details: told::details(&objects, &[]) }));
        }
        let line = act::ask(&question, "say --yes")?;
        if !matches!(line.as_str(), "y" | "Y" | "yes") {
            return Err(Error::Declined);
        }
    }
    for one in &objects {
        make(desk, one, out).await?;
    }
    Ok(())
}

fn kind(one: &Imported) -> &str {
    one.object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn field<'a>(one: &'a Imported, pointer: &str) -> &'a str {
    one.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// How many of which: `2 Workspaces and a Grant`.
fn words(all: &[Imported]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for one in all {
        match counts.iter_mut().find(|(word, _)| *word == kind(one)) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind(one), 1)),
        }
    }
    let each = |(word, count): &(&str, usize)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" });
    counts.iter().map(each).collect::<Vec<_>>().join(", ")
}

fn print(all: &[Imported], output: Output, out: &mut impl Write) -> Result<(), Error> {
    for one in all {
        match output {
            Output::Json | Output::Jsonl => writeln!(out, "{}", one.object)?,
            _ => {
                let text = serde_saphyr::to_string(&one.object).map_err(std::io::Error::other)?;
                write!(out, "---\n{text}")?;
            }
        }
    }
    Ok(())
}

async fn make(desk: &Desk, one: &Imported, out: &mut impl Write) -> Result<(), Error> {
    let cluster = desk.cluster()?;
    let (namespace, name) = (field(one, "/metadata/namespace"), field(one, "/metadata/name"));
    if kind(one) == "Workspace" {
        let object = ObjectTarget::workspace(cluster.name(), namespace, name);
        let action = WorkspaceCreate {
            object: object.clone(),
            owner: field(one, "/spec/owner").to_owned(),
            org: field(one, "/spec/org").to_owned(),
            blueprint: field(one, "/spec/blueprintRef/name").to_owned(),
            image: field(one, "/spec/image").to_owned(),
        };
        acts::import(cluster, ask::permit_after(desk, action, true)?, &one.object).await.map_err(Error::of)?;
        return Ok(writeln!(out, "workspace {namespace}/{name} created")?);
    }
    let plural = match kind(one) {
        "ClusterBlueprint" => "clusterblueprints",
        "Blueprint" => "blueprints",
        _ => "grants",
    };
    let object = ObjectTarget {
        cluster: cluster.name().clone(),
        kind: format!("{plural}.quarterdeck.dev"),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let action = WorkspaceImport { object, from: one.from.clone() };
    acts::import_other(cluster, ask::permit_after(desk, action, true)?, &one.object).await.map_err(Error::of)?;
    let at = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    Ok(writeln!(out, "{} {at}{name} created", kind(one).to_lowercase())?)
}

/// Nobody said yes.
#[derive(Debug, thiserror::Error)]
#[error("nothing was made: this would make {what}, as the report says; say --yes, or look with --dry-run")]
struct Unasked {
    what: String,
    details: Value,
}

impl Coded for Unasked {
    fn code(&self) -> Code {
        Code::ImportReport
    }

    fn details(&self) -> Option<Value> {
        Some(self.details.clone())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{name}: {why}")]
struct Unread {
    name: String,
    why: String,
}

impl Coded for Unread {
    fn code(&self) -> Code {
        Code::ReadFailed
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{name}: nothing was made, since {}", refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
struct NotImported {
    name: String,
    refused: Vec<Refused>,
}

impl Coded for NotImported {
    fn code(&self) -> Code {
        Code::ImportReport
    }

    fn details(&self) -> Option<Value> {
        Some(told::details(&[], &self.refused))
    }
}
