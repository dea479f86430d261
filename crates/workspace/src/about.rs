//! A Workspace object as doors tell it: a row of a list, all of it, and why it is as it is. Pure.

use crate::cost::{self, Prices};
use crate::key::{JOB, STATE_CAUSE};
use api::workspace::{
    Workspace, WorkspaceActivity, WorkspaceChange, WorkspaceCondition, WorkspacePod, WorkspacePort, WorkspaceResources,
    WorkspaceRow, WorkspaceVolume, WorkspaceWhy,
};
use base::ClusterName;
use policy::action::ObjectTarget;
use serde_json::Value;

/// A row of a list.
#[must_use]
pub fn row(cluster: &ClusterName, object: &Value) -> WorkspaceRow {
    let either = |first: &str, second: &str| {
        Some(text(object, first)).filter(|said| !said.is_empty()).unwrap_or_else(|| text(object, second))
    };
    let (deleting, begun) = (object.pointer("/metadata/deletionTimestamp").is_some(), object.get("status").is_some());
    let ready = condition(object, "Ready");
    let stage = text(object, "/status/stage");
    let stage = match stage.as_str() {
        _ if deleting => "Terminating",
        "" => "Queued",
        stage => stage,
    };
    WorkspaceRow {
        cluster: cluster.clone(),
        namespace: text(object, "/metadata/namespace"),
        name: text(object, "/metadata/name"),
        uid: text(object, "/metadata/uid"),
        owner: text(object, "/spec/owner"),
        org: text(object, "/spec/org"),
        blueprint: either("/status/blueprint/name", "/spec/blueprintRef/name"),
        image: either("/status/image", "/spec/image"),
        wanted: wanted(object),
        phase: phase(object),
        stage: stage.to_owned(),
        stage_since_ms: time(object, "/status/stageSince"),
        progress: number(object, "/status/progress"),
        ready: !deleting && ready.as_ref().is_some_and(|one| one.status == "True"),
        message: match ready {
            Some(ready) => ready.message,
            None if begun => String::new(),
            None => WAITS.to_owned(),
        },
        error: text(object, "/status/lastError"),
        stop_reason: text(object, "/status/stopReason"),
        node: text(object, "/status/pod/node"),
        created_ms: time(object, "/metadata/creationTimestamp").unwrap_or_default(),
        last_activity_ms: time(object, "/status/lastActivity/at"),
        idle_since_ms: time(object, "/status/idleSince"),
        stop_at_ms: time(object, "/status/stopAt"),
        urls: list(object, "/status/urls").filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

/// Its phase, in one word: what is being deleted is on its way out, whatever its status says.
pub(crate) fn phase(object: &Value) -> String {
    match text(object, "/status/phase").as_str() {
        _ if object.pointer("/metadata/deletionTimestamp").is_some() => "Terminating".to_owned(),
        "" => "Pending".to_owned(),
        phase => phase.to_owned(),
    }
}

/// All of it, but what may be done to it by whom: that is the gate's to say.
#[must_use]
pub fn whole(cluster: &ClusterName, object: &Value) -> Workspace {
    let layer = |one: &Value| format!("{} {}", text(one, "/kind"), text(one, "/name")).trim().to_owned();
    Workspace {
        canonical_id: text(object, "/status/canonicalID"),
        route_id: text(object, "/status/routeID"),
        generation: number(object, "/metadata/generation").unwrap_or_default(),
        observed_generation: number(object, "/status/observedGeneration").unwrap_or_default(),
        conditions: list(object, "/status/conditions").map(said).collect(),
        volumes: list(object, "/status/volumes").map(volume).collect(),
        ports: list(object, "/spec/ports").filter_map(port).collect(),
        resources: WorkspaceResources {
            cpu: text(object, "/spec/resources/cpu"),
            memory: text(object, "/spec/resources/memory"),
            applied_cpu: text(object, "/status/appliedResources/cpu"),
            applied_memory: text(object, "/status/appliedResources/memory"),
        },
        pod: object.pointer("/status/pod").map(pod),
        last_activity: object.pointer("/status/lastActivity").and_then(activity),
        cause: cause(object),
        service_dns: text(object, "/status/serviceDNS"),
        agent_version: text(object, "/status/agentVersion"),
        update_available: text(object, "/status/updateAvailable/digest"),
        update_changes: changes(object),
        job: annotation(object, JOB),
        layers: list(object, "/status/blueprint/layers").map(layer).collect(),
        acts: Vec::new(),
        spec: object.get("spec").cloned().unwrap_or_default(),
        row: row(cluster, object),
    }
}

/// Why it is as it is: its state, who said so, and what stands against what is asked for.
#[must_use]
pub fn why(cluster: &ClusterName, object: &Value, now_ms: i64, prices: &Prices) -> WorkspaceWhy {
    let ready = condition(object, "Ready");
    WorkspaceWhy {
        wanted: wanted(object),
        cause: cause(object),
        phase: text(object, "/status/phase"),
        stage: text(object, "/status/stage"),
        since: text(object, "/status/stageSince"),
        message: ready.map(|one| one.message).unwrap_or_default(),
        error: text(object, "/status/lastError"),
        stop_reason: text(object, "/status/stopReason"),
        idle: condition(object, "Idle").map(|one| one.message).unwrap_or_default(),
        stop_at_ms: time(object, "/status/stopAt"),
        last_use: object.pointer("/status/lastActivity").and_then(activity),
        uses: Vec::new(),
        cost: cost::cost(object, now_ms, prices),
        audit: evidence(&target(cluster, object), None, None),
    }
}

/// As actions name it.
#[must_use]
pub fn target(cluster: &ClusterName, object: &Value) -> ObjectTarget {
    ObjectTarget::workspace(cluster, text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}

/// The parameters of `GET /api/v1/audit` that give what was decided of a workspace: of one action, until then.
#[must_use]
pub fn evidence(target: &ObjectTarget, action: Option<&str>, to_ms: Option<u64>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("object", &target.anchor());
    if let Some(action) = action {
        query.append_pair("action", action);
    }
    if let Some(to_ms) = to_ms {
        query.append_pair("to_ms", &to_ms.to_string());
    }
    query.finish()
}

/// What was found out about one aspect.
#[must_use]
pub fn condition(object: &Value, kind: &str) -> Option<WorkspaceCondition> {
    list(object, "/status/conditions").find(|one| text(one, "/type") == kind).map(said)
}

/// A text of an object; empty where there is none.
pub(crate) fn text(object: &Value, at: &str) -> String {
    object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A time of an object in epoch milliseconds.
pub(crate) fn time(object: &Value, at: &str) -> Option<i64> {
    let text = object.pointer(at).and_then(Value::as_str)?;
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

pub(crate) fn wanted(object: &Value) -> String {
    object.pointer("/spec/state").and_then(Value::as_str).unwrap_or("Running").to_owned()
}

fn cause(object: &Value) -> String {
    annotation(object, STATE_CAUSE)
}

fn annotation(object: &Value, name: &str) -> String {
    let annotations = object.pointer("/metadata/annotations");
    annotations.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn said(one: &Value) -> WorkspaceCondition {
    WorkspaceCondition {
        kind: text(one, "/type"),
        status: text(one, "/status"),
        reason: text(one, "/reason"),
        message: text(one, "/message"),
        since_ms: time(one, "/lastTransitionTime"),
    }
}

fn volume(one: &Value) -> WorkspaceVolume {
    WorkspaceVolume {
        name: text(one, "/name"),
        claim: text(one, "/claim"),
        kind: text(one, "/type"),
        size: text(one, "/size"),
        used: text(one, "/used"),
        kept_until_ms: None,
    }
}

fn port(one: &Value) -> Option<WorkspacePort> {
    let protocol = text(one, "/protocol");
    let protocol = if protocol.is_empty() { "TCP".to_owned() } else { protocol };
    Some(WorkspacePort { port: number(one, "/containerPort")?, name: text(one, "/name"), protocol })
}

fn pod(one: &Value) -> WorkspacePod {
    WorkspacePod {
        name: text(one, "/name"),
        uid: text(one, "/uid"),
        ip: text(one, "/ip"),
        started_ms: time(one, "/startedAt"),
        restarts: number(one, "/restarts").unwrap_or_default(),
    }
}

fn activity(one: &Value) -> Option<WorkspaceActivity> {
    Some(WorkspaceActivity { at_ms: time(one, "/at")?, door: text(one, "/door"), detail: text(one, "/detail") })
}

/// What a newer blueprint changes of its pod.
#[must_use]
pub fn changes(object: &Value) -> Vec<WorkspaceChange> {
    let of =
        |one: &Value| WorkspaceChange { field: text(one, "/field"), from: text(one, "/from"), to: text(one, "/to") };
    list(object, "/status/updateAvailable/changes").map(of).collect()
}

fn list<'a>(object: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

fn number<N: TryFrom<i64>>(object: &Value, at: &str) -> Option<N> {
    object.pointer(at).and_then(Value::as_i64).and_then(|number| N::try_from(number).ok())
}

const WAITS: &str = "waits for the operator";

#[cfg(test)]
mod tests;
