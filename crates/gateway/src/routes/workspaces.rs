//! `/api/v1/workspaces…`, `/api/v1/blueprints…`, `/api/v1/jobs…`: workspaces, what they are made from, and what is being done to
//! them. Paths, parameters and errors stand in `docs/reference/workspaces-api.md`.

mod all;
mod inside;
mod jobs;
mod logs;
mod of;
mod told;

use super::{Answer, Body, Params, fail};
use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::server::Shared;
use api::blueprint::{BlueprintList, BlueprintPreview, BlueprintReloaded, BlueprintValidate, BlueprintValidated};
use api::workspace::{
    Workspace, WorkspaceActing, WorkspaceCreate, WorkspaceDeleteMode, WorkspaceKeeping, WorkspaceKept, WorkspaceList,
    WorkspaceRemains, WorkspaceStopping, WorkspaceUpdate, WorkspaceWhy,
};
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{ClusterName, Code};
use of::{Accepted, Of, accepted};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use workspace::doors::{DoorError, Wanted, Workspaces};

/// Its paths.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/workspaces", get(list).post(create).delete(all::delete))
        .route("/api/v1/workspaces/{namespace}/{name}", get(show).patch(update).delete(delete))
        .route("/api/v1/workspaces/{namespace}/{name}/start", post(start))
        .route("/api/v1/workspaces/{namespace}/{name}/stop", post(stop))
        .route("/api/v1/workspaces/{namespace}/{name}/keep", post(keep))
        .route("/api/v1/workspaces/{namespace}/{name}/remains", get(remains).delete(purge_remains))
        .route("/api/v1/workspaces/{namespace}/{name}/why", get(why))
        .route("/api/v1/workspaces/{namespace}/{name}/logs", get(logs::logs))
        .route("/api/v1/workspaces/{namespace}/{name}/events", get(told::events))
        .merge(inside::router())
        .route("/api/v1/blueprints", get(blueprints))
        .route("/api/v1/blueprints/preview", post(preview))
        .route("/api/v1/blueprints/reload", post(reload))
        .route("/api/v1/blueprints/validate", post(validate))
        .merge(jobs::router())
}

type Asking = Extension<Caller>;

impl Shared {
    pub(crate) fn workspaces(&self) -> &Workspaces {
        &self.services.workspaces
    }
}

fn wrong(caller: &Caller) -> impl Fn(DoorError) -> Failure {
    move |error| fail(&error, caller)
}

/// `?cluster=&namespace=`, and which are wanted: several clusters or people have commas between them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ListParams {
    cluster: String,
    namespace: String,
    workspace: String,
    user_string: Option<String>,
    usernames: String,
    organization: String,
    blueprint: String,
    repo_name: String,
    repo_owner: String,
    repo_ref: String,
    query: String,
    sort: String,
    limit: Option<usize>,
    offset: usize,
}

fn several(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty())
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Params(params): Params<ListParams>,
) -> Answer<WorkspaceList> {
    let clusters: Vec<ClusterName> = several(&params.cluster).map(ClusterName::new).collect();
    let wanted = Wanted {
        workspace: params.workspace,
        user_string: params.user_string.filter(|text| !text.is_empty()),
        usernames: several(&params.usernames).map(str::to_owned).collect(),
        organization: params.organization,
        blueprint: params.blueprint,
        repo_name: params.repo_name,
        repo_owner: params.repo_owner,
        repo_ref: params.repo_ref,
        query: params.query,
        sort: params.sort,
        limit: params.limit,
        offset: params.offset,
    };
    let listed = shared.workspaces().list(&caller.principal, &clusters, &params.namespace, &wanted).await;
    listed.map(Json).map_err(wrong(&caller))
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

async fn show(of: Of) -> Answer<Workspace> {
    of.told(of.doors().show(of.who(), &of.named).await)
}

async fn why(of: Of) -> Answer<WorkspaceWhy> {
    let told = of.doors().why(of.who(), &of.named).await.map(|why| WorkspaceWhy { uses: of.uses(), ..why });
    of.told(told)
}

async fn update(of: Of, Body(asked): Body<WorkspaceUpdate>) -> Answer<Workspace> {
    of.told(of.doors().update(of.who(), &of.named, asked).await)
}

async fn start(of: Of, body: Bytes) -> Accepted {
    let asked: WorkspaceActing = of.perhaps(&body)?;
    of.accepted(of.doors().start(of.who(), of.named.clone(), asked).await)
}

async fn stop(of: Of, body: Bytes) -> Accepted {
    let asked: WorkspaceStopping = of.perhaps(&body)?;
    of.accepted(of.doors().stop(of.who(), of.named.clone(), asked).await)
}

async fn keep(of: Of, Body(asked): Body<WorkspaceKeeping>) -> Answer<WorkspaceKept> {
    of.told(of.doors().keep(of.who(), &of.named, asked).await)
}

async fn remains(of: Of) -> Answer<WorkspaceRemains> {
    of.told(of.doors().remains(of.who(), &of.named).await)
}

async fn purge_remains(of: Of, body: Bytes) -> Answer<WorkspaceRemains> {
    let asked: WorkspaceActing = of.perhaps(&body)?;
    of.told(of.doors().purge_remains(of.who(), of.named.clone(), asked).await)
}

/// `DELETE …?cluster=&mode=&purge=`
#[derive(Deserialize)]
struct DeleteParams {
    /// Said in words, for one of the two takes things away.
    mode: WorkspaceDeleteMode,
    /// Its own volumes go too, whatever it says of them.
    #[serde(default)]
    purge: bool,
}

async fn delete(of: Of, Params(params): Params<DeleteParams>, body: Bytes) -> Accepted {
    let asked: WorkspaceActing = of.perhaps(&body)?;
    let named = of.named.clone();
    let done = match (params.mode, params.purge) {
        (WorkspaceDeleteMode::Full, true) => of.doors().purge(of.who(), named, asked).await,
        (WorkspaceDeleteMode::Full, false) => of.doors().delete(of.who(), named, asked).await,
        (WorkspaceDeleteMode::Stop, true) => {
            return Err(of.refused(Code::BadRequest, "what is stopped keeps its volumes: purge goes with mode=full"));
        }
        (WorkspaceDeleteMode::Stop, false) => {
            let asked = WorkspaceStopping { delay_seconds: 0, answers: asked.answers };
            of.doors().stop(of.who(), named, asked).await
        }
    };
    of.accepted(done)
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
    Body(asked): Body<WorkspaceCreate>,
) -> Answer<BlueprintPreview> {
    shared.workspaces().preview(&caller.principal, asked).await.map(Json).map_err(wrong(&caller))
}

async fn reload(State(shared): State<Arc<Shared>>, Extension(caller): Asking) -> Answer<BlueprintReloaded> {
    shared.workspaces().reload(&caller.principal).await.map(Json).map_err(wrong(&caller))
}

async fn validate(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Body(asked): Body<BlueprintValidate>,
) -> Answer<BlueprintValidated> {
    shared.workspaces().validate(&caller.principal, asked).await.map(Json).map_err(wrong(&caller))
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
