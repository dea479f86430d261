//! Connections that programs of the workspace make for hosts by name: this side answers them.

use proto::workspace::{Accept, Egress as Open, Kind, OUT};

use crate::{Error, Event, Link, Session, Stream};

impl Link {
    /// The connections that programs make for hosts by name, those that wait already and those that come.
    ///
    /// # Errors
    /// `not_found` where the workspace has nothing of the kind; `not_supported` where the daemon is too old.
    pub async fn egress(&self) -> Result<Egress, Error> {
        Ok(Egress { link: self.clone(), session: self.channel(Kind::Egress(Open {})).await?, line: Vec::new() })
    }
}

/// Connections that programs of the workspace make.
#[derive(Debug)]
pub struct Egress {
    link: Link,
    session: Session,
    /// Numbers that came and were not taken yet, the last of which may not be whole.
    line: Vec<u8>,
}

impl Egress {
    /// The next one; `None` when no more will come. May be dropped while it waits, nothing is lost.
    ///
    /// # Errors
    /// When the connection broke, or what came is no number.
    pub async fn next(&mut self) -> Result<Option<Arrival>, Error> {
        loop {
            if let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let rest = self.line.split_off(end + 1);
                let line = std::mem::replace(&mut self.line, rest);
                let number = serde_json::from_slice(&line).map_err(Error::Answer)?;
                return Ok(Some(Arrival { link: self.link.clone(), number }));
            }
            match self.session.next().await? {
                Some(Event::Output { stream: OUT, bytes }) if self.line.len() + bytes.len() <= LONGEST => {
                    self.line.extend_from_slice(&bytes);
                }
                Some(Event::Output { .. }) => return Err(Error::Long),
                Some(Event::Exit(_) | Event::Closed(_)) | None => return Ok(None),
                Some(_) => {}
            }
        }
    }
}

/// A connection that came and was not taken yet.
#[derive(Debug)]
pub struct Arrival {
    link: Link,
    number: u64,
}

impl Arrival {
    /// Takes it.
    ///
    /// # Errors
    /// When whoever made it has gone, or it was not taken in time.
    pub async fn take(self) -> Result<Stream, Error> {
        Ok(Stream::new(self.link.channel(Kind::Accept(Accept { number: self.number })).await?))
    }
}

/// Bytes of numbers that wait: as many as a daemon keeps connections, and more.
const LONGEST: usize = 4 << 10;
