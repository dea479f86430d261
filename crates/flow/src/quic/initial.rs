//! Keys of Initial packets, and how they are opened (RFC 9001 section 5, RFC 9369 section 3).

use aws_lc_rs::{
    aead::{
        AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey,
        quic::{AES_128, HeaderProtectionKey},
    },
    hkdf,
};

use super::packet::{Packet, Version};

/// What opens the Initial packets of one side.
pub(super) struct SideKey {
    key: LessSafeKey,
    header: HeaderProtectionKey,
    iv: [u8; 12],
}

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
        let side = |label: &str| {
            let secret = expand::<32>(&secret, label)?;
            SideKey::new(version, &hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &secret))
        };
        Some(Self { client: side("client in")?, server: side("server in")? })
    }
}

impl SideKey {
    fn new(version: Version, secret: &hkdf::Prk) -> Option<Self> {
        let [key, iv, hp] = match version {
            Version::V2 => ["quicv2 key", "quicv2 iv", "quicv2 hp"],
            _ => ["quic key", "quic iv", "quic hp"],
        };
        let key = UnboundKey::new(&AES_128_GCM, &expand::<16>(secret, key)?).ok()?;
        let header = HeaderProtectionKey::new(&AES_128, &expand::<16>(secret, hp)?).ok()?;
        Some(Self { key: LessSafeKey::new(key), header, iv: expand(secret, iv)? })
    }

    /// Opens a packet into `out`; gives its frames.
    pub(super) fn open<'o>(&self, packet: &Packet<'_>, out: &'o mut Vec<u8>) -> Option<&'o [u8]> {
        out.clear();
        out.extend_from_slice(packet.bytes);
        let at = packet.number_at;
        let sample = packet.bytes.get(at + 4..at + 20)?;
        let [first_mask, masks @ ..] = self.header.new_mask(sample).ok()?;
        let first = out.first_mut()?;
        *first ^= first_mask & 0x0f;
        let len = usize::from(*first & 3) + 1;
        let mut number: u64 = 0;
        for (byte, mask) in out.get_mut(at..at + len)?.iter_mut().zip(masks) {
            *byte ^= mask;
            number = number << 8 | u64::from(*byte);
        }
        // A handshake never has so many Initial packets that their numbers are cut.
        let mut nonce = self.iv;
        nonce.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(byte, number)| *byte ^= number);
        let (header, sealed) = out.split_at_mut_checked(at + len)?;
        let clear = self.key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(&*header), sealed).ok()?;
        Some(clear)
    }
}

fn expand<const N: usize>(secret: &hkdf::Prk, label: &str) -> Option<[u8; N]> {
    let info: [&[u8]; 5] = [&[0, N as u8], &[6 + label.len() as u8], b"tls13 ", label.as_bytes(), &[0]];
    let mut out = [0; N];
    secret.expand(&info, Length(N)).and_then(|okm| okm.fill(&mut out)).ok()?;
    Some(out)
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

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
