//! `qd url`: asks a running console for another one-time URL.

use crate::runfile::{self, Record};
use base::{Code, Coded, Secret};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Why there is no URL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UrlError {
    /// No console of this user runs.
    #[error("no console is running: `qd` starts one")]
    None,
    /// None runs on that port.
    #[error("no console is running on port {port}: `qd url` without --port takes the newest")]
    NotThere { port: u16 },
    /// It does not answer as a console does.
    #[error("the console on port {port} does not answer: {message}")]
    Silent { port: u16, message: String },
}

impl Coded for UrlError {
    fn code(&self) -> Code {
        match self {
            Self::None | Self::NotThere { .. } => Code::NotFound,
            Self::Silent { .. } => Code::TimedOut,
        }
    }
}

/// A new one-time URL of the console on `port`, or of the newest one.
pub(crate) async fn new_url(state: &Path, port: Option<u16>) -> Result<String, UrlError> {
    let running = runfile::running(state);
    let found = match port {
        Some(port) => running.into_iter().find(|record| record.port == port).ok_or(UrlError::NotThere { port })?,
        None => running.into_iter().next().ok_or(UrlError::None)?,
    };
    let port = found.port;
    match tokio::time::timeout(Duration::from_secs(5), ask(&found)).await {
        Ok(Ok(url)) => Ok(url),
        Ok(Err(message)) => Err(UrlError::Silent { port, message }),
        Err(_) => Err(UrlError::Silent { port, message: "no answer within 5 s".to_owned() }),
    }
}

/// `POST /api/v1/codes` on loopback. One request with no body and a short answer needs no HTTP client.
async fn ask(console: &Record) -> Result<String, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", console.port)).await.map_err(|error| error.to_string())?;
    let token: Secret<String> = console.token();
    let request = Secret::new(format!(
        "POST /api/v1/codes HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{}: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        console.port,
        gateway::TOKEN_HEADER,
        token.expose()
    ));
    stream.write_all(request.expose().as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).await.map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer is cut off")?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(head.lines().next().unwrap_or_default().to_owned());
    }
    let body: serde_json::Value = serde_json::from_str(body.trim()).map_err(|error| error.to_string())?;
    body.get("url").and_then(|url| url.as_str()).map(str::to_owned).ok_or_else(|| "the answer has no URL".to_owned())
}
