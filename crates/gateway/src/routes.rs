//! `/api/v1/…`: thin handlers. Each takes the request apart, calls a service, and answers with its result or its error.

mod apps;
mod clusters;
mod taps;
mod workspaces;

use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::people::People;
use crate::server::Shared;
use api::rest::{
    AuditPage, CommitRequest, Committed, NewUrl, ObjectDetail, ObjectRef, Plan, PlanRequest, RevealRequest, Revealed,
    Session,
};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Extension, FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{Code, Coded, RequestId};
use policy::action::{AuditQuery, ObjectRead, ObjectTarget, SecretReveal};
use policy::{Action, Answers, Permit};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The API.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    paths().layer(DefaultBodyLimit::max(MAX_BODY)).with_state(shared)
}

/// Its paths. Each stands in `api::openapi` too.
fn paths() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/session", get(session))
        .route("/api/v1/codes", post(new_code))
        .route("/api/v1/kubeconfig", post(clusters::add))
        .route("/api/v1/object", get(object))
        .route("/api/v1/plans", post(plan))
        .route("/api/v1/plans/{id}", get(show_plan))
        .route("/api/v1/plans/{id}/commit", post(commit))
        .route("/api/v1/secret/reveal", post(reveal))
        .route("/api/v1/audit", get(audit))
        .merge(taps::router())
        .merge(workspaces::router())
        .merge(apps::router())
        .merge(crate::forward::router())
        .merge(crate::files::router())
        .route("/api/v1/workspaces/{namespace}/{name}/interactive", get(crate::terminal::upgrade))
        .route("/api/v1/workspaces/{namespace}/{name}/shells", get(crate::terminal::shells))
        .route("/api/v1/socket", get(crate::socket::upgrade))
}

/// A JSON body; what is wrong with it is said in the error body of every door.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = BadInput;

    async fn from_request(request: Request, state: &S) -> Result<Self, BadInput> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// Query parameters, likewise.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = BadInput;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, BadInput> {
        let Query(params) = Query::from_request_parts(parts, state).await?;
        Ok(Self(params))
    }
}

/// What was answered to the policy in the query, where a body is something else or there is none: `confirm=true`, `typed_name=`,
/// `reason=`.
pub(crate) struct Answered(pub(crate) Answers);

impl<S: Send + Sync> FromRequestParts<S> for Answered {
    type Rejection = BadInput;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, BadInput> {
        #[derive(Deserialize)]
        struct Given {
            #[serde(default)]
            confirm: bool,
            #[serde(default)]
            typed_name: String,
            #[serde(default)]
            reason: String,
        }
        let Query(Given { confirm, typed_name, reason }) = Query::from_request_parts(parts, state).await?;
        Ok(Self(Answers { confirm, typed_name, reason }))
    }
}

/// A body or query that does not have the form of the API.
pub(crate) struct BadInput(Refused);

impl From<JsonRejection> for BadInput {
    fn from(rejection: JsonRejection) -> Self {
        let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Self(Refused::new(if too_large { Code::TooLarge } else { Code::BadRequest }, rejection.body_text()))
    }
}

impl From<QueryRejection> for BadInput {
    fn from(rejection: QueryRejection) -> Self {
        Self(Refused::new(Code::BadRequest, rejection.body_text()))
    }
}

impl axum::response::IntoResponse for BadInput {
    fn into_response(self) -> axum::response::Response {
        self.0.with(RequestId::new()).into_response()
    }
}

pub(crate) type Answer<T> = Result<Json<T>, Failure>;

impl Shared {
    /// A permit for one action of this request.
    fn permit<A: Action>(&self, caller: &Caller, action: A, answers: &Answers) -> Result<Permit<A>, Failure> {
        self.services.gate.permit(&caller.principal, action, answers).map_err(|refusal| fail(&refusal, caller))
    }
}

pub(crate) fn fail(error: &dyn Coded, id: impl Into<RequestId>) -> Failure {
    Refused::of(error).with(id)
}

fn target(object: ObjectRef) -> ObjectTarget {
    let ObjectRef { cluster, kind, namespace, name } = object;
    ObjectTarget { cluster, kind, namespace, name }
}

pub(crate) fn answers(given: api::rest::Answers) -> Answers {
    let api::rest::Answers { confirm, typed_name, reason } = given;
    Answers { confirm, typed_name, reason }
}

async fn session(State(shared): State<Arc<Shared>>, Extension(caller): Extension<Caller>) -> Json<Session> {
    Json(Session {
        user: caller.principal.name().to_owned(),
        read_only: shared.config.read_only,
        version: shared.config.version.to_owned(),
        problem: shared.config.problem.clone(),
    })
}

/// A new one-time URL, for `qd url`.
async fn new_code(State(shared): State<Arc<Shared>>, Extension(caller): Extension<Caller>) -> Answer<NewUrl> {
    if !matches!(shared.services.people, People::Desk(_)) {
        let words = "there are no one-time URLs here: people sign in with their tokens";
        return Err(Refused::new(Code::NotFound, words).with(&caller));
    }
    match shared.one_time_url() {
        Ok(url) => Ok(Json(NewUrl { url })),
        Err(error) => {
            tracing::error!(%error, "no random bytes");
            Err(Refused::new(Code::Internal, "no random bytes from the system").with(&caller))
        }
    }
}

async fn object(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(object): Params<ObjectRef>,
) -> Answer<ObjectDetail> {
    let permit = shared.permit(&caller, ObjectRead { object: target(object) }, &Answers::default())?;
    let detail = operate::detail(&*shared.services.clusters, permit).await;
    detail.map(Json).map_err(|error| fail(&error, &caller))
}

async fn plan(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<PlanRequest>,
) -> Answer<Plan> {
    shared.services.plans.plan(&caller.principal, request).await.map(Json).map_err(|error| fail(&error, &caller))
}

async fn show_plan(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(plan): Path<String>,
) -> Answer<Plan> {
    shared.services.plans.get(&caller.principal, &plan).map(Json).map_err(|error| fail(&error, &caller))
}

async fn commit(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(plan): Path<String>,
    Body(request): Body<CommitRequest>,
) -> Answer<Committed> {
    let done = shared.services.plans.commit(&caller.principal, &plan, &request.answers).await;
    done.map(Json).map_err(|error| fail(&error, &caller))
}

async fn reveal(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<RevealRequest>,
) -> Answer<Revealed> {
    let RevealRequest { object, key, answers: given } = request;
    let permit = shared.permit(&caller, SecretReveal { object: target(object), key }, &answers(given))?;
    let revealed = operate::reveal(&*shared.services.clusters, permit).await;
    revealed.map(Json).map_err(|error| fail(&error, &caller))
}

/// `GET /api/v1/audit?…`
#[derive(Deserialize)]
struct AuditParams {
    #[serde(default)]
    from_ms: Option<i64>,
    #[serde(default)]
    to_ms: Option<i64>,
    #[serde(default)]
    principal: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    object: Option<String>,
    #[serde(default)]
    decision: Option<String>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

async fn audit(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<AuditParams>,
) -> Answer<AuditPage> {
    let AuditParams { from_ms, to_ms, principal, action, object, decision, before, limit } = params;
    let asked = AuditQuery { from_ms, to_ms, principal, action, object, decision };
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    let page = operate::audit_query(&shared.services.store, permit, before.as_deref(), limit.unwrap_or(100)).await;
    page.map(Json).map_err(|error| fail(&error, &caller))
}

/// Largest request body. (Whole manifests come with a later act.)
const MAX_BODY: usize = 1 << 20;

#[cfg(test)]
mod tests;
