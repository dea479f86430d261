//! All workspaces of somebody: deleted, or stopped and kept for a while.
//!
//! What is kept says so itself and for how long, beside the state that was set with it: whoever starts it sets another state, and
//! takes that away. The operator counts from when it stopped ([`crate::idle`]).

use super::{ActError, kind, narrow, outcome};
use crate::key::STATE_CAUSE;
use cluster::{Acting, Cluster, DeleteOptions, STATE_MANAGER, Target};
use policy::Permit;
use policy::action::{Changes, WorkspaceDeleteAll};
use serde_json::{Value, json};

/// Deletes all that the permit names, or has them stopped and kept. What came of each, in their order.
///
/// # Errors
/// When nothing was tried.
pub async fn delete_all(
    cluster: &Cluster,
    permit: Permit<WorkspaceDeleteAll>,
) -> Result<Vec<Result<Value, ActError>>, ActError> {
    permit.settled().await?;
    let (kind, asked) = (kind()?, permit.target().clone());
    let cause = format!("stopped by {}: kept for {}", permit.principal().id(), span(asked.kept_seconds));
    let acting = cluster.acting(&permit);
    let mut all = Vec::new();
    for (object, uid) in asked.workspaces.iter().zip(&asked.uids) {
        let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
        let done = match asked.kept_seconds {
            0 => acting.delete(target, &DeleteOptions { uid: Some(uid.clone()), ..DeleteOptions::default() }).await,
            seconds => keep(&acting, target, uid, seconds, &cause).await,
        };
        all.push(done.map_err(|error| narrow(error, &object.namespace, &object.name)));
    }
    let failed = all.iter().find_map(|one| one.as_ref().err());
    let done = format!("{} of {}", all.iter().filter(|one| one.is_ok()).count(), all.len());
    permit.finish(outcome(failed.map_or(Ok(done.as_str()), Err)));
    Ok(all)
}

/// Has one stopped, if it is still that one.
async fn keep(
    acting: &Acting<Changes>,
    target: Target<'_>,
    uid: &str,
    seconds: u64,
    cause: &str,
) -> Result<Value, cluster::Error> {
    // With its uid, so that nothing is made where nothing is, and none is stopped that was made of the same name meanwhile.
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
        "metadata": {
            "name": target.name, "namespace": target.namespace, "uid": uid,
            "annotations": { STATE_CAUSE: cause, KEPT_FOR: span(seconds) },
        },
        "spec": { "state": "Stopped" },
    });
    acting.apply(target, STATE_MANAGER, &object).await
}

/// As it stands there, and in the words for it.
fn span(seconds: u64) -> String {
    if seconds.is_multiple_of(3_600) { format!("{}h", seconds / 3_600) } else { format!("{seconds}s") }
}

/// For how long a workspace is kept that was stopped with others of its owner, in milliseconds.
#[must_use]
pub(crate) fn kept_ms(object: &Value) -> Option<i64> {
    let said = object.pointer("/metadata/annotations")?.get(KEPT_FOR)?.as_str()?;
    crate::remains::retained(said)
}

/// On a Workspace that was stopped with others of its owner: how long it is kept from then on.
pub const KEPT_FOR: &str = "quarterdeck.dev/kept-for";
/// Of one decision: it names each.
pub const MOST_AT_ONCE: usize = 500;
/// How long that is where nobody says otherwise, in seconds.
pub const KEPT_SECONDS: u64 = 7 * 24 * 3_600;
