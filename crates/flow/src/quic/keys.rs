//! Keys of packets, and how packets are opened (RFC 9001 section 5, RFC 9369 section 3).

use std::ops::Range;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey, quic};

use super::packet::Version;
use crate::{
    keylog::Secret,
    tls::{Hash, expand_label},
};

/// A cipher suite of TLS 1.3 that QUIC knows and that is opened here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suite {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

impl Suite {
    pub(super) const ALL: [Self; 3] = [Self::Aes128Gcm, Self::ChaCha20Poly1305, Self::Aes256Gcm];

    /// By its registered number.
    pub(super) fn of(code: u16) -> Option<Self> {
        match code {
            0x1301 => Some(Self::Aes128Gcm),
            0x1302 => Some(Self::Aes256Gcm),
            0x1303 => Some(Self::ChaCha20Poly1305),
            _ => None,
        }
    }

    fn hash(self) -> Hash {
        if self == Self::Aes256Gcm { Hash::Sha384 } else { Hash::Sha256 }
    }

    fn algorithms(self) -> (&'static aead::Algorithm, &'static quic::Algorithm) {
        match self {
            Self::Aes128Gcm => (&aead::AES_128_GCM, &quic::AES_128),
            Self::Aes256Gcm => (&aead::AES_256_GCM, &quic::AES_256),
            Self::ChaCha20Poly1305 => (&aead::CHACHA20_POLY1305, &quic::CHACHA20),
        }
    }
}

/// What opens the content of packets.
pub(super) struct PacketKey {
    key: LessSafeKey,
    iv: [u8; 12],
}

/// What opens packets of one side under one secret, as long as keys are not updated.
pub(super) struct SideKey {
    pub(super) packet: PacketKey,
    pub(super) header: HeaderKey,
}

/// What opens the headers of packets; updates of keys leave it as it is.
pub(super) struct HeaderKey(quic::HeaderProtectionKey);

/// A packet whose header is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unmasked {
    pub(super) number: u64,
    /// The next number that would have been sent in the same way.
    window: u64,
    /// Bytes of its header, with its number.
    header: usize,
    /// The key phase bit, of short headers.
    pub(super) phase: bool,
}

impl SideKey {
    /// None when the secret is none of this suite.
    pub(super) fn new(version: Version, suite: Suite, secret: &Secret) -> Option<Self> {
        let labels = Labels::of(version);
        let packet = PacketKey::new(version, suite, secret)?;
        let (aead, header) = suite.algorithms();
        let key = expand_label(suite.hash(), secret.bytes(), labels.header, aead.key_len())?;
        Some(Self { packet, header: HeaderKey(quic::HeaderProtectionKey::new(header, &key).ok()?) })
    }
}

impl PacketKey {
    pub(super) fn new(version: Version, suite: Suite, secret: &Secret) -> Option<Self> {
        if secret.bytes().len() != suite.hash().len() {
            return None;
        }
        let labels = Labels::of(version);
        let (aead, _) = suite.algorithms();
        let key = expand_label(suite.hash(), secret.bytes(), labels.key, aead.key_len())?;
        let iv = expand_label(suite.hash(), secret.bytes(), labels.iv, 12)?;
        Some(Self { key: LessSafeKey::new(UnboundKey::new(aead, &key).ok()?), iv: *iv.first_chunk()? })
    }

    /// Opens in `out` what [`HeaderKey::unmask`] put there; says where in it the frames stand.
    pub(super) fn open(&self, unmasked: &Unmasked, out: &mut [u8]) -> Option<Range<usize>> {
        let mut nonce = self.iv;
        nonce.iter_mut().rev().zip(unmasked.number.to_le_bytes()).for_each(|(byte, number)| *byte ^= number);
        let (header, sealed) = out.split_at_mut_checked(unmasked.header)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let clear = self.key.open_in_place(nonce, Aad::from(&*header), sealed).ok()?.len();
        Some(unmasked.header..unmasked.header + clear)
    }
}

impl HeaderKey {
    /// Copies a packet to `out` and opens its header there. `largest`: the highest packet number that came before it.
    pub(super) fn unmask(
        &self,
        packet: &[u8],
        number_at: usize,
        largest: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Option<Unmasked> {
        out.clear();
        out.extend_from_slice(packet);
        let sample = packet.get(number_at.checked_add(4)?..number_at.checked_add(20)?)?;
        let [first_mask, masks @ ..] = self.0.new_mask(sample).ok()?;
        let first = out.first_mut()?;
        *first ^= first_mask & if *first & 0x80 != 0 { 0x0f } else { 0x1f };
        let (len, phase) = (usize::from(*first & 3) + 1, *first & 4 != 0);
        let mut cut: u64 = 0;
        for (byte, mask) in out.get_mut(number_at..number_at + len)?.iter_mut().zip(masks) {
            *byte ^= mask;
            cut = cut << 8 | u64::from(*byte);
        }
        let window = 1 << (8 * len);
        Some(Unmasked { number: whole(cut, window, largest), window, header: number_at + len, phase })
    }
}

impl Unmasked {
    /// Other numbers that the packet may have when many before it were not captured, or when it is very late: those that
    /// would have been sent in the same way.
    pub(super) fn others(self) -> impl Iterator<Item = Self> {
        // Of numbers of three bytes nobody misses half of what there is between two.
        let more = if self.window <= 1 << 16 { FAR / self.window.min(FAR) } else { 0 }.max(1);
        let all = (1..=more).map(move |nth| self.number.checked_add(nth * self.window));
        let all = std::iter::once(self.number.checked_sub(self.window)).chain(all);
        all.flatten().filter(|number| *number < 1 << 62).map(move |number| Self { number, ..self })
    }
}

/// The secret behind an update of keys.
pub(super) fn updated(version: Version, suite: Suite, secret: &Secret) -> Option<Secret> {
    let hash = suite.hash();
    Secret::new(&expand_label(hash, secret.bytes(), Labels::of(version).update, hash.len())?)
}

/// The packet number that was sent modulo `window` (RFC 9000 appendix A.3).
fn whole(cut: u64, window: u64, largest: Option<u64>) -> u64 {
    let expected = largest.map_or(0, |largest| largest + 1);
    let candidate = expected & !(window - 1) | cut;
    if candidate + window / 2 <= expected && candidate + window < 1 << 62 {
        candidate + window
    } else if candidate > expected + window / 2 && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}

/// How far a number may be from what is expected.
const FAR: u64 = 4096;

/// What secrets are expanded with.
struct Labels {
    key: &'static str,
    iv: &'static str,
    header: &'static str,
    update: &'static str,
}

impl Labels {
    fn of(version: Version) -> Self {
        match version {
            Version::V2 => Self { key: "quicv2 key", iv: "quicv2 iv", header: "quicv2 hp", update: "quicv2 ku" },
            Version::V1 | Version::Draft29 => {
                Self { key: "quic key", iv: "quic iv", header: "quic hp", update: "quic ku" }
            }
        }
    }
}
