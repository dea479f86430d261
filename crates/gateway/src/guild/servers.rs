//! `/api/servers`: workspaces.

use super::server::server;
use super::wrong::Wrong;
use super::{Asking, Place};
use crate::caller::Caller;
use api::guild::{Deleted, Server};
use api::rest::Answers;
use api::workspace::{Workspace, WorkspaceActing};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;

pub(super) async fn list(State(place): State<Place>, Extension(caller): Asking) -> Result<Json<Vec<Server>>, Wrong> {
    Ok(Json(place.all(&caller).await?.iter().map(server).collect()))
}

pub(super) async fn show(
    State(place): State<Place>,
    Extension(caller): Asking,
    Path(id): Path<String>,
) -> Result<Json<Server>, Wrong> {
    Ok(Json(server(&place.one(&caller, &id).await?)))
}

pub(super) async fn delete(
    State(place): State<Place>,
    Extension(caller): Asking,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Deleted>, Wrong> {
    let answers = answers(&body)?;
    let named = place.named(&caller, &id)?;
    let done = place.shared.services.workspaces.delete(&caller.principal, named, WorkspaceActing { answers }).await;
    done.map_err(|error| Wrong::of(&error, "delete_failed"))?;
    Ok(Json(Deleted { deleted: id }))
}

impl Place {
    /// The workspaces that whoever asks may see.
    pub(super) async fn all(&self, caller: &Caller) -> Result<Vec<Workspace>, Wrong> {
        let (workspaces, guild) = (&self.shared.services.workspaces, &self.guild);
        let all = workspaces.all(&caller.principal, &guild.cluster, guild.namespace.as_deref()).await;
        all.map_err(|error| Wrong::of(&error, "list_failed"))
    }

    /// One of them.
    pub(super) async fn one(&self, caller: &Caller, id: &str) -> Result<Workspace, Wrong> {
        let named = self.named(caller, id)?;
        let shown = self.shared.services.workspaces.show(&caller.principal, &named).await;
        shown.map_err(|error| Wrong::of(&error, "read_failed"))
    }
}

/// What was answered to the policy: `{"answers": …}` as for `/api/v1`, or nothing. A client of these paths cannot be asked
/// whether it is sure: a request that names what it is about is the yes. What has to be typed or told has to be there.
pub(super) fn answers(body: &[u8]) -> Result<Answers, Wrong> {
    let asked: WorkspaceActing = if body.is_empty() {
        WorkspaceActing::default()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, "bad_body", format!("the body: {error}")))?
    };
    Ok(Answers { confirm: true, ..asked.answers })
}
