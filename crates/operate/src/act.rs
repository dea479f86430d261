//! The acts themselves: what is sent for each, and how a conflict is met.

use crate::port::Changing;
use crate::seen::Seen;
use api::rest::{Act, Propagation};
use catalog::Kind;
use cluster::{DeleteOptions, Error, PatchKind, Target};
use policy::Permit;
use policy::action::{
    self, ObjectDelete, ObjectDeleteObligations, ObjectScale, ObjectScaleObligations, ObjectTarget, RolloutRestart,
    RolloutRestartObligations,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Why an act was not done.
pub(crate) enum Failed {
    /// The cluster's refusal.
    Cluster(Error),
    /// The object moved while we acted.
    Stale,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Cluster(error)
    }
}

/// Deletes what the permit names. An object that is gone is what was wanted.
pub(crate) async fn delete(acts: &dyn Changing, kind: &Kind, permit: &Permit<ObjectDelete>) -> Result<String, Failed> {
    let ObjectDeleteObligations {} = permit.obligations();
    let ObjectDelete { object, propagation, grace_seconds, uid, batch: _ } = permit.target();
    let options = DeleteOptions {
        propagation: Some(match propagation {
            action::Propagation::Background => cluster::Propagation::Background,
            action::Propagation::Foreground => cluster::Propagation::Foreground,
            action::Propagation::Orphan => cluster::Propagation::Orphan,
        }),
        grace_seconds: *grace_seconds,
        uid: uid.clone(),
        version: None,
    };
    match acts.delete(target(kind, object), &options).await {
        Ok(left) => {
            let waits = left.pointer("/metadata/finalizers").and_then(Value::as_array).is_some_and(|f| !f.is_empty());
            Ok(if waits { "deletion started: it waits for its finalizers" } else { "deleted" }.to_owned())
        }
        Err(Error::NotFound { .. }) => Ok("already gone".to_owned()),
        // The precondition: the name belongs to another object now.
        Err(Error::Conflict { .. }) if uid.is_some() => Err(Failed::Stale),
        Err(error) => Err(error.into()),
    }
}

/// Sets the replicas of what the permit names, through its scale subresource.
pub(crate) async fn scale(
    acts: &dyn Changing,
    kind: &Kind,
    permit: &Permit<ObjectScale>,
    seen: Seen,
) -> Result<String, Failed> {
    let ObjectScaleObligations {} = permit.obligations();
    let ObjectScale { object, replicas, batch: _ } = permit.target();
    patch_seen(acts, target(kind, object), "scale", seen, |version| scale_patch(*replicas, Some(version))).await?;
    Ok(format!("scaled to {replicas}"))
}

/// Restarts what the permit names by a new annotation on its pod template.
pub(crate) async fn restart(
    acts: &dyn Changing,
    kind: &Kind,
    permit: &Permit<RolloutRestart>,
    seen: Seen,
    now: &str,
) -> Result<String, Failed> {
    let RolloutRestartObligations {} = permit.obligations();
    let RolloutRestart { object, batch: _ } = permit.target();
    patch_seen(acts, target(kind, object), "", seen, |version| restart_patch(now, Some(version))).await?;
    Ok("restarted".to_owned())
}

/// Patches an object at the version that was seen. After a conflict it is looked at again: when only its status moved
/// the patch is sent for the new version, a few times at most.
async fn patch_seen(
    acts: &dyn Changing,
    target: Target<'_>,
    subresource: &str,
    mut seen: Seen,
    patch: impl Fn(&str) -> Value + Send,
) -> Result<(), Failed> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=ATTEMPTS {
        match acts.patch(target, subresource, PatchKind::Merge, &patch(&seen.version)).await {
            Ok(_) => return Ok(()),
            Err(Error::Conflict { .. }) if attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
        let now = Seen::of(&acts.get(target, "").await?);
        if !seen.is_same(&now) {
            return Err(Failed::Stale);
        }
        seen = now;
    }
    Err(Failed::Stale)
}

const fn target<'a>(kind: &'a Kind, object: &'a ObjectTarget) -> Target<'a> {
    Target { kind, namespace: object.namespace.as_str(), name: object.name.as_str() }
}

/// What the kind cannot do, in words.
pub(crate) fn supported(kind: &Kind, act: &Act) -> Result<(), String> {
    match act {
        Act::Delete { .. } => Ok(()),
        Act::Scale { .. } if kind.subresources.iter().any(|own| own == "scale") => Ok(()),
        Act::Scale { .. } => Err(format!("{} have no number of replicas to set", kind.id)),
        Act::Restart if RESTARTABLE.contains(&kind.id.as_str()) => Ok(()),
        Act::Restart => {
            Err(format!("{} cannot be restarted: only deployments, daemon sets and stateful sets can", kind.id))
        }
    }
}

/// `delete`, `scale`, `restart`.
pub(crate) const fn verb(act: &Act) -> &'static str {
    match act {
        Act::Delete { .. } => "delete",
        Act::Scale { .. } => "scale",
        Act::Restart => "restart",
    }
}

/// Options of a deletion; background propagation unless asked otherwise.
pub(crate) fn delete_options(act: &Act, uid: Option<String>) -> DeleteOptions {
    let Act::Delete { propagation, grace_seconds } = act else { return DeleteOptions::default() };
    DeleteOptions {
        propagation: Some(match propagation {
            None | Some(Propagation::Background) => cluster::Propagation::Background,
            Some(Propagation::Foreground) => cluster::Propagation::Foreground,
            Some(Propagation::Orphan) => cluster::Propagation::Orphan,
        }),
        grace_seconds: *grace_seconds,
        uid,
        version: None,
    }
}

/// RFC 7386 on the scale subresource. A version makes the server refuse when the object moved.
pub(crate) fn scale_patch(replicas: u32, version: Option<&str>) -> Value {
    let mut patch = json!({ "spec": { "replicas": replicas } });
    at_version(&mut patch, version);
    patch
}

/// RFC 7386: what `kubectl rollout restart` changes.
pub(crate) fn restart_patch(now: &str, version: Option<&str>) -> Value {
    let annotations = json!({ "kubectl.kubernetes.io/restartedAt": now });
    let mut patch = json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
    at_version(&mut patch, version);
    patch
}

fn at_version(patch: &mut Value, version: Option<&str>) {
    if let (Some(version), Some(patch)) = (version.filter(|version| !version.is_empty()), patch.as_object_mut()) {
        patch.insert("metadata".to_owned(), json!({ "resourceVersion": version }));
    }
}

/// Kinds with a pod template whose controller rolls it out.
const RESTARTABLE: &[&str] = &["deployments.apps", "daemonsets.apps", "statefulsets.apps"];

const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
