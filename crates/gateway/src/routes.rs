//! `/api/v1/…`: thin handlers. Each takes the request apart, calls a service, and answers with its result or its error.

use crate::error::{Failure, Refused};
use crate::server::Shared;
use api::rest::{
    AuditPage, CommitRequest, Committed, ObjectDetail, ObjectRef, Plan, PlanRequest, RevealRequest, Revealed, Session,
};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Extension, FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{Code, Coded, RequestId};
use policy::action::{AuditQuery, ObjectRead, ObjectTarget, SecretReveal};
use policy::{Action, Answers, Door, Permit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The paths of the API.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/v1/session", get(session))
        .route("/api/v1/codes", post(new_code))
        .route("/api/v1/object", get(object))
        .route("/api/v1/plans", post(plan))
        .route("/api/v1/plans/{id}", get(show_plan))
        .route("/api/v1/plans/{id}/commit", post(commit))
        .route("/api/v1/secret/reveal", post(reveal))
        .route("/api/v1/audit", get(audit))
        .route("/api/v1/socket", get(crate::socket::upgrade))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// A JSON body; what is wrong with it is said in the error body of every door.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = BadInput;

    async fn from_request(request: Request, state: &S) -> Result<Self, BadInput> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// Query parameters, likewise.
struct Params<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = BadInput;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, BadInput> {
        let Query(params) = Query::from_request_parts(parts, state).await?;
        Ok(Self(params))
    }
}

/// A body or query that does not have the form of the API.
struct BadInput(Refused);

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

type Answer<T> = Result<Json<T>, Failure>;

impl Shared {
    /// A permit for one action of this request.
    fn permit<A: Action>(&self, id: RequestId, action: A, answers: &Answers) -> Result<Permit<A>, Failure> {
        let principal = self.principal(id, Door::Console);
        self.services.gate.permit(&principal, action, answers).map_err(|refusal| fail(&refusal, id))
    }
}

fn fail(error: &dyn Coded, id: RequestId) -> Failure {
    Refused::of(error).with(id)
}

fn target(object: ObjectRef) -> ObjectTarget {
    let ObjectRef { cluster, kind, namespace, name } = object;
    ObjectTarget { cluster, kind, namespace, name }
}

fn answers(given: api::rest::Answers) -> Answers {
    let api::rest::Answers { confirm, typed_name, reason } = given;
    Answers { confirm, typed_name, reason }
}

async fn session(State(shared): State<Arc<Shared>>) -> Json<Session> {
    let principal = shared.services.principal.borrow().clone();
    Json(Session {
        user: principal.name().to_owned(),
        read_only: shared.config.read_only,
        version: shared.config.version.to_owned(),
        problem: shared.config.problem.clone(),
    })
}

/// A new one-time URL, for `qd url`.
#[derive(Serialize)]
struct NewUrl {
    url: String,
}

async fn new_code(State(shared): State<Arc<Shared>>, Extension(id): Extension<RequestId>) -> Answer<NewUrl> {
    match shared.one_time_url() {
        Ok(url) => Ok(Json(NewUrl { url })),
        Err(error) => {
            tracing::error!(%error, "no random bytes");
            Err(Refused::new(Code::Internal, "no random bytes from the system").with(id))
        }
    }
}

async fn object(
    State(shared): State<Arc<Shared>>,
    Extension(id): Extension<RequestId>,
    Params(object): Params<ObjectRef>,
) -> Answer<ObjectDetail> {
    let permit = shared.permit(id, ObjectRead { object: target(object) }, &Answers::default())?;
    let detail = operate::detail(&*shared.services.clusters, permit).await;
    detail.map(Json).map_err(|error| fail(&error, id))
}

async fn plan(
    State(shared): State<Arc<Shared>>,
    Extension(id): Extension<RequestId>,
    Body(request): Body<PlanRequest>,
) -> Answer<Plan> {
    let principal = shared.principal(id, Door::Console);
    shared.services.plans.plan(&principal, request).await.map(Json).map_err(|error| fail(&error, id))
}

async fn show_plan(
    State(shared): State<Arc<Shared>>,
    Extension(id): Extension<RequestId>,
    Path(plan): Path<String>,
) -> Answer<Plan> {
    let principal = shared.principal(id, Door::Console);
    shared.services.plans.get(&principal, &plan).map(Json).map_err(|error| fail(&error, id))
}

async fn commit(
    State(shared): State<Arc<Shared>>,
    Extension(id): Extension<RequestId>,
    Path(plan): Path<String>,
    Body(request): Body<CommitRequest>,
) -> Answer<Committed> {
    let principal = shared.principal(id, Door::Console);
    let done = shared.services.plans.commit(&principal, &plan, &request.answers).await;
    done.map(Json).map_err(|error| fail(&error, id))
}

async fn reveal(
    State(shared): State<Arc<Shared>>,
    Extension(id): Extension<RequestId>,
    Body(request): Body<RevealRequest>,
) -> Answer<Revealed> {
    let RevealRequest { object, key, answers: given } = request;
    let permit = shared.permit(id, SecretReveal { object: target(object), key }, &answers(given))?;
    let revealed = operate::reveal(&*shared.services.clusters, permit).await;
    revealed.map(Json).map_err(|error| fail(&error, id))
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
    Extension(id): Extension<RequestId>,
    Params(params): Params<AuditParams>,
) -> Answer<AuditPage> {
    let AuditParams { from_ms, to_ms, principal, action, object, decision, before, limit } = params;
    let asked = AuditQuery { from_ms, to_ms, principal, action, object, decision };
    let permit = shared.permit(id, asked, &Answers::default())?;
    let page = operate::audit_query(&shared.services.store, permit, before.as_deref(), limit.unwrap_or(100)).await;
    page.map(Json).map_err(|error| fail(&error, id))
}

/// Largest request body. (Whole manifests come with a later act.)
const MAX_BODY: usize = 1 << 20;
