//! Unix sockets of the workspace: connections to one, and those that come to one that is made for the caller.

use bytes::{Bytes, BytesMut};
use proto::workspace::{ERR, Kind, OUT, Socket};
use tokio::time::timeout;

use crate::{Error, Event, Link, PATIENCE, Session, Stream};

impl Link {
    /// A connection to a unix socket, as the user.
    ///
    /// # Errors
    /// When nothing answers there, or the user may not; so do all that follow.
    pub async fn socket(&self, path: &str) -> Result<Stream, Error> {
        self.dial(path.to_owned()).await
    }

    /// Makes a unix socket there, as the user. It goes with what is given back.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn listen(&self, path: &str) -> Result<Listening, Error> {
        let (session, line, begun) = self.begin(Socket { path: path.to_owned(), listen: true }).await?;
        let door = format!("@{}", String::from_utf8_lossy(&line));
        let left = begun.iter().filter(|byte| **byte == b'\n').count();
        Ok(Listening { link: self.clone(), session, door, left })
    }

    async fn dial(&self, path: String) -> Result<Stream, Error> {
        let (session, _, begun) = self.begin(Socket { path, listen: false }).await?;
        Ok(Stream::begun(session, begun))
    }

    /// The first line, without its `+`, and what came behind it.
    async fn begin(&self, asked: Socket) -> Result<(Session, Bytes, Bytes), Error> {
        let mut session = self.channel(Kind::Socket(asked)).await?;
        let (mut came, mut wrong) = (BytesMut::new(), Vec::new());
        let first = async {
            loop {
                if let Some(end) = came.iter().position(|byte| *byte == b'\n') {
                    let line = came.split_to(end + 1).freeze();
                    return Ok((line.slice(line.len().min(1)..end), came.freeze()));
                }
                match session.next().await? {
                    Some(Event::Output { stream: OUT, bytes }) if came.len() < LONGEST => {
                        came.extend_from_slice(&bytes)
                    }
                    Some(Event::Output { stream: ERR, bytes }) if wrong.len() < LONGEST => {
                        wrong.extend_from_slice(&bytes)
                    }
                    Some(Event::Output { .. }) => return Err(Error::Long),
                    Some(Event::Exit(_) | Event::Closed(_)) | None => {
                        let words = String::from_utf8_lossy(&wrong);
                        let message = words.trim().trim_start_matches("qd-agent: ").to_owned();
                        return Err(Error::Refused { code: "unavailable".to_owned(), message });
                    }
                    Some(Event::Eof(_) | Event::Writes(_)) => {}
                }
            }
        };
        let (line, begun) = timeout(PATIENCE, first).await.map_err(|_| Error::Late)??;
        Ok((session, line, begun))
    }
}

/// A unix socket that was made for the caller.
pub struct Listening {
    link: Link,
    session: Session,
    door: String,
    /// Connections that were told of and not fetched yet.
    left: usize,
}

impl Listening {
    /// The next connection; `None` when the socket is gone.
    ///
    /// # Errors
    /// When the link broke.
    pub async fn accept(&mut self) -> Result<Option<Stream>, Error> {
        while self.left == 0 {
            match self.session.next().await? {
                Some(Event::Output { stream: OUT, bytes }) => {
                    self.left += bytes.iter().filter(|byte| **byte == b'\n').count();
                }
                Some(Event::Exit(_) | Event::Closed(_)) | None => return Ok(None),
                Some(_) => {}
            }
        }
        self.left -= 1;
        self.link.dial(self.door.clone()).await.map(Some)
    }
}

const LONGEST: usize = 4 << 10;
