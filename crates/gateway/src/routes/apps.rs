//! Opening apps of workspaces: the URL by which one browser is let in.

use crate::beside::{OpenApp, missing};
use crate::caller::Caller;
use crate::error::Refused;
use crate::routes::workspaces::perhaps;
use crate::routes::{Answer, Params, answers, fail};
use crate::server::Shared;
use api::workspace::{WorkspaceActing, WorkspaceOpened};
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use base::{ClusterName, Code};
use serde::Deserialize;
use std::sync::Arc;

/// The paths.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/api/v1/workspaces/{namespace}/{name}/open", post(open))
}

/// `POST …/open?cluster=&port=|app=`
#[derive(Deserialize)]
struct OpenParams {
    cluster: ClusterName,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    app: Option<String>,
    /// Where in the app to begin; its root when left out.
    #[serde(default)]
    path: String,
    /// It is to stand in a frame of the console.
    #[serde(default)]
    framed: bool,
}

async fn open(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path((namespace, name)): Path<(String, String)>,
    Params(params): Params<OpenParams>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<WorkspaceOpened> {
    let asked: WorkspaceActing = perhaps(&body, &caller)?;
    let OpenParams { cluster, port, app, path, framed } = params;
    let service = match (port, app) {
        (Some(port), None) if port > 0 => port.to_string(),
        (None, Some(app)) if !app.is_empty() => app,
        _ => return Err(Refused::new(Code::BadRequest, "name either a port or an app").with(&caller)),
    };
    let beside = shared.services.beside.as_ref().ok_or_else(|| missing().with(&caller))?;
    // a program opens it for somebody's browser, whichever that is
    let browser = headers.contains_key(header::ORIGIN).then(|| headers.get(header::USER_AGENT)).flatten();
    let browser = browser.map(|browser| String::from_utf8_lossy(browser.as_bytes()).into_owned());
    let answers = answers(asked.answers);
    let open = OpenApp { cluster, namespace, name, service, path, framed, browser, answers };
    let opened = beside.open(caller.principal.clone(), caller.end.clone(), open).await;
    opened.map(|url| Json(WorkspaceOpened { url })).map_err(|error| fail(&*error, &caller))
}
