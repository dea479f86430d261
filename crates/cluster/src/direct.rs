//! The client of a server that is reached without a proxy. It is `kube`'s own stack, with one thing more: a buffer under
//! TLS. A server writes every event of a watch as a TLS record of its own, and rustls reads a record at a time, which
//! costs a system call for each (measured: 39,000 for 30,000 pods, a quarter of the CPU).

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::client::ConfigExt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::net::TcpStream;
use tower::{BoxError, Service, ServiceBuilder};

/// Makes the client; nothing is sent yet.
pub(crate) fn client(config: &kube::Config, connect_time: Duration) -> Result<kube::Client, kube::Error> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A failure means that somebody was quicker: then there is one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_time));
    let connector = config.rustls_https_connector_with_connector(BufferedConnector(tcp))?;
    let http = hyper_util::client::legacy::Builder::new(TokioExecutor::new()).build(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(kube::Client::new(service, config.default_namespace.clone()))
}

/// Connects, and puts the buffer on.
#[derive(Clone)]
struct BufferedConnector(HttpConnector);

impl Service<http::Uri> for BufferedConnector {
    type Response = Buffered;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Buffered, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move { Ok(Buffered { inner: connecting.await?, buffer: vec![0; BUFFER], from: 0, to: 0 }) })
    }
}

/// A TCP stream that is read in large pieces. Writes go straight through.
struct Buffered {
    inner: TokioIo<TcpStream>,
    buffer: Vec<u8>,
    /// What of `buffer` was read and not handed out yet.
    from: usize,
    to: usize,
}

impl Read for Buffered {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, mut out: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.from == this.to {
            let mut space = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.inner).poll_read(context, space.unfilled()))?;
            (this.from, this.to) = (0, space.filled().len());
        }
        let end = this.to.min(this.from + out.remaining());
        out.put_slice(this.buffer.get(this.from..end).unwrap_or_default());
        this.from = end;
        Poll::Ready(Ok(()))
    }
}

impl Write for Buffered {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, parts)
    }
}

impl Connection for Buffered {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

/// Two of the largest TLS records.
const BUFFER: usize = 32 << 10;
