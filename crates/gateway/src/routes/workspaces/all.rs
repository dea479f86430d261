//! `DELETE /api/v1/workspaces`: all workspaces of somebody.

use super::{Asking, perhaps, wrong};
use crate::error::Failure;
use crate::routes::Params;
use crate::server::Shared;
use api::workspace::{WorkspaceActing, WorkspaceAllAccepted};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use base::ClusterName;
use serde::Deserialize;
use std::sync::Arc;
use workspace::doors::AllOf;

/// `?cluster=&user=&namespace=&org=&preserve_workspaces=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllParams {
    cluster: ClusterName,
    user: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    org: Option<String>,
    /// They are stopped and kept for a week.
    #[serde(default)]
    preserve_workspaces: bool,
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Params(params): Params<AllParams>,
    body: Bytes,
) -> Result<(StatusCode, Json<WorkspaceAllAccepted>), Failure> {
    let asked: WorkspaceActing = perhaps(&body, &caller)?;
    let AllParams { cluster, user, namespace, org, preserve_workspaces: preserve } = params;
    let all = AllOf { cluster, namespace, user, org: org.filter(|org| !org.is_empty()), preserve };
    let accepted = shared.workspaces().delete_all(&caller.principal, all, asked).await;
    accepted.map(|accepted| (StatusCode::ACCEPTED, Json(accepted))).map_err(wrong(&caller))
}
