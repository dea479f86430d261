//! The parser of one QUIC connection: opens Initial packets until both sides have said hello, and with a key log what follows.

use super::{
    crypto::Crypto,
    frames::{Frame, Frames},
    held::{Held, LOOK_US, WAIT_US},
    initial::InitialKeys,
    packet::{Found, Kind, Packet},
    sealed::{Known, Level, Opening, Protected, Sealed, is_http3},
    verdict,
};
use crate::{
    AfterGap, Chunk, Context, End, Gap, Marks, Parser, Record, Side, Step, Vouch,
    record::QuicRecord,
    tls::{Carrier, ClientHello, ServerHello, ja4},
};

/// One connection.
#[derive(Default)]
pub struct Quic {
    keys: Option<Box<InitialKeys>>,
    /// The connection ids of the client's first packet.
    dcid: Vec<u8>,
    scid: Vec<u8>,
    crypto: [Crypto; 2],
    hello: Option<Box<ClientHello>>,
    pub(super) known: Known,
    retry: bool,
    started_us: Option<i64>,
    answered_us: Option<i64>,
    attempts: u16,
    emitted: bool,
    /// What a key log opens; none where there is no key log.
    pub(super) sealed: Option<Box<Sealed>>,
    /// Since the first packet that waits for its keys.
    held: Held,
    /// The key store's generation when what waits was last tried.
    tried: Option<u64>,
    scratch: Vec<u8>,
    /// The latest packet time.
    now_us: i64,
}

/// What became of packets that are side by side.
enum Walked {
    Done,
    /// The one that begins there has to wait for its keys.
    Wait(usize),
}

impl Quic {
    /// Takes the packets of a datagram, or of what of it waited, which began at `base` of it.
    fn walk(&mut self, from: Side, bytes: &[u8], base: usize, ts_us: i64, cx: &mut Context<'_, '_>) -> Walked {
        let mut at = 0;
        for _ in 0..PACKETS {
            let rest = bytes.get(at..).unwrap_or_default();
            let used = match Packet::read(rest) {
                Found::Packet(packet) => match self.packet(from, &packet, ts_us, cx) {
                    Some(used) => used,
                    None => return Walked::Wait(at),
                },
                Found::None if rest.first().is_some_and(|first| first & 0x80 == 0) => {
                    match self.short(from, rest, base + at, ts_us, cx) {
                        Some(used) => used,
                        None => return Walked::Wait(at),
                    }
                }
                _ => 0,
            };
            if used == 0 || (self.emitted && self.sealed.is_none()) {
                break;
            }
            at += used;
        }
        Walked::Done
    }

    /// Takes a packet with a long header and says how long it is; none when it has to wait. 0: nothing can follow it.
    fn packet(&mut self, from: Side, packet: &Packet<'_>, ts_us: i64, cx: &mut Context<'_, '_>) -> Option<usize> {
        if let Some(sealed) = self.sealed.as_mut().filter(|_| packet.kind != Kind::ZeroRtt) {
            sealed.own_id(from, packet.scid);
        }
        match packet.kind {
            Kind::Initial => self.initial(from, packet, ts_us),
            Kind::Retry => {
                self.retry |= from == Side::Server;
                return Some(0);
            }
            Kind::ZeroRtt => self.seal(from, Level::Early, packet, ts_us, cx)?,
            Kind::Handshake => {
                // What the server says after its hello is out of reach without keys; its hello may be lost.
                if from == Side::Server && self.hello.is_some() {
                    self.answered_us.get_or_insert(ts_us);
                }
                self.seal(from, Level::Handshake, packet, ts_us, cx)?;
            }
        }
        Some(packet.bytes.len())
    }

    fn initial(&mut self, from: Side, packet: &Packet<'_>, ts_us: i64) {
        if self.attempts >= ATTEMPTS || self.emitted {
            return;
        }
        self.attempts += 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        if let Some(frames) = self.open(from, packet, &mut scratch) {
            if from == Side::Client {
                if self.known.version.is_none() {
                    self.started_us = Some(ts_us);
                    self.scid = packet.scid.to_vec();
                }
                self.known.version = Some(packet.version);
            } else {
                self.answered_us.get_or_insert(ts_us);
            }
            let [client, server] = &mut self.crypto;
            let crypto = if from == Side::Client { client } else { server };
            Frames::of(frames)
                .take_while(|frame| !matches!(frame, Frame::Close))
                .for_each(|frame| crypto.frame(&frame));
            self.hellos();
        }
        self.scratch = scratch;
    }

    /// Opens with the keys at hand; a client's packet that they do not fit begins anew, as after a retry.
    fn open<'o>(&mut self, from: Side, packet: &Packet<'_>, scratch: &'o mut Vec<u8>) -> Option<&'o [u8]> {
        if let Some(keys) = &self.keys {
            let key = if from == Side::Client { &keys.client } else { &keys.server };
            if let Some(frames) = key.initial(packet, scratch) {
                return scratch.get(frames);
            }
        }
        let keys = InitialKeys::new(packet.version, packet.dcid).filter(|_| from == Side::Client)?;
        let frames = keys.client.initial(packet, scratch)?;
        if self.dcid.is_empty() {
            self.dcid = packet.dcid.to_vec();
        }
        self.keys = Some(Box::new(keys));
        scratch.get(frames)
    }

    fn hellos(&mut self) {
        let [client, server] = &mut self.crypto;
        if self.hello.is_none()
            && let Some((1, body)) = client.message()
        {
            self.hello = ClientHello::parse(body).map(Box::new);
            self.known.random = self.hello.as_ref().map(|hello| hello.random);
            self.tried = None;
            client.clear();
        }
        if self.known.cipher.is_none()
            && let Some((2, body)) = server.message()
        {
            self.known.cipher = ServerHello::parse(body).map(|hello| hello.cipher);
            self.tried = None;
            server.clear();
        }
    }

    /// Takes a packet under keys of a key log; none when these may still come.
    fn seal(
        &mut self,
        from: Side,
        level: Level,
        packet: &Packet<'_>,
        ts_us: i64,
        cx: &mut Context<'_, '_>,
    ) -> Option<()> {
        self.known.version.get_or_insert(packet.version);
        match self.take(
            from,
            level,
            Protected { bytes: packet.bytes, number_at: packet.number_at, is_whole: true },
            ts_us,
            cx,
        ) {
            Opening::NoKey if self.may_wait() => None,
            Opening::Closed => {
                self.failed();
                Some(())
            }
            _ => Some(()),
        }
    }

    /// Opens a packet and takes what is in it.
    pub(super) fn take(
        &mut self,
        from: Side,
        level: Level,
        packet: Protected<'_>,
        ts_us: i64,
        cx: &mut Context<'_, '_>,
    ) -> Opening {
        let Some(sealed) = &mut self.sealed else { return Opening::Closed };
        let mut scratch = std::mem::take(&mut self.scratch);
        let opening = sealed.open(from, level, packet, &self.known, &mut scratch, cx);
        if let Opening::Frames(frames) = &opening {
            if !std::mem::replace(&mut sealed.is_opened, true)
                && let Some(random) = &self.known.random
            {
                cx.keys.mark_used(random);
            }
            // The record of the begin comes before those of what is in it.
            self.emit(cx);
            if let Some(sealed) = &mut self.sealed {
                sealed.frames(from, level, scratch.get(frames.clone()).unwrap_or_default(), ts_us, cx);
            }
        }
        self.scratch = scratch;
        opening
    }

    pub(super) fn failed(&mut self) {
        if let Some(sealed) = &mut self.sealed {
            sealed.failures = sealed.failures.saturating_add(1);
        }
    }

    /// Whether packets without keys may wait for them.
    pub(super) fn may_wait(&self) -> bool {
        self.sealed.is_some() && !self.known.may_guess
    }

    /// Tries packets that wait again when something is new; `finally`: or passes over what has no keys.
    fn look_again(&mut self, now_us: i64, finally: bool, cx: &mut Context<'_, '_>) {
        let Some(since) = self.held.since_us.filter(|_| !self.held.is_empty()) else { return };
        let generation = cx.keys.generation();
        self.known.may_guess |= finally || now_us >= since + WAIT_US || self.held.is_full();
        if !self.known.may_guess && self.tried == Some(generation) {
            return cx.wake_at((now_us + LOOK_US).min(since + WAIT_US));
        }
        self.tried = Some(generation);
        while let Some(mut part) = self.held.pop() {
            if let Walked::Wait(at) = self.walk(part.side, &part.bytes, part.at, part.ts_us, cx) {
                part.bytes.drain(..at);
                part.at += at;
                self.held.unpop(part);
                return cx.wake_at((now_us + LOOK_US).min(since + WAIT_US));
            }
        }
        self.held.since_us = None;
    }

    /// Says what is known of readability, and sends the record when nothing more is to be known of the begin.
    fn settle(&mut self, cx: &mut Context<'_, '_>) {
        let is_complete = self.hello.is_some() && self.known.cipher.is_some();
        let has_keys = self.known.random.is_some_and(|random| cx.keys.find(&random).is_some());
        if is_complete && (has_keys || !self.may_wait()) {
            self.emit(cx);
        }
        cx.facts.verdict = Some(self.verdict(cx));
    }

    fn emit(&mut self, cx: &mut Context<'_, '_>) {
        if self.emitted {
            return;
        }
        let verdict = self.verdict(cx);
        cx.facts.verdict = Some(verdict);
        let Some((hello, version)) = self.hello.take().zip(self.known.version) else { return };
        self.emitted = true;
        if let Some(sealed) = &mut self.sealed {
            sealed.offers_http3 = hello.alpn.iter().any(|name| is_http3(name));
        }
        let started = self.started_us.unwrap_or_default();
        let initial_us = self.answered_us.map(|answered| answered.saturating_sub(started).max(0) as u64);
        let ja4 = ja4(&hello, Carrier::Quic);
        let record = QuicRecord {
            version: version.name(),
            sni: hello.sni.as_deref(),
            alpn: &hello.alpn,
            dcid: &self.dcid,
            scid: &self.scid,
            retry: self.retry,
            ja4: &ja4,
            initial_us,
            verdict: Some(verdict),
        };
        cx.emit(started, &Marks::default(), &Record::Quic(&record));
        self.keys = None;
        self.crypto.iter_mut().for_each(Crypto::clear);
        if self.sealed.is_none() {
            self.scratch = Vec::new();
        }
    }

    fn verdict(&self, cx: &Context<'_, '_>) -> crate::Verdict {
        verdict::of(&self.known, self.sealed.as_deref(), cx.keys)
    }
}

impl Parser for Quic {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let step = Step::Consumed(chunk.bytes.len());
        self.now_us = self.now_us.max(chunk.ts_us);
        if self.sealed.is_none() && !self.emitted && cx.keys.is_in_use() {
            self.sealed = Some(Box::default());
        }
        if self.emitted && self.sealed.is_none() {
            return step;
        }
        self.look_again(chunk.ts_us, false, cx);
        if let Walked::Wait(at) = self.walk(from, chunk.bytes, 0, chunk.ts_us, cx) {
            self.held.push(from, chunk.ts_us, at, chunk.bytes.get(at..).unwrap_or_default());
        }
        self.look_again(chunk.ts_us, false, cx);
        self.settle(cx);
        step
    }

    fn gap(&mut self, _from: Side, _gap: &Gap, _cx: &mut Context<'_, '_>) -> AfterGap {
        AfterGap::Continue
    }

    fn end(&mut self, _from: Side, _how: End, cx: &mut Context<'_, '_>) {
        self.look_again(self.now_us, true, cx);
        self.emit(cx);
        if let Some(sealed) = &mut self.sealed {
            sealed.finish(self.now_us, cx);
            self.settle(cx);
        }
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        self.look_again(now_us, false, cx);
        if let Some(sealed) = &mut self.sealed {
            sealed.wake(now_us, cx);
            self.settle(cx);
        }
    }

    /// What is encrypted stays so.
    fn vouch(&self, _from: Side) -> Vouch {
        Vouch::All
    }

    fn heap(&self) -> usize {
        self.crypto.iter().map(Crypto::heap).sum::<usize>()
            + self.hello.as_ref().map_or(0, |hello| size_of::<ClientHello>() + hello.heap())
            + self.keys.as_ref().map_or(0, |_| size_of::<InitialKeys>())
            + self.sealed.as_ref().map_or(0, |sealed| size_of::<Sealed>() + sealed.heap())
            + self.held.heap()
            + self.dcid.capacity()
            + self.scid.capacity()
            + self.scratch.capacity()
    }
}

/// Packets of one datagram that are looked at, also of a row of datagrams that were seen as one.
const PACKETS: usize = 256;
/// Initial packets of one connection that are opened.
const ATTEMPTS: u16 = 64;
