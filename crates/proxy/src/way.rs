//! The way to a workspace's ports, and the connections over it that are kept for the next request.

use crate::http2::Streamed;
use crate::tls;
use base::Code;
use bytes::BytesMut;
use futures::future::BoxFuture;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// Where the ports of one workspace are reached.
pub(crate) trait Way: Send + Sync + 'static {
    /// Makes sure that there is one: what may take its time.
    fn ready(&self) -> BoxFuture<'_, Result<(), NoWay>> {
        Box::pin(async { Ok(()) })
    }

    /// A new connection to a port.
    fn dial(&self, port: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>>;

    /// The port of an app, and whether it speaks TLS there.
    fn app<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<(u16, bool), NoWay>> {
        Box::pin(async { Err(NoWay::Unknown) })
    }

    /// The ports on which something listens, with the program where it is known.
    fn ports(&self) -> BoxFuture<'_, Result<Vec<(u16, String)>, NoWay>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// It did not answer in time: the next ones take another.
    fn stale(&self) {}

    /// How it leads there, in a word.
    fn word(&self) -> &'static str;

    /// A new connection to a port, and how it leads there. TLS is spoken over it when it is `secure`.
    fn lead(&self, port: u16, _secure: bool) -> BoxFuture<'_, Result<Led, NoWay>> {
        Box::pin(async move { Ok((self.dial(port).await?, self.word())) })
    }

    /// How long a connection is waited for in all, when each way may take so long.
    fn patience(&self, one: Duration) -> Duration {
        one
    }

    /// What the last try of each way was like.
    fn tried(&self) -> Vec<Tried> {
        Vec::new()
    }
}

/// How the last try of a way went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The way, in a word.
    pub way: &'static str,
    /// How long it took.
    pub ms: u64,
    /// It led there.
    pub reached: bool,
}

/// A connection, and the word for the way that leads there.
pub(crate) type Led = (Box<dyn Stream>, &'static str);

/// Why a port is not reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoWay {
    /// Nothing listens there.
    Nothing,
    /// There is no such app, or it has no port.
    Unknown,
    /// The workspace is stopped; why, in words.
    Stopped(String),
    /// It is starting.
    Waking,
    /// It takes too long.
    Late,
    /// So many connections are open already.
    Busy,
    /// The login is over.
    Over,
    /// Anything else.
    Failed(Code, String),
}

/// A connection to a port of a workspace.
pub(crate) struct Upstream {
    pub(crate) from: ReadHalf<Box<dyn Stream>>,
    pub(crate) to: WriteHalf<Box<dyn Stream>>,
    /// What came and was not used yet.
    pub(crate) buffer: BytesMut,
    /// It has carried an answer before.
    pub(crate) used: bool,
    /// How long it may rest.
    pub(crate) rests: Duration,
    /// How it leads there, in a word.
    pub(crate) by: &'static str,
    _place: OwnedSemaphorePermit,
}

/// What all logins to one workspace share: so many connections, and those of them that rest.
pub(crate) struct Room {
    places: Arc<Semaphore>,
    /// By the login and the port; the last of them rests since the shortest time.
    idle: Mutex<HashMap<(u64, u16), Resting>>,
    /// The number of the next login.
    next: AtomicU64,
}

type Resting = VecDeque<(Instant, Upstream)>;

impl Default for Room {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST)), idle: Mutex::default(), next: 0.into() }
    }
}

/// The connections of one login.
pub(crate) struct Pool {
    way: Box<dyn Way>,
    room: Arc<Room>,
    /// Of this login, in the room.
    number: u64,
    closed: AtomicBool,
    /// Those of HTTP/2, one for a port.
    shared: tokio::sync::Mutex<HashMap<u16, Shared>>,
    /// Which ports speak TLS, as far as that was found out.
    tls: Mutex<HashMap<u16, bool>>,
    /// How it was led there last.
    led: Mutex<Option<&'static str>>,
}

/// A connection of HTTP/2, and how it leads there.
pub(crate) type Shared = (SendRequest<Streamed>, &'static str);

impl Pool {
    pub(crate) fn new(way: Box<dyn Way>, room: Arc<Room>) -> Self {
        let number = room.next.fetch_add(1, Ordering::Relaxed);
        Self {
            way,
            room,
            number,
            closed: AtomicBool::new(false),
            shared: Default::default(),
            tls: Mutex::default(),
            led: Mutex::default(),
        }
    }

    pub(crate) fn way(&self) -> &dyn Way {
        &*self.way
    }

    /// A connection that rests, not longer than `rested`.
    pub(crate) async fn rested(&self, port: u16, rested: Duration) -> Option<Upstream> {
        loop {
            let (since, mut upstream) = self.room.idle.lock().get_mut(&(self.number, port))?.pop_back()?;
            if since.elapsed() > upstream.rests.min(rested) {
                continue;
            }
            // an app that has closed it, or speaks unasked, is not spoken to
            let mut byte = [0_u8; 1];
            let quiet = {
                let read = std::pin::pin!(upstream.from.read(&mut byte));
                futures::poll!(read).is_pending()
            };
            if quiet {
                return Some(upstream);
            }
        }
    }

    /// Whether what listens on a port speaks TLS, where that was found out.
    pub(crate) fn speaks_tls(&self, port: u16) -> Option<bool> {
        self.tls.lock().get(&port).copied()
    }

    /// It was found out.
    pub(crate) fn learn(&self, port: u16, tls: bool) {
        self.tls.lock().insert(port, tls);
    }

    /// A new connection.
    pub(crate) async fn dial(&self, port: u16, secure: bool, patience: Duration) -> Result<Upstream, NoWay> {
        let (stream, by, place) = self.stream(port, secure.then_some(tls::HTTP1), patience).await?;
        let (from, to) = tokio::io::split(stream);
        let buffer = BytesMut::with_capacity(PIECE);
        Ok(Upstream { from, to, buffer, used: false, rests: RESTS, by, _place: place })
    }

    /// A new connection as it is, under TLS for the protocol that is named; it has its place as long as that is held.
    pub(crate) async fn stream(
        &self,
        port: u16,
        protocol: Option<&'static [u8]>,
        patience: Duration,
    ) -> Result<(Box<dyn Stream>, &'static str, OwnedSemaphorePermit), NoWay> {
        let place = self.place()?;
        self.way.ready().await?;
        let dial = async {
            let (stream, by) = self.way.lead(port, protocol.is_some()).await?;
            match protocol {
                Some(protocol) => Ok((tls::under(stream, port, protocol).await?, by)),
                None => Ok((stream, by)),
            }
        };
        let Ok(led) = tokio::time::timeout(self.way.patience(patience), dial).await else {
            self.way.stale();
            return Err(NoWay::Late);
        };
        let (stream, by) = led?;
        *self.led.lock() = Some(by);
        Ok((stream, by, place))
    }

    /// How it was led there last, in a word; nothing before its first connection.
    pub(crate) fn led(&self) -> Option<&'static str> {
        *self.led.lock()
    }

    /// A connection of HTTP/2, which its requests share. It ends with `end`.
    pub(crate) async fn http2(
        &self,
        port: u16,
        secure: bool,
        patience: Duration,
        end: &CancellationToken,
    ) -> Result<Shared, NoWay> {
        let mut shared = self.shared.lock().await;
        if let Some(open) = shared.get(&port).filter(|(sender, _)| !sender.is_closed()) {
            return Ok(open.clone());
        }
        let (stream, by, place) = self.stream(port, secure.then_some(tls::HTTP2), patience).await?;
        let mut client = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        client.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PING);
        let (sender, connection) = client
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| NoWay::Failed(Code::ProxyRefused, format!("port {port} speaks no HTTP/2: {error}")))?;
        tokio::spawn(end.clone().run_until_cancelled_owned(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection of HTTP/2 ended");
            }
            drop(place);
        }));
        shared.insert(port, (sender.clone(), by));
        Ok((sender, by))
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, NoWay> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(NoWay::Over);
        }
        if let Ok(place) = self.room.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        // those that rest, of whichever login, make room for those that are wanted
        self.room.idle.lock().clear();
        self.room.places.clone().try_acquire_owned().map_err(|_| NoWay::Busy)
    }

    /// Keeps a connection for the next request.
    pub(crate) fn rest(&self, port: u16, mut upstream: Upstream) {
        upstream.used = true;
        let now = Instant::now();
        let mut idle = self.room.idle.lock();
        // looked at with the lock held: whoever closes takes them all away behind it
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let resting = idle.entry((self.number, port)).or_default();
        while resting.front().is_some_and(|(since, one)| now.duration_since(*since) >= one.rests) {
            resting.pop_front();
        }
        if resting.len() < MOST_IDLE {
            resting.push_back((now, upstream));
        }
    }

    /// Closes those that rest, and opens none any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.room.idle.lock().retain(|(number, _), _| *number != self.number);
    }
}

/// Connections to one workspace, of all who are signed in to it.
const MOST: usize = 256;
/// Those that rest, for a port.
const MOST_IDLE: usize = MOST / 2;
/// Many programs close after five seconds without a request.
const RESTS: Duration = Duration::from_secs(4);
/// Between two signs of life of an app that speaks HTTP/2.
const PING: Duration = Duration::from_secs(30);
/// Bytes that are read at once.
pub(crate) const PIECE: usize = 16 << 10;
