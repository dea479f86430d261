//! A terminal of the workspace on the local socket: after `101`, bytes both ways, as typed and as shown.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Never, empty, say};
use crate::channels::Keys;
use crate::daemon::Daemon;
use crate::rest::Answer;
use crate::shells::{Event, Shell, View};

/// Looks at the shell; the request's query says how: `take`, `view`.
pub(super) fn attach(
    daemon: &Arc<Daemon>,
    id: &str,
    query: &str,
    mut request: Request<Incoming>,
) -> Response<BoxBody<Bytes, Never>> {
    let kept = daemon.kept.find(id);
    let shell = match daemon.shells.find(id) {
        Ok(shell) => Some(shell),
        Err(_) if kept.is_some() => None,
        Err(refusal) => return say(&Answer::error(404, refusal.code(), refusal)),
    };
    if request.headers().get(http::header::UPGRADE).is_none_or(|value| value != PROTOCOL) {
        return say(&Answer::error(426, "bad_request", format!("asks for the upgrade to {PROTOCOL}")));
    }
    let has = |word: &str| query.split('&').any(|part| part == word);
    let (writes, takes) = (!has("view"), has("take"));
    let daemon = daemon.clone();
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else { return };
        let mut stream = TokioIo::new(upgraded);
        match (shell, kept) {
            (Some(shell), _) => look(&daemon, shell.view(writes, takes), stream).await,
            (None, Some(kept)) => {
                let _ = stream.write_all(&kept.shown()).await; // who looked may be gone
                let _ = stream.shutdown().await;
            }
            (None, None) => {}
        }
    });
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("upgrade"));
    headers.insert(http::header::UPGRADE, http::HeaderValue::from_static(PROTOCOL));
    response
}

/// Until the shell ends, or who looks goes.
async fn look(daemon: &Daemon, mut view: View, stream: TokioIo<Upgraded>) {
    let (shell, id) = (view.shell.clone(), view.id());
    let (mut from, mut to) = tokio::io::split(stream);
    let output = async {
        while let Some(Event::Output(bytes)) = view.next().await {
            if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await; // who looked may be gone
    };
    let input = async {
        let (mut keys, mut buffer) = (Keys::default(), vec![0u8; PIECE]);
        while let Ok(len @ 1..) = from.read(&mut buffer).await {
            if type_in(daemon, &shell, id, &mut keys, buffer.get(..len).unwrap_or_default()).await {
                return;
            }
        }
    };
    tokio::select! {
        () = output => {}
        () = input => {}
    }
}

/// Whether the keys came that leave the shell running.
async fn type_in(daemon: &Daemon, shell: &Shell, id: u64, keys: &mut Keys, bytes: &[u8]) -> bool {
    if !shell.writes(id) {
        return false;
    }
    let (typed, detach) = keys.take(bytes);
    let _ = shell.type_in(typed).await; // that nothing takes it any more is told by the output
    if detach && daemon.config.detach.enabled {
        shell.let_go();
        return true;
    }
    false
}

/// What a request for a terminal asks to become.
pub(crate) const PROTOCOL: &str = "qd.terminal";
const PIECE: usize = 4 << 10;
