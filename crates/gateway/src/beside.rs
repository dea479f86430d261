//! Another door on this listener: connections whose first request is for one of its hosts go to it, from their first byte on.
//!
//! Which door a connection is for is known from the `Host` of its first head. All that is not plainly the other door's comes
//! here, where the guard answers none but our own names. Whether there is another door or not, a first head is waited for a
//! minute. Requests of HTTP/2 are told apart one by one (`serving`).

use crate::error::Refused;
use crate::serving::PATIENCE;
use axum::serve::Listener;
use base::{ClusterName, Coded};
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use policy::{Answers, Principal};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A connection of any kind.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Wire for T {}

/// A request of HTTP/2 as it comes.
pub type Http2 = Request<Incoming>;

/// The body of an answer as it comes, with its trailers.
pub type Streamed = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The door to apps of workspaces, as this one needs it.
pub trait Beside: Send + Sync + 'static {
    /// Whether a `Host` is one of its names.
    fn takes(&self, host: &str) -> bool;

    /// Whether apps may be served on the console's own origin.
    fn serves_in_place(&self) -> bool {
        false
    }

    /// The origins of its names, as a content security policy has them.
    fn origins(&self) -> String;

    /// Serves a connection of which these bytes were read.
    fn serve(&self, wire: Box<dyn Wire>, begun: BytesMut, peer: IpAddr) -> BoxFuture<'static, ()>;

    /// Answers one request of HTTP/2 for one of its names.
    fn answer(&self, request: Http2, peer: IpAddr) -> BoxFuture<'static, Response<Streamed>>;

    /// The ways to a workspace.
    fn ways(&self, cluster: &ClusterName, namespace: &str, name: &str) -> Led;

    /// Whose app one of its names is; `None` where nobody has been told of a workspace that has it.
    fn named(&self, host: &str) -> Option<NamedApp>;

    /// Opens an app for whoever asks: the URL that lets their browser in. The login to it ends with `ended`.
    fn open(&self, who: Principal, ended: CancellationToken, open: OpenApp) -> BoxFuture<'_, Result<String, Refusal>>;
}

/// The ways to a workspace.
#[derive(Clone, Debug, Default)]
pub struct Led {
    /// In the order in which they are tried.
    pub order: Vec<&'static str>,
    /// The one that led there last.
    pub way: Option<&'static str>,
    /// How the last try of each went: the way, how many milliseconds it took, and whether it led there.
    pub tried: Vec<(&'static str, u64, bool)>,
}

/// An app of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedApp {
    /// In which cluster.
    pub cluster: ClusterName,
    /// The workspace's namespace.
    pub namespace: String,
    /// The workspace.
    pub name: String,
    /// A port by its number, or an app or port by its name.
    pub service: String,
}

/// Why an app is not opened.
pub type Refusal = Box<dyn Coded + Send + Sync>;

/// What somebody wants to open.
#[derive(Clone, Debug)]
pub struct OpenApp {
    /// In which cluster.
    pub cluster: ClusterName,
    /// The workspace's namespace.
    pub namespace: String,
    /// The workspace.
    pub name: String,
    /// A port by its number, or an app or port by its name.
    pub service: String,
    /// The name of the app's that they came to; nothing for the one that is usual.
    pub host: Option<String>,
    /// Where in the app to begin.
    pub path: String,
    /// It is to stand in a frame of the console.
    pub framed: bool,
    /// It is to be served in place: this server's host as the browser says it.
    pub in_place: Option<String>,
    /// The browser that asks, by its own words.
    pub browser: Option<String>,
    /// What was answered to the policy.
    pub answers: Answers,
}

/// Refuses where there is no other door.
pub(crate) fn missing() -> Refused {
    Refused::new(base::Code::NotFound, "apps of workspaces are not served here")
}

/// Connections for this door; those for the other were given to it.
pub(crate) struct Ours<L: Listener> {
    address: L::Addr,
    come: mpsc::Receiver<(Begun<L::Io>, L::Addr)>,
    _takes: AbortOnDropHandle<()>,
}

impl<L: Listener<Addr = SocketAddr>> Ours<L> {
    /// Takes a listener over.
    ///
    /// # Errors
    /// When its address cannot be read.
    pub(crate) fn new(mut listener: L, beside: Option<Arc<dyn Beside>>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (tell, come) = mpsc::channel(WAITING);
        let takes = tokio::spawn(async move {
            loop {
                let (wire, peer) = listener.accept().await;
                tokio::spawn(sort(wire, peer, beside.clone(), tell.clone()));
            }
        });
        Ok(Self { address, come, _takes: AbortOnDropHandle::new(takes) })
    }
}

async fn sort<W: Wire>(
    mut wire: W,
    peer: SocketAddr,
    beside: Option<Arc<dyn Beside>>,
    ours: mpsc::Sender<(Begun<W>, SocketAddr)>,
) {
    let mut begun = BytesMut::with_capacity(4096);
    let come = tokio::time::timeout(PATIENCE, async {
        while !is_whole(&begun) && wire.read_buf(&mut begun).await.is_ok_and(|len| len > 0) {
            begun.reserve(4096);
        }
    });
    if come.await.is_err() {
        return; // whoever says nothing is not waited for
    }
    match beside.filter(|beside| is_whole(&begun) && head::hosts(&begun).any(|host| beside.takes(host))) {
        Some(beside) => beside.serve(Box::new(wire), begun, peer.ip()).await,
        None => {
            let _ = ours.send((Begun { wire, begun }, peer)).await; // nobody serves any more
        }
    }
}

/// Whose it is can be known now.
fn is_whole(begun: &[u8]) -> bool {
    head::end(begun).is_some() || begun.len() > head::LONGEST
}

impl<L: Listener<Addr = SocketAddr>> Listener for Ours<L> {
    type Io = Begun<L::Io>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.come.recv().await {
            Some(come) => come,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// A connection of which the first bytes were read.
pub(crate) struct Begun<W> {
    wire: W,
    begun: BytesMut,
}

impl<W: AsyncRead + Unpin> AsyncRead for Begun<W> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.begun.is_empty() {
            return Pin::new(&mut self.wire).poll_read(cx, buf);
        }
        let len = self.begun.len().min(buf.remaining());
        buf.put_slice(&self.begun.split_to(len));
        if self.begun.is_empty() {
            self.begun = BytesMut::new(); // its room is not kept as long as the connection lasts
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Begun<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }
}

const WAITING: usize = 64;
