//! `/proxy…`: leads to the host of an app, where it is served with an origin and a login of its own, or where that is configured to a path of
//! its own (`in_place`). Nothing is fetched here, and no address is asked: a target is compared with the workspaces that whoever asks may see.

use super::face::Given;
use super::wrong::Wrong;
use super::{AppUrl, Asking, Place};
use crate::beside::{Led, OpenApp};
use api::guild::{ProxyDebug, WayTried};
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
mod resolve;

use address::{Address, Whom};
use resolve::{Meant, resolve};

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
            let Meant { port, .. } = resolve(&one)?;
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
    let own = uri.authority().map(|host| host.as_str().to_owned());
    let own = own.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned));
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let browser = headers.get(header::COOKIE).and(says("user-agent")).map(str::to_owned);
    let open = OpenApp {
        cluster: place.guild.cluster.clone(),
        namespace: one.row.namespace.clone(),
        name: one.row.name.clone(),
        service: port.to_string(),
        host: None,
        in_place: own.filter(|_| beside.serves_in_place()),
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
        Ok(one) => {
            let row = &one.row;
            let beside = place.shared.services.beside.as_ref();
            let ways = beside.map(|beside| beside.ways(&row.cluster, &row.namespace, &row.name)).unwrap_or_default();
            debugged(&one, place.guild.app_url.as_ref(), ways, bare)
        }
        // Whether it is there is told to those who may know.
        Err(wrong) if wrong.code() == "not_found" => bare,
        Err(wrong) => return Err(wrong),
    }))
}

/// What is told to those who may open the workspace: to others nothing.
fn debugged(one: &Workspace, url: Option<&AppUrl>, led: Led, bare: ProxyDebug) -> ProxyDebug {
    let may = one.acts.iter().find(|may| may.act == WorkspaceAct::Proxy);
    let policy = match may.map(|may| may.decision) {
        Some(Verdict::Allow) => "allow",
        Some(Verdict::Needs) => "needs",
        Some(Verdict::Deny) | None => return bare,
    };
    let meant = resolve(one);
    let url = url.filter(|_| !one.route_id.is_empty());
    let target = url.zip(meant.as_ref().ok()).map(|(url, meant)| url(&one.route_id, meant.port));
    let step = match (&meant, &target) {
        (Err(_), _) => "port",
        (Ok(_), None) => "address",
        (Ok(_), Some(_)) if !one.row.ready => "start",
        (Ok(_), Some(_)) => "open",
    };
    ProxyDebug {
        target,
        step: Some(step.to_owned()),
        policy: Some(policy.to_owned()),
        port: meant.as_ref().ok().map(|meant| meant.port),
        by: meant.as_ref().ok().map(|meant| meant.by.to_owned()),
        problem: meant.err().map(|wrong| wrong.message().to_owned()),
        ways: led.order.into_iter().map(str::to_owned).collect(),
        way: led.way.map(str::to_owned),
        tried: led.tried.into_iter().map(|(way, ms, reached)| WayTried { way: way.to_owned(), ms, reached }).collect(),
        ..bare
    }
}

fn missing() -> Wrong {
    let words =
        "apps of workspaces have no hosts here: set serve.apps_domain to a domain whose names lead to this server";
    Wrong::new(StatusCode::BAD_GATEWAY, "proxy_failed", words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::debugged;
    use crate::beside::Led;
    use crate::guild::AppUrl;
    use api::guild::ProxyDebug;
    use api::rest::Verdict;
    use api::workspace::{WorkspaceAct, WorkspaceMay};
    use base::ClusterName;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn told(decision: Verdict, phase: &str, env: &Value) -> Value {
        let object = json!({
            "metadata": { "name": "w", "namespace": "ns" }, "spec": { "owner": "ada", "org": "lab", "env": env },
            "status": { "phase": phase, "stage": phase, "routeID": "w-1", "pod": { "name": "w" },
                "conditions": [{ "type": "Ready", "status": if phase == "Running" { "True" } else { "False" } }] },
        });
        let mut one = workspace::about::whole(&ClusterName::new("c"), &object);
        let (act, reason, needs) = (WorkspaceAct::Proxy, String::new(), Vec::new());
        one.acts = vec![WorkspaceMay { act, decision, reason, needs, applies: true }];
        let url: AppUrl = Arc::new(|route, port| format!("http://{port}--{route}.localhost/"));
        let bare = ProxyDebug { server: "w".into(), path: "/x".into(), rid: "r".into(), ..ProxyDebug::default() };
        let tried = vec![("tunnel", 12, true)];
        let led = Led { order: vec!["tunnel", "forward"], way: Some("tunnel"), tried };
        serde_json::to_value(debugged(&one, Some(&url), led, bare)).unwrap()
    }

    #[test]
    fn gn_09_who_may_open_a_workspace_is_told_where_it_leads_by_which_way_and_others_nothing() {
        let own = told(Verdict::Allow, "Running", &Value::Null);
        let all = json!({
            "server": "w", "path": "/x", "rid": "r", "target": "http://8080--w-1.localhost/", "step": "open", "policy": "allow",
            "port": 8080, "by": "usual", "ways": ["tunnel", "forward"], "way": "tunnel",
            "tried": [{ "way": "tunnel", "ms": 12, "reached": true }],
        });
        assert_eq!(own, all);
        let resting = told(Verdict::Needs, "Stopped", &Value::Null);
        assert_eq!((&resting["step"], &resting["policy"]), (&json!("start"), &json!("needs")));
        let elsewhere = told(Verdict::Allow, "Running", &json!([{ "name": "AGENT_HOST", "value": "evil.test" }]));
        assert_eq!((&elsewhere["step"], elsewhere.get("target")), (&json!("port"), None));
        assert!(elsewhere["problem"].as_str().unwrap().contains("expose"), "{elsewhere}");
        assert_eq!(told(Verdict::Deny, "Running", &Value::Null), json!({ "server": "w", "path": "/x", "rid": "r" }));
    }
}
