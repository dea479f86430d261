//! Repositories that workspaces are made from: which one a Workspace names, and the file in it that says what it needs.
//!
//! ```text
//! spec.source ─► Wanted ─► Repositories (cached by commit) ─► Read ─► the layer of the repository
//! ```
//!
//! Doors and the operator read them, each under a permit of `workspace:source`. What was read is files alone: the renderer stays
//! pure.

mod desk;
mod foreign;
mod pull;
mod repositories;

pub(crate) use desk::{Asking, Desk};
pub use pull::meant;
pub use repositories::NAMES;
pub use repositories::Repositories;

use base::{Code, Coded};
use blueprint::Files;
use git::{Reference, Remote};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a Workspace says of its repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub(crate) remote: Remote,
    pub(crate) reference: Reference,
    /// The file that is named.
    pub(crate) file: Option<String>,
    /// The folder to begin in.
    pub(crate) folder: String,
    pub(crate) owner: String,
    pub(crate) name: String,
}

impl Wanted {
    /// Reads a `spec`; `None` where it names no repository, or one of a host that nobody named.
    #[must_use]
    pub fn of(spec: &Value, host: Option<&str>) -> Option<Self> {
        let source = spec.get("source")?;
        let (owner, name) = named(source)?;
        let host = text(source, "/repo/host").or(host)?.to_ascii_lowercase();
        let pull = source.pointer("/repo/pullRequest").and_then(Value::as_u64);
        let reference = match (pull.and_then(|number| u32::try_from(number).ok()), text(source, "/repo/ref")) {
            (Some(number), _) => Reference::Pull(number),
            (None, Some(name)) => Reference::Named(name.to_owned()),
            (None, None) => Reference::Default,
        };
        Some(Self {
            remote: Remote { host, path: format!("{owner}/{name}") },
            reference,
            file: text(source, "/file").map(|path| path.trim_start_matches("./").to_owned()),
            folder: text(source, "/repo/path").unwrap_or_default().trim_matches('/').to_owned(),
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// The blueprint that the file of a repository is, by its name; `None` where a `spec.source` names no repository.
#[must_use]
pub fn blueprint_of(source: &Value) -> Option<String> {
    named(source).map(|(owner, name)| blueprint::repo_name(owner, name))
}

/// Owner and name of the repository of a `spec.source`.
fn named(source: &Value) -> Option<(&str, &str)> {
    Some((text(source, "/repo/owner")?, text(source, "/repo/name")?))
}

fn text<'a>(source: &'a Value, at: &str) -> Option<&'a str> {
    source.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// What was read of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Owner of the repository.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The ref that was meant; empty for the usual one.
    pub reference: String,
    /// Its address.
    pub address: String,
    /// The commit.
    pub commit: String,
    /// Who wrote the commit.
    pub author: String,
    /// The file that says what a workspace needs; `None` where there is none.
    pub file: Option<String>,
    /// The file is one of other tools: it names no blueprint that it builds on.
    pub foreign: bool,
    /// That file and what it includes; or why one of them cannot be read.
    pub(crate) texts: BTreeMap<String, Result<String, String>>,
}

impl Read {
    /// The same, where the file is one of other tools: built on `template`.
    pub(crate) fn on(&self, template: &str) -> Self {
        let mut read = self.clone();
        let Some(Ok(text)) = read.file.as_ref().filter(|_| read.foreign).and_then(|file| read.texts.get_mut(file))
        else {
            return read;
        };
        if let Ok(mut document) = serde_json::from_str::<Value>(text)
            && let Some(fields) = document.get_mut("blueprint").and_then(Value::as_object_mut)
        {
            fields.insert("template".to_owned(), template.into());
            *text = document.to_string();
        }
        read
    }

    /// In a few words: `git.example/org/proj at 1a2b3c4`.
    #[must_use]
    pub fn words(&self) -> String {
        let host = self.address.split_once("://").map_or(self.address.as_str(), |(_, rest)| rest);
        format!("{host} at {}", self.commit.get(..10).unwrap_or(&self.commit))
    }
}

impl Files for Read {
    fn read(&self, path: &str) -> Result<String, String> {
        self.texts.get(path).cloned().unwrap_or_else(|| Err(NO_FILE.to_owned()))
    }
}

/// What there is of the repository of a workspace.
#[derive(Clone, Debug, Default)]
pub enum Sourced {
    /// It names none, or none is read here.
    #[default]
    None,
    /// It was read.
    Read(Arc<Read>),
    /// It is being read.
    Pending(String),
    /// It cannot be read: why.
    Failed(Code, String),
}

impl From<Result<Arc<Read>, git::Error>> for Sourced {
    fn from(read: Result<Arc<Read>, git::Error>) -> Self {
        match read {
            Ok(read) => Self::Read(read),
            Err(error) => Self::Failed(error.code(), error.to_string()),
        }
    }
}

pub(crate) const NO_FILE: &str = "there is no such file in the repository";

#[cfg(test)]
mod tests;
