//! The file of a workspace's repository among its layers: whether it is one, and what holds where it cannot be.
//!
//! A Workspace whose `blueprintRef` is `repo-OWNER-NAME` is made from that file: where it is wrong, nothing is made; where
//! there is none, it is made from the platform's blueprint for such repositories, if there is one. A Workspace that names another
//! blueprint is made from that one, and the file is laid over it where it builds on the same one and is right. Whatever is left
//! out is told.

use super::{Blueprints, OVERRIDES, Seen, overrides, user};
use crate::provision::Meant;
use crate::source::{self, Read, Sourced};
use base::Code;
use blueprint::{Beside, Dotfiles, Effective, Given, LayerKind, Mark, Offers, Problem, Problems, RepoFile, Request};
use serde::Deserialize as _;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What came of the layers.
#[derive(Debug)]
pub struct Made {
    /// What a workspace is made from.
    pub effective: Effective,
    /// Why the file of its repository is no part of it.
    pub fallback: Option<String>,
}

impl Made {
    /// The blueprint that grants name: of a repository's file, the one that it builds on.
    pub(crate) fn built_on(&self) -> &str {
        built_on(&self.effective)
    }
}

fn built_on(effective: &Effective) -> &str {
    let layers = || effective.layers.iter().map(|layer| &layer.origin.layer);
    let by_file = layers().any(|layer| layer.kind == LayerKind::Repo);
    let below = || layers().rfind(|layer| matches!(layer.kind, LayerKind::Platform | LayerKind::Org));
    by_file.then(below).flatten().map_or(&effective.name, |layer| &layer.name)
}

/// What is composed.
pub(super) struct Asked<'a> {
    pub(super) seen: &'a Seen,
    pub(super) name: Option<&'a str>,
    pub(super) namespace: &'a str,
    pub(super) workspace: &'a str,
    pub(super) spec: &'a Value,
    pub(super) params: &'a Given,
    pub(super) sourced: &'a Sourced,
    /// The values that parameters have for good.
    pub(super) fixed: Given,
    /// Takes what may be chosen of each parameter.
    pub(super) offers: Option<&'a RefCell<Offers>>,
}

impl Blueprints {
    pub(super) fn made(&self, asked: &Asked<'_>) -> Result<Made, Problems> {
        let named = asked.spec.get("source").and_then(source::blueprint_of);
        let by_file = asked.name.is_some() && asked.name == named.as_deref();
        // A blueprint of that very name is one like others.
        let by_file = by_file && asked.name.is_some_and(|name| asked.seen.library.get(name).is_none());
        let whole = |effective: Effective| Made { effective, fallback: None };
        match (asked.sourced, by_file) {
            (Sourced::Read(read), true) => match (&read.file, self.usual_of_repositories()) {
                (Some(_), _) => self.compose(asked, None, Some((read, true))).map(whole),
                (None, Some(usual)) => {
                    let effective = self.compose(asked, Some(usual), Some((read, false)))?;
                    let fallback = Some(format!("{}: it is made of {usual}", none_of(read)));
                    Ok(Made { effective, fallback })
                }
                (None, None) => {
                    let hint = "add one, or name a blueprint";
                    Err(problem(Code::BlueprintNotFound, &format!("{}: {hint}", none_of(read))).into())
                }
            },
            (Sourced::Read(read), false) if read.file.is_some() => {
                let wrong = match self.compose(asked, asked.name, Some((read, true))) {
                    Ok(effective) => return Ok(whole(effective)),
                    Err(wrong) => wrong,
                };
                let Ok(effective) = self.compose(asked, asked.name, Some((read, false))) else { return Err(wrong) };
                let fallback = Some(format!("the file of {} is no part of it: {}", read.words(), lines(&wrong)));
                Ok(Made { effective, fallback })
            }
            (Sourced::Read(read), false) => self.compose(asked, asked.name, Some((read, false))).map(whole),
            (Sourced::Failed(code, message), true) => Err(problem(*code, message).into()),
            (Sourced::Pending(message), true) => Err(problem(Code::RepositoryUnreachable, message).into()),
            (Sourced::None, true) => {
                let why = "no repository is read here: [repositories] says of which host it is, or none may be read";
                Err(problem(Code::RepositoryRefused, why).into())
            }
            (Sourced::Failed(_, message), false) => {
                let effective = self.compose(asked, asked.name, None)?;
                Ok(Made { effective, fallback: Some(format!("its repository is no part of it: {message}")) })
            }
            (Sourced::None | Sourced::Pending(_), false) => self.compose(asked, asked.name, None).map(whole),
        }
    }

    /// The blueprint of repositories without a file.
    fn usual_of_repositories(&self) -> Option<&str> {
        self.platform.repositories.as_ref().and_then(source::Repositories::usual)
    }

    fn compose(
        &self,
        asked: &Asked<'_>,
        name: Option<&str>,
        read: Option<(&Read, bool)>,
    ) -> Result<Effective, Problems> {
        // A file of another tool builds on what was chosen.
        let usual = || self.usual_of_repositories().unwrap_or(&self.platform.default_blueprint);
        let read = read.map(|(read, file)| (read.on(name.unwrap_or_else(usual)), file));
        let overrides = BTreeMap::from([(OVERRIDES.to_owned(), overrides(asked.spec).to_string())]);
        let (settings, user) = (self.settings(), user(asked.spec));
        let dotfiles = dotfiles(asked.spec)?;
        let request = Request {
            library: &asked.seen.library,
            name,
            user: &user,
            repo: read.as_ref().map(|(read, file)| RepoFile {
                files: read,
                path: read.file.as_deref().filter(|_| *file).unwrap_or_default(),
                owner: &read.owner,
                name: &read.name,
                reference: &read.reference,
                address: &read.address,
            }),
            overrides: Some((&overrides, OVERRIDES)),
            params: asked.params,
            preset: asked.spec.get("presetsRef").and_then(Value::as_str),
            beside: Beside {
                fixed: Some(&asked.fixed),
                dotfiles: dotfiles.as_ref(),
                lifecycle: asked.spec.get("lifecycle"),
                offers: asked.offers,
            },
            patches: &[],
            settings: &settings,
            env: &self.platform.env,
            workspace: asked.workspace,
            cluster: &self.platform.cluster,
        };
        let effective = blueprint::compose(&request)?;
        let Some(provision) = &self.platform.provision else { return Ok(effective) };
        let meant = Meant {
            cluster: &self.platform.cluster,
            namespace: asked.namespace,
            name: asked.workspace,
            owner: &user.username,
            org: &user.organization,
            blueprint: built_on(&effective),
        };
        let patches = provision.patches(meant, &effective)?;
        // What is patched is composed and checked as a whole.
        if patches.is_empty() { Ok(effective) } else { blueprint::compose(&Request { patches: &patches, ..request }) }
    }
}

/// What whoever works in it brings along.
fn dotfiles(spec: &Value) -> Result<Option<Dotfiles>, Problem> {
    let said = spec.get("dotfiles").filter(|said| !said.is_null());
    let read = said.map(Dotfiles::deserialize).transpose();
    read.map_err(|error| Problem {
        pointer: "/dotfiles".to_owned(),
        ..problem(Code::BlueprintInvalid, &error.to_string())
    })
}

/// The parameters that have their value for good, as the status of a workspace that was made of this blueprint says.
pub(super) fn fixed(workspace: &Value, blueprint: &str) -> Given {
    let status = workspace.pointer("/status/blueprint");
    let same = status.and_then(|status| status.get("name")).and_then(Value::as_str) == Some(blueprint);
    let fixed = status.filter(|_| same).and_then(|status| status.get("fixed")).and_then(Value::as_object);
    fixed.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn none_of(read: &Read) -> String {
    format!("{} has none of {}, devcontainer.json, devfile.yaml", read.words(), source::NAMES.join(", "))
}

fn problem(code: Code, message: &str) -> Problem {
    Problem {
        code,
        warning: false,
        blueprint: String::new(),
        pointer: "/source/repo".to_owned(),
        mark: Mark::start("spec"),
        message: message.to_owned(),
    }
}

/// What is wrong, in one line.
fn lines(wrong: &Problems) -> String {
    let all = wrong.list().iter().filter(|one| !one.warning);
    let all: Vec<String> = all.map(Problem::line).collect();
    all.join("; ")
}
