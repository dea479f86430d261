//! Handshake messages: joined from records, and what each of them means.

use super::{
    certificate::Certificate,
    half::Epoch,
    held::Meta,
    hello::{ClientHello, ServerHello, chosen_alpn, extension},
    parser::Tls,
    reader::Reader,
};
use crate::{
    Context, Side,
    body::{Coding, Preview},
};

impl Tls {
    /// Takes the handshake bytes of one record.
    pub(super) fn handshake(&mut self, side: Side, content: &[u8], meta: &Meta, cx: &mut Context<'_, '_>) {
        let half = self.half(side);
        let over = half.overlong.min(content.len());
        half.overlong -= over;
        let content = content.get(over..).unwrap_or_default();
        let mut kept = std::mem::take(&mut half.messages);
        let first_us = meta.first_us;
        if kept.is_empty() {
            let left = self.messages(side, content, first_us, meta, cx);
            kept.extend_from_slice(content.get(left..).unwrap_or_default());
        } else {
            kept.extend_from_slice(content);
            let used = self.messages(side, &kept, first_us, meta, cx);
            kept.drain(..used.min(kept.len()));
        }
        if kept.is_empty() {
            kept = Vec::new();
        }
        self.half(side).messages = kept;
    }

    /// Takes all whole messages; says how many bytes they had.
    fn messages(&mut self, side: Side, bytes: &[u8], first_us: i64, meta: &Meta, cx: &mut Context<'_, '_>) -> usize {
        let mut used = 0;
        loop {
            let mut reader = Reader::new(bytes.get(used..).unwrap_or_default());
            let (Some(kind), Some(len)) = (reader.u8(), reader.u24()) else { return used };
            if kind == CLIENT_HELLO && self.session.started_us.is_none() {
                // The handshake begins with the first byte of it, also when more records are needed.
                self.session.started_us = Some(first_us);
            }
            if len > MOST {
                let here = bytes.len() - used;
                self.session.certs_cut |= kind == CERTIFICATE;
                self.half(side).overlong = (len + 4).saturating_sub(here);
                return bytes.len();
            }
            let Some(body) = reader.take(len) else { return used };
            self.message(side, kind, body, meta, cx);
            used += 4 + len;
        }
    }

    fn message(&mut self, side: Side, kind: u8, body: &[u8], meta: &Meta, cx: &mut Context<'_, '_>) {
        match (kind, side) {
            (CLIENT_HELLO, Side::Client) => {
                if let Some(hello) = ClientHello::parse(body) {
                    self.client_hello(hello, meta);
                }
            }
            (SERVER_HELLO, Side::Server) => {
                if let Some(hello) = ServerHello::parse(body) {
                    self.server_hello(hello, meta);
                }
            }
            (ENCRYPTED_EXTENSIONS, Side::Server) => self.encrypted_extensions(body, cx),
            (CERTIFICATE, Side::Server) => self.certificates(body),
            (COMPRESSED_CERTIFICATE, Side::Server) => {
                if let Some(body) = uncompressed(body) {
                    self.certificates(&body);
                }
            }
            // Nobody compresses an empty list.
            (COMPRESSED_CERTIFICATE, Side::Client) => self.session.client_cert = Some(true),
            (CERTIFICATE, Side::Client) => {
                let list = if self.session.is_13() { body.get(1..) } else { Some(body) };
                let sent = list.and_then(|list| Reader::new(list).u24()).is_some_and(|len| len > 0);
                self.session.client_cert = Some(sent);
            }
            (CERTIFICATE_REQUEST, Side::Server) => {
                self.session.client_cert.get_or_insert(false);
            }
            (SERVER_KEY_EXCHANGE, Side::Server) => {
                // A named curve (RFC 8422 section 5.4).
                if let [3, high, low, ..] = body {
                    self.session.group = Some(u16::from_be_bytes([*high, *low]));
                }
            }
            (SERVER_HELLO_DONE, Side::Server) => {
                self.session.hello_done = true;
                self.session.client_cert.get_or_insert(false);
            }
            (END_OF_EARLY_DATA, Side::Client) if self.half(side).epoch == Epoch::Early => {
                self.half(side).enter(Epoch::Handshake);
            }
            (FINISHED, _) if self.half(side).epoch == Epoch::Handshake => {
                if side == Side::Server {
                    self.session.client_cert.get_or_insert(false);
                }
                self.half(side).enter(Epoch::Application);
            }
            (KEY_UPDATE, _) if self.half(side).epoch == Epoch::Application => {
                let half = self.half(side);
                let next = half.opener.as_ref().and_then(super::crypto::Opener::next);
                half.enter(Epoch::Application);
                half.dead = next.is_none();
                half.opener = next;
            }
            _ => {}
        }
    }

    fn client_hello(&mut self, hello: ClientHello, meta: &Meta) {
        let early = hello.early_data;
        let (is_again, is_retry) = (self.session.random.is_some(), self.session.hrr);
        self.session.client_hello(hello, meta.first_us);
        let half = self.half(Side::Client);
        if half.epoch == Epoch::Clear && early && !is_again {
            half.enter(Epoch::EarlyOffered);
        } else if half.epoch == Epoch::EarlyOffered && is_retry {
            half.enter(Epoch::Clear);
        }
    }

    fn server_hello(&mut self, hello: ServerHello, meta: &Meta) {
        let session = &mut self.session;
        if session.random.is_none() {
            session.started_us = None;
        }
        if hello.is_retry() {
            session.hrr = true;
            session.group = hello.group;
            // A request for another hello refuses early data (RFC 8446 section 4.2.10).
            self.early = Default::default();
            return;
        }
        session.server_hello(hello);
        session.hello_end = meta.end;
        if session.is_13() {
            self.half(Side::Server).enter(Epoch::Handshake);
            if self.half(Side::Client).epoch != Epoch::EarlyOffered {
                self.half(Side::Client).enter(Epoch::Handshake);
            }
        } else if self.half(Side::Client).epoch == Epoch::EarlyOffered {
            self.half(Side::Client).enter(Epoch::Clear);
        }
    }

    fn encrypted_extensions(&mut self, body: &[u8], cx: &mut Context<'_, '_>) {
        let mut accepted = false;
        let mut extensions = Reader::new(Reader::new(body).vec16().unwrap_or_default());
        while let (Some(kind), Some(data)) = (extensions.u16(), extensions.vec16()) {
            match kind {
                extension::ALPN => self.session.alpn = chosen_alpn(data),
                extension::EARLY_DATA => accepted = true,
                _ => {}
            }
        }
        if self.half(Side::Client).epoch != Epoch::EarlyOffered {
            return;
        }
        let mut early = std::mem::take(&mut self.early);
        self.half(Side::Client).enter(if accepted { Epoch::Early } else { Epoch::Handshake });
        while let Some(record) = early.pop() {
            if accepted {
                // Without their key they are passed over: the server's answer is at hand already.
                self.take(Side::Client, &record.sealed(), &record.meta, cx);
            }
        }
    }

    fn certificates(&mut self, body: &[u8]) {
        if self.session.emitted {
            return;
        }
        let is_13 = self.session.is_13();
        let mut reader = Reader::new(body);
        let context = if is_13 { reader.vec8() } else { Some(&[][..]) };
        let (Some(_), Some(list)) = (context, reader.vec24()) else { return };
        let mut list = Reader::new(list);
        self.session.certs.clear();
        while let Some(der) = list.vec24() {
            if self.session.certs.len() >= CHAIN {
                self.session.certs_cut = true;
                return;
            }
            self.session.certs.push(Certificate::parse(der));
            if is_13 && list.vec16().is_none() {
                return;
            }
        }
    }
}

/// The Certificate message in a CompressedCertificate (RFC 8879), as far as it is no longer than messages may be.
pub(super) fn uncompressed(body: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(body);
    let coding = match reader.u16()? {
        1 => Coding::Deflate,
        2 => Coding::Brotli,
        3 => Coding::Zstd,
        _ => return None,
    };
    let len = reader.u24().filter(|len| *len <= MOST)?;
    let mut preview = Preview::default();
    // One byte more, to notice what is longer than it says.
    preview.start(coding, len + 1);
    preview.push(reader.vec24()?);
    preview.end();
    Some(preview.bytes().to_vec()).filter(|bytes| bytes.len() == len)
}

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const END_OF_EARLY_DATA: u8 = 5;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;
const COMPRESSED_CERTIFICATE: u8 = 25;
/// The longest message that is kept.
const MOST: usize = 128 << 10;
/// Certificates of a chain that are read.
const CHAIN: usize = 10;
