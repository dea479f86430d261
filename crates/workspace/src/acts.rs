//! What people and programs do to workspaces: each takes the permit for it, waits until the decision is on disk, acts with
//! the rights of whoever asked, and journals the outcome.

mod all;
mod rollout;

pub(crate) use all::kept_ms;
pub use all::{KEPT_FOR, KEPT_SECONDS, MOST_AT_ONCE, delete_all};
pub use rollout::{Rollout, roll, rollout};

use crate::follow::ours;
use crate::key::{FINALIZER, JOB, STATE_CAUSE, STORAGE, WORKSPACE};
use base::{Code, Coded};
use bytes::Bytes;
use catalog::Kind;
use cluster::{Acting, Cluster, DeleteOptions, PatchKind, STATE_MANAGER, Target};
use parking_lot::Mutex;
use policy::action::{
    Changes, ObjectTarget, WorkspaceCreate, WorkspaceDelete, WorkspaceImport, WorkspaceLogs, WorkspacePurge,
    WorkspaceStart, WorkspaceStop, WorkspaceUpdate, WorkspaceView, WorkspaceWake,
};
use policy::{Action, Outcome, Permit};
use serde_json::{Value, json};
use std::sync::Arc;

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The decision cannot be written down.
    #[error("the journal takes no entries, so nothing was done")]
    Journal(#[from] policy::AuditUnavailable),
    /// There is no such workspace, or not for whoever asked.
    #[error("there is no workspace {0}")]
    NotFound(String),
    /// There is one of this name.
    #[error("there is a workspace {0} already: choose another name, or start that one")]
    Exists(String),
    /// The cluster does not serve workspaces.
    #[error("the cluster has no workspaces: their kinds are not installed (`qd console --with-operator` does that)")]
    NotInstalled,
    /// It sleeps, and nobody who comes to this door wakes it.
    #[error(
        "workspace {workspace} is stopped, and {door} does not wake it: start it (spec.lifecycle.wakeOn says what does)"
    )]
    NotWoken {
        /// Which.
        workspace: String,
        /// The door.
        door: String,
    },
    /// A parameter that is set once.
    #[error("the parameter {name} is set once, when a workspace is made: it is {value} here")]
    ParamFixed {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Not now: why.
    #[error("{0}")]
    Busy(String),
    /// The cluster says no.
    #[error(transparent)]
    Cluster(cluster::Error),
}

impl Coded for ActError {
    fn code(&self) -> Code {
        match self {
            Self::Journal(_) => Code::AuditUnavailable,
            Self::NotFound(_) => Code::WorkspaceNotFound,
            Self::Exists(_) => Code::WorkspaceExists,
            Self::NotInstalled => Code::CrdOutdated,
            Self::NotWoken { .. } => Code::WorkspaceStopped,
            Self::ParamFixed { .. } => Code::ParamInvalid,
            Self::Busy(_) => Code::LimitReached,
            Self::Cluster(error) => error.code(),
        }
    }

    fn details(&self) -> Option<Value> {
        if let Self::Cluster(error) = self { error.details() } else { None }
    }
}

/// Makes a workspace with this spec; the object as it is then.
///
/// # Errors
/// As [`ActError`] says.
pub async fn create(cluster: &Cluster, permit: Permit<WorkspaceCreate>, spec: &Value) -> Result<Value, ActError> {
    create_for(cluster, permit, spec, "").await
}

/// The same for a job, whose id the object carries.
///
/// # Errors
/// As [`ActError`] says.
pub async fn create_for(
    cluster: &Cluster,
    permit: Permit<WorkspaceCreate>,
    spec: &Value,
    job: &str,
) -> Result<Value, ActError> {
    let annotations = if job.is_empty() { json!({}) } else { json!({ JOB: job }) };
    made(cluster, permit, spec, &annotations).await
}

/// The same of one that was imported: the object says from where, and is found by that (see [`crate::earlier`]).
///
/// # Errors
/// As [`ActError`] says.
pub async fn import(cluster: &Cluster, permit: Permit<WorkspaceCreate>, imported: &Value) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let body = named(imported, &object);
    changed(cluster, permit, &object, "made", async |acting, target| acting.create(target, &body).await).await
}

/// The same of a blueprint or a Grant.
///
/// # Errors
/// As [`ActError`] says.
pub async fn import_other(
    cluster: &Cluster,
    permit: Permit<WorkspaceImport>,
    imported: &Value,
) -> Result<Value, ActError> {
    permit.settled().await?;
    let object = permit.target().object.clone();
    let word = imported.get("kind").and_then(Value::as_str).unwrap_or_default();
    let plural = object.kind.split('.').next().unwrap_or_default();
    let kind = ours(word, plural, !object.namespace.is_empty()).ok_or(ActError::NotInstalled)?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let result = cluster.acting(&permit).create(target, &named(imported, &object)).await;
    let result = result.map_err(|error| match error {
        cluster::Error::NotServed { .. } | cluster::Error::NotFound { .. } => ActError::NotInstalled,
        other => ActError::Cluster(other),
    });
    permit.finish(outcome(result.as_ref().map(|_| "made")));
    result
}

/// An object that was imported, under the name that was permitted.
fn named(imported: &Value, object: &ObjectTarget) -> Value {
    let mut body = imported.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("name".to_owned(), object.name.as_str().into());
        match object.namespace.as_str() {
            "" => drop(metadata.remove("namespace")),
            namespace => drop(metadata.insert("namespace".to_owned(), namespace.into())),
        }
    }
    body
}

async fn made(
    cluster: &Cluster,
    permit: Permit<WorkspaceCreate>,
    spec: &Value,
    annotations: &Value,
) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let body = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
        "metadata": { "name": object.name, "namespace": object.namespace, "annotations": annotations },
        "spec": spec,
    });
    changed(cluster, permit, &object, "made", async |acting, target| acting.create(target, &body).await).await
}

/// Wants a workspace to run.
///
/// # Errors
/// As [`ActError`] says.
pub async fn start(cluster: &Cluster, permit: Permit<WorkspaceStart>) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let cause = format!("started by {}", permit.principal().id());
    changed(cluster, permit, &object, "to run", async |acting, target| say(&acting, target, "Running", &cause).await)
        .await
}

/// Wants a workspace to stop.
///
/// # Errors
/// As [`ActError`] says.
pub async fn stop(cluster: &Cluster, permit: Permit<WorkspaceStop>) -> Result<Value, ActError> {
    let who = permit.principal().id().to_owned();
    stop_for(cluster, permit, &who).await
}

/// The same for whoever asked for it before this process was there.
///
/// # Errors
/// As [`ActError`] says.
pub(crate) async fn stop_for(cluster: &Cluster, permit: Permit<WorkspaceStop>, who: &str) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let cause = format!("stopped by {who}");
    changed(cluster, permit, &object, "to stop", async |acting, target| say(&acting, target, "Stopped", &cause).await)
        .await
}

/// How the cause begins of one that takes up what its blueprint says by now.
pub(crate) const UPDATED: &str = "updated by";

/// Wants a workspace to run as its blueprint says by now: by the digest that its status has of that (`updateAvailable`).
///
/// # Errors
/// As [`ActError`] says.
pub async fn take_up(cluster: &Cluster, permit: Permit<WorkspaceStart>, digest: &str) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let short = digest.get(..crate::pinned::SHORT).unwrap_or(digest);
    let cause = format!("{UPDATED} {} to {short}", permit.principal().id());
    changed(cluster, permit, &object, "to run", async |acting, target| say(&acting, target, "Running", &cause).await)
        .await
}

/// How the cause begins that a woken workspace has.
pub(crate) const WOKEN: &str = "woken by";

/// Wants a workspace to run because somebody came to one of its doors, if its `wakeOn` names that door. One that is to run
/// already is left as it is. The object as it is then.
///
/// # Errors
/// As [`ActError`] says.
pub async fn wake(cluster: &Cluster, permit: Permit<WorkspaceWake>) -> Result<Value, ActError> {
    permit.settled().await?;
    let (object, door) = (permit.target().object.clone(), permit.target().door.clone());
    let kind = kind()?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let acting = cluster.acting(&permit);
    let woken = async {
        let narrow = |error| narrow(error, &object.namespace, &object.name);
        let there = acting.get(target, "").await.map_err(narrow)?;
        if there.pointer("/spec/state").and_then(Value::as_str) != Some("Stopped") {
            return Ok((there, "it is to run already"));
        }
        if !wakes(&there, &door) {
            let workspace = format!("{}/{}", object.namespace, object.name);
            return Err(ActError::NotWoken { workspace, door: door.clone() });
        }
        let cause = format!("{WOKEN} {} ({door})", permit.principal().id());
        Ok((say(&acting, target, "Running", &cause).await.map_err(narrow)?, "to run"))
    };
    let woken = woken.await;
    permit.finish(outcome(woken.as_ref().map(|(_, done)| *done)));
    woken.map(|(object, _)| object)
}

/// Whether whoever comes to this door (`http`, `api`, `ssh`) starts the workspace when it is stopped. One that is kept for a while
/// because its owner goes is started by people alone.
#[must_use]
pub fn wakes(workspace: &Value, door: &str) -> bool {
    if kept_ms(workspace).is_some() {
        return false;
    }
    let all = workspace.pointer("/spec/lifecycle/wakeOn").and_then(Value::as_array);
    all.into_iter().flatten().any(|one| one.as_str() == Some(door))
}

/// Changes what a workspace asks for, by a merge patch of its `spec`: only if it is still of this generation, where one is given.
///
/// # Errors
/// As [`ActError`] says; `Conflict` when it was changed meanwhile.
pub async fn update(
    cluster: &Cluster,
    permit: Permit<WorkspaceUpdate>,
    spec: &Value,
    generation: Option<i64>,
) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let fixed = Mutex::new(None);
    let result = changed(cluster, permit, &object, "changed", async |acting, target| {
        let change = || async {
            let there = acting.get(target, "").await?;
            if let Some((name, value)) = set_once(&there, spec) {
                let message = format!("the parameter {name} is set once");
                *fixed.lock() = Some(ActError::ParamFixed { name, value });
                return Err(cluster::Error::Conflict { message });
            }
            let now = there.pointer("/metadata/generation").and_then(Value::as_i64);
            if generation.is_some() && generation != now {
                let message = format!("it is of generation {} by now", now.unwrap_or_default());
                return Err(cluster::Error::Conflict { message });
            }
            // As it was read, so that a change in between shows.
            let version = there.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
            let patch = json!({ "metadata": { "resourceVersion": version }, "spec": spec });
            acting.patch(target, "", PatchKind::Merge, &patch).await
        };
        unless_written_between(change).await
    })
    .await;
    match fixed.into_inner() {
        Some(refused) if result.is_err() => Err(refused),
        _ => result,
    }
}

/// The parameter that a patch would change and that is set once, with its value.
fn set_once(there: &Value, patch: &Value) -> Option<(String, String)> {
    let fixed = there.pointer("/status/blueprint/fixed")?.as_object()?;
    let asked = patch.get("params")?.as_object()?;
    let moves = patch.get("blueprintRef").is_some();
    asked.iter().filter(|_| !moves).find_map(|(name, value)| {
        let stands = fixed.get(name)?.as_str()?;
        value.as_str().is_some_and(|value| value != stands).then(|| (name.clone(), stands.to_owned()))
    })
}

/// Deletes a workspace; its storage goes as it says itself.
///
/// # Errors
/// As [`ActError`] says.
pub async fn delete(cluster: &Cluster, permit: Permit<WorkspaceDelete>) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let options = DeleteOptions { uid: permit.target().uid.clone(), ..DeleteOptions::default() };
    changed(cluster, permit, &object, "deleted", async |acting, target| acting.delete(target, &options).await).await
}

/// Deletes a workspace with its own volumes: it says so itself from then on, and is held until they have gone.
///
/// # Errors
/// As [`ActError`] says.
pub async fn purge(cluster: &Cluster, permit: Permit<WorkspacePurge>) -> Result<Value, ActError> {
    let object = permit.target().object.clone();
    let options = DeleteOptions { uid: permit.target().uid.clone(), ..DeleteOptions::default() };
    changed(cluster, permit, &object, "deleted with its volumes", async |acting, target| {
        unless_written_between(|| hold(&acting, target, options.uid.as_deref())).await?;
        acting.delete(target, &options).await
    })
    .await
}

/// Has a workspace say that its volumes go with it, and held until they have.
async fn hold(acting: &Acting<Changes>, target: Target<'_>, uid: Option<&str>) -> Result<(), cluster::Error> {
    let there = acting.get(target, "").await?;
    let version = there.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
    let held = there.pointer("/metadata/finalizers").and_then(Value::as_array).into_iter().flatten();
    let mut held: Vec<Value> = held.filter(|one| one.as_str() != Some(FINALIZER)).cloned().collect();
    held.push(FINALIZER.into());
    let patch = json!({
        "metadata": { "resourceVersion": version, "uid": uid, "finalizers": held },
        "spec": { "storage": { "onDelete": "Delete" } },
    });
    acting.patch(target, "", PatchKind::Merge, &patch).await?;
    Ok(())
}

/// Deletes claims that a workspace left. Each is looked at once more: it says that it is that one's own, or stays.
///
/// # Errors
/// As [`ActError`] says.
pub async fn purge_claims(cluster: &Cluster, permit: Permit<WorkspacePurge>) -> Result<(), ActError> {
    permit.settled().await?;
    let kind = Kind::builtin("persistentvolumeclaims").ok_or(ActError::NotInstalled)?;
    let (object, claims) = (permit.target().object.clone(), permit.target().claims.clone());
    let acting = cluster.acting(&permit);
    let gone = async {
        for name in &claims {
            let target = Target { kind: &kind, namespace: &object.namespace, name };
            let claim = match acting.get(target, "").await {
                Err(cluster::Error::NotFound { .. }) => continue,
                claim => claim?,
            };
            let label = |key: &str| claim.pointer("/metadata/labels")?.get(key)?.as_str();
            if label(WORKSPACE) != Some(object.name.as_str()) || label(STORAGE) != Some("own") {
                continue;
            }
            let uid = claim.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
            match acting.delete(target, &DeleteOptions { uid, ..DeleteOptions::default() }).await {
                Ok(_) | Err(cluster::Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    let gone = gone.await.map_err(|error| narrow(error, &object.namespace, &object.name));
    permit.finish(outcome(gone.as_ref().map(|()| "its volumes are deleted")));
    gone
}

/// A workspace as it is.
///
/// # Errors
/// As [`ActError`] says.
pub async fn show(cluster: &Cluster, permit: &Permit<WorkspaceView>) -> Result<Value, ActError> {
    let kind = kind()?;
    let asked = permit.target();
    let target = Target { kind: &kind, namespace: &asked.namespace, name: &asked.name };
    cluster.acting(permit).get(target, "").await.map_err(|error| narrow(error, &asked.namespace, &asked.name))
}

/// The last lines of the workspace's main container.
///
/// # Errors
/// As [`ActError`] says.
pub async fn logs(
    cluster: &Cluster,
    permit: Permit<WorkspaceLogs>,
    container: &str,
    lines: u32,
    previous: bool,
) -> Result<Bytes, ActError> {
    permit.settled().await?;
    let object = permit.target().object.clone();
    let pods = Kind::builtin("pods").ok_or(ActError::NotInstalled)?;
    let target = Target { kind: &pods, namespace: &object.namespace, name: &object.name };
    let log = cluster.acting(&permit).log(target, container, lines, previous).await;
    let log = log.map_err(|error| narrow(error, &object.namespace, &object.name));
    if let Ok(log) = &log {
        permit.count_bytes(log.len() as u64);
    }
    permit.finish(outcome(log.as_ref().map(|_| "read")));
    log
}

/// The kind of workspaces.
///
/// # Errors
/// Never, as long as the catalog lists kinds that are served.
pub fn kind() -> Result<Arc<Kind>, ActError> {
    ours("Workspace", "workspaces", true).ok_or(ActError::NotInstalled)
}

async fn say(acting: &Acting<Changes>, target: Target<'_>, state: &str, cause: &str) -> Result<Value, cluster::Error> {
    // With its uid, so that nothing is made where nothing is.
    let there = acting.get(target, "").await?;
    let uid = there.pointer("/metadata/uid").cloned().unwrap_or_default();
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
        "metadata": { "name": target.name, "namespace": target.namespace, "uid": uid, "annotations": { STATE_CAUSE: cause } },
        "spec": { "state": state },
    });
    acting.apply(target, STATE_MANAGER, &object).await
}

async fn changed<A: Action<Effect = Changes>>(
    cluster: &Cluster,
    permit: Permit<A>,
    object: &ObjectTarget,
    done: &'static str,
    act: impl AsyncFnOnce(Acting<Changes>, Target<'_>) -> Result<Value, cluster::Error>,
) -> Result<Value, ActError> {
    permit.settled().await?;
    let kind = kind()?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let result = act(cluster.acting(&permit), target).await;
    let result = result.map_err(|error| narrow(error, &object.namespace, &object.name));
    permit.finish(outcome(result.as_ref().map(|_| done)));
    result
}

/// Reads and writes, and does both again where the operator has written its status in between: that is no change that anybody
/// need be told of. What was changed otherwise shows when it is read.
async fn unless_written_between<T, F>(mut change: impl FnMut() -> F) -> Result<T, cluster::Error>
where
    F: Future<Output = Result<T, cluster::Error>>,
{
    for _ in 1..TRIES {
        match change().await {
            Err(cluster::Error::Conflict { .. }) => {}
            changed => return changed,
        }
    }
    change().await
}

fn outcome(result: Result<&str, &ActError>) -> Outcome {
    match result {
        Ok(done) => Outcome::Done { message: done.to_owned() },
        Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
    }
}

pub(crate) fn narrow(error: cluster::Error, namespace: &str, name: &str) -> ActError {
    match error {
        cluster::Error::NotFound { .. } => ActError::NotFound(format!("{namespace}/{name}")),
        cluster::Error::NotServed { .. } => ActError::NotInstalled,
        cluster::Error::Conflict { message } if message.contains("already exists") => {
            ActError::Exists(format!("{namespace}/{name}"))
        }
        other => ActError::Cluster(other),
    }
}

/// How often something is read and written: a status that is written oftener is one that never rests.
const TRIES: usize = 5;

#[cfg(test)]
mod tests;
