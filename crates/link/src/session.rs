//! One channel, from the caller's side.

use std::sync::Arc;

use bytes::Bytes;
use proto::workspace::{Body, Close, Data, Exit, Input, Kind, MAX_DATA, OUT, Open, Opened, Resize, Size};

use crate::Error;
use crate::connection::{Connection, Shared};

/// What comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes of the output, or of the output of errors.
    Output {
        /// [`proto::workspace::OUT`] or [`proto::workspace::ERR`].
        stream: u32,
        /// As they came.
        bytes: Bytes,
    },
    /// Nothing more comes on this stream.
    Eof(u32),
    /// Whether input is taken has changed.
    Writes(bool),
    /// How it ended.
    Exit(Exit),
    /// It is over; why, when it did not end by itself: `detached`.
    Closed(String),
}

/// An open channel; dropping it closes it.
#[derive(Debug)]
pub struct Session {
    connection: Arc<Connection>,
    shared: Arc<Shared>,
    channel: u32,
    opened: Opened,
    /// Bytes that were given to the holder and count as taken with the next call.
    given: usize,
    /// Bytes that are granted and not said yet.
    owed: u64,
    over: bool,
}

impl Session {
    pub(crate) async fn open(connection: Arc<Connection>, kind: Kind) -> Result<Self, Error> {
        let (channel, shared) = connection.channel()?;
        let mut session =
            Self { connection, shared, channel, opened: Opened::default(), given: 0, owed: 0, over: false };
        session.connection.say(Body::Open(Open { kind: Some(kind) }).on(channel)).await?;
        loop {
            let said = session.shared.said.lock().pop_front();
            match said {
                Some(Body::Opened(opened)) => {
                    session.opened = opened;
                    return Ok(session);
                }
                Some(Body::Refused(refused)) => {
                    session.over = true;
                    return Err(Error::Refused { code: refused.code, message: refused.message });
                }
                Some(_) => return Err(Error::Protocol(proto::workspace::Error::Malformed)),
                None if session.connection.over() => return Err(session.connection.why()),
                // a word that comes in between is remembered
                None => session.shared.came.notified().await,
            }
        }
    }

    /// The stream's id in the workspace.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.opened.id
    }

    /// Whether input is taken.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.opened.writes
    }

    /// What comes next; `None` when it is over. Data counts as taken with the next call, so that a holder who is busy with it
    /// slows the program down. May be dropped while it waits, nothing is lost.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        self.taken();
        if self.owed > 0 {
            self.connection.say(Body::Credit(self.owed).on(self.channel)).await?;
            self.owed = 0;
        }
        loop {
            if self.over {
                return Ok(None);
            }
            if let Some(event) = self.take() {
                return Ok(Some(event));
            }
            if self.connection.over() {
                return Err(self.connection.why());
            }
            // a word that comes in between is remembered
            self.shared.came.notified().await;
        }
    }

    /// What has come already, as [`Session::next`] gives it.
    pub(crate) fn now(&mut self) -> Option<Event> {
        self.taken();
        // a full queue is waited for by the next call
        if self.owed > 0 && self.connection.try_say(Body::Credit(self.owed).on(self.channel)).is_ok() {
            self.owed = 0;
        }
        if self.over { None } else { self.take() }
    }

    /// What was given counts as taken.
    fn taken(&mut self) {
        if self.given > 0 {
            let grant = self.shared.inbox.lock().used(std::mem::take(&mut self.given));
            self.owed += grant.unwrap_or_default();
        }
    }

    fn take(&mut self) -> Option<Event> {
        // the exit is the last word but one: all output comes before it
        let input = {
            let mut inbox = self.shared.inbox.lock();
            let first = self.shared.said.lock().front().cloned();
            match first {
                Some(Body::Opened(opened)) => {
                    self.shared.said.lock().pop_front();
                    self.opened.writes = opened.writes;
                    return Some(Event::Writes(opened.writes));
                }
                Some(Body::Exit(exit)) => match inbox.take() {
                    Some(input) if !matches!(input, Input::Closed(_)) => Some(input),
                    _ => {
                        self.shared.said.lock().pop_front();
                        return Some(Event::Exit(exit));
                    }
                },
                _ => inbox.take(),
            }
        };
        match input? {
            Input::Data(data) => {
                self.given = data.bytes.len();
                Some(Event::Output { stream: data.stream, bytes: data.bytes })
            }
            Input::Eof(stream) => Some(Event::Eof(stream)),
            Input::Closed(reason) => {
                self.over = true;
                Some(Event::Closed(reason))
            }
            Input::Resize(_) | Input::Signal(_) => None,
        }
    }

    /// Sends input, as the workspace takes it.
    ///
    /// # Errors
    /// When the connection is over; so do all that follow.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        self.input().send(bytes).await
    }

    /// The way in, for a task of its own.
    #[must_use]
    pub fn input(&self) -> Writer {
        Writer { connection: self.connection.clone(), shared: self.shared.clone(), channel: self.channel }
    }

    /// No input follows.
    ///
    /// # Errors
    /// As [`Session::send`].
    pub async fn end_input(&self) -> Result<(), Error> {
        self.input().end().await
    }

    /// The size of the terminal.
    ///
    /// # Errors
    /// As [`Session::send`].
    pub async fn resize(&self, size: Size) -> Result<(), Error> {
        self.input().resize(size).await
    }

    /// A signal for what runs, by its name without `SIG`.
    ///
    /// # Errors
    /// As [`Session::send`].
    pub async fn signal(&self, name: &str) -> Result<(), Error> {
        self.input().signal(name).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.forget(self.channel);
        if self.over {
            return;
        }
        let close = Body::Close(Close::default()).on(self.channel);
        if let Err(frame) = self.connection.try_say(close) {
            // the queue is full: the word waits its turn beside
            let out = self.connection.out();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { out.send(frame).await });
            }
        }
    }
}

/// Input of a session.
#[derive(Clone, Debug)]
pub struct Writer {
    connection: Arc<Connection>,
    shared: Arc<Shared>,
    channel: u32,
}

impl Writer {
    /// Sends input, as the workspace takes it.
    ///
    /// # Errors
    /// When the connection is over; so do all that follow.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        self.pass(Bytes::copy_from_slice(bytes)).await
    }

    /// The same with bytes that need no copy.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub async fn pass(&self, mut bytes: Bytes) -> Result<(), Error> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(MAX_DATA));
            let many = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            self.shared.window.acquire_many(many).await.map_err(|_| self.connection.why())?.forget();
            let data = Data { stream: OUT, bytes: piece };
            self.connection.say(Body::Data(data).on(self.channel)).await?;
        }
        Ok(())
    }

    /// No input follows.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub async fn end(&self) -> Result<(), Error> {
        self.connection.say(Body::Eof(OUT).on(self.channel)).await
    }

    /// The size of the terminal.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub async fn resize(&self, size: Size) -> Result<(), Error> {
        self.connection.say(Body::Resize(Resize { shell: String::new(), size: Some(size) }).on(self.channel)).await
    }

    /// A signal for what runs, by its name without `SIG`.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub async fn signal(&self, name: &str) -> Result<(), Error> {
        self.connection.say(Body::Signal(name.to_owned()).on(self.channel)).await
    }
}
