//! Paths of the console's origin that are apps of workspaces (`proxy.path_mode = "same-origin"`): each request is handed to the other
//! door as it came, over a connection in memory. What a browser may do with the answers is said by that door.
//!
//! Called by the guard once it knows the host: such a request has no caller, since pages of apps have no cookie of the console. Its
//! key is in its path, which is therefore never logged.

use crate::beside::Beside;
use crate::connections::Peer;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use hyper::client::conn::http1;
use hyper::ext::Protocol;
use hyper::upgrade;
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::copy_bidirectional;

/// What such paths begin with, and what is logged of them.
pub(crate) const ROOT: &str = "/proxy/~";

/// Whether a path is one of them.
pub(crate) fn takes(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// Answers a request as the other door does.
pub(crate) async fn answer(beside: &dyn Beside, request: Request) -> Response {
    match led(beside, request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(error, "a request in place ended");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

async fn led(beside: &dyn Beside, mut request: Request) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(peer))| peer.ip());
    let (ours, theirs) = tokio::io::duplex(ROOM);
    tokio::spawn(beside.serve(Box::new(theirs), BytesMut::new(), peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))));
    let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await?;
    tokio::spawn(connection.with_upgrades());
    let from = upgrade::on(&mut request);
    let streamed = as_http1(&mut request)?;
    let mut response = sender.send_request(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response.map(Body::new));
    }
    let to = upgrade::on(&mut response);
    tokio::spawn(async move {
        // either end may be gone by then
        if let (Ok(from), Ok(to)) = tokio::join!(from, to) {
            let _ = copy_bidirectional(&mut TokioIo::new(from), &mut TokioIo::new(to)).await;
        }
    });
    if streamed {
        *response.status_mut() = StatusCode::OK;
        for name in [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_ACCEPT] {
            response.headers_mut().remove(name);
        }
    }
    Ok(response.map(Body::new))
}

/// Writes the request's head as HTTP/1 has it; whether it is a WebSocket over HTTP/2 (RFC 8441).
fn as_http1(request: &mut Request) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(host) = request.uri().authority().map(|host| HeaderValue::from_str(host.as_str())).transpose()? {
        request.headers_mut().insert(header::HOST, host);
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>()?;
    let second = request.version() == Version::HTTP_2;
    *request.version_mut() = Version::HTTP_11;
    let protocol = request.extensions_mut().remove::<Protocol>().filter(|_| second);
    let Some(protocol) = protocol.filter(|_| *request.method() == Method::CONNECT) else { return Ok(false) };
    *request.method_mut() = Method::GET;
    let headers = request.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_str(protocol.as_str())?);
    // HTTP/2 has none; the app answers to some key
    headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("cXVhcnRlcmRlY2stLWtleQ=="));
    Ok(true)
}

const ROOM: usize = 64 << 10;
