//! `qd ws import`: objects of an older group as workspaces and grants, and the configuration of an older program as settings.

mod provisioner;
#[cfg(test)]
mod tests;

use super::ask;
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::workspace::ImportArgs;
use base::{Code, Coded};
use crd::import::{Given, Imported, Refused};
use policy::action::{ObjectTarget, WorkspaceCreate};
use provisioner::Settings;
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use workspace::acts;

/// Runs `qd ws import`. Everything is read and checked before anything is made.
pub(super) async fn import(desk: &Desk, args: &ImportArgs, out: &mut impl Write) -> Result<(), Error> {
    let owner = args.owner.as_deref().unwrap_or_else(|| desk.principal.name());
    let given = Given { owner, org: &args.org, namespace: args.namespace.as_deref() };
    let (mut all, mut settings) = (Vec::new(), Vec::new());
    for file in &args.files {
        let (name, text) = (file.display().to_string(), text(file)?);
        match Settings::of(&text) {
            Some(found) => settings.push((name, found)),
            None => all.extend(read(&text, &name, &given)?),
        }
    }
    for (name, found) in &settings {
        found.notes.iter().for_each(|note| eprintln!("{name}: {note}"));
        write!(out, "{}", found.table)?;
    }
    tell(&all, &mut std::io::stderr())?;
    if args.dry_run {
        return print(&all, desk.global.output, out);
    }
    if let Some(grant) = all.iter().find(|one| kind(one) != "Workspace") {
        return Err(Error::Usage(format!(
            "{} becomes a Grant, which this command does not make: look at it with --dry-run, and apply that",
            grant.from
        )));
    }
    for one in &all {
        make(desk, one, out).await?;
    }
    Ok(())
}

/// The objects of a text, each made into one of ours.
fn read(text: &str, name: &str, given: &Given<'_>) -> Result<Vec<Imported>, Error> {
    let unread = |why: String| Error::of(Unread { name: name.to_owned(), why });
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| unread(error.to_string()))?;
    let documents: Vec<Value> = documents.into_iter().filter(|one| !one.is_null()).collect();
    if documents.is_empty() {
        return Err(unread("there is no object in it".to_owned()));
    }
    let results = documents.iter().flat_map(|one| crd::import::import(one, given));
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => all.push(one),
            Err(why) => refused.push(why),
        }
    }
    if refused.is_empty() { Ok(all) } else { Err(Error::of(NotImported { name: name.to_owned(), refused })) }
}

fn text(path: &Path) -> Result<String, Error> {
    let unread = |why: String| Error::of(Unread { name: path.display().to_string(), why });
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| unread(error.to_string()))?)
    };
    let mut text = String::new();
    let size = source.by_ref().take(FILE_MAX + 1).read_to_string(&mut text);
    let size = size.map_err(|error| unread(error.to_string()))?;
    if u64::try_from(size).is_ok_and(|size| size <= FILE_MAX) {
        Ok(text)
    } else {
        Err(unread(format!("it is larger than {} MiB", FILE_MAX >> 20)))
    }
}

fn kind(one: &Imported) -> &str {
    one.object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn field<'a>(one: &'a Imported, pointer: &str) -> &'a str {
    one.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What became of each, its mapping of names, and what was left out.
fn tell(all: &[Imported], err: &mut impl Write) -> Result<(), Error> {
    for one in all {
        let (namespace, name) = (field(one, "/metadata/namespace"), field(one, "/metadata/name"));
        writeln!(err, "{} -> {} {namespace}/{name}", one.from, kind(one))?;
        for note in &one.notes {
            writeln!(err, "  {note}")?;
        }
    }
    Ok(())
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
    let object =
        ObjectTarget::workspace(cluster.name(), field(one, "/metadata/namespace"), field(one, "/metadata/name"));
    let action = WorkspaceCreate {
        object: object.clone(),
        owner: field(one, "/spec/owner").to_owned(),
        org: field(one, "/spec/org").to_owned(),
        blueprint: field(one, "/spec/blueprintRef/name").to_owned(),
        image: field(one, "/spec/image").to_owned(),
    };
    let spec = one.object.get("spec").cloned().unwrap_or_default();
    acts::import(cluster, ask::permit(desk, action)?, &spec, &one.from).await.map_err(Error::of)?;
    if one.object.pointer("/metadata/labels").is_some() {
        eprintln!("  its labels are left out: set them with kubectl label");
    }
    Ok(writeln!(out, "workspace {}/{} created", object.namespace, object.name)?)
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
        Code::ApplyInvalid
    }
}

/// How large a file may be.
const FILE_MAX: u64 = 16 << 20;
