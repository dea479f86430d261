//! Modes of AES that aws-lc-rs does not offer as TLS uses them: CBC with the padding of TLS, and CCM (RFC 3610).

use aws_lc_rs::cipher::{AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;

/// AES-CBC, decrypting.
pub(super) struct Cbc {
    key: DecryptingKey,
}

impl Cbc {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Some(Self { key: DecryptingKey::ecb(unbound(key)?).ok()? })
    }

    /// Decrypts whole blocks in place. `iv`: the block before them.
    pub(super) fn open(&self, iv: &[u8], blocks: &mut [u8]) -> Option<()> {
        let sealed = blocks.to_vec();
        self.key.decrypt(blocks, DecryptionContext::None).ok()?;
        let before = iv.iter().chain(&sealed);
        blocks.iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
        Some(())
    }
}

/// AES-CCM with nonces of twelve bytes.
pub(super) struct Ccm {
    key: EncryptingKey,
    tag: usize,
}

impl Ccm {
    pub(super) fn new(key: &[u8], tag: usize) -> Option<Self> {
        Some(Self { key: EncryptingKey::ecb(unbound(key)?).ok()?, tag })
    }

    /// Opens in place what ends with its tag; says how long the clear text is.
    pub(super) fn open(&self, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> Option<usize> {
        let len = in_out.len().checked_sub(self.tag)?;
        let (text, tag) = in_out.split_at_mut(len);
        let mut stream = self.stream(nonce, len)?;
        text.iter_mut().zip(stream.split_off(BLOCK)).for_each(|(byte, key)| *byte ^= key);
        let mac = self.mac(nonce, aad, text)?;
        let mut wrong = 0;
        for ((have, mac), key) in tag.iter().zip(mac).zip(stream) {
            wrong |= have ^ mac ^ key;
        }
        (wrong == 0).then_some(len)
    }

    /// The key stream: one block for the tag, then as many as the text needs.
    fn stream(&self, nonce: &[u8; 12], len: usize) -> Option<Vec<u8>> {
        let blocks = 1 + len.div_ceil(BLOCK);
        let mut out = Vec::with_capacity(blocks * BLOCK);
        for counter in 0..blocks as u32 {
            let [_, rest @ ..] = counter.to_be_bytes();
            out.push(2);
            out.extend_from_slice(nonce);
            out.extend_from_slice(&rest);
        }
        self.key.encrypt(&mut out).ok()?;
        Some(out)
    }

    fn mac(&self, nonce: &[u8; 12], aad: &[u8], text: &[u8]) -> Option<[u8; BLOCK]> {
        let [.., a, b, c] = (text.len() as u64).to_be_bytes();
        let mut state = [0; BLOCK];
        let flags = 64 | (((self.tag as u8).checked_sub(2)? / 2) << 3) | 2;
        let head: [&[u8]; 3] = [&[flags], nonce, &[a, b, c]];
        for (byte, from) in state.iter_mut().zip(head.iter().flat_map(|part| part.iter())) {
            *byte = *from;
        }
        self.key.encrypt(&mut state).ok()?;
        let mut first = (aad.len() as u16).to_be_bytes().to_vec();
        first.extend_from_slice(aad);
        for block in first.chunks(BLOCK).chain(text.chunks(BLOCK)) {
            state.iter_mut().zip(block).for_each(|(byte, more)| *byte ^= more);
            self.key.encrypt(&mut state).ok()?;
        }
        Some(state)
    }
}

fn unbound(key: &[u8]) -> Option<UnboundCipherKey> {
    let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
    UnboundCipherKey::new(algorithm, key).ok()
}
