//! `/api/v1/workspaces…`, `/api/v1/blueprints…`, `/api/v1/jobs…`: workspaces, what they are made from, and what is being done to
//! them. Paths, parameters and errors stand in `docs/reference/workspaces-api.md`.

mod inside;
mod told;

use super::{Answer, Body, Params, fail};
use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::server::Shared;
use api::blueprint::{BlueprintList, BlueprintPreview, BlueprintPreviewRequest};
use api::job::Job;
use api::workspace::{
    Workspace, WorkspaceAccepted, WorkspaceActing, WorkspaceCreate, WorkspaceDeleteMode, WorkspaceList,
    WorkspaceStopping, WorkspaceUpdate, WorkspaceWhy,
};
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{ClusterName, Code};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use workspace::doors::{DoorError, Named, Workspaces};

/// Its paths.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/workspaces", get(list).post(create))
        .route("/api/v1/workspaces/{namespace}/{name}", get(show).patch(update).delete(delete))
        .route("/api/v1/workspaces/{namespace}/{name}/start", post(start))
        .route("/api/v1/workspaces/{namespace}/{name}/stop", post(stop))
        .route("/api/v1/workspaces/{namespace}/{name}/why", get(why))
        .route("/api/v1/workspaces/{namespace}/{name}/logs", get(logs))
        .route("/api/v1/workspaces/{namespace}/{name}/events", get(told::events))
        .merge(inside::router())
        .route("/api/v1/blueprints", get(blueprints))
        .route("/api/v1/blueprints/preview", post(preview))
        .route("/api/v1/jobs/{id}", get(job).delete(cancel))
        .route("/api/v1/jobs/{id}/events", get(told::job_events))
}

type Asking = Extension<Caller>;

impl Shared {
    fn workspaces(&self) -> &Workspaces {
        &self.services.workspaces
    }
}

/// `?cluster=`
#[derive(Deserialize)]
struct InCluster {
    cluster: ClusterName,
}

type Place = Path<(String, String)>;

fn named(cluster: ClusterName, (namespace, name): (String, String)) -> Named {
    Named { cluster, namespace, name }
}

fn wrong(caller: &Caller) -> impl Fn(DoorError) -> Failure {
    move |error| fail(&error, caller)
}

/// `?cluster=&namespace=`: several clusters have commas between them.
#[derive(Deserialize)]
struct ListParams {
    #[serde(default)]
    cluster: String,
    #[serde(default)]
    namespace: String,
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Params(params): Params<ListParams>,
) -> Answer<WorkspaceList> {
    let clusters: Vec<ClusterName> =
        params.cluster.split(',').filter(|name| !name.is_empty()).map(ClusterName::new).collect();
    let listed = shared.workspaces().list(&caller.principal, &clusters, &params.namespace).await;
    listed.map(Json).map_err(wrong(&caller))
}

async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
) -> Answer<Workspace> {
    let shown = shared.workspaces().show(&caller.principal, &named(params.cluster, place)).await;
    shown.map(Json).map_err(wrong(&caller))
}

type Accepted = Result<(StatusCode, Json<WorkspaceAccepted>), Failure>;

fn accepted(done: Result<WorkspaceAccepted, DoorError>, caller: &Caller) -> Accepted {
    done.map(|accepted| (StatusCode::ACCEPTED, Json(accepted))).map_err(wrong(caller))
}

async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    headers: HeaderMap,
    Body(asked): Body<WorkspaceCreate>,
) -> Accepted {
    let key = match headers.get("idempotency-key").map(|key| key.to_str().map(str::trim)) {
        None => None,
        Some(Ok(key)) if (1..=MOST_KEY).contains(&key.len()) => Some(key.to_owned()),
        Some(_) => {
            let words = format!("an Idempotency-Key has 1 to {MOST_KEY} visible ASCII characters");
            return Err(Refused::new(Code::BadRequest, words).with(&caller));
        }
    };
    accepted(shared.workspaces().create(&caller.principal, asked, key).await, &caller)
}

async fn start(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
    body: Bytes,
) -> Accepted {
    let asked: WorkspaceActing = perhaps(&body, &caller)?;
    accepted(shared.workspaces().start(&caller.principal, named(params.cluster, place), asked).await, &caller)
}

async fn stop(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
    body: Bytes,
) -> Accepted {
    let asked: WorkspaceStopping = perhaps(&body, &caller)?;
    accepted(shared.workspaces().stop(&caller.principal, named(params.cluster, place), asked).await, &caller)
}

/// `DELETE …?cluster=&mode=`
#[derive(Deserialize)]
struct DeleteParams {
    cluster: ClusterName,
    /// Said in words, for one of the two takes things away.
    mode: WorkspaceDeleteMode,
}

async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<DeleteParams>,
    body: Bytes,
) -> Accepted {
    let asked: WorkspaceActing = perhaps(&body, &caller)?;
    let (workspaces, named) = (shared.workspaces(), named(params.cluster, place));
    let done = match params.mode {
        WorkspaceDeleteMode::Full => workspaces.delete(&caller.principal, named, asked).await,
        WorkspaceDeleteMode::Stop => {
            let asked = WorkspaceStopping { delay_seconds: 0, answers: asked.answers };
            workspaces.stop(&caller.principal, named, asked).await
        }
    };
    accepted(done, &caller)
}

async fn update(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
    Body(asked): Body<WorkspaceUpdate>,
) -> Answer<Workspace> {
    let updated = shared.workspaces().update(&caller.principal, &named(params.cluster, place), asked).await;
    updated.map(Json).map_err(wrong(&caller))
}

async fn why(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
) -> Answer<WorkspaceWhy> {
    let why = shared.workspaces().why(&caller.principal, &named(params.cluster, place)).await;
    why.map(Json).map_err(wrong(&caller))
}

/// `…/logs?cluster=&container=&tail=&previous=`
#[derive(Deserialize)]
struct LogParams {
    cluster: ClusterName,
    #[serde(default)]
    container: Option<String>,
    #[serde(default)]
    tail: Option<u32>,
    #[serde(default)]
    previous: bool,
}

async fn logs(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<LogParams>,
) -> Result<Response, Failure> {
    let LogParams { cluster, container, tail, previous } = params;
    let container = container.filter(|name| !name.is_empty()).unwrap_or_else(|| "main".to_owned());
    let lines = tail.unwrap_or(200).min(MOST_LINES);
    let log = shared.workspaces().logs(&caller.principal, &named(cluster, place), &container, lines, previous).await;
    let log = log.map_err(wrong(&caller))?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], log).into_response())
}

/// `?cluster=&namespace=&org=`
#[derive(Deserialize)]
struct BlueprintParams {
    cluster: ClusterName,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    org: Option<String>,
}

async fn blueprints(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Params(params): Params<BlueprintParams>,
) -> Answer<BlueprintList> {
    let BlueprintParams { cluster, namespace, org } = params;
    let listed =
        shared.workspaces().blueprints(&caller.principal, &cluster, namespace.as_deref(), org.as_deref()).await;
    listed.map(Json).map_err(wrong(&caller))
}

async fn preview(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Body(asked): Body<BlueprintPreviewRequest>,
) -> Answer<BlueprintPreview> {
    shared.workspaces().preview(&caller.principal, asked).await.map(Json).map_err(wrong(&caller))
}

async fn job(State(shared): State<Arc<Shared>>, Extension(caller): Asking, Path(id): Path<String>) -> Answer<Job> {
    let told = shared.workspaces().job(&caller.principal, &id).await;
    told.map(|told| Json(told.job())).map_err(wrong(&caller))
}

async fn cancel(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(id): Path<String>,
    body: Bytes,
) -> Accepted {
    let asked: WorkspaceActing = perhaps(&body, &caller)?;
    accepted(shared.workspaces().cancel(&caller.principal, &id, asked).await, &caller)
}

/// A body that may be left out.
pub(super) fn perhaps<T: DeserializeOwned + Default>(body: &[u8], caller: &Caller) -> Result<T, Failure> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Refused::new(Code::BadRequest, error.to_string()).with(caller))
}

/// Characters of an `Idempotency-Key`.
const MOST_KEY: usize = 255;
/// Lines of a log in one answer.
const MOST_LINES: u32 = 10_000;
