//! Opening apps of workspaces: the URL by which one browser is let in.

use crate::beside::{NamedApp, OpenApp, missing};
use crate::caller::Caller;
use crate::error::Refused;
use crate::routes::workspaces::perhaps;
use crate::routes::{Answer, Params, answers, fail};
use crate::server::Shared;
use api::workspace::{WorkspaceActing, WorkspaceOpened};
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{ClusterName, Code};
use policy::Answers;
use serde::Deserialize;
use std::sync::Arc;
use workspace::doors::Named;

/// The paths.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/api/v1/workspaces/{namespace}/{name}/open", post(open)).route("/apps/enter", get(enter))
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
    let named = Named { cluster: cluster.clone(), namespace: namespace.clone(), name: name.clone() };
    let open =
        OpenApp { cluster, namespace, name, service, host: None, in_place: None, path, framed, browser, answers };
    let opened = beside.open(caller.principal.clone(), caller.end.clone(), open).await;
    opened.map(|url| Json(WorkspaceOpened { url })).map_err(|error| {
        match shared.workspaces().hides(&caller.principal, &named, error.code()) {
            Some(hidden) => fail(&hidden, &caller),
            None => fail(&*error, &caller),
        }
    })
}

/// `?host=&to=`: the host of an app to which somebody came without being let in there, and where in it.
#[derive(Deserialize)]
struct EnterParams {
    #[serde(default)]
    host: String,
    #[serde(default)]
    to: String,
}

/// Leads whoever is signed in here on to the app, where policy lets them; what is not theirs to know of is not there.
async fn enter(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(EnterParams { host, to }): Params<EnterParams>,
    headers: HeaderMap,
) -> Response {
    let browser = headers.get(header::USER_AGENT);
    let browser = browser.map(|browser| String::from_utf8_lossy(browser.as_bytes()).into_owned());
    match let_in(&shared, &caller, &host, to, browser).await {
        Ok(url) => crate::forward::page(&url),
        Err(refused) => refused.page((&caller).into()),
    }
}

async fn let_in(
    shared: &Shared,
    caller: &Caller,
    host: &str,
    path: String,
    browser: Option<String>,
) -> Result<String, Refused> {
    let unknown = || Refused::new(Code::WorkspaceNotFound, "at this address there is no app that you may open");
    let beside = shared.services.beside.as_ref().ok_or_else(missing)?;
    let NamedApp { cluster, namespace, name, service } = beside.named(host).ok_or_else(unknown)?;
    let answers = Answers::default();
    let host = Some(host.to_owned());
    let open =
        OpenApp { cluster, namespace, name, service, host, in_place: None, path, framed: false, browser, answers };
    beside.open(caller.principal.clone(), caller.end.clone(), open).await.map_err(|error| match error.code() {
        Code::PolicyDenied | Code::RbacDenied => unknown(),
        _ => Refused::of(&*error),
    })
}
