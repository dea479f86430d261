//! A program that runs in a container, with its streams: Kubernetes' exec and attach over a WebSocket.
//!
//! Each message's first byte names its channel: 0 standard input, 1 output, 2 error, 3 the end as a `Status`; under
//! `v5` 255 closes a channel.

mod forward;
mod joined;

pub use forward::Forwarded;
pub use joined::{LastWords, joined};

use crate::acting::{Acting, Target};
use crate::error::Error;
use crate::pace::Urgency;
use crate::reader::escape;
use crate::transport::Call;
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use http::Method;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use policy::action::Changes;
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as Fault, Message};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Bytes of its standard output.
    Output(Bytes),
    /// Bytes of its standard error.
    Complaint(Bytes),
    /// It has ended; why it failed, unless it did not.
    Ended(Option<String>),
}

/// Writes to a program's standard input.
pub struct ExecInput {
    sink: SplitSink<Socket, Message>,
    server: String,
}

/// Reads what a program says.
pub struct ExecOutput {
    stream: SplitStream<Socket>,
    server: String,
}

impl Acting<Changes> {
    /// Starts a program in a container of a pod, without a terminal.
    ///
    /// # Errors
    /// As [`Error`] says: `Denied` names `pods/exec`, `NotFound` a pod or container that is not there.
    pub async fn exec(
        &self,
        pod: Target<'_>,
        container: &str,
        command: &[&str],
    ) -> Result<(ExecInput, ExecOutput), Error> {
        let mut query = "?stdin=true&stdout=true&stderr=true&tty=false&container=".to_owned();
        escape(container, &mut query);
        for word in command {
            query.push_str("&command=");
            escape(word, &mut query);
        }
        self.stream(pod, "exec", "pods/exec", &query).await
    }

    /// Takes the standard streams of a container's own program, without a terminal. Others may have them as well, and
    /// what it writes is kept in the container's log.
    ///
    /// # Errors
    /// As [`Error`] says: `Denied` names `pods/attach`, `NotFound` a pod or container that is not there.
    pub async fn attach(&self, pod: Target<'_>, container: &str) -> Result<(ExecInput, ExecOutput), Error> {
        let mut query = "?stdin=true&stdout=true&stderr=true&tty=false&container=".to_owned();
        escape(container, &mut query);
        self.stream(pod, "attach", "pods/attach", &query).await
    }

    async fn stream(
        &self,
        pod: Target<'_>,
        subresource: &str,
        kind: &str,
        query: &str,
    ) -> Result<(ExecInput, ExecOutput), Error> {
        let socket = self.socket(pod, subresource, kind, query, PROTOCOLS).await?;
        let (sink, stream) = socket.split();
        let server = self.transport().server.clone();
        Ok((ExecInput { sink, server: server.clone() }, ExecOutput { stream, server }))
    }

    /// A WebSocket of one of these protocols to a subresource of a pod.
    async fn socket(
        &self,
        pod: Target<'_>,
        subresource: &str,
        kind: &str,
        query: &str,
        protocols: &'static str,
    ) -> Result<Socket, Error> {
        let path = pod.path(subresource, query);
        let call = Call {
            method: Method::GET,
            path: &path,
            accept: "*/*",
            user_agent: Some(self.user_agent()),
            body: None,
            verb: "create",
            kind,
            namespace: pod.namespace,
            urgency: Urgency::Wanted,
            websocket: None,
        };
        let upgraded = self.transport().upgrade(&call, protocols).await?;
        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        Ok(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, Some(config)).await)
    }
}

impl ExecInput {
    /// Writes bytes to the program.
    ///
    /// # Errors
    /// `Unreachable` when the stream is over.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for part in bytes.chunks(PART) {
            let mut message = BytesMut::with_capacity(part.len() + 1);
            message.put_u8(STDIN);
            message.extend_from_slice(part);
            self.sink.send(Message::Binary(message.freeze())).await.map_err(|fault| lost(&self.server, fault))?;
        }
        Ok(())
    }

    /// Ends the stream in order.
    ///
    /// # Errors
    /// `Unreachable` when it is over already.
    pub async fn close(mut self) -> Result<(), Error> {
        self.sink.close().await.map_err(|fault| lost(&self.server, fault))
    }
}

impl ExecOutput {
    /// What the program says next; `None` when the stream is over without the server's last word.
    ///
    /// # Errors
    /// `Unreachable` when the stream breaks.
    pub async fn next(&mut self) -> Result<Option<Said>, Error> {
        while let Some(message) = self.stream.next().await {
            let bytes = match message {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(Message::Close(_)) => return Ok(None),
                Ok(_) => continue,
                Err(Fault::ConnectionClosed | Fault::AlreadyClosed) => return Ok(None),
                Err(fault) => return Err(lost(&self.server, fault)),
            };
            let Some((channel, _)) = bytes.split_first() else { continue };
            let rest = bytes.slice(1..);
            match *channel {
                _ if rest.is_empty() => {}
                STDOUT => return Ok(Some(Said::Output(rest))),
                STDERR => return Ok(Some(Said::Complaint(rest))),
                STATUS => return Ok(Some(Said::Ended(failure(&rest)))),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// The words of a `Status` that is no success.
fn failure(bytes: &[u8]) -> Option<String> {
    let status: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if status.get("status").and_then(Value::as_str) == Some("Success") {
        return None;
    }
    let message = status.get("message").and_then(Value::as_str).map(str::to_owned);
    Some(message.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()))
}

fn lost(server: &str, fault: Fault) -> Error {
    Error::Unreachable {
        server: server.to_owned(),
        message: "the stream of a container broke".to_owned(),
        source: Some(Box::new(fault)),
    }
}

const PROTOCOLS: &str = "v5.channel.k8s.io, v4.channel.k8s.io";
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
/// Bytes of input in one message.
const PART: usize = 64 << 10;
/// The server sends 32 KiB at most.
const MAX_MESSAGE: usize = 1 << 20;
