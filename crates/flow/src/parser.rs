//! What a protocol parser is: it gets in-order bytes of both directions, and says what it used.
//!
//! A parser never sees a packet. [`crate::Dialog`] drives it: keeps what was not consumed, counts skipped bytes and gaps.
//! Each protocol adds a variant to [`AnyParser`] and an arm to [`AnyParser::new`]; nothing else of the core names it.

use crate::Context;
use crate::dns::Dns;
use crate::http1::Http1;
use crate::http2::Http2;
use crate::postgres::Postgres;
use crate::quic::Quic;
use crate::redis::Redis;
use crate::tls::Tls;
use crate::websocket::WebSocket;

/// Who sent the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who opened the connection.
    Client,
    /// Who accepted it.
    Server,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// 0 for the client, 1 for the server.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// In-order bytes of one direction of one connection; or one datagram.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Stream offset of the first of them; for datagrams the bytes of this direction before it.
    pub offset: u64,
    /// Epoch microseconds of the packet that carried the last of them.
    pub ts_us: i64,
    /// Epoch microseconds of the packet that carried the first of them.
    pub first_ts_us: i64,
    /// How far, in the other direction's offsets, their sender had acknowledged.
    pub acked: u64,
    /// Bytes of a datagram that the snap length cut off its end; 0 in streams.
    pub cut: u32,
}

/// Bytes of one direction that are known to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Stream offset of the first missing byte.
    pub offset: u64,
    /// How many.
    pub len: u64,
    /// Why.
    pub cause: GapCause,
    /// Epoch microseconds at which it was declared.
    pub ts_us: i64,
}

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapCause {
    /// The kernel's ring dropped packets.
    Ring,
    /// Shed on purpose under a budget.
    Shed,
    /// They never were in the capture.
    NotCaptured,
    /// The snap length cut them.
    Snaplen,
    /// A limit of the engine was reached.
    Limit,
}

impl GapCause {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Shed => "shed",
            Self::NotCaptured => "not_captured",
            Self::Snaplen => "snaplen",
            Self::Limit => "limit",
        }
    }
}

/// What a parser made of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes were used; the rest is kept and offered again, joined with what follows.
    Consumed(usize),
    /// `used` bytes were used and the next `skip` of the stream need not be shown. What follows them is offered again; when
    /// they end a packet, an empty chunk is offered, so that the parser learns when they ended.
    Skip {
        /// Bytes of this chunk that were used.
        used: usize,
        /// Bytes after those that are only counted.
        skip: u64,
    },
    /// These bytes cannot be this protocol. After three the parser is dropped; until then it is asked to resync.
    Violation(&'static str),
    /// From here on the connection speaks something else.
    Become {
        /// Bytes of this chunk that still belonged to this parser.
        used: usize,
        /// What follows; [`App::Unknown`] to find out by signature.
        app: App,
    },
}

/// What a parser can do about missing bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterGap {
    /// It counted them inside something of known length and goes on.
    Continue,
    /// It looks for the next unmistakable message start in what follows.
    Resync,
    /// It cannot go on: the rest of the connection is counted only.
    GiveUp,
}

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its sender closed it in order.
    Fin,
    /// The connection was reset.
    Rst,
    /// Nothing came for the idle time.
    Idle,
    /// Its memory was needed.
    Evicted,
    /// A new connection took its addresses.
    Reused,
    /// The capture ended.
    Eof,
}

impl End {
    /// Its name in flow records (`end_by`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
            Self::Reused => "reused",
            Self::Eof => "eof",
        }
    }
}

/// The parser of one connection.
///
/// Never panics on any bytes, and gives the same records however the bytes are cut into chunks.
pub trait Parser {
    /// Looks at bytes of one direction and says what it used.
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step;

    /// Bytes of this direction are missing; what was not consumed before them is gone too.
    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap;

    /// This direction ended. Called once for each side at most.
    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>);

    /// The time asked for by [`Context::wake_at`] has come.
    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        let _ = (now_us, cx);
    }

    /// Bytes of heap it holds, for the budget.
    fn heap(&self) -> usize;

    /// What it answers for in this direction, as it stands now: see [`Vouch`].
    fn vouch(&self, from: Side) -> Vouch {
        let _ = from;
        Vouch::Nothing
    }

    /// The first stream offset of this direction of which it will still say what is secret.
    fn pending(&self, from: Side) -> Option<u64> {
        let _ = from;
        None
    }
}

/// Which bytes hold no secret but those that a parser reports with [`Context::mask`]. What nobody answers for is hidden
/// in packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vouch {
    /// Only those that it reports with [`Context::clear`].
    Nothing,
    /// All that it used.
    Used,
    /// All that it used or skipped.
    All,
}

/// The protocols that are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum App {
    /// Not known, or not yet.
    #[default]
    Unknown,
    /// HTTP/1.0 and 1.1.
    Http1,
    /// HTTP/2, with or without gRPC.
    Http2,
    /// WebSocket, after its upgrade.
    WebSocket,
    /// TLS.
    Tls,
    /// QUIC.
    Quic,
    /// HTTP/3, which the parser of QUIC reads.
    Http3,
    /// DNS over UDP or TCP.
    Dns,
    /// Redis.
    Redis,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl App {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Http1 => "http",
            Self::Http2 => "http2",
            Self::WebSocket => "websocket",
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Http3 => "http3",
            Self::Dns => "dns",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

/// A parser of any protocol: one connection has at most one at a time.
pub enum AnyParser {
    /// HTTP/1.0 and 1.1.
    Http1(Box<Http1>),
    /// HTTP/2, with or without gRPC.
    Http2(Box<Http2>),
    /// WebSocket, after its upgrade.
    WebSocket(Box<WebSocket>),
    /// DNS over UDP or TCP.
    Dns(Box<Dns>),
    /// TLS.
    Tls(Box<Tls>),
    /// QUIC.
    Quic(Box<Quic>),
    /// Redis.
    Redis(Box<Redis>),
    /// PostgreSQL.
    Postgres(Box<Postgres>),
    /// MySQL and MariaDB.
    Mysql(Box<crate::mysql::Mysql>),
}

impl AnyParser {
    /// The parser of a protocol, where there is one.
    #[must_use]
    pub fn new(app: App) -> Option<Self> {
        match app {
            App::Http1 => Some(Self::Http1(Box::default())),
            App::Http2 => Some(Self::Http2(Box::default())),
            App::WebSocket => Some(Self::WebSocket(Box::default())),
            App::Dns => Some(Self::Dns(Box::default())),
            App::Tls => Some(Self::Tls(Box::default())),
            App::Quic => Some(Self::Quic(Box::default())),
            App::Redis => Some(Self::Redis(Box::default())),
            App::Postgres => Some(Self::Postgres(Box::default())),
            App::Mysql => Some(Self::Mysql(Box::default())),
            _ => None,
        }
    }
}

/// Runs one expression on whichever parser it is. A new protocol is one more line here.
macro_rules! each {
    ($any:expr, $parser:ident => $run:expr) => {
        match $any {
            AnyParser::Http1($parser) => $run,
            AnyParser::Http2($parser) => $run,
            AnyParser::WebSocket($parser) => $run,
            AnyParser::Dns($parser) => $run,
            AnyParser::Tls($parser) => $run,
            AnyParser::Quic($parser) => $run,
            AnyParser::Redis($parser) => $run,
            AnyParser::Postgres($parser) => $run,
            AnyParser::Mysql($parser) => $run,
        }
    };
}

impl Parser for AnyParser {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        each!(self, parser => parser.data(from, chunk, cx))
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        each!(self, parser => parser.gap(from, gap, cx))
    }

    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        each!(self, parser => parser.end(from, how, cx));
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        each!(self, parser => parser.wake(now_us, cx));
    }

    fn heap(&self) -> usize {
        each!(self, parser => size_of_val(&**parser) + parser.heap())
    }

    fn vouch(&self, from: Side) -> Vouch {
        each!(self, parser => parser.vouch(from))
    }

    fn pending(&self, from: Side) -> Option<u64> {
        each!(self, parser => parser.pending(from))
    }
}
