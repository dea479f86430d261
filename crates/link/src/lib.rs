//! The only client of the daemon in a workspace.
//!
//! ```text
//! any two-way stream (TLS, or the API server's exec of `qd-agent workspaced relay`)
//!    └─ Link ─ channels ─┬─ shell, attach ─▶ Session: output, input, size
//!                        ├─ exec, files   ─▶ Session: output, errors, exit
//!                        ├─ tunnel        ─▶ Session
//!                        ├─ request       ─▶ status and JSON: ports, apps, logs, …
//!                        ├─ watch         ─▶ Watch: the same with each change
//!                        ├─ upward        ◀─ Upward: what the workspace asks
//!                        ├─ egress        ◀─ Egress: connections for hosts by name, which this side makes
//!                        └─ lock
//! ```
//!
//! A link is one connection; dropping the last handle of it and of its sessions closes it. A session that is dropped
//! closes its channel: shells that detach go on in the workspace, all else ends there. Credit flows back as output is
//! taken, so a slow reader slows the program down and nothing is kept beyond a window.

mod ask;
mod connection;
mod egress;
pub mod files;
mod secure;
mod session;
mod socket;
mod stream;
mod upward;

use std::sync::Arc;
use std::time::Duration;

use proto::workspace::{self as wire, Attach, Exec, Files, Hello, Kind, Request, Shell, Tunnel, Welcome};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub use ask::{AppAct, Watch};
pub use egress::{Arrival, Egress};
pub use proto::workspace::{Asked, Exit, Size, Variable, told};
pub use secure::Renewed;
pub use session::{Event, Session, Writer};
pub use socket::Listening;
pub use stream::Stream;
pub use upward::Upward;

/// Why a link, or what was asked over it, failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other end is no daemon of ours, or breaks the protocol.
    #[error("the workspace's daemon cannot be understood: {0}")]
    Protocol(#[from] wire::Error),
    /// The connection ended, or never came.
    #[error("the connection to the workspace ended")]
    Closed,
    /// Nothing listens there.
    #[error("the workspace cannot be reached: {0}")]
    Unreachable(#[source] std::io::Error),
    /// One end did not prove who it is, or is not the one that was wanted.
    #[error("the workspace and this side do not trust each other: {0}")]
    NotProved(#[source] std::io::Error),
    /// Keys or certificates cannot be used.
    #[error(transparent)]
    Identity(pki::Error),
    /// It speaks no protocol that this program speaks.
    #[error("the workspace's agent (version {agent}) speaks protocol {theirs}, this program {} to {}: {}", wire::VERSIONS.start(), wire::VERSIONS.end(), if theirs > wire::VERSIONS.end() { "update this program" } else { "stop and start the workspace, and it has the agent of this release" })]
    Version {
        /// The version of the agent.
        agent: String,
        /// Its protocol.
        theirs: u32,
    },
    /// It is the daemon of another workspace.
    #[error("the daemon is {name}, not the one that was called")]
    Another {
        /// Who it says it is.
        name: String,
    },
    /// The daemon does not answer in time.
    #[error("the workspace's daemon does not answer")]
    Late,
    /// The daemon said no.
    #[error("{message}")]
    Refused {
        /// In snake case.
        code: String,
        /// For people.
        message: String,
    },
    /// An answer of more than a mebibyte.
    #[error("the workspace's daemon answered more than is read")]
    Long,
    /// An answer that is none.
    #[error("the workspace's daemon answered what cannot be read")]
    Answer(#[source] serde_json::Error),
}

/// A connection to one daemon; its clones are the same connection.
#[derive(Clone, Debug)]
pub struct Link {
    connection: Arc<connection::Connection>,
    welcome: Welcome,
}

impl Link {
    /// Says hello over a stream whose other end is proved to be the daemon. `principal` and `decision` stand in the
    /// daemon's lists and its log.
    ///
    /// # Errors
    /// When the other end is no daemon, or does not answer.
    pub async fn open(
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
        principal: &str,
        decision: &str,
    ) -> Result<Self, Error> {
        let hello =
            Hello { version: *wire::VERSIONS.end(), principal: principal.to_owned(), decision: decision.to_owned() };
        let (connection, welcome) = connection::Connection::open(stream, hello);
        let welcome = timeout(PATIENCE, welcome).await.map_err(|_| Error::Late)?.map_err(|_| connection.why())?;
        if !wire::VERSIONS.contains(&welcome.version) {
            return Err(Error::Version { agent: welcome.agent_version, theirs: welcome.version });
        }
        Ok(Self { connection, welcome })
    }

    /// Who answers.
    #[must_use]
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// A program on a terminal of its own.
    ///
    /// # Errors
    /// When the daemon refuses, or is gone; so do all that follow.
    pub async fn shell(&self, asked: Shell) -> Result<Session, Error> {
        self.channel(Kind::Shell(asked)).await
    }

    /// Another viewer of a shell.
    ///
    /// # Errors
    /// As [`Link::shell`].
    pub async fn attach(&self, asked: Attach) -> Result<Session, Error> {
        self.channel(Kind::Attach(asked)).await
    }

    /// A program with pipes.
    ///
    /// # Errors
    /// As [`Link::shell`].
    pub async fn exec(&self, asked: Exec) -> Result<Session, Error> {
        self.channel(Kind::Exec(asked)).await
    }

    /// A connection to a port of the workspace's loopback.
    ///
    /// # Errors
    /// As [`Link::shell`].
    pub async fn tunnel(&self, port: u16) -> Result<Session, Error> {
        self.channel(Kind::Tunnel(Tunnel { port: port.into() })).await
    }

    /// The user's files, by SFTP version 3.
    ///
    /// # Errors
    /// As [`Link::shell`].
    pub async fn files(&self) -> Result<Session, Error> {
        self.channel(Kind::Files(Files {})).await
    }

    /// A request as on the daemon's local socket: the status and the answer.
    ///
    /// # Errors
    /// As [`Link::shell`].
    pub async fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(i32, Value), Error> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let asked = Request { method: method.to_owned(), path: path.to_owned(), body };
        let mut session = self.channel(Kind::Request(asked)).await?;
        let (mut answer, mut status) = (Vec::new(), None);
        while let Some(event) = session.next().await? {
            match event {
                Event::Output { bytes, .. } if answer.len() + bytes.len() <= LONGEST_ANSWER => {
                    answer.extend_from_slice(&bytes);
                }
                Event::Output { .. } => return Err(Error::Long),
                Event::Exit(exit) => status = Some(exit.code),
                Event::Eof(_) | Event::Writes(_) | Event::Closed(_) => {}
            }
        }
        let status = status.ok_or(Error::Closed)?;
        Ok((status, serde_json::from_slice(&answer).map_err(Error::Answer)?))
    }

    async fn channel(&self, kind: Kind) -> Result<Session, Error> {
        timeout(PATIENCE, Session::open(self.connection.clone(), kind)).await.map_err(|_| Error::Late)?
    }
}

const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer: the daemon runs beside the user's programs, and is believed no more than they are.
const LONGEST_ANSWER: usize = 1 << 20;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::{Error, Link, wire};
    use tokio::io::AsyncWriteExt;

    /// What comes of a daemon that welcomes with this version.
    async fn met(version: u32) -> Result<Link, Error> {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let agent_version = "9.8.7".to_owned();
        let welcome =
            wire::Welcome { version, agent_version, workspace_uid: "u".to_owned(), ..wire::Welcome::default() };
        let mut out = wire::Outgoing::new(false);
        out.raw(wire::PREFACE);
        out.push(wire::Body::Welcome(welcome).on(0));
        theirs.write_all_buf(&mut out).await.unwrap();
        let link = Link::open(ours, "ada", "d").await;
        drop(theirs);
        link
    }

    #[tokio::test]
    async fn wf_15b_an_agent_that_speaks_another_protocol_is_named_with_the_side_to_update() {
        let newest = *wire::VERSIONS.end();
        assert_eq!(met(newest).await.unwrap().welcome().agent_version, "9.8.7", "another version, and one protocol");
        for (theirs, todo) in [(newest + 1, "update this program"), (0, "stop and start the workspace")] {
            let error = met(theirs).await.unwrap_err();
            assert!(matches!(error, Error::Version { .. }), "{error}");
            let words = error.to_string();
            assert!(words.contains("9.8.7") && words.contains(todo), "{words}");
        }
    }
}
