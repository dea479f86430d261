//! Opens records of one direction: what the receiver would do, without having to answer.

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    hmac,
};

use super::{
    Hash, Suite,
    blocks::{BLOCK, Cbc, Ccm},
    schedule::{expand_label, key_block},
    suite::{Bulk, Mac},
};
use crate::{Side, keylog::Secret};

/// A record as it is on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed<'a> {
    /// The content type of its header.
    pub(crate) kind: u8,
    pub(crate) version: u16,
    pub(crate) body: &'a [u8],
}

/// The key of one direction and epoch.
pub(crate) struct Opener {
    cipher: Cipher,
    framing: Framing,
    iv: [u8; 12],
    /// What the next key is made of (TLS 1.3).
    secret: Option<(Hash, Secret)>,
    suite: Suite,
}

enum Cipher {
    Aead(Box<LessSafeKey>),
    Ccm(Box<Ccm>),
    Cbc { cbc: Box<Cbc>, mac: Box<hmac::Key>, len: usize, encrypt_then_mac: bool },
    Null { mac: usize },
}

/// How nonce and associated data are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// TLS 1.3: the nonce is the sequence number over the IV; the type is inside.
    Inner,
    /// TLS 1.2: half of the nonce stands before the record.
    Explicit,
    /// TLS 1.2 with ChaCha20: as in 1.3, but the type is outside.
    Counted,
}

impl Opener {
    /// For a traffic secret of TLS 1.3.
    pub(crate) fn of_traffic(suite: Suite, secret: &Secret) -> Option<Self> {
        if secret.bytes().len() != suite.hash.len() {
            return None;
        }
        let key = expand_label(suite.hash, secret.bytes(), "key", suite.key_len())?;
        let iv = expand_label(suite.hash, secret.bytes(), "iv", 12)?;
        Some(Self {
            cipher: cipher(suite, &key, &[], false)?,
            framing: Framing::Inner,
            iv: *iv.first_chunk()?,
            secret: Some((suite.hash, secret.clone())),
            suite,
        })
    }

    /// For what one side sends under a master secret of TLS 1.2.
    pub(crate) fn of_master(
        suite: Suite,
        master: &Secret,
        randoms: (&[u8; 32], &[u8; 32]),
        side: Side,
        encrypt_then_mac: bool,
    ) -> Option<Self> {
        let (mac, key, iv) = match suite.bulk {
            Bulk::Cbc { key, mac } => (mac.len(), key, BLOCK),
            Bulk::Null { mac } => (mac, 0, 0),
            Bulk::ChaCha20Poly1305 => (0, 32, 12),
            _ => (0, suite.key_len(), 4),
        };
        let block = key_block(suite.hash, master.bytes(), randoms.0, randoms.1, 2 * (mac + key + iv))?;
        let at = |start: usize, len: usize| {
            let start = 2 * start + if side == Side::Client { 0 } else { len };
            block.as_ref().get(start..start + len)
        };
        let (mac_key, key, salt) = (at(0, mac)?, at(mac, key)?, at(mac + key, iv)?);
        let mut iv = [0; 12];
        iv.iter_mut().zip(salt).for_each(|(byte, salt)| *byte = *salt);
        let framing = if suite.bulk == Bulk::ChaCha20Poly1305 { Framing::Counted } else { Framing::Explicit };
        Some(Self { cipher: cipher(suite, key, mac_key, encrypt_then_mac)?, framing, iv, secret: None, suite })
    }

    /// For suites that only authenticate: no secret is needed to read.
    pub(crate) fn of_null(suite: Suite) -> Option<Self> {
        let cipher = cipher(suite, &[], &[], false).filter(|cipher| matches!(cipher, Cipher::Null { .. }))?;
        Some(Self { cipher, framing: Framing::Explicit, iv: [0; 12], secret: None, suite })
    }

    /// The opener after a key update.
    pub(crate) fn next(&self) -> Option<Self> {
        let (hash, secret) = self.secret.as_ref()?;
        let next = expand_label(*hash, secret.bytes(), "traffic upd", hash.len())?;
        Self::of_traffic(self.suite, &Secret::new(&next)?)
    }

    /// Opens a record into `out`; says its content type and where in `out` its content stands.
    /// None: not this key, not this number, or damaged.
    pub(crate) fn open(
        &self,
        seq: u64,
        record: &Sealed<'_>,
        out: &mut Vec<u8>,
    ) -> Option<(u8, std::ops::Range<usize>)> {
        out.clear();
        out.extend_from_slice(record.body);
        match &self.cipher {
            Cipher::Aead(_) | Cipher::Ccm(_) => self.open_aead(seq, record, out),
            Cipher::Cbc { cbc, mac, len, encrypt_then_mac } => {
                let found = if *encrypt_then_mac {
                    open_then(cbc, mac, *len, seq, record, out)
                } else {
                    open_cbc(cbc, mac, *len, seq, record, out)
                };
                found.map(|range| (record.kind, range))
            }
            Cipher::Null { mac } => Some((record.kind, 0..out.len().checked_sub(*mac)?)),
        }
    }

    fn open_aead(&self, seq: u64, record: &Sealed<'_>, out: &mut [u8]) -> Option<(u8, std::ops::Range<usize>)> {
        let explicit = if self.framing == Framing::Explicit { 8 } else { 0 };
        let tag = match self.suite.bulk {
            Bulk::Ccm { tag, .. } => tag,
            _ => 16,
        };
        let clear = record.body.len().checked_sub(explicit + tag)?;
        let nonce = self.nonce(seq, record.body)?;
        let [high, low] = record.version.to_be_bytes();
        let mut aad = [0; 13];
        let aad = if self.framing == Framing::Inner {
            let [a, b] = (record.body.len() as u16).to_be_bytes();
            fill(&mut aad, &[&[record.kind, high, low, a, b]])
        } else {
            let [a, b] = (clear as u16).to_be_bytes();
            fill(&mut aad, &[&seq.to_be_bytes(), &[record.kind, high, low, a, b]])
        };
        let sealed = out.get_mut(explicit..)?;
        match &self.cipher {
            Cipher::Aead(key) => {
                key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), sealed).ok()?;
            }
            Cipher::Ccm(ccm) => {
                ccm.open(&nonce, aad, sealed)?;
            }
            _ => return None,
        }
        let text = sealed.get(..clear)?;
        if self.framing != Framing::Inner {
            return Some((record.kind, explicit..explicit + clear));
        }
        // Zeros pad the record behind its type (RFC 8446 section 5.4).
        let last = text.iter().rposition(|byte| *byte != 0)?;
        Some((*text.get(last)?, 0..last))
    }

    fn nonce(&self, seq: u64, body: &[u8]) -> Option<[u8; 12]> {
        let mut nonce = self.iv;
        let (_, tail) = nonce.split_at_mut(4);
        match self.framing {
            Framing::Explicit => tail.copy_from_slice(body.get(..8)?),
            _ => tail.iter_mut().zip(seq.to_be_bytes()).for_each(|(byte, seq)| *byte ^= seq),
        }
        Some(nonce)
    }

    /// Bytes of heap it holds, with the key that the library keeps outside.
    pub(crate) const HEAP: usize = 1024;

    /// How long the content of a record of this length is at most, when it is lost.
    pub(crate) fn clear_len(&self, sealed: usize) -> usize {
        let over = match (&self.cipher, self.framing) {
            (Cipher::Cbc { len, .. }, _) => BLOCK + len + 1,
            (Cipher::Null { mac }, _) => *mac,
            (_, Framing::Inner) => 17,
            (_, Framing::Explicit) => 24,
            (_, Framing::Counted) => 16,
        };
        sealed.saturating_sub(over)
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener({:?})", self.suite)
    }
}

fn cipher(suite: Suite, key: &[u8], mac_key: &[u8], encrypt_then_mac: bool) -> Option<Cipher> {
    let aead = |algorithm| {
        let key = UnboundKey::new(algorithm, key).ok()?;
        Some(Cipher::Aead(Box::new(LessSafeKey::new(key))))
    };
    match suite.bulk {
        Bulk::Aes128Gcm => aead(&AES_128_GCM),
        Bulk::Aes256Gcm => aead(&AES_256_GCM),
        Bulk::ChaCha20Poly1305 => aead(&CHACHA20_POLY1305),
        Bulk::Ccm { tag, .. } => Ccm::new(key, tag).map(Box::new).map(Cipher::Ccm),
        Bulk::Cbc { mac, .. } => {
            let algorithm = match mac {
                Mac::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                Mac::Sha256 => hmac::HMAC_SHA256,
                Mac::Sha384 => hmac::HMAC_SHA384,
            };
            let (cbc, mac_key) = (Box::new(Cbc::new(key)?), Box::new(hmac::Key::new(algorithm, mac_key)));
            Some(Cipher::Cbc { cbc, mac: mac_key, len: mac.len(), encrypt_then_mac })
        }
        Bulk::Null { mac } => Some(Cipher::Null { mac }),
    }
}

/// RFC 5246 section 6.2.3.2: content, MAC, padding, all encrypted.
fn open_cbc(
    cbc: &Cbc,
    mac: &hmac::Key,
    len: usize,
    seq: u64,
    record: &Sealed<'_>,
    out: &mut [u8],
) -> Option<std::ops::Range<usize>> {
    let end = open_blocks(cbc, out)?;
    let text_end = end.checked_sub(len).filter(|at| *at >= BLOCK)?;
    let (text, tag) = (out.get(BLOCK..text_end)?, out.get(text_end..end)?);
    check(mac, seq, record, text.len(), &[text], tag)?;
    Some(BLOCK..text_end)
}

/// RFC 7366: content and padding encrypted, then the MAC over that.
fn open_then(
    cbc: &Cbc,
    mac: &hmac::Key,
    len: usize,
    seq: u64,
    record: &Sealed<'_>,
    out: &mut [u8],
) -> Option<std::ops::Range<usize>> {
    let at = out.len().checked_sub(len)?;
    let (sealed, tag) = out.split_at_mut(at);
    check(mac, seq, record, sealed.len(), &[sealed], tag)?;
    Some(BLOCK..open_blocks(cbc, sealed)?)
}

/// Decrypts behind the IV in place; says where the padding begins.
fn open_blocks(cbc: &Cbc, out: &mut [u8]) -> Option<usize> {
    let (iv, blocks) = out.split_at_mut_checked(BLOCK)?;
    if blocks.is_empty() || blocks.len() % BLOCK != 0 {
        return None;
    }
    cbc.open(iv, blocks)?;
    let padding = *blocks.last()?;
    let clear = blocks.len().checked_sub(usize::from(padding) + 1)?;
    let padded = blocks.get(clear..)?;
    padded.iter().all(|byte| *byte == padding).then_some(BLOCK + clear)
}

fn check(mac: &hmac::Key, seq: u64, record: &Sealed<'_>, len: usize, parts: &[&[u8]], tag: &[u8]) -> Option<()> {
    let mut context = hmac::Context::with_key(mac);
    let [high, low] = record.version.to_be_bytes();
    let [a, b] = (len as u16).to_be_bytes();
    context.update(&seq.to_be_bytes());
    context.update(&[record.kind, high, low, a, b]);
    parts.iter().for_each(|part| context.update(part));
    (context.sign().as_ref() == tag).then_some(())
}

/// Writes parts one after the other; gives what was written.
fn fill<'a>(room: &'a mut [u8; 13], parts: &[&[u8]]) -> &'a [u8] {
    let from = parts.iter().flat_map(|part| part.iter());
    let mut len = 0;
    for (slot, byte) in room.iter_mut().zip(from) {
        *slot = *byte;
        len += 1;
    }
    room.get(..len).unwrap_or_default()
}
