//! Fixtures: a workspace somebody asks for, and what it has to be. The same engine runs them on a laptop and in a pipeline.

#[cfg(test)]
mod tests;

use crate::compose::{Effective, RepoFile, Request, compose};
use crate::defaults::Settings;
use crate::files::{Files, read_all};
use crate::library::Library;
use crate::node::{LayerKind, Node};
use crate::objects::{Objects, Place, objects};
use crate::params::Given;
use crate::pointer::Pointer;
use crate::problem::Problems;
use crate::user::User;
use base::Code;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A file of fixtures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixtures {
    /// Each of them.
    pub tests: Vec<Fixture>,
}

/// A workspace somebody asks for, and what it has to be.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fixture {
    /// What it shows.
    pub name: String,
    /// The blueprint, by name.
    #[serde(default)]
    pub blueprint: Option<String>,
    /// A synthetic user by name (`plain`, `admin`, …), or fields over those of the plain one.
    #[serde(default)]
    pub user: Json,
    /// The repository's file.
    #[serde(default)]
    pub repo: Option<Repo>,
    /// The file of the workspace's overrides.
    #[serde(default)]
    pub overrides: Option<String>,
    /// Parameters.
    #[serde(default)]
    pub params: Given,
    /// A preset of parameters.
    #[serde(default)]
    pub preset: Option<String>,
    /// What it says of when it stops, starts and ends.
    #[serde(default)]
    pub lifecycle: Option<Json>,
    /// Patches of the policy: pointer to value.
    #[serde(default)]
    pub patches: BTreeMap<String, Json>,
    /// What `env(name)` reads.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What it has to be.
    pub expect: Expect,
}

/// What the policy says of what a workspace is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// Nothing.
    Silent,
    /// It is denied.
    Denied {
        /// By which rule.
        rule: String,
        /// Why.
        reason: String,
    },
    /// Fields are set.
    Patched {
        /// By which rules, with `+` between them.
        rule: String,
        /// To what.
        patches: Vec<(Pointer, Json)>,
    },
}

/// Asks the policy: a workspace's fields, and who asks for it.
pub type Judge<'a> = dyn Fn(&Effective, &User) -> Judged + 'a;

/// A repository, whose file stands beside the fixtures.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repo {
    /// Path to the file.
    pub file: String,
    /// Owner.
    #[serde(default)]
    pub owner: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Ref.
    #[serde(default)]
    pub r#ref: String,
}

/// What a workspace has to be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// Fields by pointer; `null` says that it is not set.
    #[serde(default)]
    pub fields: BTreeMap<String, Json>,
    /// The layer that set a field, by pointer: `platform base`, `repo`, `default`.
    #[serde(default)]
    pub layers: BTreeMap<String, String>,
    /// Fields of the pod by pointer; `null` says that it is not set. A segment `name=…` finds an item of a list by its name:
    /// `/spec/containers/name=main/image`.
    #[serde(default)]
    pub pod: BTreeMap<String, Json>,
    /// The tightest Pod Security level that lets the pod in.
    #[serde(default)]
    pub pod_security: Option<String>,
    /// What the policy says of it.
    #[serde(default)]
    pub policy: Option<ExpectPolicy>,
    /// That it is refused: with this code, at this pointer.
    #[serde(default)]
    pub error: Option<ExpectError>,
}

/// What the policy says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectPolicy {
    /// Whether the workspace may be.
    pub verdict: ExpectVerdict,
    /// The rule that says so, or several with `+` between them.
    #[serde(default)]
    pub rule: Option<String>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpectVerdict {
    /// No rule holds.
    Allow,
    /// It may be, with fields that rules set.
    Patch,
    /// It may not.
    Deny,
}

/// A refusal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectError {
    /// The stable code of one of its problems.
    #[serde(default)]
    pub code: Option<String>,
    /// The pointer of that problem.
    #[serde(default)]
    pub pointer: Option<String>,
}

impl Fixtures {
    /// Reads a file of fixtures.
    ///
    /// # Errors
    /// When it is none: in words.
    pub fn parse(text: &str, file: &str) -> Result<Self, String> {
        serde_json::from_value(read_json(text, file)?).map_err(|error| error.to_string())
    }
}

/// A document of YAML as JSON, read as blueprints are: `y` and `no` are texts.
///
/// # Errors
/// When it is no YAML, or includes something: in words.
pub fn read_json(text: &str, file: &str) -> Result<Json, String> {
    let files = BTreeMap::from([(file.to_owned(), text.to_owned())]);
    let read = read_all(&files, &[file.to_owned()], LayerKind::Overrides).pop().map(|read| read.documents);
    let documents = read.unwrap_or(Ok(Vec::new())).map_err(|problem| problem.to_string())?;
    match documents.as_slice() {
        [one] => Ok(one.to_json()),
        _ => Err("one document is expected".to_owned()),
    }
}

impl Fixture {
    /// Composes, asks the policy and compares; what is not as expected, in words.
    #[must_use]
    pub fn run(&self, library: &Library, files: &dyn Files, settings: &Settings, judge: &Judge<'_>) -> Vec<String> {
        let user = match user(&self.user) {
            Ok(user) => user,
            Err(why) => return vec![why],
        };
        let mut patches: Vec<(Pointer, Json)> =
            self.patches.iter().map(|(pointer, value)| (Pointer::parse(pointer), value.clone())).collect();
        let composed = |patches: &[(Pointer, Json)]| {
            compose(&Request {
                library,
                name: self.blueprint.as_deref(),
                user: &user,
                repo: self.repo.as_ref().map(|repo| RepoFile {
                    files,
                    path: &repo.file,
                    owner: repo.owner.as_deref().unwrap_or("owner"),
                    name: repo.name.as_deref().unwrap_or("repo"),
                    reference: &repo.r#ref,
                    address: "",
                }),
                overrides: self.overrides.as_deref().map(|path| (files, path)),
                params: &self.params,
                preset: self.preset.as_deref(),
                beside: crate::compose::Beside { lifecycle: self.lifecycle.as_ref(), ..Default::default() },
                patches,
                settings,
                env: &self.env,
                workspace: "workspace",
                cluster: "cluster",
            })
        };
        let mut result = composed(&patches);
        let mut wrong = Vec::new();
        if let Ok(effective) = &result {
            let judged = judge(effective, &user);
            wrong.extend(self.expect.policy.iter().flat_map(|expected| expected.compare(&judged)));
            match judged {
                Judged::Silent => {}
                // Nothing more is to be compared.
                Judged::Denied { .. } if self.expect.policy.is_some() => return wrong,
                Judged::Denied { rule, reason } => {
                    let is_expected = self.expect.error.as_ref().is_some_and(|error| {
                        error.code.as_deref().is_none_or(|code| code == Code::PolicyDenied.as_str())
                    });
                    let why = format!("the policy denies it by {rule}: {reason}");
                    return if is_expected { wrong } else { vec![why] };
                }
                Judged::Patched { patches: more, .. } => {
                    patches.extend(more);
                    result = composed(&patches);
                }
            }
        }
        wrong.extend(match (result, &self.expect.error) {
            (Ok(effective), None) => self.expect.compare(&effective, user),
            (Ok(_), Some(_)) => vec!["it is accepted, and has to be refused".to_owned()],
            (Err(problems), None) => problems.list().iter().map(ToString::to_string).collect(),
            (Err(problems), Some(expected)) => refused(&problems, expected),
        });
        wrong
    }
}

impl ExpectPolicy {
    fn compare(&self, judged: &Judged) -> Option<String> {
        let (verdict, have) = match judged {
            Judged::Silent => (ExpectVerdict::Allow, None),
            Judged::Patched { rule, .. } => (ExpectVerdict::Patch, Some(rule.as_str())),
            Judged::Denied { rule, .. } => (ExpectVerdict::Deny, Some(rule.as_str())),
        };
        let is_so = verdict == self.verdict && self.rule.as_deref().is_none_or(|rule| have == Some(rule));
        let by = |rule: Option<&str>| rule.map(|rule| format!(" by {rule}")).unwrap_or_default();
        let said = |verdict, rule| format!("{verdict:?}{}", by(rule)).to_lowercase();
        (!is_so).then(|| {
            let expected = said(self.verdict, self.rule.as_deref());
            format!("the policy's verdict is {}; expected {expected}", said(verdict, have))
        })
    }
}

impl Expect {
    fn compare(&self, effective: &Effective, user: User) -> Vec<String> {
        let mut wrong = Vec::new();
        for (pointer, expected) in &self.fields {
            let node = effective.node.at(&Pointer::parse(pointer));
            let have = node.map_or(Json::Null, Node::to_json);
            if !is_same(&have, expected) {
                let from = node.map(|node| format!(", from {} at {}", node.origin.layer, node.origin.mark));
                wrong.push(format!("{pointer} is {have}{}; expected {expected}", from.unwrap_or_default()));
            }
        }
        for (pointer, expected) in &self.layers {
            let node = effective.node.at(&Pointer::parse(pointer));
            let have = node.map_or("nobody".to_owned(), |node| node.origin.layer.to_string());
            if have != *expected && have.split(' ').next() != Some(expected) {
                wrong.push(format!("{pointer} is set by {have}; expected {expected}"));
            }
        }
        if self.pod.is_empty() && self.pod_security.is_none() {
            return wrong;
        }
        match objects(effective, &Place::new("workspace", "default", "workspace", user, "agent")) {
            Ok(objects) => self.compare_pod(&objects, &mut wrong),
            Err(problems) => wrong.extend(problems.list().iter().map(ToString::to_string)),
        }
        wrong
    }

    fn compare_pod(&self, objects: &Objects, wrong: &mut Vec<String>) {
        let pod = serde_json::to_value(&objects.pod).unwrap_or_default();
        for (pointer, expected) in &self.pod {
            let have = found(&pod, &Pointer::parse(pointer)).cloned().unwrap_or_default();
            if !is_same(&have, expected) {
                wrong.push(format!("{pointer} of the pod is {have}; expected {expected}"));
            }
        }
        let level = objects.pod_security.as_str();
        if let Some(expected) = self.pod_security.as_deref().filter(|expected| *expected != level) {
            wrong.push(format!("the Pod Security level is {level}; expected {expected}"));
        }
    }
}

/// The value at a pointer whose segments may name items of lists: `name=main`.
fn found<'a>(value: &'a Json, pointer: &Pointer) -> Option<&'a Json> {
    pointer.segments().iter().try_fold(value, |here, segment| match (here, segment.strip_prefix("name=")) {
        (Json::Array(items), Some(name)) => items.iter().find(|item| item["name"] == name),
        (Json::Array(items), None) => segment.parse::<usize>().ok().and_then(|at| items.get(at)),
        _ => here.get(segment),
    })
}

/// Whether a value is as expected; a scalar is, when it reads the same: `1` and `"1"`.
fn is_same(have: &Json, expected: &Json) -> bool {
    match (have, expected) {
        (Json::Object(have), Json::Object(expected)) => {
            have.len() == expected.len()
                && have.iter().all(|(key, value)| expected.get(key).is_some_and(|other| is_same(value, other)))
        }
        (Json::Array(have), Json::Array(expected)) => {
            have.len() == expected.len() && have.iter().zip(expected).all(|(one, other)| is_same(one, other))
        }
        (Json::String(text), scalar @ (Json::Number(_) | Json::Bool(_)))
        | (scalar @ (Json::Number(_) | Json::Bool(_)), Json::String(text)) => {
            let written = scalar.to_string();
            written == *text
        }
        _ => have == expected,
    }
}

fn refused(problems: &Problems, expected: &ExpectError) -> Vec<String> {
    let is_it = |one: &&crate::problem::Problem| {
        expected.code.as_deref().is_none_or(|code| one.code.as_str() == code)
            && expected.pointer.as_deref().is_none_or(|pointer| one.pointer == pointer)
    };
    if problems.list().iter().any(|one| is_it(&one)) {
        return Vec::new();
    }
    let mut wrong: Vec<String> = problems.list().iter().map(|one| format!("{}: {one}", one.code)).collect();
    wrong.insert(0, "it is refused, but not as expected:".to_owned());
    wrong
}

/// A user by the name of a synthetic one, or by fields over those of the plain one.
///
/// # Errors
/// When there is no such user or field.
pub fn user(given: &Json) -> Result<User, String> {
    let synthetic = User::synthetic();
    match given {
        Json::Null => Ok(User::plain("dev")),
        Json::String(name) => {
            synthetic.iter().find(|(label, _)| label == name).map(|(_, user)| user.clone()).ok_or_else(|| {
                let names: Vec<&str> = synthetic.iter().map(|(label, _)| *label).collect();
                format!("no user is named {name}; there are {}, or give the fields", names.join(", "))
            })
        }
        Json::Object(fields) => {
            let name = fields.get("username").and_then(Json::as_str).unwrap_or("dev");
            let mut all = serde_json::to_value(User::plain(name)).map_err(|error| error.to_string())?;
            if let Json::Object(all) = &mut all {
                all.extend(fields.clone());
            }
            serde_json::from_value(all).map_err(|error| format!("the user cannot be read: {error}"))
        }
        _ => Err("a user is a name or a map".to_owned()),
    }
}
