//! The browser's end of a terminal: what it says, what it is told, and how it is let go.

use super::frame::{self, Said};
use super::{End, Terminal};
use crate::error::Refused;
use api::terminal::TerminalSay;
use axum::extract::ws::{CloseFrame, Message, close_code};
use base::{Code, Coded};
use bytes::Bytes;
use tokio::time::{Interval, timeout};

impl Terminal {
    /// Takes a message of the client; nothing when it says nothing.
    pub(super) fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Option<Said>, End> {
        self.heard = true;
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                Said::read(&bytes).map(Some).map_err(|broken| self.broken(&broken.to_string()))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Text(_))) => Err(self.broken(&frame::Broken::Form.to_string())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    pub(super) async fn beat(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Gone);
        }
        self.send(Message::Ping(Bytes::new())).await
    }

    pub(super) fn ticks(&self) -> Interval {
        let every = self.shared.patience.ping;
        tokio::time::interval_at(tokio::time::Instant::now() + every, every)
    }

    pub(super) async fn say(&mut self, say: &TerminalSay) -> Result<(), End> {
        self.send(frame::about(say)).await
    }

    pub(super) async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.shared.patience.send, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                let refused = Refused::new(Code::SlowClient, "this client does not read");
                Err(End::Failed(refused.body((&self.caller).into())))
            }
        }
    }

    pub(super) async fn close(mut self, end: End) {
        let (said, code, reason) = match end {
            End::Gone => return,
            End::Done(_) => (None, close_code::NORMAL, "ended".to_owned()),
            End::Away | End::Lost(_) => (None, close_code::AWAY, "the console is ending".to_owned()),
            End::Failed(error) => (Some(frame::error(&error)), close_code::POLICY, error.code.to_string()),
        };
        // Whoever asked may have gone.
        if let Some(said) = said {
            let _ = timeout(self.shared.patience.send, self.socket.send(said)).await;
        }
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let _ = timeout(self.shared.patience.send, self.socket.send(close)).await;
        // What the client still says is read, so that it gets to know the reason.
        let _ = timeout(crate::socket::LAST_WORDS, async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
    }

    pub(super) fn fail(&self, error: &dyn Coded) -> End {
        End::Failed(Refused::of(error).body((&self.caller).into()))
    }

    pub(super) fn broken(&self, words: &str) -> End {
        End::Failed(Refused::new(Code::BadRequest, words).body((&self.caller).into()))
    }

    pub(super) fn revoked(&self) -> End {
        let words = "what allowed this terminal has ended; the shell runs on";
        End::Failed(Refused::new(Code::PolicyDenied, words).body((&self.caller).into()))
    }
}
