//! Rules on what a workspace is made of: each looks at the evaluated fields, and denies or obliges to patches.
//!
//! All rules that hold are kept. One that denies wins; of two that patch one field, the later. Patches are a layer of their own
//! above all others, and what comes of them is checked again.

use crate::action::WorkspaceProvision;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A rule on what a workspace is made of. A list that is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisionRule {
    /// By which decisions name it.
    pub name: String,
    /// Blueprints by name: of a repository's file, the one that it builds on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blueprints: Vec<String>,
    /// Owners of workspaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Organizations of workspaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orgs: Vec<String>,
    /// Clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
    /// Namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Fields by their JSON pointers, each with the values of which it has one: `"/engine/enabled" = [true]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Vec<Value>>,
    /// No workspace is made of this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deny: bool,
    /// Why, in words that whoever is denied is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What fields are set to, by their JSON pointers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patch: BTreeMap<String, Value>,
}

/// What rules say of one workspace.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing.
    Silent,
    /// It is denied: by which rule, and why.
    Denied(String, String),
    /// By which rules, and what is obliged to.
    Obliged(String, Value),
}

/// What all rules together say.
#[must_use]
pub fn judge(rules: &[ProvisionRule], asked: &WorkspaceProvision) -> Verdict {
    let (mut names, mut patch) = (Vec::new(), Map::new());
    for rule in rules.iter().filter(|rule| rule.holds(asked)) {
        if rule.deny {
            let usual = || format!("no workspace is made of {} here: ask an administrator", asked.blueprint);
            let reason = if rule.reason.is_empty() { usual() } else { rule.reason.clone() };
            return Verdict::Denied(rule.name.clone(), reason);
        }
        names.push(rule.name.as_str());
        patch.extend(rule.patch.clone());
    }
    if patch.is_empty() { Verdict::Silent } else { Verdict::Obliged(names.join("+"), json!({ "patch": patch })) }
}

impl ProvisionRule {
    fn holds(&self, asked: &WorkspaceProvision) -> bool {
        let among = |list: &[String], one: &str| list.is_empty() || list.iter().any(|own| own == one);
        among(&self.blueprints, &asked.blueprint)
            && among(&self.people, &asked.owner)
            && among(&self.orgs, &asked.org)
            && among(&self.clusters, asked.object.cluster.as_str())
            && among(&self.namespaces, &asked.object.namespace)
            && self.fields.iter().all(|(at, values)| asked.fields.pointer(at).is_some_and(|has| values.contains(has)))
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("a rule without a name".to_owned());
        }
        if self.deny != self.patch.is_empty() {
            return Some(format!("{} has to deny or to patch, one of both", self.name));
        }
        let wrong = self.fields.keys().chain(self.patch.keys()).find(|at| !at.starts_with('/'));
        wrong.map(|at| format!("{}: {at:?} is no JSON pointer: it begins with a slash", self.name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{ProvisionRule, Verdict, judge};
    use crate::action::{ObjectTarget, WorkspaceProvision};
    use base::ClusterName;
    use serde_json::{Value, json};

    fn asked(fields: Value) -> WorkspaceProvision {
        let object = ObjectTarget::workspace(&ClusterName::new("dev"), "team", "one");
        let (owner, org, blueprint) = ("ada".to_owned(), "lab".to_owned(), "ide".to_owned());
        WorkspaceProvision { object, owner, org, blueprint, fields }
    }

    fn rule(name: &str, text: Value) -> ProvisionRule {
        let mut fields = text.as_object().unwrap().clone();
        fields.insert("name".to_owned(), name.into());
        serde_json::from_value(fields.into()).unwrap()
    }

    #[test]
    fn bc_10a_rules_look_at_evaluated_fields_and_deny_or_oblige_to_patches() {
        let big = rule(
            "big",
            json!({ "fields": { "/resources/memory": ["8Gi", "16Gi"] }, "patch": { "/resources/memory": "4Gi" } }),
        );
        let engine =
            rule("engine", json!({ "fields": { "/engine/privileged": [true] }, "deny": true, "reason": "ask root" }));
        let small =
            rule("small", json!({ "people": ["ada"], "patch": { "/resources/memory": "1Gi", "/resources/cpu": "1" } }));
        let other = rule("other", json!({ "orgs": ["else"], "deny": true }));
        let rules = [big, engine, small, other];
        let memory = |of: &str| asked(json!({ "resources": { "memory": of } }));
        let patch = json!({ "patch": { "/resources/memory": "1Gi", "/resources/cpu": "1" } });
        assert_eq!(judge(&rules, &memory("2Gi")), Verdict::Obliged("small".to_owned(), patch.clone()));
        assert_eq!(judge(&rules, &memory("8Gi")), Verdict::Obliged("big+small".to_owned(), patch), "the later one");
        let bob = WorkspaceProvision { owner: "bob".to_owned(), ..memory("2Gi") };
        assert_eq!(judge(&rules, &bob), Verdict::Silent);
        let denied = asked(json!({ "engine": { "privileged": true } }));
        assert_eq!(judge(&rules, &denied), Verdict::Denied("engine".to_owned(), "ask root".to_owned()));
        for narrows in ["blueprints", "people", "orgs", "clusters", "namespaces"] {
            assert_eq!(judge(&[rule("x", json!({ narrows: ["no"], "deny": true }))], &memory("1Gi")), Verdict::Silent);
        }
    }

    #[test]
    fn bc_10a_a_rule_that_says_nothing_or_two_things_is_a_problem() {
        assert_eq!(rule("a", json!({ "deny": true })).problem(), None);
        assert_eq!(rule("a", json!({ "patch": { "/image": "x" } })).problem(), None);
        assert!(rule("a", json!({})).problem().unwrap().contains("deny or to patch"));
        assert!(rule("a", json!({ "deny": true, "patch": { "/a": 1 } })).problem().is_some());
        assert!(rule("a", json!({ "patch": { "image": 1 } })).problem().unwrap().contains("JSON pointer"));
        assert!(rule("", json!({ "deny": true })).problem().is_some());
    }
}
