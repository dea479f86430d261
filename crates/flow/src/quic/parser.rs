//! The parser of one QUIC connection: opens Initial packets until both sides have said hello.

use super::{
    crypto::Crypto,
    initial::InitialKeys,
    packet::{Found, Kind, Packet, Version},
};
use crate::{
    AfterGap, Chunk, Context, End, Gap, Marks, Parser, Record, Side, Step, Verdict, Vouch,
    record::QuicRecord,
    tls::{Carrier, ClientHello, ServerHello, ja4},
};

/// One connection.
#[derive(Default)]
pub struct Quic {
    keys: Option<Box<InitialKeys>>,
    version: Option<Version>,
    /// The connection ids of the client's first packet.
    dcid: Vec<u8>,
    scid: Vec<u8>,
    crypto: [Crypto; 2],
    hello: Option<Box<ClientHello>>,
    cipher: Option<u16>,
    retry: bool,
    started_us: Option<i64>,
    answered_us: Option<i64>,
    attempts: u16,
    emitted: bool,
    scratch: Vec<u8>,
}

impl Quic {
    fn packet(&mut self, from: Side, packet: &Packet<'_>, ts_us: i64, cx: &mut Context<'_, '_>) {
        match packet.kind {
            Kind::Initial => self.initial(from, packet, ts_us, cx),
            Kind::Retry if from == Side::Server => self.retry = true,
            // What the server says after its hello is out of reach; its hello may be lost.
            Kind::Handshake if from == Side::Server && self.hello.is_some() => {
                self.answered_us.get_or_insert(ts_us);
            }
            _ => {}
        }
    }

    fn initial(&mut self, from: Side, packet: &Packet<'_>, ts_us: i64, cx: &mut Context<'_, '_>) {
        if self.attempts >= ATTEMPTS {
            return;
        }
        self.attempts += 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        let clear = self.open(from, packet, &mut scratch);
        if let Some(frames) = clear {
            if from == Side::Client {
                if self.version.is_none() {
                    self.started_us = Some(ts_us);
                    self.scid = packet.scid.to_vec();
                }
                self.version = Some(packet.version);
            } else {
                self.answered_us.get_or_insert(ts_us);
            }
            let [client, server] = &mut self.crypto;
            let crypto = if from == Side::Client { client } else { server };
            crypto.frames(frames);
            self.hellos();
            self.settle(cx);
        }
        self.scratch = scratch;
    }

    /// Opens with the keys at hand; a client's packet that they do not fit begins anew, as after a retry.
    fn open<'o>(&mut self, from: Side, packet: &Packet<'_>, scratch: &'o mut Vec<u8>) -> Option<&'o [u8]> {
        let mut opened = false;
        if let Some(keys) = &self.keys {
            let key = if from == Side::Client { &keys.client } else { &keys.server };
            opened = key.open(packet, scratch).is_some();
        }
        if !opened {
            let keys = InitialKeys::new(packet.version, packet.dcid).filter(|_| from == Side::Client)?;
            keys.client.open(packet, scratch)?;
            if self.dcid.is_empty() {
                self.dcid = packet.dcid.to_vec();
            }
            self.keys = Some(Box::new(keys));
        }
        // The frames stand behind the header, whose length is in the first byte now.
        let len = packet.number_at + usize::from(scratch.first()? & 3) + 1;
        let end = packet.bytes.len().checked_sub(TAG)?;
        scratch.get(len..end)
    }

    fn hellos(&mut self) {
        let [client, server] = &mut self.crypto;
        if self.hello.is_none()
            && let Some((1, body)) = client.message()
        {
            self.hello = ClientHello::parse(body).map(Box::new);
            client.clear();
        }
        if self.cipher.is_none()
            && let Some((2, body)) = server.message()
        {
            self.cipher = ServerHello::parse(body).map(|hello| hello.cipher);
            server.clear();
        }
    }

    fn settle(&mut self, cx: &mut Context<'_, '_>) {
        if self.hello.is_some() && self.cipher.is_some() {
            self.emit(cx);
        }
    }

    fn emit(&mut self, cx: &mut Context<'_, '_>) {
        if self.emitted {
            return;
        }
        cx.facts.verdict = Some(VERDICT);
        let Some((hello, version)) = self.hello.take().zip(self.version) else { return };
        self.emitted = true;
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
            verdict: Some(VERDICT),
        };
        cx.emit(started, &Marks::default(), &Record::Quic(&record));
        self.keys = None;
        self.crypto.iter_mut().for_each(Crypto::clear);
        self.scratch = Vec::new();
    }
}

impl Parser for Quic {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let all = chunk.bytes.len();
        let mut rest = chunk.bytes;
        for _ in 0..PACKETS {
            if self.emitted {
                break;
            }
            let Found::Packet(packet) = Packet::read(rest) else { break };
            self.packet(from, &packet, chunk.ts_us, cx);
            if packet.kind == Kind::Retry {
                break;
            }
            rest = rest.get(packet.bytes.len()..).unwrap_or_default();
        }
        if cx.facts.verdict.is_none() {
            cx.facts.verdict = Some(VERDICT);
        }
        Step::Consumed(all)
    }

    fn gap(&mut self, _from: Side, _gap: &Gap, _cx: &mut Context<'_, '_>) -> AfterGap {
        AfterGap::Continue
    }

    fn end(&mut self, _from: Side, _how: End, cx: &mut Context<'_, '_>) {
        self.emit(cx);
    }

    /// What is encrypted stays so.
    fn vouch(&self, _from: Side) -> Vouch {
        Vouch::All
    }

    fn heap(&self) -> usize {
        self.crypto.iter().map(Crypto::heap).sum::<usize>()
            + self.hello.as_ref().map_or(0, |hello| size_of::<ClientHello>() + hello.heap())
            + self.keys.as_ref().map_or(0, |_| size_of::<InitialKeys>())
            + self.dcid.capacity()
            + self.scid.capacity()
            + self.scratch.capacity()
    }
}

const VERDICT: Verdict = Verdict {
    code: "quic_no_keys",
    why: "QUIC is encrypted and only its first packets are read: to see requests, let the client use HTTP/2 or 1.1",
};
/// Packets of one datagram that are looked at.
const PACKETS: usize = 8;
/// Initial packets of one connection that are opened.
const ATTEMPTS: u16 = 64;
/// Bytes of an authentication tag.
const TAG: usize = 16;
