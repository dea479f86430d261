//! Which rights of Kubernetes the operator has of those that its roles give, in the cluster, in its own namespace and in
//! those of workspaces.

use super::check::Told;
use crate::config::Config;
use cluster::{Access, Cluster, Error, Owned, Reader};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use workspace::pages;
use workspace::role::{self, Place, Rule};

/// What an operator's account may and may not do. `asked` names namespaces beside those that have workspaces; `routes`: there
/// is a Gateway API.
pub(super) async fn operator(
    config: &Config,
    cluster: &Cluster,
    asked: &[String],
    routes: bool,
) -> Result<Vec<Told>, Error> {
    let (reader, name) = (cluster.reader(), cluster.name());
    if reader.may_everything().await? {
        let words = "it may do everything: deploy/rbac holds what it needs";
        return Ok(vec![Told::ok(format!("{name}: the operator's rights"), words)]);
    }
    let of = |place| {
        let mut rules = role::rules(place);
        rules.extend(if routes { role::routes(place) } else { Vec::new() });
        rules
    };
    let watched = config.operator.watch_namespace.as_deref().unwrap_or_default();
    let mut told =
        in_place(&reader, &format!("{name}: everywhere"), &of(Place::Cluster), watched, role::OPERATOR).await?;
    let own = &config.operator.namespace;
    told.extend(in_place(&reader, &format!("{name}: in {own}"), &of(Place::Own), own, role::OPERATOR).await?);
    let namespaces = namespaces(cluster, watched, asked).await?;
    if namespaces.is_empty() {
        let words = "none has workspaces yet: --namespace says which to look at";
        told.push(Told::ok(format!("{name}: namespaces of workspaces"), words));
    }
    for namespace in namespaces {
        let part = format!("{name}: workspaces of {namespace}");
        told.extend(in_place(&reader, &part, &of(Place::Workspaces), &namespace, role::WORKSPACES).await?);
    }
    Ok(told)
}

/// Those that are asked about, that is watched alone, and that have workspaces, as far as these may be seen.
async fn namespaces(cluster: &Cluster, watched: &str, asked: &[String]) -> Result<BTreeSet<String>, Error> {
    let mut all: BTreeSet<String> = asked.iter().cloned().collect();
    if !watched.is_empty() {
        all.insert(watched.to_owned());
        return Ok(all);
    }
    let kind = workspace::acts::kind().map_err(|_| Error::NotServed { kind: Owned::Workspace.id().to_owned() })?;
    match pages::all(cluster, &kind, "", "").await {
        Ok(workspaces) => {
            let of = |one: &serde_json::Value| one.pointer("/metadata/namespace")?.as_str().map(str::to_owned);
            all.extend(workspaces.iter().filter_map(of));
            Ok(all)
        }
        // That it may not, or that they are not there, is told by its own line.
        Err(Error::Denied { .. } | Error::NotFound { .. }) => Ok(all),
        Err(error) => Err(error),
    }
}

/// One line that it has these rights, or a line for each resource of which it lacks some.
async fn in_place(
    reader: &Reader,
    part: &str,
    rules: &[Rule],
    namespace: &str,
    role: &str,
) -> Result<Vec<Told>, Error> {
    let lacks = lacks(reader, rules, namespace).await?;
    if lacks.is_empty() {
        return Ok(vec![Told::ok(part, format!("it has what the role {role} gives"))]);
    }
    let line = |((group, resource), verbs): ((String, String), Vec<&str>)| {
        let full = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
        let words = format!("{}: it is what the role {role} gives", cost(&resource));
        Told::missing(format!("{part}: {} {full}", verbs.join(",")), words)
    };
    Ok(lacks.into_iter().map(line).collect())
}

/// The verbs that are denied, by group and resource.
async fn lacks(
    reader: &Reader,
    rules: &[Rule],
    namespace: &str,
) -> Result<BTreeMap<(String, String), Vec<&'static str>>, Error> {
    let each = rules.iter().flat_map(|rule| {
        let [group] = &rule.api_groups;
        let names = if rule.resource_names.is_empty() { &[""][..] } else { &rule.resource_names[..] };
        let resources = rule.resources.iter().flat_map(|resource| rule.verbs.iter().map(move |verb| (resource, *verb)));
        resources.flat_map(move |(resource, verb)| names.iter().map(move |name| (group, resource, verb, *name)))
    });
    let denied = stream::iter(each).map(|(group, resource, verb, name)| async move {
        let (of, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let namespace = if role::has_no_namespace(resource) { "" } else { namespace };
        let access = Access { verb, group, resource: of, subresource, namespace, name };
        let lacks = !reader.allows(access).await?;
        Ok::<_, Error>(lacks.then(|| ((group.clone(), resource.clone()), verb)))
    });
    let denied: Vec<_> = denied.buffered(AT_ONCE).try_collect().await?;
    let mut all: BTreeMap<_, Vec<&'static str>> = BTreeMap::new();
    for (resource, verb) in denied.into_iter().flatten() {
        all.entry(resource).or_default().push(verb);
    }
    Ok(all)
}

/// What does not work without a resource.
fn cost(resource: &str) -> &'static str {
    match resource {
        "pods" => "the operator makes no workspace",
        "pods/exec" => "daemons are not asked how they are",
        "pods/resize" => "a workspace that runs gets no other size",
        "persistentvolumeclaims" => "workspaces have no home",
        "secrets" => "workspaces have no secrets, and their daemons no certificates",
        "configmaps" => "workspaces have no files",
        "services" => "workspaces have no addresses",
        "networkpolicies" => "networks of workspaces are not kept apart",
        "ingresses" | "httproutes" => "workspaces have no hosts of their own",
        "resourcequotas" | "limitranges" => "the cluster itself holds no quota",
        "serviceaccounts/token" => "nobody has credentials of the cluster in a workspace",
        "leases" => "the operator does not lead",
        "workspaces" => "the operator sees no workspace",
        "grants" => "grants allow nothing",
        "qdquotas" => "quotas limit nothing",
        "blueprints" | "clusterblueprints" => "workspaces are not made from them",
        "customresourcedefinitions" => "it is not known whether the kinds are those of this version",
        "events" | "nodes" | "endpointslices" | "servicecidrs" => "what hinders a workspace is not told",
        _ => "it is not told what becomes of them",
    }
}

/// Questions that wait for their answers.
const AT_ONCE: usize = 8;

#[cfg(test)]
mod tests {
    use super::cost;
    use workspace::role::{self, Place};

    #[test]
    fn wo_12d_each_right_of_the_roles_has_words_for_what_it_costs() {
        for place in [Place::Cluster, Place::Workspaces, Place::Own] {
            let rules = role::rules(place).into_iter().chain(role::routes(place));
            for resource in rules.flat_map(|rule| rule.resources) {
                let own = !resource.ends_with("/status");
                assert_eq!(cost(&resource) != cost("workspaces/status"), own, "{resource}");
            }
        }
    }
}
