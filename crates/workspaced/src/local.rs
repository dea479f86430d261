//! The local socket: REST for programs of the same pod. Who asks is known by the kernel, from the other end's uid.

mod attach;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::Error;
use crate::daemon::Daemon;
use crate::feeds::Feed;
use crate::rest::{self, Answer, Asker};

pub(crate) use attach::PROTOCOL;

/// What cannot happen to a body that is here already.
type Never = std::convert::Infallible;

/// Opens the socket; one that a dead daemon left is replaced.
///
/// # Errors
/// When the folder cannot be written, or another daemon answers there.
pub(crate) fn listen(daemon: &Daemon) -> Result<UnixListener, Error> {
    let path = daemon.runtime.join("agent.sock");
    let wrong = || Error::system(format!("cannot listen on {}", path.display()));
    fs::create_dir_all(&daemon.runtime).map_err(wrong())?;
    if std::os::unix::net::UnixStream::connect(&path).is_ok() {
        return Err(wrong()(std::io::ErrorKind::AddrInUse.into()));
    }
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path).map_err(wrong())?;
    // everybody may ask; what they may ask for is decided by their uid
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).map_err(wrong())?;
    Ok(listener)
}

/// Serves until it is dropped.
pub(crate) async fn serve(daemon: Arc<Daemon>, listener: UnixListener) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let daemon = daemon.clone();
                tokio::spawn(async move {
                    connection(daemon, stream).await;
                    drop(place);
                });
            }
            Err(error) => {
                daemon.log.warn("local", format!("cannot take a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(daemon: Arc<Daemon>, stream: UnixStream) {
    let Ok(peer) = stream.peer_cred() else { return };
    let service = hyper::service::service_fn(move |request| {
        let daemon = daemon.clone();
        async move { Ok::<_, Never>(answer(&daemon, peer.uid(), request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let _ = served.await; // a peer that breaks off harms nobody
}

async fn answer(daemon: &Arc<Daemon>, uid: u32, request: Request<Incoming>) -> Response<BoxBody<Bytes, Never>> {
    let asker = Asker::Local(uid);
    let uri = request.uri().clone();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if let Some(id) = uri.path().strip_prefix("/api/v1/shells/").and_then(|rest| rest.strip_suffix("/attach")) {
        if !rest::may(daemon, asker) {
            return say(&rest::denied());
        }
        return attach::attach(daemon, id, uri.query().unwrap_or_default(), request);
    }
    let follow = uri.query().is_some_and(|query| query.split('&').any(|part| part == "follow=true"));
    if follow && request.method() == http::Method::GET {
        return match rest::feed(daemon, asker, path) {
            Ok(feed) => stream_of(feed),
            Err(answer) => say(&answer),
        };
    }
    let (head, body) = request.into_parts();
    let body = match timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        _ => return say(&Answer::error(400, "bad_request", "the body is too large, or does not come")),
    };
    say(&rest::answer(daemon, asker, head.method.as_str(), path, &body).await)
}

fn say(answer: &Answer) -> Response<BoxBody<Bytes, Never>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body.to_string())).boxed());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn empty() -> BoxBody<Bytes, Never> {
    Empty::new().boxed()
}

/// A line of JSON with each change, as the other end takes them.
fn stream_of(mut feed: Feed) -> Response<BoxBody<Bytes, Never>> {
    let (to, from) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let told = tokio::select! {
                told = feed.next() => told,
                () = to.closed() => None,
            };
            let Some(told) = told else { return };
            if to.send(Bytes::from(format!("{told}\n"))).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(Lines(from).boxed());
    let kind = http::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

/// A body that comes piece by piece.
struct Lines(mpsc::Receiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Never;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Never>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

const MAX_CONNECTIONS: usize = 64;
const MAX_BODY: usize = 128 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
