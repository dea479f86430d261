//! What the operator may do where it runs with an account of its own: the verbs that its kinds need, and nothing else.
//!
//! What it watches it sees in all namespaces, but no Secrets. What it writes for workspaces it may write only in namespaces
//! where an administrator binds the second role. Definitions are installed by an administrator: it only looks whether they
//! are there.

use cluster::Owned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The account and the role of the operator itself.
pub const OPERATOR: &str = "quarterdeck-operator";
/// The role that is bound in each namespace of workspaces.
pub const WORKSPACES: &str = "quarterdeck-workspaces";

/// The objects, with the account and the lease in this namespace.
#[must_use]
pub fn objects(namespace: &str) -> Vec<Value> {
    const RBAC: &str = "rbac.authorization.k8s.io/v1";
    let role = |kind: &str, name: &str, rules: Vec<Value>| {
        let mut meta = json!({ "name": name });
        if let (Some(meta), "Role") = (meta.as_object_mut(), kind) {
            meta.insert("namespace".to_owned(), namespace.into());
        }
        json!({ "apiVersion": RBAC, "kind": kind, "metadata": meta, "rules": rules })
    };
    let binding = |kind: &str, of: &str| {
        let mut meta = json!({ "name": OPERATOR });
        if let (Some(meta), "RoleBinding") = (meta.as_object_mut(), kind) {
            meta.insert("namespace".to_owned(), namespace.into());
        }
        json!({
            "apiVersion": RBAC, "kind": kind, "metadata": meta,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": of, "name": OPERATOR },
            "subjects": [{ "kind": "ServiceAccount", "name": OPERATOR, "namespace": namespace }],
        })
    };
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": OPERATOR, "namespace": namespace },
    });
    vec![
        account,
        role("ClusterRole", OPERATOR, everywhere()),
        role("ClusterRole", WORKSPACES, within()),
        role("Role", OPERATOR, own()),
        binding("ClusterRoleBinding", "ClusterRole"),
        binding("RoleBinding", "Role"),
    ]
}

/// What it does in its own namespace: it holds the lease, and keeps its certificate authority.
fn own() -> Vec<Value> {
    let mut rules = rules(&[(Owned::Lease, &|_| true)]);
    rules.push(rule("", &["secrets"], &["create"]));
    let mut kept = rule("", &["secrets"], &["get", "update"]);
    if let Some(kept) = kept.as_object_mut() {
        kept.insert("resourceNames".to_owned(), json!([cluster::AUTHORITY]));
    }
    rules.push(kept);
    rules
}

/// Which verbs of a kind.
type Verbs<'a> = &'a dyn Fn(&str) -> bool;

/// What it sees in the whole cluster.
fn everywhere() -> Vec<Value> {
    let seen: Verbs<'_> = &|verb| matches!(verb, "list" | "watch");
    let mut all: Vec<(Owned, Verbs<'_>)> = Owned::ALL.iter().map(|kind| (*kind, seen)).collect();
    all.push((Owned::Definition, &|_| true));
    let mut rules = rules(&all);
    // What it sees and is no kind of its own.
    rules.push(rule("", &["nodes"], &["list", "watch"]));
    rules.push(rule("discovery.k8s.io", &["endpointslices"], &["list", "watch"]));
    rules.push(rule("networking.k8s.io", &["servicecidrs"], &["list", "watch"]));
    // It tells how they are, also where it may do nothing else.
    let told =
        ["workspaces", "qdquotas", "grants", "blueprints", "clusterblueprints"].map(|kind| format!("{kind}/status"));
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    rules.push(rule("quarterdeck.dev", &told, &["patch"]));
    rules
}

/// What it does in a namespace of workspaces.
fn within() -> Vec<Value> {
    let written: Verbs<'_> = &|verb| !matches!(verb, "list" | "watch");
    let kinds = Owned::PARTS.iter().chain(&[Owned::Workspace, Owned::ResourceQuota, Owned::LimitRange]);
    let all: Vec<(Owned, Verbs<'_>)> = kinds.map(|kind| (*kind, written)).collect();
    let mut rules = rules(&all);
    // It asks daemons how they are, and gives a pod that runs other sizes.
    rules.push(rule("", &["pods/exec"], &["get", "create"]));
    rules.push(rule("", &["pods/resize"], &["patch"]));
    // Tokens of the accounts that an administrator names for users of workspaces.
    rules.push(rule("", &["serviceaccounts/token"], &["create"]));
    rules
}

/// One rule for all kinds of a group with the same verbs.
fn rules(kinds: &[(Owned, Verbs<'_>)]) -> Vec<Value> {
    let mut all: BTreeMap<(String, Vec<&str>), Vec<String>> = BTreeMap::new();
    for (kind, wanted) in kinds {
        let verbs: Vec<&str> = kind.verbs().iter().copied().filter(|verb| wanted(verb)).collect();
        let (plural, group) = kind.id().split_once('.').unwrap_or((kind.id(), ""));
        if !verbs.is_empty() {
            all.entry((group.to_owned(), verbs)).or_default().push(plural.to_owned());
        }
    }
    all.iter()
        .map(|((group, verbs), plurals)| {
            let plurals: Vec<&str> = plurals.iter().map(String::as_str).collect();
            rule(group, &plurals, verbs)
        })
        .collect()
}

fn rule(group: &str, plurals: &[&str], verbs: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": plurals, "verbs": verbs })
}

#[cfg(test)]
mod tests;
