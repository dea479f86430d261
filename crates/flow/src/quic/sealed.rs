//! What is behind the handshake: keys of a key log, the packets that they open, and what is in them.

use std::ops::Range;

use super::{
    crypto::Crypto,
    frames::{Frame, Frames},
    ids::Ids,
    keys::{SideKey, Suite},
    packet::Version,
    phases::Phases,
    segments::Segments,
    streams::Streams,
};
use crate::{
    App, Context, Limits, Side,
    keylog::{Label, Secret},
    tls::{chosen_alpn, extension, reader::Reader},
};

/// Under which keys a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// What the client sends before the server answered.
    Early,
    Handshake,
    Data,
}

/// A packet as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protected<'a> {
    pub(super) bytes: &'a [u8],
    /// Where its number begins.
    pub(super) number_at: usize,
    /// Where it ends is known, so that it is worth to try other numbers.
    pub(super) is_whole: bool,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Where its frames stand in the buffer.
    Frames(Range<usize>),
    /// Its keys may still come.
    NoKey,
    /// They do not fit, or it is damaged.
    Closed,
}

/// What both hellos say of the keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub(super) random: Option<[u8; 32]>,
    pub(super) version: Option<Version>,
    pub(super) cipher: Option<u16>,
    /// No hello is waited for any more: what it did not say is tried.
    pub(super) may_guess: bool,
}

/// One connection, as far as it is opened.
#[derive(Default)]
pub(super) struct Sealed {
    sides: [SideState; 2],
    /// The server's part of the handshake.
    flight: Crypto,
    alpn: Option<Vec<u8>>,
    /// The client offered HTTP/3.
    pub(super) offers_http3: bool,
    inside: Inside,
    /// Something was opened.
    pub(super) is_opened: bool,
    /// Packets whose keys are there and that they did not open.
    pub(super) failures: u32,
    /// When a side said that the connection is over.
    pub(super) closed_us: Option<i64>,
}

/// What is known of one side.
#[derive(Default)]
struct SideState {
    ids: Ids,
    segments: Segments,
    early: Option<Box<SideKey>>,
    handshake: Option<Box<SideKey>>,
    data: Option<Box<Phases>>,
    /// Highest packet numbers: of the handshake, and of data.
    largest: [Option<u64>; 2],
    /// The generation of the key store when no key was found, by level.
    checked: [Option<u64>; 3],
}

/// What the connection carries.
#[derive(Default)]
enum Inside {
    #[default]
    Unknown,
    Http3(Box<Streams>),
    /// Nothing that is read here, or nothing more.
    Other,
}

impl Sealed {
    /// A side called itself so.
    pub(super) fn own_id(&mut self, side: Side, id: &[u8]) {
        self.side(side).ids.own(id);
    }

    /// Bytes of the connection id of a packet with a short header.
    pub(super) fn id_len(&mut self, from: Side, rest: &[u8]) -> Option<usize> {
        self.side(from.other()).ids.len_of(rest)
    }

    pub(super) fn segments(&mut self, from: Side) -> &mut Segments {
        &mut self.side(from).segments
    }

    /// Opens a packet into `out`.
    pub(super) fn open(
        &mut self,
        from: Side,
        level: Level,
        packet: Protected<'_>,
        known: &Known,
        out: &mut Vec<u8>,
        cx: &mut Context<'_, '_>,
    ) -> Opening {
        if self.side(from).has_key(level) {
            return self.try_open(from, level, packet, out);
        }
        let generation = cx.keys.generation();
        let nth = level as usize;
        if self.side(from).checked.get(nth) == Some(&Some(generation)) {
            return Opening::NoKey;
        }
        let (Some(secret), Some(version)) = (secret(from, level, known, cx), known.version) else {
            if let Some(checked) = self.side(from).checked.get_mut(nth).filter(|_| known.random.is_some()) {
                *checked = Some(generation);
            }
            return Opening::NoKey;
        };
        if let Some(cipher) = known.cipher {
            let Some(suite) = Suite::of(cipher) else { return Opening::Closed };
            self.side(from).install(level, version, suite, &secret);
            return self.try_open(from, level, packet, out);
        }
        if !known.may_guess {
            return Opening::NoKey;
        }
        // The server's hello was not seen: the suite that opens something is the one.
        for suite in Suite::ALL {
            self.side(from).install(level, version, suite, &secret);
            if let Opening::Frames(frames) = self.try_open(from, level, packet, out) {
                return Opening::Frames(frames);
            }
            self.side(from).remove(level);
        }
        Opening::Closed
    }

    fn try_open(&mut self, from: Side, level: Level, packet: Protected<'_>, out: &mut Vec<u8>) -> Opening {
        match self.side(from).open(level, packet, out) {
            Some(frames) => Opening::Frames(frames),
            None => Opening::Closed,
        }
    }

    /// Takes the frames of a packet.
    pub(super) fn frames(&mut self, from: Side, level: Level, frames: &[u8], ts_us: i64, cx: &mut Context<'_, '_>) {
        for frame in Frames::of(frames) {
            match frame {
                Frame::Crypto { .. } if level == Level::Handshake && from == Side::Server => {
                    self.flight.frame(&frame);
                    self.extensions();
                }
                Frame::ConnectionId(id) => self.side(from).ids.add(id),
                Frame::Close => {
                    let closed = *self.closed_us.get_or_insert(ts_us);
                    // What was overtaken by this may still come.
                    cx.wake_at(closed + LINGER_US);
                }
                Frame::Stream { .. } | Frame::Reset { .. } | Frame::Stop { .. } if level != Level::Handshake => {
                    self.begin(cx);
                    if let Inside::Http3(streams) = &mut self.inside {
                        inside(cx, |cx| streams.frame(from, &frame, ts_us, cx));
                    }
                }
                _ => {}
            }
        }
    }

    /// Time has passed.
    pub(super) fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        if let Inside::Http3(streams) = &mut self.inside {
            inside(cx, |cx| streams.wake(now_us, cx));
        }
        match self.closed_us {
            Some(closed) if now_us >= closed + LINGER_US => self.finish(now_us, cx),
            Some(closed) => cx.wake_at(closed + LINGER_US),
            None => {}
        }
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        if let Inside::Http3(streams) = &mut self.inside {
            inside(cx, |cx| streams.finish(now_us, cx));
            self.inside = Inside::Other;
        }
    }

    pub(super) fn heap(&self) -> usize {
        let inside = match &self.inside {
            Inside::Http3(streams) => size_of::<Streams>() + streams.heap(),
            _ => 0,
        };
        self.flight.heap() + self.sides.iter().map(SideState::heap).sum::<usize>() + inside
    }

    fn side(&mut self, side: Side) -> &mut SideState {
        let [client, server] = &mut self.sides;
        if side == Side::Client { client } else { server }
    }

    /// The protocol that the server chose stands in its first message.
    fn extensions(&mut self) {
        if self.alpn.is_some() {
            return;
        }
        let Some((ENCRYPTED_EXTENSIONS, body)) = self.flight.message() else { return };
        let mut extensions = Reader::new(Reader::new(body).vec16().unwrap_or_default());
        let mut alpn = Vec::new();
        while let (Some(kind), Some(data)) = (extensions.u16(), extensions.vec16()) {
            if kind == extension::ALPN {
                alpn = chosen_alpn(data).unwrap_or_default();
            }
        }
        self.alpn = Some(alpn);
        self.flight.clear();
    }

    /// Finds out what the connection carries.
    fn begin(&mut self, cx: &mut Context<'_, '_>) {
        if !matches!(self.inside, Inside::Unknown) {
            return;
        }
        // Without the server's choice what the client offered has to do.
        let is_http3 = self.alpn.as_deref().map_or(self.offers_http3, is_http3);
        self.inside = if is_http3 { Inside::Http3(Box::new(Streams::new())) } else { Inside::Other };
        if is_http3 {
            cx.facts.app = App::Http3;
        }
    }
}

impl SideState {
    fn has_key(&self, level: Level) -> bool {
        match level {
            Level::Early => self.early.is_some(),
            Level::Handshake => self.handshake.is_some(),
            Level::Data => self.data.is_some(),
        }
    }

    fn install(&mut self, level: Level, version: Version, suite: Suite, secret: &Secret) {
        match level {
            Level::Early => self.early = SideKey::new(version, suite, secret).map(Box::new),
            Level::Handshake => self.handshake = SideKey::new(version, suite, secret).map(Box::new),
            Level::Data => self.data = Phases::new(version, suite, secret).map(Box::new),
        }
    }

    fn remove(&mut self, level: Level) {
        match level {
            Level::Early => self.early = None,
            Level::Handshake => self.handshake = None,
            Level::Data => self.data = None,
        }
    }

    fn open(&mut self, level: Level, packet: Protected<'_>, out: &mut Vec<u8>) -> Option<Range<usize>> {
        let Protected { bytes, number_at, is_whole } = packet;
        let [handshake, data] = &mut self.largest;
        let largest = if level == Level::Handshake { handshake } else { data };
        let (number, frames) = match (level, &self.early, &self.handshake, &mut self.data) {
            (Level::Early, Some(key), ..) | (Level::Handshake, _, Some(key), _) => {
                let unmasked = key.header.unmask(bytes, number_at, *largest, out)?;
                (unmasked.number, key.packet.open(&unmasked, out)?)
            }
            (Level::Data, _, _, Some(phases)) => match phases.open(bytes, number_at, *largest, out) {
                None if is_whole => phases.open_far(bytes, number_at, *largest, out)?,
                opened => opened?,
            },
            _ => return None,
        };
        *largest = (*largest).max(Some(number));
        Some(frames)
    }

    fn heap(&self) -> usize {
        let keys = [self.early.is_some(), self.handshake.is_some(), self.data.is_some()];
        self.ids.heap() + keys.into_iter().filter(|has| *has).count() * KEY
    }
}

/// Whether a name of a protocol is that of HTTP/3, or of one of its drafts.
pub(super) fn is_http3(alpn: &[u8]) -> bool {
    alpn == b"h3" || alpn.starts_with(b"h3-")
}

fn secret(from: Side, level: Level, known: &Known, cx: &Context<'_, '_>) -> Option<Secret> {
    let label = match (level, from) {
        (Level::Early, Side::Client) => Label::ClientEarly,
        (Level::Early, Side::Server) => return None,
        (Level::Handshake, Side::Client) => Label::ClientHandshake,
        (Level::Handshake, Side::Server) => Label::ServerHandshake,
        (Level::Data, Side::Client) => Label::ClientTraffic,
        (Level::Data, Side::Server) => Label::ServerTraffic,
    };
    cx.keys.find(&known.random?)?.get(label).cloned()
}

/// Runs something on what is inside. Its offsets are not those of packets, so it masks nothing in them.
fn inside(cx: &mut Context<'_, '_>, run: impl FnOnce(&mut Context<'_, '_>)) {
    let limits = Limits { mask: false, ..cx.limits.clone() };
    cx.facts.layers += 1;
    run(&mut Context {
        facts: &mut *cx.facts,
        limits: &limits,
        redaction: cx.redaction,
        dns: &mut *cx.dns,
        hints: cx.hints,
        keys: &mut *cx.keys,
        protos: &mut *cx.protos,
        drafts: &mut *cx.drafts,
        mesh: &mut *cx.mesh,
        seq: &mut *cx.seq,
        sink: &mut *cx.sink,
        wake: &mut *cx.wake,
    });
    cx.facts.layers -= 1;
}

/// The type of the message.
const ENCRYPTED_EXTENSIONS: u8 = 8;
/// How long packets may come that were overtaken by the end of their connection.
const LINGER_US: i64 = 1_000_000;
/// Bytes of a key, with what the library keeps outside.
const KEY: usize = 2048;
