//! Requests of HTTP/2, gRPC above all: passed to the app as HTTP/2, each a stream of its own with its trailers. Their heads go
//! through the same tables as those of HTTP/1, written out as such in between.

use crate::answer::Answer;
use crate::body::Body;
use crate::connection::{admitted, malformed};
use crate::exchange::Failed;
use crate::fields::{Ending, Face, target, to_app, to_browser};
use crate::login::Login;
use crate::own;
use crate::proxy::Proxy;
use base::{Code, RequestId};
use bytes::{Bytes, BytesMut};
use head::{Bad, Head};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Incoming};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;
use workspace::activity::Door;

/// A body as it comes, with its trailers.
pub type Streamed = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Answers one request.
pub(crate) async fn answer(door: &Proxy, request: Request<Incoming>, peer: IpAddr) -> Response<Streamed> {
    passed(door, request, peer).await.unwrap_or_else(|answer| said(&answer))
}

async fn passed(door: &Proxy, request: Request<Incoming>, peer: IpAddr) -> Result<Response<Streamed>, Answer> {
    let head = written(&request).map_err(malformed)?;
    let host = head.one("host").map_err(malformed)?.and_then(|host| std::str::from_utf8(host).ok());
    let host = host.and_then(|host| door.0.host(host));
    let host = host.ok_or_else(|| Answer::new(Code::HostNotAllowed, "no app has this name"))?;
    let path = target(&head, &host).map_err(malformed)?;
    if path.starts_with(b"/.quarterdeck/") {
        return Err(Answer::new(Code::NotFound, "there is nothing here for HTTP/2"));
    }
    let login = admitted(door, &head, &host)?;
    login.requests.fetch_add(1, Ordering::Relaxed);
    let story = Arc::new(Story::new(login.clone(), request.method().clone()));
    let told = |answer: Answer| {
        story.status.store(answer.status, Ordering::Relaxed);
        answer
    };
    let limits = &door.0.config.limits;
    door.0.taken.request(login.principal.id(), limits).map_err(told)?;
    let most = limits.body(&login.key, &login.service);
    if let Some(most) = most.filter(|most| request.body().size_hint().lower() > *most) {
        return Err(told(own::failed(door, &login, Failed::Long(most)).await));
    }
    if login.meter.counts(path) {
        login.meter.touch(Door::Http, "requests of its apps");
    }
    let told = ask(door, &login, &head, path, peer, request.into_body(), &story).await;
    match told {
        Ok((response, face)) => {
            story.status.store(response.status().as_u16(), Ordering::Relaxed);
            answered(response, &face, story).map_err(|bad| Answer::new(Code::ProxyRefused, bad.to_string()))
        }
        Err(failed) => {
            let answer = own::failed(door, &login, failed).await;
            story.status.store(answer.status, Ordering::Relaxed);
            Err(answer)
        }
    }
}

async fn ask(
    door: &Proxy,
    login: &Arc<Login>,
    head: &Head,
    path: &[u8],
    peer: IpAddr,
    body: Incoming,
    story: &Arc<Story>,
) -> Result<(Response<Incoming>, Face), Failed> {
    let times = door.0.config.times;
    let (port, secure) = login.port().await.map_err(Failed::Way)?;
    let face = login.face.at(port, secure, door.0.told(login)).into_owned();
    let (mut sender, by) = login.pool.http2(port, secure, times.connect, &login.end).await.map_err(Failed::Way)?;
    let _ = story.way.set(by); // once a story
    let mut text = Vec::with_capacity(1024);
    to_app(head, path, &face, peer, &Body::Over, None, &mut text);
    let head = Head::request(&mut BytesMut::from(text.as_slice())).map_err(Failed::Request)?;
    let head = head.ok_or(Failed::Request(Bad::Start))?;
    let told = story.clone();
    let body = body.map_frame(move |frame| {
        if let Some(bytes) = frame.data_ref() {
            told.up.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            told.login.meter.touch(Door::Http, "a stream of its apps");
        }
        frame
    });
    let body = match door.0.config.limits.body(&login.key, &login.service) {
        // what is longer ends the stream
        Some(most) => Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX)).boxed_unsync(),
        None => body.map_err(Into::into).boxed_unsync(),
    };
    let request = request(&head, &face, body).ok_or(Failed::Request(Bad::Field))?;
    let unheard = |error: hyper::Error| Failed::Answer(format!("the app does not speak HTTP/2 as it should: {error}"));
    let answers = async {
        sender.ready().await.map_err(unheard)?;
        sender.send_request(request).await.map_err(unheard)
    };
    tokio::select! {
        response = answers => response.map(|response| (response, face)),
        () = login.end.cancelled() => Err(Failed::Way(crate::way::NoWay::Over)),
    }
}

/// A request's head as HTTP/1 has it.
fn written<B>(request: &Request<B>) -> Result<Head, Bad> {
    if *request.method() == Method::CONNECT {
        return Err(Bad::Start);
    }
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let host = request.uri().authority().ok_or(Bad::Field)?;
    let same = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(host.as_str().as_bytes());
    if !request.headers().get_all(header::HOST).iter().all(same) {
        return Err(Bad::Ambiguous);
    }
    let mut text = format!("{} {path} HTTP/1.1\r\nhost: {host}\r\n", request.method()).into_bytes();
    lines(request.headers(), &mut text);
    Head::request(&mut BytesMut::from(text.as_slice()))?.ok_or(Bad::Field)
}

fn lines(headers: &HeaderMap, text: &mut Vec<u8>) {
    for (name, value) in headers.iter().filter(|(name, _)| **name != header::HOST) {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
}

/// The fields of a head that HTTP/2 has too.
fn fields(head: &Head) -> Option<HeaderMap> {
    let mut fields = HeaderMap::new();
    for (name, value) in head.fields().filter(|(name, _)| !name.eq_ignore_ascii_case(b"host")) {
        fields.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(fields)
}

fn request(head: &Head, face: &Face, body: Streamed) -> Option<Request<Streamed>> {
    let path = std::str::from_utf8(head.target()).ok()?;
    let scheme = if face.secure { "https" } else { "http" };
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(head.method()).ok()?;
    *request.uri_mut() = format!("{scheme}://{}{path}", face.host).parse().ok()?;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = fields(head)?;
    Some(request)
}

fn answered(response: Response<Incoming>, face: &Face, story: Arc<Story>) -> Result<Response<Streamed>, Bad> {
    let (parts, body) = response.into_parts();
    let mut text = format!("HTTP/1.1 {} \r\n", parts.status.as_u16()).into_bytes();
    lines(&parts.headers, &mut text);
    let head = Head::answer(&mut BytesMut::from(text.as_slice()))?.ok_or(Bad::Field)?;
    text.clear();
    to_browser(&head, face, &Body::Over, Ending::Goes, &mut text);
    let head = Head::answer(&mut BytesMut::from(text.as_slice()))?.ok_or(Bad::Field)?;
    let body = body.map_frame(move |frame| {
        let len = frame.data_ref().map_or(0, Bytes::len);
        story.down.fetch_add(len as u64, Ordering::Relaxed);
        frame
    });
    let mut response = Response::new(body.map_err(Into::into).boxed_unsync());
    *response.status_mut() = parts.status;
    *response.headers_mut() = fields(&head).ok_or(Bad::Field)?;
    Ok(response)
}

/// An answer of our own. Who speaks gRPC knows what to make of its status.
fn said(answer: &Answer) -> Response<Streamed> {
    let id = RequestId::new();
    let body = Full::new(Bytes::from(answer.body(id))).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = answer.again {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What became of one request, told when nobody has a part of it any more.
struct Story {
    login: Arc<Login>,
    method: Method,
    began: Instant,
    up: AtomicU64,
    down: AtomicU64,
    status: AtomicU16,
    way: OnceLock<&'static str>,
}

impl Story {
    fn new(login: Arc<Login>, method: Method) -> Self {
        let way = OnceLock::new();
        Self { login, method, began: Instant::now(), up: 0.into(), down: 0.into(), status: 0.into(), way }
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        let (up, down) = (*self.up.get_mut(), *self.down.get_mut());
        let login = &self.login;
        login.up.fetch_add(up, Ordering::Relaxed);
        login.down.fetch_add(down, Ordering::Relaxed);
        tracing::info!(
            target: "access",
            user = login.principal.id(), cluster = %login.cluster, workspace = %login.key,
            port = login.port.load(Ordering::Relaxed), way = self.way.get().copied().unwrap_or_default(),
            method = %self.method, status = *self.status.get_mut(), up, down,
            ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            decision = login.decision, ended = "stream", "request"
        );
    }
}
