//! Keys of Initial packets, which anybody makes who saw the first of them (RFC 9001 section 5.2, RFC 9369 section 3.3).

use std::ops::Range;

use aws_lc_rs::hkdf;

use super::{
    keys::{SideKey, Suite},
    packet::{Packet, Version},
};
use crate::keylog::Secret;

/// The keys of both sides, made of the connection id that the client first sent to.
pub(super) struct InitialKeys {
    pub(super) client: SideKey,
    pub(super) server: SideKey,
}

impl InitialKeys {
    pub(super) fn new(version: Version, dcid: &[u8]) -> Option<Self> {
        let salt = match version {
            Version::V1 => &SALT_1,
            Version::V2 => &SALT_2,
            Version::Draft29 => &SALT_29,
        };
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(dcid);
        let side = |label: &str| SideKey::new(version, Suite::Aes128Gcm, &expand(&secret, label)?);
        Some(Self { client: side("client in")?, server: side("server in")? })
    }
}

impl SideKey {
    /// Opens an Initial packet into `out`; says where its frames stand. A handshake never has so many of them that their numbers
    /// are cut.
    pub(super) fn initial(&self, packet: &Packet<'_>, out: &mut Vec<u8>) -> Option<Range<usize>> {
        let unmasked = self.header.unmask(packet.bytes, packet.number_at, None, out)?;
        self.packet.open(&unmasked, out)
    }
}

fn expand(secret: &hkdf::Prk, label: &str) -> Option<Secret> {
    let info: [&[u8]; 5] = [&[0, LEN as u8], &[6 + label.len() as u8], b"tls13 ", label.as_bytes(), &[0]];
    let mut out = [0; LEN];
    secret.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut out)).ok()?;
    Secret::new(&out)
}

/// Bytes of a secret.
const LEN: usize = 32;
const SALT_1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f,
    0x0a,
];
const SALT_2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e,
    0xd9,
];
const SALT_29: [u8; 20] = [
    0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8,
    0x99,
];
