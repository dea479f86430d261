//! `…/apps`, `…/ports`, `…/sysinfo`: what the daemon of a workspace tells, and what it does with apps.

use super::of::Of;
use super::told::{Message, Upgrade, answer, last};
use super::wrong;
use crate::error::Failure;
use crate::routes::{Answer, Params};
use crate::server::Shared;
use api::workspace::WorkspaceActing;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base::Code;
use futures::stream;
use link::AppAct;
use link::told::Lines;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use workspace::doors::Inside;

/// Its paths.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/workspaces/{namespace}/{name}/apps", get(apps))
        .route("/api/v1/workspaces/{namespace}/{name}/apps/{app}/logs", get(log))
        .route("/api/v1/workspaces/{namespace}/{name}/apps/{app}/{act}", post(act))
        .route("/api/v1/workspaces/{namespace}/{name}/ports", get(ports))
        .route("/api/v1/workspaces/{namespace}/{name}/sysinfo", get(machine))
}

async fn ask(of: &Of, asked: Inside) -> Answer<Value> {
    of.told(of.doors().inside(of.who(), &of.named, asked, &api::rest::Answers::default()).await)
}

async fn apps(of: Of) -> Answer<Value> {
    ask(&of, Inside::Apps).await
}

async fn ports(of: Of) -> Answer<Value> {
    ask(&of, Inside::Ports).await
}

async fn machine(of: Of) -> Answer<Value> {
    ask(&of, Inside::Machine).await
}

/// `POST …/apps/{app}/{act}?cluster=&force=`
#[derive(Deserialize)]
struct ActParams {
    /// Installs it whether its program is there or not.
    #[serde(default)]
    force: bool,
}

#[derive(Deserialize)]
struct AppPath {
    app: String,
    #[serde(default)]
    act: String,
}

async fn act(
    of: Of,
    Path(AppPath { app, act }): Path<AppPath>,
    Params(params): Params<ActParams>,
    body: Bytes,
) -> Answer<Value> {
    let act = match act.as_str() {
        "install" => AppAct::Install { force: params.force },
        "start" => AppAct::Start,
        "stop" => AppAct::Stop,
        "restart" => AppAct::Restart,
        _ => return Err(of.refused(Code::NotFound, "an app is installed, started, stopped or restarted")),
    };
    let asked: WorkspaceActing = of.perhaps(&body)?;
    of.told(of.doors().inside(of.who(), &of.named, Inside::App { app, act }, &asked.answers).await)
}

/// `…/apps/{app}/logs?cluster=&tail=&follow=`
#[derive(Deserialize)]
struct LogParams {
    #[serde(default)]
    tail: Option<u32>,
    /// As messages, each line with its number as `id`.
    #[serde(default)]
    follow: bool,
}

async fn log(
    of: Of,
    Path(AppPath { app, .. }): Path<AppPath>,
    Params(params): Params<LogParams>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Failure> {
    let after = last(&headers).and_then(|id| id.parse().ok()).unwrap_or_default();
    let lines = Lines { after, limit: params.tail, ..Lines::default() };
    if !params.follow {
        return ask(&of, Inside::AppLog { app, lines }).await.map(IntoResponse::into_response);
    }
    let log = of.doors().app_log(of.who(), &of.named, app, lines).await.map_err(wrong(&of.caller))?;
    let ends = of.ends(log.end());
    let lines = stream::unfold(log, |mut log| async move {
        let line = log.next().await.ok().flatten()?;
        Some((Message::new("line", &line.id.to_string(), &line), log))
    });
    Ok(answer(&of.shared, upgrade, lines, ends))
}
