//! What the operator may do where it runs with an account of its own: the verbs that its kinds need, and nothing else.
//!
//! What it watches it sees in all namespaces, but no Secrets. What it writes for workspaces it may write only in namespaces
//! where an administrator binds the second role. Definitions are installed by an administrator: it only looks whether they
//! are there.

use cluster::Owned;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The account and the role of the operator itself.
pub const OPERATOR: &str = "quarterdeck-operator";
/// The role that is bound in each namespace of workspaces.
pub const WORKSPACES: &str = "quarterdeck-workspaces";
/// The role by which it sees routes of the Gateway API, where there is one.
pub const OPERATOR_ROUTES: &str = "quarterdeck-operator-routes";
/// The role by which it makes such routes, bound in each namespace of workspaces that has hosts at a Gateway.
pub const WORKSPACES_ROUTES: &str = "quarterdeck-workspaces-routes";

/// A rule of a role: what may be done with resources of an API group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// One group; empty for that of pods.
    pub api_groups: [String; 1],
    /// `pods`, `pods/exec`.
    pub resources: Vec<String>,
    /// `list`, `create`, ….
    pub verbs: Vec<&'static str>,
    /// Only objects of these names; all of them when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<&'static str>,
}

/// Where the operator may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the whole cluster, or in the one namespace that it watches.
    Cluster,
    /// In each namespace of workspaces.
    Workspaces,
    /// In its own namespace.
    Own,
}

/// What the operator must be able to do in a place, without what only routes of the Gateway API need.
#[must_use]
pub fn rules(place: Place) -> Vec<Rule> {
    match place {
        Place::Cluster => everywhere(),
        Place::Workspaces => within(),
        Place::Own => own(),
    }
}

/// What routes of the Gateway API need there; nothing in its own namespace.
#[must_use]
pub fn routes(place: Place) -> Vec<Rule> {
    match place {
        Place::Cluster => of(&[(Owned::HttpRoute, SEEN)]),
        Place::Workspaces => of(&[(Owned::HttpRoute, WRITTEN)]),
        Place::Own => Vec::new(),
    }
}

/// Whether a resource (`nodes`) has no namespace: it is asked about in the whole cluster, also by who watches one namespace.
#[must_use]
pub fn has_no_namespace(resource: &str) -> bool {
    const RESOURCES: &[&str] =
        &["nodes", "servicecidrs", "customresourcedefinitions", "clusterblueprints", "clusterblueprints/status"];
    RESOURCES.contains(&resource)
}

/// The objects, with the account and the lease in this namespace.
#[must_use]
pub fn objects(namespace: &str) -> Vec<Value> {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": OPERATOR, "namespace": namespace },
    });
    vec![
        account,
        role(OPERATOR, None, &rules(Place::Cluster)),
        role(WORKSPACES, None, &rules(Place::Workspaces)),
        role(OPERATOR, Some(namespace), &rules(Place::Own)),
        binding(OPERATOR, namespace, false),
        binding(OPERATOR, namespace, true),
    ]
}

/// The objects beside them for a cluster that has the Gateway API.
#[must_use]
pub fn route_objects(namespace: &str) -> Vec<Value> {
    vec![
        role(OPERATOR_ROUTES, None, &routes(Place::Cluster)),
        role(WORKSPACES_ROUTES, None, &routes(Place::Workspaces)),
        binding(OPERATOR_ROUTES, namespace, false),
    ]
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// A role of the cluster, or of a namespace.
fn role(name: &str, namespace: Option<&str>, rules: &[Rule]) -> Value {
    match namespace {
        None => json!({ "apiVersion": RBAC, "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules }),
        Some(namespace) => json!({
            "apiVersion": RBAC, "kind": "Role", "metadata": { "name": name, "namespace": namespace }, "rules": rules,
        }),
    }
}

/// The operator's account of this namespace has a role: in the whole cluster, or in that namespace.
fn binding(name: &str, account: &str, within: bool) -> Value {
    let mut meta = json!({ "name": name });
    if let (Some(meta), true) = (meta.as_object_mut(), within) {
        meta.insert("namespace".to_owned(), account.into());
    }
    let (kind, of) = if within { ("RoleBinding", "Role") } else { ("ClusterRoleBinding", "ClusterRole") };
    json!({
        "apiVersion": RBAC, "kind": kind, "metadata": meta,
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": of, "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": OPERATOR, "namespace": account }],
    })
}

/// What it does in its own namespace: it holds the lease, and keeps its certificate authority.
fn own() -> Vec<Rule> {
    let mut rules = of(&[(Owned::Lease, &|_| true)]);
    rules.push(rule("", &["secrets"], &["create"]));
    rules.push(Rule { resource_names: vec![cluster::AUTHORITY], ..rule("", &["secrets"], &["get", "update"]) });
    rules
}

/// Which verbs of a kind.
type Verbs<'a> = &'a dyn Fn(&str) -> bool;

const SEEN: Verbs<'static> = &|verb| matches!(verb, "list" | "watch");
const WRITTEN: Verbs<'static> = &|verb| !matches!(verb, "list" | "watch");

/// What it sees in the whole cluster.
fn everywhere() -> Vec<Rule> {
    let kinds = Owned::ALL.iter().filter(|kind| **kind != Owned::HttpRoute);
    let mut all: Vec<(Owned, Verbs<'_>)> = kinds.map(|kind| (*kind, SEEN)).collect();
    all.push((Owned::Definition, &|_| true));
    let mut rules = of(&all);
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
fn within() -> Vec<Rule> {
    let parts = Owned::PARTS.iter().filter(|kind| **kind != Owned::HttpRoute);
    let kinds = parts.chain(&[Owned::Workspace, Owned::ResourceQuota, Owned::LimitRange]);
    let all: Vec<(Owned, Verbs<'_>)> = kinds.map(|kind| (*kind, WRITTEN)).collect();
    let mut rules = of(&all);
    // It asks daemons how they are, and gives a pod that runs other sizes.
    rules.push(rule("", &["pods/exec"], &["get", "create"]));
    rules.push(rule("", &["pods/resize"], &["patch"]));
    // Tokens of the accounts that an administrator names for users of workspaces.
    rules.push(rule("", &["serviceaccounts/token"], &["create"]));
    rules
}

/// One rule for all kinds of a group with the same verbs.
fn of(kinds: &[(Owned, Verbs<'_>)]) -> Vec<Rule> {
    let mut all: BTreeMap<(&str, Vec<&'static str>), Vec<&str>> = BTreeMap::new();
    for (kind, wanted) in kinds {
        let verbs: Vec<&'static str> = kind.verbs().iter().copied().filter(|verb| wanted(verb)).collect();
        let (plural, group) = kind.id().split_once('.').unwrap_or((kind.id(), ""));
        if !verbs.is_empty() {
            all.entry((group, verbs)).or_default().push(plural);
        }
    }
    all.iter().map(|((group, verbs), plurals)| rule(group, plurals, verbs)).collect()
}

fn rule(group: &str, resources: &[&str], verbs: &[&'static str]) -> Rule {
    Rule {
        api_groups: [group.to_owned()],
        resources: resources.iter().map(|one| (*one).to_owned()).collect(),
        verbs: verbs.to_vec(),
        resource_names: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
