//! The `tls` record: one handshake.

use crate::{
    Side, Verdict,
    json::{Array, Object},
    tls::{Certificate, names},
};

/// What client and server said, when the handshake was done, failed, or the first data came.
#[derive(Clone, Copy, Debug, Default)]
pub struct TlsRecord<'a> {
    /// The version that is spoken.
    pub version: Option<u16>,
    /// The versions that the client offered.
    pub offered: &'a [u16],
    /// The name of the server that the client wanted.
    pub sni: Option<&'a [u8]>,
    /// The application protocol that was chosen, where it was seen.
    pub alpn: Option<&'a [u8]>,
    /// The application protocols that the client offered.
    pub alpn_offered: &'a [Vec<u8>],
    /// The cipher suite.
    pub cipher: Option<u16>,
    /// The cipher suites that the client offered, without GREASE.
    pub ciphers: &'a [u16],
    /// The group of the key exchange.
    pub group: Option<u16>,
    /// The groups that the client offered, without GREASE.
    pub groups: &'a [u16],
    /// The signature schemes that the client offered.
    pub sig_algs: &'a [u16],
    /// The server asked for another ClientHello.
    pub hrr: bool,
    /// An earlier session goes on.
    pub resumed: bool,
    /// The client sent data before the server answered.
    pub early_data: bool,
    /// The client sent an encrypted ClientHello, or what looks like one.
    pub ech: bool,
    /// Whether the client showed a certificate, where it was seen.
    pub client_cert: Option<bool>,
    /// The server's chain, where it was seen.
    pub certs: &'a [Certificate],
    /// Fingerprints; empty where the hello was not seen.
    pub ja3: &'a str,
    /// See `ja3`.
    pub ja4: &'a str,
    /// See `ja3`.
    pub ja4s: &'a str,
    /// ClientHello to Finished; with TLS 1.3 to the client's first record after the server's flight.
    pub hs_us: Option<u64>,
    /// What ended the handshake.
    pub alert: Option<Alert>,
    /// Whether the content can be read.
    pub verdict: Option<Verdict>,
}

/// An alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub from: Side,
    /// 1 warning, 2 fatal; unknown when it is encrypted.
    pub level: Option<u8>,
    /// Its code; unknown when it is encrypted.
    pub code: Option<u8>,
}

impl TlsRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        if let Some(version) = self.version {
            code(object, "version", version, names::version);
        }
        codes(object, "offered", self.offered, names::version);
        object.maybe_bytes("sni", self.sni);
        object.maybe_bytes("alpn", self.alpn);
        if !self.alpn_offered.is_empty() {
            let mut list = object.array("alpn_offered");
            self.alpn_offered.iter().for_each(|name| list.bytes(name));
        }
        if let Some(cipher) = self.cipher {
            code(object, "cipher", cipher, names::cipher);
        }
        codes(object, "ciphers", self.ciphers, names::cipher);
        if let Some(group) = self.group {
            code(object, "group", group, names::group);
        }
        codes(object, "groups", self.groups, names::group);
        codes(object, "sig_algs", self.sig_algs, names::scheme);
        object.bool("hrr", self.hrr);
        object.bool("resumed", self.resumed);
        object.bool("early_data", self.early_data);
        object.bool("ech", self.ech);
        if let Some(sent) = self.client_cert {
            object.bool("client_cert", sent);
        }
        if !self.certs.is_empty() {
            let mut list = object.array("certs");
            self.certs.iter().for_each(|one| write_certificate(one, &mut list));
        }
        for (name, value) in [("ja3", self.ja3), ("ja4", self.ja4), ("ja4s", self.ja4s)] {
            if !value.is_empty() {
                object.text(name, value);
            }
        }
        object.maybe("hs_us", self.hs_us);
        if let Some(alert) = &self.alert {
            alert.write(&mut object.object("alert"));
        }
        if let Some(verdict) = &self.verdict {
            write_verdict(verdict, object);
        }
    }
}

impl Alert {
    fn write(&self, object: &mut Object<'_>) {
        object.text("from", self.from.name());
        match self.level {
            Some(1) => object.text("level", "warning"),
            Some(2) => object.text("level", "fatal"),
            Some(other) => object.uint("level", u64::from(other)),
            None => {}
        }
        match self.code.map(|code| (code, names::alert(code))) {
            Some((_, Some(name))) => object.text("name", name),
            Some((code, None)) => object.text("name", &code.to_string()),
            None => {}
        }
    }
}

/// Writes `verdict`.
pub(super) fn write_verdict(verdict: &Verdict, object: &mut Object<'_>) {
    let mut inner = object.object("verdict");
    inner.text("code", verdict.code);
    inner.text("why", verdict.why);
}

fn write_certificate(one: &Certificate, list: &mut Array<'_>) {
    let mut object = list.object();
    if one.is_read() {
        object.text("subject", &one.subject);
        object.text("issuer", &one.issuer);
        let mut sans = object.array("sans");
        one.sans.iter().for_each(|name| sans.text(name));
        drop(sans);
        object.int("from", one.from);
        object.int("to", one.to);
        object.text("serial", &one.serial);
        object.text("key", &one.key);
    }
    object.hex("sha256", &one.sha256);
}

type Name = fn(u16) -> Option<&'static str>;

fn code(object: &mut Object<'_>, name: &'static str, value: u16, of: Name) {
    let (mut room, text) = ([0; 6], of(value));
    object.text(name, text.unwrap_or_else(|| hex(value, &mut room)));
}

fn codes(object: &mut Object<'_>, name: &'static str, values: &[u16], of: Name) {
    if values.is_empty() {
        return;
    }
    let mut list = object.array(name);
    for value in values {
        let (mut room, text) = ([0; 6], of(*value));
        list.text(text.unwrap_or_else(|| hex(*value, &mut room)));
    }
}

/// A code point that has no name: `0x1a2b`.
fn hex(value: u16, room: &mut [u8; 6]) -> &str {
    let digit = |shift: u32| {
        let value = (value >> shift & 15) as u8;
        if value < 10 { b'0' + value } else { b'a' + value - 10 }
    };
    *room = [b'0', b'x', digit(12), digit(8), digit(4), digit(0)];
    std::str::from_utf8(room).unwrap_or_default()
}
