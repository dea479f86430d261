//! The page that waits: stages of a workspace as they come, until it can be used.

use crate::answer::SEALS;
use crate::connection::write;
use crate::exchange::Client;
use crate::login::Login;
use crate::proxy::Proxy;
use crate::way::Stream;
use base::RequestId;
use cluster::Cluster;
use policy::action::WorkspaceView;
use policy::{Answers, Permit};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use workspace::watch::Watched;

/// Tells of the stages, as events of the page; ends with `ready`.
pub(crate) async fn stages(door: &Proxy, client: &mut Client<Box<dyn Stream>>, login: &Login) -> bool {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n{SEALS}\r\n");
    if !write(client, head.as_bytes()).await {
        return false;
    }
    let Some((permit, cluster)) = looks(door, login) else { return false };
    let Ok(mut watched) = Watched::new(&cluster, &permit) else { return false };
    loop {
        let told = tokio::select! {
            told = timeout(PING, watched.next()) => told,
            () = login.end.cancelled() => return false,
        };
        let event = match told {
            Err(_) => ": ping\n\n".to_owned(),
            Ok(Ok(Some(workspace))) => {
                let (ready, told) = told_of(&workspace);
                let name = if ready { "ready" } else { "stage" };
                format!("event: {name}\ndata: {told}\n\n")
            }
            Ok(Ok(None) | Err(_)) => return false,
        };
        if !write(client, event.as_bytes()).await || event.starts_with("event: ready") {
            return false;
        }
    }
}

/// Until the workspace can be used, or nobody is told of it any more.
pub(crate) async fn ready(door: &Proxy, login: &Login) {
    let Some((permit, cluster)) = looks(door, login) else { return };
    let Ok(mut watched) = Watched::new(&cluster, &permit) else { return };
    while let Ok(Some(workspace)) = watched.next().await {
        if told_of(&workspace).0 {
            return;
        }
    }
}

/// What it takes to look at the workspace.
fn looks(door: &Proxy, login: &Login) -> Option<(Permit<WorkspaceView>, Cluster)> {
    let services = &door.0.services;
    let asking = login.principal.asking(RequestId::new(), policy::Door::Console);
    let action = WorkspaceView {
        cluster: login.cluster.clone(),
        namespace: login.key.namespace.clone(),
        name: login.key.name.clone(),
    };
    let permit = services.gate.permit(&asking, action, &Answers::default()).ok()?;
    Some((permit, services.mirror.of(&login.principal).cluster(&login.cluster).ok()?))
}

fn told_of(workspace: &Value) -> (bool, Value) {
    let at = |path: &str| workspace.pointer(path).cloned().unwrap_or_default();
    let conditions = at("/status/conditions");
    let mut all = conditions.as_array().into_iter().flatten();
    let is = |one: &Value, key: &str, value: &str| one.get(key).and_then(Value::as_str) == Some(value);
    let ready = all.any(|one| is(one, "type", "Ready") && is(one, "status", "True")) && at("/spec/state") != "Stopped";
    let told = json!({
        "stage": at("/status/stage"), "phase": at("/status/phase"), "progress": at("/status/progress"),
        "error": at("/status/lastError"),
    });
    (ready, told)
}

/// The script of the page.
pub(crate) const SCRIPT: &str = r#""use strict";
const stage = document.getElementById("stage");
const progress = document.getElementById("progress");
const source = new EventSource("/.quarterdeck/stages");
source.addEventListener("stage", (event) => {
  const told = JSON.parse(event.data);
  stage.textContent = told.error || told.stage || told.phase || "";
  if (typeof told.progress === "number") progress.value = told.progress;
});
source.addEventListener("ready", () => {
  source.close();
  location.reload();
});
"#;

const PING: Duration = Duration::from_secs(15);
