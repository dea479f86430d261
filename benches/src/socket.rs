//! A client of the views socket.

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// One tab.
pub struct Tab(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Tab {
    /// Connects with the run token.
    ///
    /// # Errors
    /// When the console refuses.
    pub async fn connect(port: u16, token: &str) -> Result<Self> {
        let mut request = format!("ws://127.0.0.1:{port}/api/v1/socket").into_client_request()?;
        request.headers_mut().insert("x-quarterdeck-token", token.parse()?);
        let (socket, _) = tokio_tungstenite::connect_async_with_config(request, None, true).await?;
        Ok(Self(socket))
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send(&mut self, frame: Value) -> Result<()> {
        Ok(self.0.send(Message::Text(Utf8Bytes::from(frame.to_string()))).await?)
    }

    /// The next frame, acknowledged.
    ///
    /// # Errors
    /// When none comes within a minute, or the socket is closed.
    pub async fn next(&mut self) -> Result<Value> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(60), self.0.next()).await.context("no frame")?;
            match message.context("the socket is closed")?? {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text)?;
                    if let Some(body) = frame.as_object().and_then(|frame| frame.values().next())
                        && let (Some(id), Some(seq)) = (body.get("id"), body.get("seq"))
                    {
                        self.send(json!({ "ack": { "id": id, "seq": seq } })).await?;
                    }
                    return Ok(frame);
                }
                Message::Ping(_) => self.0.send(Message::Pong(Bytes::new())).await?,
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Opens rows and waits for their first frame; milliseconds until it came, and the frame.
    ///
    /// # Errors
    /// When the subscription is refused.
    pub async fn rows(&mut self, id: u32, query: Value) -> Result<(f64, Value)> {
        let started = Instant::now();
        self.send(json!({ "sub": { "id": id, "what": { "rows": query } } })).await?;
        loop {
            let frame = self.next().await?;
            let of = |kind: &str| frame.get(kind).filter(|body| body["id"] == id).cloned();
            if let Some(snap) = of("snap") {
                return Ok((started.elapsed().as_secs_f64() * 1000.0, snap));
            }
            if let Some(end) = of("end") {
                bail!("refused: {end}");
            }
        }
    }

    /// Closes a subscription.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn close(&mut self, id: u32) -> Result<()> {
        self.send(json!({ "unsub": { "id": id } })).await
    }
}
