//! Who may visit an exposed workspace: what an ingress controller asks about each request, by the session of the console and
//! the policy of its proxy.
//!
//! ```text
//! visitor ─► controller ─► check: no cookie ─► 401 ─► enter (console's origin, session, permit) ─► the host again, with a code
//! visitor ─► controller ─► check: code ─► cookie of that host alone (8 h) ─► the workspace
//! ```
//!
//! Called by the guard, which lets `check` pass without a caller: the cookie of the workspace's host is its key. Codes work
//! once, for half a minute, at one host; a cookie is good at one host of one workspace, as long as its permit and what let
//! its owner into the console; each minute the policy is asked again. A page of another origin gets no answer from a host,
//! whatever cookies ride along.

mod asked;
mod visits;

use crate::caller::Caller;
use crate::error::Refused;
use crate::routes::Params;
use crate::server::Shared;
use asked::Original;
use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base::{ClusterName, Code, Coded};
use policy::action::{ObjectTarget, WorkspaceProxy, WorkspaceView};
use policy::{Answers, Outcome, Refusal};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use visits::Visit;
pub(crate) use visits::Visits;
use workspace::{Key, acts};

/// What `check` begins with: the guard lets it pass.
pub(crate) const CHECK: &str = "/forward-auth/check/";

/// The paths.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/forward-auth/check/{cluster}/{namespace}/{name}", get(check))
        .route("/forward-auth/enter/{cluster}/{namespace}/{name}", get(enter))
}

/// Of one workspace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Named {
    cluster: ClusterName,
    namespace: String,
    name: String,
}

impl Named {
    fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

/// 200 lets the request pass, anything else does not.
async fn check(State(shared): State<Arc<Shared>>, Path(named): Path<Named>, headers: HeaderMap) -> Response {
    let now_ms = shared.clock.now_ms();
    let Some(original) = Original::of(&headers) else { return StatusCode::BAD_REQUEST.into_response() };
    if original.is_foreign() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let visits = &shared.visits;
    if let Some(visit) = visits.find(original.cookies(), &original.host, now_ms)
        && visit.named == named
    {
        if !visit.is_good(&shared.services.gate, now_ms) {
            visits.end(&visit, "the policy does not allow it any more");
            return StatusCode::UNAUTHORIZED.into_response();
        }
        visit.used(&shared.services.activity);
        return StatusCode::OK.into_response();
    }
    let visit = original.code().and_then(|code| visits.redeem(&code, &original.host, now_ms));
    let Some(visit) = visit.filter(|visit| visit.named == named) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    match visits.open(visit, now_ms) {
        Ok(Some(cookie)) => match HeaderValue::from_str(&visits::set_cookie(&cookie)) {
            Ok(value) => (StatusCode::OK, [(header::SET_COOKIE, value)]).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(error) => {
            tracing::error!(%error, "no random bytes");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `?rd=`: where the visitor wanted to go.
#[derive(Deserialize)]
struct EnterParams {
    #[serde(default)]
    rd: String,
}

/// Gives the visitor a code, and sends them back to the host of the workspace, wherever else they say they came from.
async fn enter(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(named): Path<Named>,
    Params(EnterParams { rd }): Params<EnterParams>,
) -> Response {
    match let_in(&shared, &caller, named, &rd).await {
        Ok(url) => page(&url),
        Err(refused) => refused.page((&caller).into()),
    }
}

async fn let_in(shared: &Shared, caller: &Caller, named: Named, rd: &str) -> Result<String, Refused> {
    let services = &shared.services;
    let of = |error: &dyn Coded| Refused::of(error);
    let unknown = || {
        let words = format!("there is no workspace {}/{} that is reached by a host", named.namespace, named.name);
        Refused::new(Code::WorkspaceNotFound, words)
    };
    let view =
        WorkspaceView { cluster: named.cluster.clone(), namespace: named.namespace.clone(), name: named.name.clone() };
    // What is hidden is not there.
    let view = services.gate.permit(&caller.principal, view, &Answers::default()).map_err(|refusal| match refusal {
        Refusal::Denied { .. } => unknown(),
        other => of(&other),
    })?;
    let cluster = services.mirror.of(&caller.principal).cluster(&named.cluster).map_err(|error| of(&error))?;
    let object = acts::show(&cluster, &view).await.map_err(|error| of(&error))?;
    let status = |key: &str| object.pointer(&format!("/status/{key}")).and_then(Value::as_str);
    let url: Uri = status("externalURL").and_then(|url| url.parse().ok()).ok_or_else(unknown)?;
    let host = url.host().filter(|_| url.scheme_str() == Some("https")).ok_or_else(unknown)?.to_ascii_lowercase();
    let target: Option<Uri> = status("proxyTarget").and_then(|url| url.parse().ok());
    let port = target.and_then(|target| target.port_u16()).ok_or_else(unknown)?;
    // The code is for the workspace's own host: whoever sent the visitor here may have said another.
    let wanted: Option<Uri> = rd.parse().ok().filter(|wanted: &Uri| wanted.host().is_some_and(|one| one == host));
    let object = ObjectTarget::workspace(&named.cluster, &named.namespace, &named.name);
    let asked = WorkspaceProxy { object, port, app: String::new() };
    let permit = services.gate.permit(&caller.principal, asked, &Answers::default()).map_err(|refusal| of(&refusal))?;
    let policy::action::WorkspaceProxyObligations {} = permit.obligations();
    permit.settled().await.map_err(|error| of(&error))?;
    let now_ms = shared.clock.now_ms();
    let visit = Visit::new(named, host.clone(), caller, permit, now_ms);
    match shared.visits.promise(visit, now_ms) {
        Ok(Ok(code)) => Ok(asked::with_code(&host, wanted.as_ref(), &code)),
        Ok(Err(visit)) => {
            let busy = Refused::new(Code::LimitReached, "too many were let in at once: try again in half a minute");
            visit.finish(Outcome::Failed {
                code: Code::LimitReached.as_str().to_owned(),
                message: busy.message().to_owned(),
            });
            Err(busy)
        }
        Err(error) => {
            tracing::error!(%error, "no random bytes");
            Err(Refused::new(Code::Internal, "no random bytes from the system"))
        }
    }
}

/// Leads on by itself. No redirect: one that follows the sign-in form may not leave this origin.
pub(crate) fn page(url: &str) -> Response {
    let url = url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'><title>Quarterdeck</title>\
         <meta http-equiv=refresh content=\"0;url={url}\"><p><a href=\"{url}\">Go on to the workspace</a></p></html>"
    ))
    .into_response()
}

#[cfg(test)]
mod tests;
