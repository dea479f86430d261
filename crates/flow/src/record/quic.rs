//! The `quic` record: the first packets of a connection.

use super::tls::write_verdict;
use crate::{Verdict, json::Object};

/// What both sides said in Initial packets, which anybody can read.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuicRecord<'a> {
    /// `1`, `2`, `draft-29`.
    pub version: &'a str,
    /// The name of the server that the client wanted.
    pub sni: Option<&'a [u8]>,
    /// The application protocols that the client offered; what was chosen is encrypted.
    pub alpn: &'a [Vec<u8>],
    /// The connection id that the client first sent to.
    pub dcid: &'a [u8],
    /// The connection id that the client chose.
    pub scid: &'a [u8],
    /// The server wanted a token first.
    pub retry: bool,
    /// The fingerprint of the client.
    pub ja4: &'a str,
    /// The client's first packet to the server's first that is no retry.
    pub initial_us: Option<u64>,
    /// Whether the content can be read.
    pub verdict: Option<Verdict>,
}

impl QuicRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("version", self.version);
        object.maybe_bytes("sni", self.sni);
        if !self.alpn.is_empty() {
            let mut list = object.array("alpn");
            self.alpn.iter().for_each(|name| list.bytes(name));
        }
        object.hex("dcid", self.dcid);
        object.hex("scid", self.scid);
        object.bool("retry", self.retry);
        object.text("ja4", self.ja4);
        object.maybe("initial_us", self.initial_us);
        if let Some(verdict) = &self.verdict {
            write_verdict(verdict, object);
        }
    }
}
