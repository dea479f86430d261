//! What every path of one workspace says: who asks, and which one.

use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::routes::{Answer, Params, fail};
use crate::server::Shared;
use api::workspace::{WorkspaceAccepted, WorkspaceUse};
use axum::Json;
use axum::extract::{Extension, FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base::{ClusterName, Code};
use policy::Principal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use workspace::Key;
use workspace::about::evidence;
use workspace::activity::Stretch;
use workspace::doors::{DoorError, Named, Workspaces};

/// A request about one workspace: `…/{namespace}/{name}…?cluster=`.
pub(super) struct Of {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Caller,
    pub(super) named: Named,
}

#[derive(Deserialize)]
struct Place {
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct InCluster {
    cluster: ClusterName,
}

impl FromRequestParts<Arc<Shared>> for Of {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let caller = Extension::<Caller>::from_request_parts(parts, shared).await;
        let Extension(caller) = caller.map_err(IntoResponse::into_response)?;
        let place = Path::<Place>::from_request_parts(parts, shared).await;
        let Path(Place { namespace, name }) = place.map_err(IntoResponse::into_response)?;
        let cluster = Params::<InCluster>::from_request_parts(parts, shared).await;
        let Params(InCluster { cluster }) = cluster.map_err(IntoResponse::into_response)?;
        Ok(Self { shared: shared.clone(), caller, named: Named { cluster, namespace, name } })
    }
}

impl Of {
    pub(super) fn doors(&self) -> &Workspaces {
        self.shared.workspaces()
    }

    /// By what it was used, as far as this process was told.
    pub(super) fn uses(&self) -> Vec<WorkspaceUse> {
        let Named { cluster, namespace, name } = &self.named;
        let key = Key { namespace: namespace.clone(), name: name.clone() };
        let past = self.shared.services.activity.history(cluster, &key);
        let target = self.named.target();
        let told = |Stretch { door, from_ms, to_ms, detail }| {
            let audit = door.action().map(|action| evidence(&target, Some(action), Some(to_ms))).unwrap_or_default();
            WorkspaceUse { door: door.as_str().to_owned(), from_ms, to_ms, detail, audit }
        };
        past.into_iter().map(told).collect()
    }

    pub(super) fn who(&self) -> &Principal {
        &self.caller.principal
    }

    pub(super) fn told<T>(&self, done: Result<T, DoorError>) -> Answer<T> {
        done.map(Json).map_err(|error| fail(&error, &self.caller))
    }

    pub(super) fn accepted(&self, done: Result<WorkspaceAccepted, DoorError>) -> Accepted {
        accepted(done, &self.caller)
    }

    pub(super) fn refused(&self, code: Code, words: impl Into<String>) -> Failure {
        Refused::new(code, words).with(&self.caller)
    }

    /// A body that may be left out.
    pub(super) fn perhaps<T: DeserializeOwned + Default>(&self, body: &[u8]) -> Result<T, Failure> {
        super::perhaps(body, &self.caller)
    }

    /// What ends a stream to whoever asks: the server, their login, and what it is under.
    pub(super) fn ends(&self, under: CancellationToken) -> Vec<CancellationToken> {
        vec![self.shared.end.clone(), self.caller.end.clone(), under]
    }
}

pub(super) type Accepted = Result<(StatusCode, Json<WorkspaceAccepted>), Failure>;

pub(super) fn accepted(done: Result<WorkspaceAccepted, DoorError>, caller: &Caller) -> Accepted {
    done.map(|accepted| (StatusCode::ACCEPTED, Json(accepted))).map_err(|error| fail(&error, caller))
}
