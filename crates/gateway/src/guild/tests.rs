#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::face::face;
use super::wrong::Wrong;
use super::{Guild, readiness, takes};
use crate::error::Refused;
use crate::ops::Check;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base::{ClusterName, Code, Coded, RequestId};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const OWN: &str = "https://ui.test:5173";

fn app(origin: Option<&str>) -> Router {
    let origin = origin.map(str::to_owned);
    let guild = Guild { cluster: ClusterName::new("c"), namespace: None, name: "n".to_owned(), origin, app_url: None };
    let own = || async {
        let id = RequestId::new().to_string();
        let mut response = "[]".into_response();
        response.headers_mut().insert("x-request-id", HeaderValue::from_str(&id).unwrap());
        response
    };
    Router::new()
        .route("/api/servers", get(own))
        .route(
            "/api/servers/{id}",
            get(|| async { Wrong::new(StatusCode::NOT_FOUND, "no_pods", "none").with("id", "w") }),
        )
        .route("/api/jobs", get(|| async { Refused::new(Code::TokenMissing, "sign in").with(RequestId::new()) }))
        .route("/api/v1/session", get(|| async { Refused::new(Code::TokenMissing, "sign in").with(RequestId::new()) }))
        .layer(axum::middleware::from_fn_with_state(Arc::new(guild), face))
}

async fn ask(method: &str, path: &str, headers: &[(&str, &str)], origin: Option<&str>) -> (Response, Value) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app(origin).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    (Response::from_parts(head, Body::empty()), serde_json::from_slice(&bytes).unwrap_or_default())
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn gn_12b_a_clients_own_id_comes_back_and_what_is_none_does_not() {
    let long = "x".repeat(64);
    for id in ["a", "A-z_0.9", long.as_str()] {
        let (response, body) = ask("GET", "/api/servers/x", &[("x-request-id", id)], None).await;
        assert_eq!((header(&response, "x-request-id"), body["request_id"].as_str()), (Some(id), Some(id)));
    }
    let longer = "x".repeat(65);
    for id in ["", "a b", "a\u{e9}", "a;b", longer.as_str()] {
        let (response, body) = ask("GET", "/api/servers/x", &[("x-request-id", id)], None).await;
        let made = header(&response, "x-request-id").unwrap();
        assert!(made != id && made.len() == 36, "{made}");
        assert_eq!(body["request_id"].as_str(), Some(made));
    }
    let two = [("x-request-id", "a"), ("x-request-id", "b")];
    assert_eq!(header(&ask("GET", "/api/servers", &two, None).await.0, "x-request-id").unwrap().len(), 36);
}

#[tokio::test]
async fn gn_12c_errors_have_four_members_on_these_paths_alone() {
    let (response, body) = ask("GET", "/api/servers/x", &[("x-request-id", "r")], None).await;
    assert_eq!(response.status(), 404);
    assert_eq!(body, json!({ "code": "no_pods", "message": "none", "request_id": "r", "details": { "id": "w" } }));
    let (response, body) = ask("GET", "/api/jobs", &[("x-request-id", "r")], None).await;
    assert_eq!(response.status(), 401);
    assert_eq!((&body["code"], &body["request_id"]), (&json!("token_missing"), &json!("r")));
    assert!(body["details"].is_object());
    let (response, body) = ask("GET", "/api/servers/x/y", &[], None).await;
    assert_eq!((response.status().as_u16(), &body["code"]), (404, &json!("not_found")));
    let (response, body) = ask("POST", "/api/servers", &[], None).await;
    assert_eq!((response.status().as_u16(), &body["code"]), (405, &json!("method_not_allowed")));
    let (_, body) = ask("GET", "/api/v1/session", &[("x-request-id", "r")], None).await;
    assert!(body["request_id"] != "r" && body.get("details").is_none(), "{body}");
}

#[tokio::test]
async fn gn_12d_one_origin_is_let_in_with_credentials_and_no_other_has_a_header() {
    let (response, _) = ask("OPTIONS", "/api/jobs", &[("origin", OWN)], Some(OWN)).await;
    assert_eq!(response.status(), 204);
    assert_eq!(header(&response, "access-control-allow-origin"), Some(OWN));
    assert_eq!(header(&response, "access-control-allow-credentials"), Some("true"));
    let (response, _) = ask("GET", "/api/servers/x", &[("origin", OWN)], Some(OWN)).await;
    assert_eq!(
        (header(&response, "access-control-allow-origin"), header(&response, "vary")),
        (Some(OWN), Some("Origin"))
    );
    for origin in ["https://evil.test", "null", "https://ui.test:5173.evil.test", "https://ui.test"] {
        for method in ["OPTIONS", "GET"] {
            let (response, _) = ask(method, "/api/servers", &[("origin", origin)], Some(OWN)).await;
            let names = response.headers().keys().filter(|name| name.as_str().starts_with("access-control")).count();
            assert_eq!(names, 0, "{method} from {origin}");
        }
    }
    let (response, _) = ask("OPTIONS", "/api/servers", &[("origin", OWN)], None).await;
    assert_eq!((response.status().as_u16(), header(&response, "access-control-allow-origin")), (204, None));
    let (response, _) = ask("GET", "/api/v1/session", &[("origin", OWN)], Some(OWN)).await;
    assert_eq!(header(&response, "access-control-allow-origin"), None, "of these paths alone");
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failing(Code);

impl Coded for Failing {
    fn code(&self) -> Code {
        self.0
    }
}

#[test]
fn gn_12e_absence_refusal_conflict_and_breakage_are_told_apart() {
    let table = [
        (Code::WorkspaceNotFound, 404, "not_found"),
        (Code::PolicyDenied, 403, "forbidden"),
        (Code::RbacDenied, 403, "forbidden"),
        (Code::NeedsUnmet, 403, "forbidden"),
        (Code::ApplyConflict, 409, "apply_conflict"),
        (Code::ClusterUnreachable, 502, "dyn_unavailable"),
        (Code::KindNotServed, 503, "dyn_unavailable"),
        (Code::ClusterError, 502, "list_failed"),
        (Code::ParamInvalid, 400, "invalid_spec"),
        (Code::ApplyInvalid, 400, "invalid_spec"),
    ];
    for (code, status, word) in table {
        let wrong = Wrong::of(&Failing(code), "list_failed");
        let body = wrong.clone().body("r");
        assert_eq!(body.code, word, "{code}");
        assert_eq!(body.details["cause"], code.as_str());
        assert_eq!(wrong.into_response().status(), status, "{code}");
    }
}

#[test]
fn gn_04a_a_deletion_that_fails_says_absence_only_where_there_is_none() {
    let absent =
        |code: Code| Wrong::of(&Failing(code), "delete_failed").into_response().status() == StatusCode::NOT_FOUND;
    let table = [
        (Code::PolicyDenied, 403, "forbidden"),
        (Code::RbacDenied, 403, "forbidden"),
        (Code::NeedsUnmet, 403, "forbidden"),
        (Code::ApplyConflict, 409, "apply_conflict"),
        (Code::ClusterUnreachable, 502, "dyn_unavailable"),
        (Code::ClusterError, 502, "delete_failed"),
        (Code::StoreUnavailable, 503, "delete_failed"),
    ];
    for (code, status, word) in table {
        let wrong = Wrong::of(&Failing(code), "delete_failed");
        assert_eq!((wrong.code(), wrong.clone().into_response().status().as_u16()), (word, status), "{code}");
        assert!(!absent(code), "{code}");
    }
    assert!(absent(Code::WorkspaceNotFound));
}

#[test]
fn gn_01a_paths_are_ours_as_whole_words() {
    for path in
        ["/api/servers", "/api/servers/x/logs", "/api/stop-all/", "/proxy", "/proxy/", "/proxy/a:1/b", "/sse/logs"]
    {
        assert!(takes(path), "{path}");
    }
    for path in ["/", "/api/v1/servers", "/api/serversx", "/proxyx", "/api/v1/jobs", "/sse", "/healthz"] {
        assert!(!takes(path), "{path}");
    }
}

#[tokio::test]
async fn gn_01b_readiness_names_the_part_that_is_not_ready_and_nothing_else() {
    let check = |name, good: bool| Check {
        name,
        ready: Box::new(move || if good { Ok(()) } else { Err("a path of this machine".to_owned()) }),
    };
    let text = async |response: Response| {
        let status = response.status().as_u16();
        (status, String::from_utf8(to_bytes(response.into_body(), 1 << 10).await.unwrap().to_vec()).unwrap())
    };
    assert_eq!(text(readiness(&[check("journal", true)])).await, (200, "ok".to_owned()));
    let failing = [check("journal", true), check("files", false), check("workspaces", false)];
    assert_eq!(text(readiness(&failing)).await, (503, "not ready: files, workspaces\n".to_owned()));
}
