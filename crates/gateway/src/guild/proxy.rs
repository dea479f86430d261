//! `/proxy…`: leads to the host of an app, where it is served with an origin and a login of its own. Nothing is fetched here, and no
//! address is asked: a target is compared with the workspaces that whoever asks may see.

use super::face::Given;
use super::server::port;
use super::wrong::Wrong;
use super::{Asking, Place};
use crate::beside::OpenApp;
use api::guild::ProxyDebug;
use api::rest::Verdict;
use api::workspace::{Workspace, WorkspaceAct};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use policy::Answers;
use serde::Deserialize;

mod address;

use address::{Address, Whom};

pub(super) async fn go(
    State(place): State<Place>,
    Extension(caller): Asking,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let Address { whom, path } = address::read(uri.path(), uri.query().unwrap_or_default())?;
    let (one, port) = match whom {
        Whom::Server(id) => {
            let one = place.one(&caller, &id).await?;
            let port = port(&one);
            (one, port)
        }
        Whom::Port(host, port) => {
            let all = place.all(&caller).await?;
            let one = all.into_iter().find(|one| address::is_of(&host, one));
            let words = format!("{host}:{port} is no port of a workspace that you may reach");
            (one.ok_or_else(|| Wrong::new(StatusCode::NOT_FOUND, "not_found", words))?, port)
        }
    };
    let beside = place.shared.services.beside.as_ref().ok_or_else(missing)?;
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let browser = headers.get(header::COOKIE).and(says("user-agent")).map(str::to_owned);
    let open = OpenApp {
        cluster: place.guild.cluster.clone(),
        namespace: one.row.namespace.clone(),
        name: one.row.name.clone(),
        service: port.to_string(),
        path,
        framed: matches!(says("sec-fetch-dest"), Some("iframe" | "frame")),
        browser,
        // Whoever follows the address wants what is there.
        answers: Answers { confirm: true, ..Answers::default() },
    };
    let opened = beside.open(caller.principal.clone(), caller.end.clone(), open).await;
    let url = opened.map_err(|error| Wrong::of(&*error, "proxy_failed"))?;
    let to = HeaderValue::from_str(&url);
    let to = to.map_err(|_| Wrong::new(StatusCode::BAD_GATEWAY, "proxy_failed", "the app has no address"))?;
    Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response())
}

/// `?server=&path=`
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    server: String,
    #[serde(default)]
    path: String,
}

pub(super) async fn debug(
    State(place): State<Place>,
    Extension(caller): Asking,
    given: Option<Extension<Given>>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<ProxyDebug>, Wrong> {
    let Query(asked) = query.map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, "bad_request", error.body_text()))?;
    let rid = given.map_or_else(|| caller.request.to_string(), |Extension(given)| given.0);
    let bare = ProxyDebug { server: asked.server.clone(), path: asked.path, rid, ..ProxyDebug::default() };
    if asked.server.is_empty() {
        return Err(Wrong::new(StatusCode::BAD_REQUEST, "missing_target", "say of which workspace: server=ID"));
    }
    Ok(Json(match place.one(&caller, &asked.server).await {
        Ok(one) => place.debugged(&one, bare),
        // Whether it is there is told to those who may know.
        Err(wrong) if wrong.code() == "not_found" => bare,
        Err(wrong) => return Err(wrong),
    }))
}

impl Place {
    fn debugged(&self, one: &Workspace, bare: ProxyDebug) -> ProxyDebug {
        let may = one.acts.iter().find(|may| may.act == WorkspaceAct::Proxy);
        let policy = match may.map(|may| may.decision) {
            Some(Verdict::Allow) => "allow",
            Some(Verdict::Needs) => "needs",
            Some(Verdict::Deny) | None => return bare,
        };
        let port = port(one);
        let url = self.guild.app_url.as_ref().filter(|_| !one.route_id.is_empty());
        let target = url.map(|url| url(&one.route_id, port));
        let step = match &target {
            None => "address",
            Some(_) if !one.row.ready => "start",
            Some(_) => "open",
        };
        ProxyDebug { target, step: Some(step.to_owned()), policy: Some(policy.to_owned()), ..bare }
    }
}

fn missing() -> Wrong {
    let words =
        "apps of workspaces have no hosts here: set serve.apps_domain to a domain whose names lead to this server";
    Wrong::new(StatusCode::BAD_GATEWAY, "proxy_failed", words)
}
