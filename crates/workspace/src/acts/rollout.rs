//! What people say of a new revision of a blueprint that serves some alone.

use super::{ActError, outcome, unless_written_between};
use crate::follow::ours;
use crate::rollout::{Newest, stable};
use catalog::Kind;
use cluster::{Cluster, PatchKind, Target};
use policy::Permit;
use policy::action::{BlueprintRollout, ObjectRead, ObjectTarget, RolloutAct};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How it goes with the newest revision of a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// The newest revision.
    pub revision: String,
    /// The one that serves everybody; empty where the operator has told of none so far.
    pub stable: String,
    /// `Whole`, `Progressing` or `Held`.
    pub state: String,
    /// How many of a hundred people get the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<i64>,
    /// Who gets it in any case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// How many of the last launches were ready.
    pub ready: i64,
    /// How many of them failed.
    pub failed: i64,
    /// In words.
    pub message: String,
}

impl Rollout {
    /// Reads a blueprint object.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let (nothing, null) = (Vec::new(), Value::Null);
        let (spec, status) = (object.get("spec").unwrap_or(&null), object.get("status").unwrap_or(&null));
        let revision = Newest::of(spec).revision;
        let told = status.get("rollout").filter(|told| text(told, "revision") == revision);
        let number = |key: &str| told.and_then(|told| told.get(key)?.as_i64()).unwrap_or_default();
        let list = |at: &str| spec.pointer(at).and_then(Value::as_array).unwrap_or(&nothing).iter();
        let conditions = status.get("conditions").and_then(Value::as_array).unwrap_or(&nothing);
        let condition = conditions.iter().find(|one| text(one, "type") == "RolledOut");
        let stable = stable(status).map(|stable| stable.revision).unwrap_or_default();
        let whole = stable == revision || spec.get("rollout").is_none();
        let state = match told {
            _ if whole => "Whole".to_owned(),
            Some(told) => text(told, "state").to_owned(),
            None => "Progressing".to_owned(),
        };
        Self {
            percent: spec.pointer("/rollout/percent").and_then(Value::as_i64),
            groups: list("/rollout/groups").map(|one| format!("{} {}", text(one, "kind"), text(one, "name"))).collect(),
            ready: number("ready"),
            failed: number("failed"),
            message: condition.map(|one| text(one, "message").to_owned()).unwrap_or_default(),
            revision,
            stable,
            state,
        }
    }

    /// Whether it serves everybody.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state == "Whole"
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// How it goes with a blueprint.
///
/// # Errors
/// As [`ActError`] says.
pub async fn rollout(cluster: &Cluster, permit: &Permit<ObjectRead>) -> Result<Rollout, ActError> {
    let object = &permit.target().object;
    let kind = kind(object)?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let there = cluster.acting(permit).get(target, "").await.map_err(narrow)?;
    Ok(Rollout::of(&there))
}

/// Says what becomes of a revision, if that is still the newest.
///
/// # Errors
/// As [`ActError`] says; `Busy` where another one is the newest by now, or serves everybody.
pub async fn roll(cluster: &Cluster, permit: Permit<BlueprintRollout>) -> Result<Rollout, ActError> {
    permit.settled().await?;
    let BlueprintRollout { object, revision, act } = permit.target().clone();
    let kind = kind(&object)?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let acting = cluster.acting(&permit);
    let verdict = match act {
        RolloutAct::Promote => json!({ "revision": revision, "act": "Promote" }),
        RolloutAct::Hold => json!({ "revision": revision, "act": "Hold" }),
        RolloutAct::Resume => Value::Null,
    };
    let done = async {
        let there = acting.get(target, "").await.map_err(narrow)?;
        let stands = Rollout::of(&there);
        if stands.revision != revision {
            let words = format!("revision {} is the newest by now: look at it first", stands.revision);
            return Err(ActError::Busy(words));
        }
        if stands.is_whole() {
            return Err(ActError::Busy(format!("revision {revision} serves everybody: no rollout is on")));
        }
        let change = || async {
            let there = acting.get(target, "").await?;
            let version = there.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
            let patch = json!({
                "metadata": { "resourceVersion": version },
                "spec": { "rollout": { "verdict": verdict } },
            });
            acting.patch(target, "", PatchKind::Merge, &patch).await
        };
        let there = unless_written_between(change).await.map_err(narrow)?;
        Ok(Rollout::of(&there))
    };
    let done = done.await;
    permit.finish(outcome(done.as_ref().map(|_| act.as_str())));
    done
}

fn kind(object: &ObjectTarget) -> Result<Arc<Kind>, ActError> {
    let kind = match object.namespace.as_str() {
        "" => ours("ClusterBlueprint", "clusterblueprints", false),
        _ => ours("Blueprint", "blueprints", true),
    };
    kind.ok_or(ActError::NotInstalled)
}

fn narrow(error: cluster::Error) -> ActError {
    match error {
        cluster::Error::NotServed { .. } => ActError::NotInstalled,
        other => ActError::Cluster(other),
    }
}
