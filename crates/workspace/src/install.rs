//! What the operator needs in a cluster, and how it gets there: the custom resource definitions, by server-side apply.

use crate::error::Error;
use crate::key::MANIFEST_HASH;
use catalog::Kind;
use cluster::{Cluster, Owned, Step};
use policy::action::{ObjectTarget, OperatorInstall};
use policy::{Outcome, Permit};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::time::Duration;
use wire::{Budget, Node};

/// A definition that is not there as it should be.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Its name: `workspaces.quarterdeck.dev`.
    pub name: String,
    /// There is none of this name.
    pub new: bool,
    definition: Value,
}

/// The definitions that a cluster lacks, or has in another form.
///
/// # Errors
/// As [`Error`] says.
pub async fn missing(cluster: &Cluster) -> Result<Vec<Missing>, Error> {
    let kind = definitions()?;
    let reader = cluster.reader();
    let mut missing = Vec::new();
    for ours in crd::Kind::ALL {
        let definition = stamped(ours.definition());
        let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let hash = |of: &Value| {
            let annotations = of.pointer("/metadata/annotations")?;
            annotations.get(MANIFEST_HASH)?.as_str().map(str::to_owned)
        };
        match reader.get_json(&kind, "", &name).await {
            Ok(there) if hash(&there) == hash(&definition) => {}
            Ok(_) => missing.push(Missing { name, new: false, definition }),
            Err(cluster::Error::NotFound { .. }) => missing.push(Missing { name, new: true, definition }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(missing)
}

/// What is asked for with these definitions.
#[must_use]
pub fn action(cluster: &Cluster, missing: &[Missing]) -> OperatorInstall {
    let objects = missing.iter().map(|one| ObjectTarget {
        cluster: cluster.name().clone(),
        kind: Owned::Definition.id().to_owned(),
        namespace: String::new(),
        name: one.name.clone(),
    });
    OperatorInstall { objects: objects.collect() }
}

/// Installs definitions, and waits until the cluster serves them.
///
/// # Errors
/// As [`Error`] says; what was installed before stays.
pub async fn install(cluster: &Cluster, permit: Permit<OperatorInstall>, missing: &[Missing]) -> Result<(), Error> {
    permit.settled().await?;
    let installer = cluster.installer(&permit);
    for one in missing {
        if let Err(error) = installer.apply(&one.name, &one.definition).await {
            permit.finish(Outcome::Done { message: format!("{} was refused: {error}", one.name) });
            return Err(error.into());
        }
    }
    let mut waited = Ok(());
    for one in missing {
        let established = tokio::time::timeout(SERVED_TIME, established(cluster, &one.name)).await;
        waited = waited.and(established.unwrap_or(Err(Error::NotInstalled)));
    }
    permit.finish(Outcome::Done { message: format!("{} definitions", missing.len()) });
    waited
}

/// Waits until the API server serves a kind.
async fn established(cluster: &Cluster, name: &str) -> Result<(), Error> {
    let mut feed = cluster.reader().feed(definitions()?, None).with_selectors("", &format!("metadata.name={name}"));
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

fn definitions() -> Result<std::sync::Arc<Kind>, Error> {
    let id = Owned::Definition.id();
    Ok(Kind::builtin(id).ok_or_else(|| cluster::Error::NotServed { kind: id.to_owned() })?)
}

/// A definition is served within a second or two.
const SERVED_TIME: Duration = Duration::from_secs(30);
