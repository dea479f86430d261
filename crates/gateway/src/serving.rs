//! The loop that serves the connections of a listener. A head is waited for a minute and no longer, the first and every one
//! after it, so that nobody keeps connections by saying nothing.
//!
//! Connections of HTTP/2 carry requests for many hosts: those for the other door's are given to it one by one.

use crate::beside::{Beside, Http2, Wire};
use crate::connections::Peer;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use http::{Response, Version};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// What answers.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) app: Router,
    /// The other door.
    pub(crate) beside: Option<Arc<dyn Beside>>,
    /// HTTP/2 is spoken too.
    pub(crate) http2: bool,
    /// For a head.
    pub(crate) patience: Duration,
    pub(crate) end: CancellationToken,
}

impl Serving {
    /// Serves until the end; what is being answered then is answered.
    pub(crate) async fn serve<L: Listener<Addr = SocketAddr>>(self, mut listener: L) {
        let open = TaskTracker::new();
        loop {
            let (wire, peer) = tokio::select! {
                come = listener.accept() => come,
                () = self.end.cancelled() => break,
            };
            open.spawn(self.clone().connection(wire, peer));
        }
        open.close();
        open.wait().await;
    }

    async fn connection<W: Wire>(self, wire: W, peer: SocketAddr) {
        let end = self.end.clone();
        // The server below begins to count with the first byte.
        let mut wire = BufReader::new(wire);
        tokio::select! {
            first = timeout(self.patience, wire.fill_buf()) => match first {
                Ok(Ok(bytes)) if !bytes.is_empty() => {}
                Ok(_) | Err(_) => return,
            },
            () = end.cancelled() => return,
        }
        let mut server = Builder::new(TokioExecutor::new());
        if !self.http2 {
            server = server.http1_only();
        }
        server.http1().timer(TokioTimer::new()).header_read_timeout(self.patience);
        server
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_header_list_size(MOST_HEAD)
            .enable_connect_protocol();
        let service = service_fn(move |request| self.clone().answer(request, peer));
        let serving = server.serve_connection_with_upgrades(TokioIo::new(wire), service);
        tokio::pin!(serving);
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = end.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.as_mut().await
            }
        };
        if let Err(error) = served {
            tracing::debug!(error, %peer, "a connection ended");
        }
    }

    async fn answer(self, mut request: Http2, peer: SocketAddr) -> Result<Response<Body>, Infallible> {
        let theirs = request.version() == Version::HTTP_2
            && request.uri().authority().is_some_and(|host| self.takes(host.as_str()));
        match self.beside.filter(|_| theirs) {
            Some(beside) => Ok(beside.answer(request, peer.ip()).await.map(Body::new)),
            None => {
                request.extensions_mut().insert(ConnectInfo(Peer(peer)));
                self.app.oneshot(request).await
            }
        }
    }

    fn takes(&self, host: &str) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.takes(host))
    }
}

/// For the next head of a connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PING: Duration = Duration::from_secs(30);
const MOST_HEAD: u32 = 64 << 10;

#[cfg(test)]
mod tests;
