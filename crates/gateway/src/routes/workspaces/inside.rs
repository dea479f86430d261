//! `…/apps`, `…/ports`, `…/sysinfo`: what the daemon of a workspace tells, and what it does with apps.

use super::told::{answer, message};
use super::{Asking, InCluster, Place, named, perhaps, wrong};
use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::routes::{Answer, Params};
use crate::server::Shared;
use api::workspace::WorkspaceActing;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{ClusterName, Code};
use futures::stream;
use link::AppAct;
use link::told::Lines;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use workspace::doors::{Inside, Named};

/// Its paths.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/workspaces/{namespace}/{name}/apps", get(apps))
        .route("/api/v1/workspaces/{namespace}/{name}/apps/{app}/logs", get(log))
        .route("/api/v1/workspaces/{namespace}/{name}/apps/{app}/{act}", post(act))
        .route("/api/v1/workspaces/{namespace}/{name}/ports", get(ports))
        .route("/api/v1/workspaces/{namespace}/{name}/sysinfo", get(machine))
}

async fn ask(shared: &Shared, caller: &Caller, named: &Named, asked: Inside) -> Answer<Value> {
    let none = api::rest::Answers::default();
    let told = shared.workspaces().inside(&caller.principal, named, asked, &none).await;
    told.map(Json).map_err(wrong(caller))
}

async fn apps(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
) -> Answer<Value> {
    ask(&shared, &caller, &named(params.cluster, place), Inside::Apps).await
}

async fn ports(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
) -> Answer<Value> {
    ask(&shared, &caller, &named(params.cluster, place), Inside::Ports).await
}

async fn machine(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
) -> Answer<Value> {
    ask(&shared, &caller, &named(params.cluster, place), Inside::Machine).await
}

/// `POST …/apps/{app}/{act}?cluster=&force=`
#[derive(Deserialize)]
struct ActParams {
    cluster: ClusterName,
    /// Installs it whether its program is there or not.
    #[serde(default)]
    force: bool,
}

async fn act(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path((namespace, name, app, act)): Path<(String, String, String, String)>,
    Params(params): Params<ActParams>,
    body: Bytes,
) -> Answer<Value> {
    let ActParams { cluster, force } = params;
    let act = match act.as_str() {
        "install" => AppAct::Install { force },
        "start" => AppAct::Start,
        "stop" => AppAct::Stop,
        "restart" => AppAct::Restart,
        _ => {
            return Err(
                Refused::new(Code::NotFound, "an app is installed, started, stopped or restarted").with(&caller)
            );
        }
    };
    let asked: WorkspaceActing = perhaps(&body, &caller)?;
    let named = named(cluster, (namespace, name));
    let told = shared.workspaces().inside(&caller.principal, &named, Inside::App { app, act }, &asked.answers).await;
    told.map(Json).map_err(wrong(&caller))
}

/// `…/apps/{app}/logs?cluster=&tail=&follow=`
#[derive(Deserialize)]
struct LogParams {
    cluster: ClusterName,
    #[serde(default)]
    tail: Option<u32>,
    /// As server-sent events, each line with its number as `id`.
    #[serde(default)]
    follow: bool,
}

async fn log(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path((namespace, name, app)): Path<(String, String, String)>,
    Params(params): Params<LogParams>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let LogParams { cluster, tail, follow } = params;
    let named = named(cluster, (namespace, name));
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or_default();
    let lines = Lines { after, limit: tail, ..Lines::default() };
    if !follow {
        return ask(&shared, &caller, &named, Inside::AppLog { app, lines }).await.map(IntoResponse::into_response);
    }
    let log = shared.workspaces().app_log(&caller.principal, &named, app, lines).await.map_err(wrong(&caller))?;
    let ends = vec![shared.end.clone(), caller.end.clone(), log.end()];
    let lines = stream::unfold(log, |mut log| async move {
        let line = log.next().await.ok().flatten()?;
        Some((message("line", &line.id.to_string(), &line), log))
    });
    Ok(answer(lines, ends).into_response())
}
