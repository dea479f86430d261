//! The paths of an earlier product, for those whose programs and bookmarks know them: `docs/reference/guild-paths.md`. Off unless
//! it is configured.
//!
//! ```text
//! request ─► face (X-Request-Id, CORS) ─► guard ─► handlers ─► what `routes` stand on ─► face (form of errors)
//! ```
//!
//! A translation and nothing more: who asks, what they may and what is journalled is settled where it is for `/api/v1`.
//! The workspaces are those of one namespace of one cluster; an id is a name there.

mod face;
mod images;
mod jobs;
mod level;
mod logs;
mod proxy;
mod server;
mod servers;
mod stop;
mod wrong;

pub(crate) use face::{Trusted, face};

use crate::ops::Check;
use crate::server::Shared;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json};
use base::ClusterName;
use std::sync::Arc;
use workspace::doors::Named;
use wrong::Wrong;

/// The URL of a port of a workspace: of its route, and the port.
pub type AppUrl = Arc<dyn Fn(&str, u16) -> String + Send + Sync>;

/// What the paths are about.
#[derive(Clone)]
pub struct Guild {
    /// The cluster.
    pub cluster: ClusterName,
    /// The namespace; that of the cluster's context where none is said.
    pub namespace: Option<String>,
    /// What this place is called.
    pub name: String,
    /// The one other origin whose pages may ask.
    pub origin: Option<String>,
    /// Where apps are, where they have hosts.
    pub app_url: Option<AppUrl>,
}

/// The state of the handlers.
#[derive(Clone)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    guild: Arc<Guild>,
    /// Makes confirmations of this process.
    key: Arc<str>,
}

type Asking = Extension<crate::caller::Caller>;

/// The paths.
pub(crate) fn router(shared: Arc<Shared>, guild: Arc<Guild>) -> Result<Router, getrandom::Error> {
    let key = crate::auth::random_hex()?.into();
    Ok(paths().with_state(Place { shared, guild, key }))
}

/// They stand in `api::openapi` too.
pub(crate) fn paths() -> Router<Place> {
    let router = Router::new()
        .route("/api/ui-config", get(ui_config))
        .route("/api/images", get(images::list))
        .route("/api/image-defaults", get(images::defaults))
        .route("/api/servers", get(servers::list))
        .route("/api/servers/{id}", get(servers::show).delete(servers::delete))
        .route("/api/servers/{id}/logs", get(logs::last))
        .route("/api/jobs", post(jobs::create))
        .route("/api/proxy-debug", get(proxy::debug))
        .route("/sse/logs", get(logs::follow))
        .route("/proxy", any(proxy::go))
        .route("/proxy/", any(proxy::go))
        .route("/proxy/{*rest}", any(proxy::go));
    let stops = ["/api/stop-all", "/api/stop-all/", "/api/admin/stop-all", "/api/admin/stop-all/"];
    stops.into_iter().fold(router, |router, path| router.route(path, post(stop::all)))
}

/// Whether a path is one of these.
pub(crate) fn takes(path: &str) -> bool {
    let below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    const ROOTS: &[&str] = &[
        "/api/ui-config",
        "/api/images",
        "/api/image-defaults",
        "/api/servers",
        "/api/jobs",
        "/api/proxy-debug",
        "/api/stop-all",
        "/api/admin/stop-all",
        "/sse/logs",
        "/proxy",
    ];
    ROOTS.iter().any(|root| below(root)) && !crate::in_place::takes(path)
}

impl Place {
    /// The workspace of an id.
    fn named(&self, caller: &crate::caller::Caller, id: &str) -> Result<Named, Wrong> {
        let (cluster, said) = (self.guild.cluster.clone(), self.guild.namespace.as_deref());
        let namespace = self.shared.services.workspaces.namespace(&caller.principal, &cluster, said);
        let namespace = namespace.map_err(|error| Wrong::of(&error, "list_failed"))?;
        Ok(Named { cluster, namespace, name: id.to_owned() })
    }
}

async fn ui_config(State(place): State<Place>) -> Json<api::guild::UiConfig> {
    Json(api::guild::UiConfig { name: place.guild.name.clone() })
}

/// `GET /readyz`: says to whoever asks which parts are not ready, but not why.
pub(crate) fn readiness(checks: &[Check]) -> Response {
    let failing: Vec<&str> = checks.iter().filter(|check| (check.ready)().is_err()).map(|check| check.name).collect();
    if failing.is_empty() {
        return "ok".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", failing.join(", "))).into_response()
}

#[cfg(test)]
mod tests;
