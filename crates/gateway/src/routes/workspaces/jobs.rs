//! `/api/v1/jobs…`: what is being done to workspaces, and was.

use super::of::{Accepted, accepted};
use super::{Asking, perhaps, told, wrong};
use crate::routes::{Answer, Params};
use crate::server::Shared;
use api::job::{Job, JobList, JobState};
use api::workspace::WorkspaceActing;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;
use workspace::doors::JobsAsked;

/// Its paths.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/jobs", get(list))
        .route("/api/v1/jobs/{id}", get(show).delete(cancel))
        .route("/api/v1/jobs/{id}/events", get(told::job_events))
}

/// `?cluster=&namespace=&name=&state=&limit=`
#[derive(Deserialize)]
struct ListParams {
    #[serde(default)]
    cluster: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    state: Option<JobState>,
    #[serde(default)]
    limit: Option<usize>,
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Params(params): Params<ListParams>,
) -> Answer<JobList> {
    let ListParams { cluster, namespace, name, state, limit } = params;
    let asked = JobsAsked { cluster, namespace, name, state, most: limit.unwrap_or(USUAL).clamp(1, MOST) };
    let jobs = shared.workspaces().jobs(&caller.principal, &asked).await;
    jobs.map(|jobs| Json(JobList { jobs })).map_err(wrong(&caller))
}

async fn show(State(shared): State<Arc<Shared>>, Extension(caller): Asking, Path(id): Path<String>) -> Answer<Job> {
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

/// Jobs of one answer, where nobody says how many.
const USUAL: usize = 100;
const MOST: usize = 1000;
