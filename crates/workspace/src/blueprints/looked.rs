//! How one blueprint is: what its status says of it, found out by trying it for users of every sort.

use super::Blueprints;
use super::spec::told;
use base::Code;
use blueprint::{LayerKind, Problem};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How a blueprint is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The digest of it and of those that it inherits from; empty where they are not known.
    pub digest: String,
    /// The blueprints it inherits from, the first of them first.
    pub chain: Vec<String>,
    /// All that is wrong with it, and what is doubtful.
    pub problems: Vec<Value>,
    /// Whether it is as blueprints are.
    pub valid: Found,
    /// Whether it can be composed for everybody.
    pub resolved: Found,
}

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Whether it holds.
    pub holds: bool,
    /// The reason of the condition.
    pub reason: &'static str,
    /// In words.
    pub message: String,
}

impl Blueprints {
    /// How the blueprint of a namespace, or of the platform where that is empty, is; `None` for one that nobody knows.
    pub(super) fn looked(&self, namespace: &str, name: &str) -> Option<Looked> {
        let seen = self.seen(namespace);
        let kind = if namespace.is_empty() { LayerKind::Platform } else { LayerKind::Org };
        let file = format!("{}/{name}", if namespace.is_empty() { "ClusterBlueprint" } else { "Blueprint" });
        let mut problems: Vec<Problem> = seen.problems.iter().filter(|one| *one.mark.file == *file).cloned().collect();
        let mut looked = Looked::default();
        match seen.library.get(name).filter(|one| one.layer.kind == kind) {
            Some(definition) => {
                let found = blueprint::lint_one(&seen.library, definition, &self.settings(), &self.platform.env);
                problems.extend(found.into_iter().filter(|one| !problems.contains(one)).collect::<Vec<_>>());
                if let Ok(chain) = seen.library.chain(name) {
                    let fields: Vec<Value> = chain.iter().map(|one| one.fields()).collect();
                    looked.digest = format!("sha256:{}", hex::encode(Sha256::digest(json!(fields).to_string())));
                    let inherits = chain.split_last().map_or(&[][..], |(_, inherits)| inherits);
                    looked.chain = inherits.iter().map(|one| one.name.clone()).collect();
                }
            }
            None if problems.is_empty() => return None,
            None => {}
        }
        // What its form breaks is known without anybody's workspace; the rest shows when it is composed.
        let composed = |one: &&Problem| {
            matches!(one.code, Code::BlueprintNotFound | Code::BlueprintCycle | Code::CelError | Code::ParamInvalid)
        };
        let wrong: Vec<&Problem> = problems.iter().filter(|one| !one.warning).collect();
        looked.valid = found(wrong.first().copied(), wrong.len(), "AsExpected", "it is as blueprints are");
        let of_composing: Vec<&Problem> = wrong.iter().copied().filter(composed).collect();
        let first = of_composing.first().copied().or(wrong.first().copied());
        looked.resolved = found(first, wrong.len(), "AsExpected", "it was composed for users of every sort");
        looked.problems = problems.iter().take(MOST).map(problem).collect();
        Some(looked)
    }
}

fn found(first: Option<&Problem>, count: usize, reason: &'static str, good: &str) -> Found {
    let Some(first) = first else { return Found { holds: true, reason, message: good.to_owned() } };
    let reason = told(first.code).map_or("BlueprintInvalid", |(_, reason)| reason);
    let more = if count > 1 { format!("; {} more in status.problems", count - 1) } else { String::new() };
    Found { holds: false, reason, message: format!("{}: {}{more}", first.pointer, first.message) }
}

fn problem(one: &Problem) -> Value {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    json!({
        "pointer": cut(&one.pointer, 1024), "message": cut(&one.message, 4000), "file": cut(&one.mark.file, 1024),
        "line": one.mark.line, "column": one.mark.column,
    })
}

/// More are not told.
const MOST: usize = 100;
