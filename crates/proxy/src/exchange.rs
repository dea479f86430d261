//! One request and its answer, passed on as they come: what the reader does not take yet is not read from the writer.

use crate::body::Body;
use crate::fields::{Ending, Face, to_app, to_browser, told_below};
use crate::pulse::Pulse;
use crate::relay::next;
use crate::way::{NoWay, PIECE, Pool, Upstream};
use bytes::{Buf, BytesMut};
use head::{Bad, Head};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::timeout_at;

/// The browser's end.
pub(crate) struct Client<S> {
    pub(crate) from: ReadHalf<S>,
    pub(crate) to: WriteHalf<S>,
    /// What came and was not used yet.
    pub(crate) buffer: BytesMut,
    pub(crate) peer: IpAddr,
}

/// A request that is to be passed on.
pub(crate) struct Request<'a> {
    pub(crate) head: &'a Head,
    pub(crate) target: &'a [u8],
    pub(crate) body: Body,
    /// What the connection is to become.
    pub(crate) upgrade: Option<&'a [u8]>,
    /// The client means to send no more afterwards.
    pub(crate) last: bool,
    /// It is not known whether the app speaks TLS.
    pub(crate) unknown: bool,
    /// The most bytes of the body.
    pub(crate) most: Option<u64>,
    /// Is told when more of the body has come: whoever sends it is at work.
    pub(crate) used: &'a (dyn Fn() + Sync),
}

/// How long is waited, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For a connection to the app.
    pub connect: Duration,
    /// For the head of an answer, once the request is sent.
    pub answer: Duration,
    /// For the next request on a connection, and for more of an answer that has begun.
    pub rest: Duration,
    /// For anything on a connection that became another protocol.
    pub upgraded: Duration,
    /// For a workspace that wakes, by whoever asks for a WebSocket.
    pub wake: Duration,
    /// The same for all other requests of programs; nothing answers them at once.
    pub hold: Duration,
    /// For an app that is not there yet, from when it was opened in a frame on.
    pub framed: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let (minute, second) = (Duration::from_secs(60), Duration::from_secs(1));
        Self {
            connect: 5 * second,
            answer: minute,
            rest: 10 * minute,
            upgraded: 60 * minute,
            wake: 30 * second,
            hold: Duration::ZERO,
            framed: 15 * second,
        }
    }
}

/// What was passed on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// To the app.
    pub(crate) up: u64,
    /// To the browser.
    pub(crate) down: u64,
    pub(crate) status: u16,
    /// How it was led to the app, in a word; empty where it was not.
    pub(crate) way: &'static str,
}

/// How it went.
pub(crate) enum Went {
    /// The connection takes another request.
    On,
    /// The connection ends.
    Done,
    /// It speaks another protocol now.
    Became(Box<Upstream>),
    /// Nothing has been answered yet, and this is to be.
    Not(Failed),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failed {
    Way(NoWay),
    Request(Bad),
    Answer(String),
    Late,
    /// The body is longer than this.
    Long(u64),
}

/// What ends the passing.
enum End {
    /// The client is gone, or cannot be written to.
    Client,
    /// The client's body is not framed.
    Request(Bad),
    /// It is longer than this.
    Long(u64),
    /// The app closed before it said anything.
    Silent,
    /// It calls a request malformed, where it is not known whether it speaks TLS.
    Refused,
    /// What the app says cannot be understood, or it went away within its answer.
    Answer(String),
    Late,
}

/// Passes one request on.
pub(crate) async fn exchange<S: crate::way::Stream>(
    client: &mut Client<S>,
    pool: &Pool,
    face: &Face,
    times: &Times,
    mut request: Request<'_>,
    counts: &mut Counts,
) -> Went {
    if let (Some(most), Body::Left(len)) = (request.most, &request.body)
        && *len > most
    {
        return Went::Not(Failed::Long(most));
    }
    // what is here already is looked at before anything is passed on
    let ready = match request.body.take(&client.buffer) {
        Ok(len) => len,
        Err(bad) => return Went::Not(Failed::Request(bad)),
    };
    let mut bound = Bound { most: request.most, came: 0 };
    if let Some(most) = bound.more(ready) {
        return Went::Not(Failed::Long(most));
    }
    let mut out = Vec::with_capacity(1024 + ready);
    let framing = if matches!(request.head.one("transfer-encoding"), Ok(Some(_))) {
        Body::Chunks(crate::body::Chunks::default())
    } else {
        Body::Over
    };
    to_app(request.head, request.target, face, client.peer, &framing, request.upgrade, &mut out);
    told_below(face, &mut out);
    out.extend_from_slice(client.buffer.get(..ready).unwrap_or_default());
    client.buffer.advance(ready);
    let whole = request.body.is_over();
    let safe = matches!(request.head.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE");
    let rested = if safe && whole { Duration::MAX } else { FRESH };
    let mut secure = face.secure || pool.speaks_tls(face.port) == Some(true);
    // what is not known is found out with a request that may be said twice
    let mut unknown = !secure && whole && safe && pool.speaks_tls(face.port).is_none();
    let mut first = true;
    loop {
        let resting = if std::mem::take(&mut first) { pool.rested(face.port, rested).await } else { None };
        let mut upstream = match resting {
            Some(upstream) => upstream,
            None => match pool.dial(face.port, secure, times.connect).await {
                Ok(upstream) => upstream,
                Err(no) => return Went::Not(Failed::Way(no)),
            },
        };
        counts.way = upstream.by;
        let begun = AtomicBool::new(false);
        let sent = upstream.to.write_all(&out).await;
        let sent = match sent {
            Ok(()) => upstream.to.flush().await,
            failed => failed,
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "the app takes no more"); // it may have answered before it closed
        }
        request.unknown = unknown;
        let ended = passed(client, &mut upstream, face, times, &mut request, &mut bound, counts, &begun).await;
        counts.up += out.len() as u64;
        let odd = matches!(ended, Err(End::Silent | End::Answer(_) | End::Refused)) && !begun.load(Ordering::Relaxed);
        if odd && std::mem::take(&mut unknown) {
            secure = pool.dial(face.port, true, times.connect.min(SHAKES)).await.is_ok();
            pool.learn(face.port, secure);
            // a refusal is asked for again, to be passed on
            if secure || matches!(ended, Err(End::Refused)) {
                continue;
            }
        } else if ended.is_ok() && unknown {
            pool.learn(face.port, false);
        }
        match ended {
            Ok(Passed::Became) => return Went::Became(Box::new(upstream)),
            Ok(Passed::Whole { app, browser }) => {
                if app && request.body.is_over() && upstream.buffer.is_empty() {
                    pool.rest(face.port, upstream);
                }
                return if browser && request.body.is_over() { Went::On } else { Went::Done };
            }
            Err(End::Silent) if upstream.used && whole && safe && !begun.load(Ordering::Relaxed) => {} // once more, over a new connection
            Err(_) if begun.load(Ordering::Relaxed) => return Went::Done,
            Err(End::Client) => return Went::Done,
            Err(End::Request(bad)) => return Went::Not(Failed::Request(bad)),
            Err(End::Long(most)) => return Went::Not(Failed::Long(most)),
            Err(End::Silent) => {
                return Went::Not(Failed::Answer("the app closed the connection without an answer".to_owned()));
            }
            Err(End::Answer(why)) => return Went::Not(Failed::Answer(why)),
            Err(End::Late) => return Went::Not(Failed::Late),
            // it is asked for where that is unknown alone
            Err(End::Refused) => return Went::Not(Failed::Answer("the app refuses the request".to_owned())),
        }
    }
}

/// An answer that came whole.
enum Passed {
    /// Whether the two connections can be used again.
    Whole {
        app: bool,
        browser: bool,
    },
    Became,
}

#[expect(clippy::too_many_arguments, reason = "the parts of two connections, each borrowed alone")]
async fn passed<S: crate::way::Stream>(
    client: &mut Client<S>,
    upstream: &mut Upstream,
    face: &Face,
    times: &Times,
    request: &mut Request<'_>,
    bound: &mut Bound,
    counts: &mut Counts,
    begun: &AtomicBool,
) -> Result<Passed, End> {
    let used = request.used;
    let Request { head, body, upgrade, last, unknown, .. } = request;
    let moved = Pulse::new();
    let up = AtomicU64::new(0);
    let Client { from, to, buffer, .. } = client;
    let Upstream { from: app_from, to: app_to, buffer: app_buffer, rests, .. } = upstream;
    let sends = async {
        let sent = || {
            moved.beat();
            used();
        };
        let end = send(from, buffer, body, bound, app_to, &sent, &up).await;
        match end {
            // what is said after an upgrade belongs to the other protocol
            Ok(()) if upgrade.is_some() => std::future::pending().await,
            Ok(()) => {
                gone(from, buffer).await;
                End::Client
            }
            // an app may answer what it did not read to its end
            Err(Stop::App) => std::future::pending().await,
            Err(Stop::Client) => End::Client,
            Err(Stop::Bad(bad)) => End::Request(bad),
            Err(Stop::Long(most)) => End::Long(most),
        }
    };
    let asked = Asked { head, upgrade: upgrade.is_some(), last: *last, unknown: *unknown };
    let answers = answer(asked, app_from, app_buffer, to, face, times, &moved, counts, begun, rests);
    let result = tokio::select! {
        biased;
        answered = answers => answered,
        end = sends => Err(end),
    };
    counts.up += up.into_inner();
    result
}

/// Why a request's body is not sent any further.
enum Stop {
    App,
    Client,
    Bad(Bad),
    Long(u64),
}

/// How much of a body came, and how much of it may.
struct Bound {
    most: Option<u64>,
    came: u64,
}

impl Bound {
    /// More has come; the bound where that is too much.
    fn more(&mut self, len: usize) -> Option<u64> {
        self.came = self.came.saturating_add(len as u64);
        self.most.filter(|most| self.came > *most)
    }
}

async fn send<S: crate::way::Stream>(
    from: &mut ReadHalf<S>,
    buffer: &mut BytesMut,
    body: &mut Body,
    bound: &mut Bound,
    to: &mut WriteHalf<Box<dyn crate::way::Stream>>,
    sent: &(dyn Fn() + Sync),
    up: &AtomicU64,
) -> Result<(), Stop> {
    while !body.is_over() {
        if buffer.is_empty() {
            buffer.reserve(PIECE);
            match from.read_buf(buffer).await {
                Ok(len) if len > 0 => {}
                _ => return Err(Stop::Client),
            }
        }
        let len = body.take(buffer).map_err(Stop::Bad)?;
        if let Some(most) = bound.more(len) {
            return Err(Stop::Long(most));
        }
        // taken off first: this ends in the middle when the app has answered, and what is left begins the next request
        let piece = buffer.split_to(len);
        to.write_all(&piece).await.map_err(|_| Stop::App)?;
        to.flush().await.map_err(|_| Stop::App)?;
        up.fetch_add(len as u64, Ordering::Relaxed);
        sent();
    }
    Ok(())
}

/// Until the client is gone. What it says meanwhile is kept, within a bound.
pub(crate) async fn gone<S: crate::way::Stream>(from: &mut ReadHalf<S>, buffer: &mut BytesMut) {
    while buffer.len() < PIECE {
        buffer.reserve(LEAST);
        match from.read_buf(buffer).await {
            Ok(len) if len > 0 => {}
            _ => return,
        }
    }
    std::future::pending().await
}

struct Asked<'a> {
    head: &'a Head,
    upgrade: bool,
    last: bool,
    unknown: bool,
}

#[expect(clippy::too_many_arguments, reason = "the parts of two connections, each borrowed alone")]
async fn answer<S: crate::way::Stream>(
    asked: Asked<'_>,
    from: &mut ReadHalf<Box<dyn crate::way::Stream>>,
    buffer: &mut BytesMut,
    to: &mut WriteHalf<S>,
    face: &Face,
    times: &Times,
    moved: &Pulse,
    counts: &mut Counts,
    begun: &AtomicBool,
    rests: &mut Duration,
) -> Result<Passed, End> {
    let mut out = Vec::new();
    let head = loop {
        let head = first(from, buffer, times, moved).await?;
        if head.status == 101 || head.status >= 200 {
            break head;
        }
        // an old client knows no answers before the answer
        if !asked.head.old {
            out.clear();
            to_browser(&head, face, &Body::Over, Ending::Goes, &mut out);
            say(to, &out).await?;
        }
    };
    if head.status == 400 && asked.unknown {
        return Err(End::Refused);
    }
    counts.status = head.status;
    out.clear();
    if head.status == 101 {
        if !asked.upgrade {
            return Err(End::Answer("the app changes the protocol, which nobody asked for".to_owned()));
        }
        to_browser(&head, face, &Body::Over, Ending::Goes, &mut out);
        begun.store(true, Ordering::Relaxed);
        say(to, &out).await?;
        return Ok(Passed::Became);
    }
    let mut body = Body::of_answer(&head, asked.head.method()).map_err(|bad| End::Answer(bad.to_string()))?;
    let again = if head.old { head.says("connection", "keep-alive") } else { !head.says("connection", "close") };
    let app = again && !matches!(body, Body::Rest);
    if let Some(seconds) = rest_time(&head) {
        *rests = seconds;
    }
    if asked.head.old && matches!(body, Body::Chunks(_)) {
        return Err(End::Answer("the app answers an old client in chunks".to_owned()));
    }
    let browser = !asked.last && !matches!(body, Body::Rest);
    let ending = match (browser, asked.head.old) {
        (false, _) => Ending::Ends,
        (true, true) => Ending::StaysOld,
        (true, false) => Ending::Stays,
    };
    // the first of the body goes with the head
    out.reserve(1024 + buffer.len());
    to_browser(&head, face, &body, ending, &mut out);
    let len = body.take(buffer).map_err(|bad| End::Answer(bad.to_string()))?;
    out.extend_from_slice(buffer.get(..len).unwrap_or_default());
    buffer.advance(len);
    counts.down += out.len() as u64;
    begun.store(true, Ordering::Relaxed);
    say(to, &out).await?;
    let mut room = PIECE;
    while !body.is_over() {
        buffer.reserve(room);
        moved.beat();
        match quiet(from.read_buf(buffer), moved, times.rest).await {
            None => return Err(End::Late),
            Some(Ok(len)) if len > 0 => room = next(room, len),
            Some(_) if matches!(body, Body::Rest) => break,
            Some(_) => return Err(End::Answer("the app went away within its answer".to_owned())),
        }
        let len = body.take(buffer).map_err(|bad| End::Answer(bad.to_string()))?;
        counts.down += len as u64;
        say(to, buffer.get(..len).unwrap_or_default()).await?;
        buffer.advance(len);
    }
    Ok(Passed::Whole { app, browser })
}

/// What is waited for, as long as something moves in either direction; `None` when nothing did for so long.
pub(crate) async fn quiet<T>(wait: impl Future<Output = T>, moved: &Pulse, long: Duration) -> Option<T> {
    let mut wait = std::pin::pin!(wait);
    loop {
        let since = moved.last();
        match timeout_at(since + long, wait.as_mut()).await {
            Ok(came) => return Some(came),
            Err(_) if moved.last() > since => {}
            Err(_) => return None,
        }
    }
}

/// The next head of the app.
async fn first(
    from: &mut ReadHalf<Box<dyn crate::way::Stream>>,
    buffer: &mut BytesMut,
    times: &Times,
    moved: &Pulse,
) -> Result<Head, End> {
    loop {
        if let Some(head) = Head::answer(buffer).map_err(|bad| End::Answer(bad.to_string()))? {
            return Ok(head);
        }
        buffer.reserve(PIECE);
        let since = moved.last();
        match timeout_at(since + times.answer, from.read_buf(buffer)).await {
            Ok(Ok(len)) if len > 0 => {}
            Ok(_) if buffer.is_empty() => return Err(End::Silent),
            Ok(_) => return Err(End::Answer("the app went away within the head of its answer".to_owned())),
            // more of the request went out meanwhile
            Err(_) if moved.last() > since => {}
            Err(_) => return Err(End::Late),
        }
    }
}

async fn say<S: crate::way::Stream>(to: &mut WriteHalf<S>, bytes: &[u8]) -> Result<(), End> {
    to.write_all(bytes).await.map_err(|_| End::Client)?;
    to.flush().await.map_err(|_| End::Client)
}

/// How long the app keeps a connection, by its own word; a second less.
fn rest_time(head: &Head) -> Option<Duration> {
    let value = std::str::from_utf8(head.all("keep-alive").next()?).ok()?;
    let seconds = value.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?.parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds.saturating_sub(1).min(60)))
}

/// Bytes that are read at once where none are expected.
const LEAST: usize = 1 << 10;
/// For a handshake that finds out whether an app speaks TLS.
const SHAKES: Duration = Duration::from_secs(2);
/// A connection that rested so long at most takes what cannot be said twice.
const FRESH: Duration = Duration::from_secs(2);
