//! What the operator needs in a cluster, and how it gets there: the custom resource definitions and, where that is asked for,
//! guards, by server-side apply.

use crate::error::Error;
use crate::guard::Guard;
use crate::key::MANIFEST_HASH;
use base::Code;
use catalog::Kind;
use cluster::{Cluster, Owned, Step};
use policy::action::{ObjectTarget, OperatorInstall};
use policy::{Outcome, Permit};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::time::Duration;
use wire::{Budget, Node};

/// An object that is not there as it should be.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Its name: `workspaces.quarterdeck.dev`.
    pub name: String,
    /// There is none of this name.
    pub new: bool,
    kind: Owned,
    object: Value,
}

/// The definitions that a cluster lacks, or has in another form; of guards likewise, where some are wanted.
///
/// # Errors
/// As [`Error`] says.
pub async fn missing(cluster: &Cluster, guard: Option<&Guard>) -> Result<Vec<Missing>, Error> {
    let reader = cluster.reader();
    let mut missing = Vec::new();
    let definitions = crd::Kind::ALL.iter().map(|ours| (Owned::Definition, ours.definition()));
    for (kind, object) in definitions.chain(guard.map(Guard::objects).unwrap_or_default()) {
        let object = stamped(object);
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let hash = |of: &Value| {
            let annotations = of.pointer("/metadata/annotations")?;
            annotations.get(MANIFEST_HASH)?.as_str().map(str::to_owned)
        };
        let named = of(kind)?;
        match reader.get_json(&named, "", &name).await {
            Ok(there) if hash(&there) == hash(&object) => {}
            Ok(_) => missing.push(Missing { name, new: false, kind, object }),
            Err(cluster::Error::NotFound { .. }) => missing.push(Missing { name, new: true, kind, object }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(missing)
}

/// What is off in a cluster for its version alone, with what to do.
#[must_use]
pub fn too_old(version: &str) -> Option<String> {
    let minor = version.trim_start_matches('v').split('.').nth(1)?;
    let minor: u32 = minor.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()?;
    let off: Vec<&str> = OFF.iter().filter(|(since, _)| minor < *since).map(|(_, what)| *what).collect();
    (!off.is_empty()).then(|| {
        format!("{}: Kubernetes {version} is too old, these are off: {}", Code::FeatureUnavailable, off.join("; "))
    })
}

/// What is missing in one sentence.
#[must_use]
pub fn named(missing: &[Missing]) -> String {
    let one = |one: &Missing| format!("{} ({})", one.name, if one.new { "missing" } else { "of another version" });
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What is asked for with these objects.
#[must_use]
pub fn action(cluster: &Cluster, missing: &[Missing]) -> OperatorInstall {
    let objects = missing.iter().map(|one| ObjectTarget {
        cluster: cluster.name().clone(),
        kind: one.kind.id().to_owned(),
        namespace: String::new(),
        name: one.name.clone(),
    });
    OperatorInstall { objects: objects.collect() }
}

/// Installs what is missing, and waits until the cluster serves the kinds among it.
///
/// # Errors
/// As [`Error`] says; what was installed before stays.
pub async fn install(cluster: &Cluster, permit: Permit<OperatorInstall>, missing: &[Missing]) -> Result<(), Error> {
    permit.settled().await?;
    let installer = cluster.installer(&permit);
    for one in missing {
        if let Err(error) = installer.apply(one.kind, &one.name, &one.object).await {
            permit.finish(Outcome::Done { message: format!("{} was refused: {error}", one.name) });
            return Err(error.into());
        }
    }
    let mut waited = Ok(());
    for one in missing.iter().filter(|one| one.kind == Owned::Definition) {
        let established = tokio::time::timeout(SERVED_TIME, established(cluster, &one.name)).await;
        waited = waited.and(established.unwrap_or(Err(Error::NotInstalled)));
    }
    permit.finish(Outcome::Done { message: format!("{} objects", missing.len()) });
    waited
}

/// Waits until the API server serves a kind.
async fn established(cluster: &Cluster, name: &str) -> Result<(), Error> {
    let mut feed =
        cluster.reader().feed(of(Owned::Definition)?, None).with_selectors("", &format!("metadata.name={name}"));
    let budget = Budget::default();
    loop {
        match feed.next().await {
            Ok(Step::Events(events)) => {
                if events.iter().filter_map(|event| event.node(&budget).ok()).any(is_established) {
                    return Ok(());
                }
            }
            Ok(Step::Page(format, bytes)) => {
                let list = wire::list::List::open(format, &bytes, &budget);
                let list = list.map_err(|error| cluster::Error::Decode(error.to_string()))?;
                if list.items().flatten().any(is_established) {
                    return Ok(());
                }
            }
            Ok(_) => {}
            Err(error) if error.is_passing() => tokio::time::sleep(Duration::from_millis(500)).await,
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_established(definition: Node<'_>) -> bool {
    let mut conditions = definition.path(&["status", "conditions"]).into_iter().flat_map(Node::items);
    let text = crate::pod::words;
    conditions.any(|one| text(one, &["type"]) == "Established" && text(one, &["status"]) == "True")
}

/// With a digest of itself, by which it is known again.
fn stamped(mut definition: Value) -> Value {
    let hash = hex::encode(Sha256::digest(definition.to_string().as_bytes()));
    if let Some(meta) = definition.get_mut("metadata").and_then(Value::as_object_mut) {
        let annotations = meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(MANIFEST_HASH.to_owned(), hash.into());
        }
    }
    definition
}

fn of(kind: Owned) -> Result<std::sync::Arc<Kind>, Error> {
    let id = kind.id();
    Ok(Kind::builtin(id).ok_or_else(|| cluster::Error::NotServed { kind: id.to_owned() })?)
}

/// Since which minor version of Kubernetes 1 there is what.
const OFF: &[(u32, &str)] = &[
    (
        29,
        "nothing starts beside a workspace before it (native sidecars): engines and the agent of a service may be refused",
    ),
    (30, "nobody tried the kinds of workspaces on it: it may refuse them"),
    (33, "sizes of a workspace that runs change when it is stopped and started"),
    (33, "users of the node may be those of workspaces (hostUsers: false needs a gate)"),
];
/// A definition is served within a second or two.
const SERVED_TIME: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::{Missing, named, too_old};
    use cluster::Owned;
    use serde_json::Value;

    #[test]
    fn wf_14a_a_cluster_that_is_too_old_is_told_with_what_is_off() {
        assert_eq!(too_old("v1.34.2+k3s1"), None);
        assert_eq!(too_old("v1.33.0"), None);
        let older = too_old("v1.32.1").unwrap_or_default();
        assert!(
            older.starts_with("feature_unavailable: Kubernetes v1.32.1 is too old, these are off: sizes"),
            "{older}"
        );
        let oldest = too_old("v1.29.9-gke.1").unwrap_or_default();
        assert!(oldest.contains("nobody tried") && oldest.contains("; sizes of"), "{oldest}");
        assert!(oldest.contains("hostUsers") && !oldest.contains("sidecars"), "{oldest}");
        let ancient = too_old("v1.28.15").unwrap_or_default();
        assert!(ancient.contains("native sidecars") && ancient.contains("nobody tried"), "{ancient}");
        assert_eq!(too_old("unknown"), None);
    }

    #[test]
    fn wf_14b_definitions_are_named_that_are_missing_or_of_another_version() {
        let one =
            |name: &str, new| Missing { name: name.to_owned(), new, kind: Owned::Definition, object: Value::Null };
        let all = [one("workspaces.quarterdeck.dev", false), one("grants.quarterdeck.dev", true)];
        assert_eq!(named(&all), "workspaces.quarterdeck.dev (of another version), grants.quarterdeck.dev (missing)");
    }
}
