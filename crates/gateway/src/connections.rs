//! The connections of the port: plain ones on loopback, else TLS. Handshakes run beside each other, so that one that dawdles
//! keeps nobody waiting.

use crate::tls::Tls;
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;

/// An open port.
pub struct Connections {
    listener: TcpListener,
    tls: Option<Tls>,
    shaking: JoinSet<Option<(Connection, SocketAddr)>>,
}

/// A connection.
pub enum Connection {
    /// As it came.
    Plain(TcpStream),
    /// Under TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Connections {
    /// Connections of a port as they come.
    #[must_use]
    pub fn plain(listener: TcpListener) -> Self {
        Self { listener, tls: None, shaking: JoinSet::new() }
    }

    /// Connections of a port under TLS.
    #[must_use]
    pub fn tls(listener: TcpListener, tls: Tls) -> Self {
        Self { listener, tls: Some(tls), shaking: JoinSet::new() }
    }

    /// The port.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    async fn tcp(listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Frames are small and somebody waits for each: none is held back until the one before is acknowledged.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY");
                    }
                    return (stream, peer);
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection was not taken");
                    // Out of files, for one: others end meanwhile.
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let Self { listener, tls, shaking } = self;
        let Some(tls) = tls else {
            let (stream, peer) = Self::tcp(listener).await;
            return (Connection::Plain(stream), peer);
        };
        loop {
            tokio::select! {
                (stream, peer) = Self::tcp(listener), if shaking.len() < MOST_SHAKING => {
                    let accept = tls.accept(stream);
                    shaking.spawn(async move {
                        match tokio::time::timeout(SHAKE_TIME, accept).await {
                            Ok(Ok(stream)) => Some((Connection::Tls(Box::new(stream)), peer)),
                            Ok(Err(error)) => {
                                tracing::debug!(%error, %peer, "a TLS handshake failed");
                                None
                            }
                            Err(_) => None,
                        }
                    });
                }
                Some(done) = shaking.join_next() => if let Ok(Some(connection)) = done {
                    return connection;
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

/// Handshakes at a time.
const MOST_SHAKING: usize = 256;
/// How long one may take.
const SHAKE_TIME: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);
