//! The API server's proxy as a stream: one request of HTTP/1.1, which is asked of the API server, and its answer.

use super::{Pod, Pods};
use crate::way::Stream;
use bytes::Bytes;
use cluster::{Passed, Target};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::copy_bidirectional;

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A stream on which one request may be said.
pub(super) fn stream(pods: Pods, pod: Pod, port: u16) -> Box<dyn Stream> {
    let (near, far) = tokio::io::duplex(ROOM);
    let to = Arc::new((pods, pod, port));
    let service = service_fn(move |request| {
        let to = to.clone();
        async move { Ok::<_, Infallible>(answer(&to.0, &to.1, to.2, request).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    let serving = server.keep_alive(false).auto_date_header(false).serve_connection(TokioIo::new(far), service);
    tokio::spawn(async move {
        if let Err(error) = serving.with_upgrades().await {
            tracing::debug!(%error, "a request by the API server's proxy ended");
        }
    });
    Box::new(near)
}

async fn answer(pods: &Pods, pod: &Pod, port: u16, request: Request<Incoming>) -> Response<Body> {
    match asked(pods, pod, port, request).await {
        Ok(response) => response,
        Err((status, words)) => {
            let words = Full::new(Bytes::from(words)).map_err(|never| match never {});
            let mut response = Response::new(words.boxed_unsync());
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            response
        }
    }
}

async fn asked(
    pods: &Pods,
    pod: &Pod,
    port: u16,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, (StatusCode, String)> {
    let bad = |error: &dyn std::fmt::Display| (StatusCode::BAD_GATEWAY, error.to_string());
    let over = || (StatusCode::UNAUTHORIZED, "the login to this app is over".to_owned());
    let becomes = request.headers().contains_key(header::UPGRADE);
    let ours = becomes.then(|| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::TRANSFER_ENCODING);
    head.headers.remove(header::CONTENT_LENGTH);
    let body = Limited::new(body, MOST_BODY).collect().await;
    let body =
        body.map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "the way by the API server takes 32 MiB".to_owned()))?;
    let request = Request::from_parts(head, body.to_bytes());
    let passed = {
        let held = pods.held.read().await;
        let permit = held.as_ref().ok_or_else(over)?;
        let kind = super::pods().map_err(|_| over())?;
        let target = Target { kind: &kind, namespace: &pod.namespace, name: &pod.name };
        pods.cluster.acting(permit).pass(target, port, false, request).await.map_err(|error| bad(&error))?
    };
    match passed {
        Passed::Answered(response) => {
            let mut response = response.map(|body| body.map_err(Into::into).boxed_unsync());
            response.headers_mut().remove(HeaderName::from_static("audit-id"));
            if response.status() == StatusCode::SERVICE_UNAVAILABLE {
                unreached(response, port).await
            } else {
                Ok(response)
            }
        }
        Passed::Became(said, upgraded) => {
            if let Some(ours) = ours {
                tokio::spawn(async move {
                    let Ok(ours) = ours.await else { return };
                    // either end closes the other, and how it ended is nobody's concern
                    let _ = copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(*upgraded)).await;
                });
            }
            let (head, ()) = said.into_parts();
            let none = Full::new(Bytes::new()).map_err(|never: Infallible| match never {});
            let mut response = Response::from_parts(head, none.boxed_unsync());
            response.headers_mut().remove(HeaderName::from_static("content-length"));
            Ok(response)
        }
    }
}

/// Takes the API server's own word for what it did not reach, which names addresses, from an app's answer.
async fn unreached(response: Response<Body>, port: u16) -> Result<Response<Body>, (StatusCode, String)> {
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: usize| length > MOST_WORDS) {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?.to_bytes();
    if memchr::memmem::find(&body, b"error trying to reach service").is_some() {
        return Err((StatusCode::BAD_GATEWAY, format!("nothing answers on port {port} at the pod's address")));
    }
    let body = Full::new(body).map_err(|never: Infallible| match never {});
    Ok(Response::from_parts(head, body.boxed_unsync()))
}

/// Of a `Status`.
const MOST_WORDS: usize = 4096;
/// A request's body is sent whole.
const MOST_BODY: usize = 32 << 20;
const ROOM: usize = 64 << 10;
