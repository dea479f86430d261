//! The other way round: a workspace asks, and this side answers, as long as it holds the channel.

use proto::workspace::{Answered, Asked, Kind, Lock, OUT, Upward as Open};
use serde_json::{Value, json};

use crate::{Error, Event, LONGEST_ANSWER, Link, Session};

impl Link {
    /// Answers what the workspace asks from now on: credentials for its user's programs, the deletion of the workspace, and so
    /// on. Of several who answer the last one is asked first.
    ///
    /// # Errors
    /// When the daemon refuses, is too old, or is gone.
    pub async fn upward(&self) -> Result<Upward, Error> {
        Ok(Upward { session: self.channel(Kind::Upward(Open {})).await?, bytes: Vec::new() })
    }

    /// Holds a lock of the workspace as long as what is returned is there.
    ///
    /// # Errors
    /// As [`Link::upward`]; `conflict` when another holds it, in words that say who.
    pub async fn lock(&self, name: &str) -> Result<Session, Error> {
        self.channel(Kind::Lock(Lock { name: name.to_owned() })).await
    }
}

/// What the workspace asks; dropping it leaves that to others.
#[derive(Debug)]
pub struct Upward {
    session: Session,
    /// Of a question that is not whole yet.
    bytes: Vec<u8>,
}

impl Upward {
    /// The next question; `None` when no more will come. May be dropped while it waits, nothing is lost.
    ///
    /// # Errors
    /// When the connection broke, or what came is no question.
    pub async fn next(&mut self) -> Result<Option<Asked>, Error> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(end + 1);
                let line = std::mem::replace(&mut self.bytes, rest);
                return serde_json::from_slice(&line).map(Some).map_err(Error::Answer);
            }
            match self.session.next().await? {
                Some(Event::Output { stream: OUT, bytes }) if self.bytes.len() + bytes.len() <= LONGEST_ANSWER => {
                    self.bytes.extend_from_slice(&bytes);
                }
                Some(Event::Output { .. }) => return Err(Error::Long),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn answer(&self, asked: &Asked, status: u16, body: Value) -> Result<(), Error> {
        let mut line = serde_json::to_vec(&Answered { id: asked.id, status, body }).map_err(Error::Answer)?;
        line.push(b'\n');
        self.session.send(&line).await
    }

    /// Says no to everything, in plain words, until the workspace or the connection ends: for sides that have no credentials
    /// to give.
    ///
    /// # Errors
    /// As [`Upward::next`].
    pub async fn refuse(mut self) -> Result<(), Error> {
        while let Some(asked) = self.next().await? {
            let (status, code, message) = match asked.ask.as_str() {
                "credentials" => (404, "not_found", "there are no credentials of this kind for you"),
                _ => (501, "not_supported", "the gateway that is connected cannot do this"),
            };
            self.answer(&asked, status, json!({ "code": code, "message": message })).await?;
        }
        Ok(())
    }
}
