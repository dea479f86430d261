//! Bytes to a port of a pod: Kubernetes' port-forward over a WebSocket (`v4.channel.k8s.io`). Channel 0 carries the bytes,
//! channel 1 says what went wrong; the first message of each is the number of the port.

use super::Socket;
use crate::acting::{Acting, Target};
use crate::error::Error;
use bytes::{BufMut, BytesMut};
use futures::{SinkExt, StreamExt};
use policy::action::Changes;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::task::AbortOnDropHandle;

/// A connection to a port of a pod. Dropping it ends it.
pub struct Forwarded {
    near: DuplexStream,
    _passes: AbortOnDropHandle<()>,
}

impl Acting<Changes> {
    /// Connects to a port of a pod from within its network, so that its loopback is reached too. That nothing listens there
    /// is known only when the connection ends without a byte.
    ///
    /// # Errors
    /// As [`Error`] says: `Denied` names `pods/portforward`, `NotFound` a pod that is not there.
    pub async fn forward(&self, pod: Target<'_>, port: u16) -> Result<Forwarded, Error> {
        let query = format!("?ports={port}");
        let socket = self.socket(pod, "portforward", "pods/portforward", &query, PROTOCOL).await?;
        let (near, far) = tokio::io::duplex(ROOM);
        Ok(Forwarded { near, _passes: AbortOnDropHandle::new(tokio::spawn(pass(socket, far))) })
    }
}

async fn pass(socket: Socket, far: DuplexStream) {
    let (mut sink, mut stream) = socket.split();
    let (mut from, mut to) = tokio::io::split(far);
    let there = async {
        loop {
            let mut message = BytesMut::with_capacity(ROOM + 1);
            message.put_u8(BYTES);
            match from.read_buf(&mut message).await {
                Ok(count) if count > 0 => {}
                // the protocol has no word for one direction's end: the other goes on
                _ => return std::future::pending::<()>().await,
            }
            if sink.send(Message::Binary(message.freeze())).await.is_err() {
                return std::future::pending().await; // the reader learns it as well
            }
        }
    };
    let back = async {
        let mut begun = [false; 2];
        while let Some(Ok(message)) = stream.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Close(_) => return,
                _ => continue,
            };
            let Some((channel, rest)) = bytes.split_first() else { continue };
            // the number of the port
            if let Some(begun) = begun.get_mut(usize::from(*channel))
                && !std::mem::replace(begun, true)
            {
                continue;
            }
            match *channel {
                BYTES if to.write_all(rest).await.is_err() => return,
                WRONG => {
                    tracing::debug!(words = %String::from_utf8_lossy(rest), "a forwarded port ended");
                    return;
                }
                _ => {}
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

impl AsyncRead for Forwarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_read(cx, buf)
    }
}

impl AsyncWrite for Forwarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.near).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_shutdown(cx)
    }
}

const PROTOCOL: &str = "v4.channel.k8s.io";
const BYTES: u8 = 0;
const WRONG: u8 = 1;
const ROOM: usize = 32 << 10;
