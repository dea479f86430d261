//! The listener of whoever watches over the gateway: alive, ready and its figures. It holds nothing that somebody would have
//! to sign in for, and is meant for the inside of a network.

use crate::serving::{PATIENCE, Serving};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A part without which the gateway is not ready.
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Whether it is ready; why not, in words.
    pub ready: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
}

/// What is told there.
pub struct Ops {
    /// The parts.
    pub checks: Arc<[Check]>,
    /// The figures, in Prometheus' text format.
    pub figures: Box<dyn Fn() -> String + Send + Sync>,
}

impl Ops {
    /// Serves until the end.
    pub async fn serve(self, listener: TcpListener, end: CancellationToken) {
        let app = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(figures))
            .with_state(Arc::new(self));
        Serving { app, beside: None, http2: false, patience: PATIENCE, end }.serve(listener).await;
    }
}

async fn ready(State(ops): State<Arc<Ops>>) -> Response {
    let (mut text, mut status) = (String::new(), StatusCode::OK);
    for check in ops.checks.iter() {
        match (check.ready)() {
            Ok(()) => text.push_str(&format!("{}: ready\n", check.name)),
            Err(why) => {
                status = StatusCode::SERVICE_UNAVAILABLE;
                text.push_str(&format!("{}: {why}\n", check.name));
            }
        }
    }
    (status, text).into_response()
}

async fn figures(State(ops): State<Arc<Ops>>) -> (HeaderMap, String) {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    (HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), (ops.figures)())
}
