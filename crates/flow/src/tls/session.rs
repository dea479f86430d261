//! What the handshake of a connection said, and its record.

use super::{
    certificate::Certificate,
    crypto::Suite,
    fingerprint::{Carrier, ja3, ja4, ja4s},
    hello::{ClientHello, ServerHello},
};
use crate::{
    Context, Marks, Record, Side, Verdict,
    record::{TlsRecord, tls::Alert},
};

/// One connection's handshake.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Until the record went out.
    pub(super) client: Option<Box<ClientHello>>,
    pub(super) server: Option<Box<ServerHello>>,
    /// Names the connection in key logs.
    pub(super) random: Option<[u8; 32]>,
    pub(super) server_random: Option<[u8; 32]>,
    pub(super) version: Option<u16>,
    pub(super) cipher: Option<u16>,
    pub(super) encrypt_then_mac: bool,
    pub(super) ech: bool,
    pub(super) early_data: bool,
    pub(super) hrr: bool,
    pub(super) resumed: bool,
    /// Up to TLS 1.2: the server's flight was a full one.
    pub(super) hello_done: bool,
    pub(super) group: Option<u16>,
    pub(super) alpn: Option<Vec<u8>>,
    pub(super) certs: Vec<Certificate>,
    pub(super) client_cert: Option<bool>,
    pub(super) alert: Option<Alert>,
    pub(super) started_us: Option<i64>,
    pub(super) done_us: Option<i64>,
    /// When each side's first encrypted handshake record came (up to TLS 1.2).
    pub(super) finished_us: [Option<i64>; 2],
    /// The server's first encrypted record was seen (TLS 1.3).
    pub(super) flight: bool,
    /// Where the ServerHello ends.
    pub(super) hello_end: u64,
    /// Something was decrypted.
    pub(super) opened: bool,
    /// Something with keys could not be decrypted.
    pub(super) damaged: bool,
    /// Something passed before its keys were there.
    pub(super) passed: bool,
    pub(super) gap: bool,
    pub(super) certs_cut: bool,
    pub(super) emitted: bool,
}

impl Session {
    pub(super) fn is_13(&self) -> bool {
        self.version.is_some_and(|version| version >= 0x0304)
    }

    /// Nothing is encrypted.
    pub(super) fn is_null(&self) -> bool {
        self.cipher.and_then(Suite::of).is_some_and(Suite::is_null)
    }

    pub(super) fn client_hello(&mut self, hello: ClientHello, first_us: i64) {
        self.random = Some(hello.random);
        self.early_data |= hello.early_data;
        self.ech = hello.ech;
        if self.started_us.is_none() {
            self.started_us = Some(first_us);
        }
        if !self.emitted && self.client.is_none() {
            self.client = Some(Box::new(hello));
        }
    }

    /// Takes a ServerHello that is no request for another ClientHello.
    pub(super) fn server_hello(&mut self, hello: ServerHello) {
        self.server_random = Some(hello.random);
        self.version = Some(hello.version());
        self.cipher = Some(hello.cipher);
        self.encrypt_then_mac = hello.encrypt_then_mac;
        self.group = hello.group;
        self.alpn.clone_from(&hello.alpn);
        self.resumed = hello.psk && self.is_13();
        self.hello_done = false;
        if !self.emitted {
            self.server = Some(Box::new(hello));
        }
    }

    /// A fatal alert ends a handshake.
    pub(super) fn alert(&mut self, from: Side, level: Option<u8>, code: Option<u8>) {
        if self.alert.is_none_or(|have| have.code.is_none()) && !self.emitted {
            self.alert = Some(Alert { from, level, code });
        }
    }

    /// Sends the record, once.
    pub(super) fn emit(&mut self, verdict: Verdict, cx: &mut Context<'_, '_>) {
        if self.emitted || (self.client.is_none() && self.server.is_none()) {
            return;
        }
        self.emitted = true;
        let none = ClientHello::default();
        let (client, server) = (self.client.take(), self.server.take());
        let hello = client.as_deref().unwrap_or(&none);
        let legacy = [hello.legacy_version];
        let offered: &[u16] = match (&client, hello.versions.as_slice()) {
            (None, _) => &[],
            (Some(_), []) => &legacy,
            (Some(_), versions) => versions,
        };
        let hs_us = self.done_us.zip(self.started_us).map(|(done, start)| done.saturating_sub(start).max(0) as u64);
        if let Some(us) = hs_us {
            cx.facts.tls_us = Some(u32::try_from(us).unwrap_or(u32::MAX));
        }
        let ts_us = self.started_us.or(self.done_us).unwrap_or_default();
        let (ja3, ja4) = match &client {
            Some(hello) => (ja3(hello), ja4(hello, Carrier::Tcp)),
            None => Default::default(),
        };
        let ja4s = server.as_deref().map(|hello| ja4s(hello, Carrier::Tcp)).unwrap_or_default();
        let record = TlsRecord {
            version: self.version,
            offered,
            sni: hello.sni.as_deref(),
            alpn: self.alpn.as_deref(),
            alpn_offered: &hello.alpn,
            cipher: self.cipher,
            ciphers: &hello.ciphers,
            group: self.group,
            groups: &hello.groups,
            sig_algs: &hello.sig_algs,
            hrr: self.hrr,
            resumed: self.resumed,
            early_data: self.early_data,
            ech: self.ech,
            client_cert: self.client_cert,
            certs: &self.certs,
            ja3: &ja3,
            ja4: &ja4,
            ja4s: &ja4s,
            hs_us,
            alert: self.alert,
            verdict: Some(verdict),
        };
        let marks = self.marks(hello);
        cx.emit(ts_us, &marks, &Record::Tls(&record));
        self.certs = Vec::new();
    }

    fn marks(&self, hello: &ClientHello) -> Marks {
        let mut marks = Marks::default();
        if self.gap {
            marks.partial.add("gap");
        }
        if self.client.is_none() && hello.ciphers.is_empty() {
            marks.partial.add("client_hello");
        }
        if self.certs_cut {
            marks.truncated.add("certs");
        }
        let now = self.started_us.or(self.done_us).unwrap_or_default().div_euclid(1_000_000);
        if let Some(leaf) = self.certs.first().filter(|leaf| leaf.is_read()) {
            if now > leaf.to {
                marks.anomaly.add("cert_expired");
            }
            if now < leaf.from {
                marks.anomaly.add("cert_not_yet_valid");
            }
            if hello.sni.as_deref().is_some_and(|name| !leaf.is_for(name)) {
                marks.anomaly.add("cert_name_mismatch");
            }
        }
        marks
    }

    pub(super) fn heap(&self) -> usize {
        self.client.as_ref().map_or(0, |hello| size_of::<ClientHello>() + hello.heap())
            + self.server.as_ref().map_or(0, |hello| size_of::<ServerHello>() + hello.extensions.capacity() * 2)
            + self.certs.iter().map(Certificate::heap).sum::<usize>()
    }
}
