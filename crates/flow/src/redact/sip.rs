//! SipHash-2-4, a keyed hash for short inputs (Aumasson and Bernstein, 2012).

/// The hash with its key.
#[derive(Clone)]
pub(crate) struct SipHash {
    k0: u64,
    k1: u64,
}

impl std::fmt::Debug for SipHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SipHash(key hidden)")
    }
}

impl SipHash {
    pub(crate) fn new(key: [u8; 16]) -> SipHash {
        let key = u128::from_le_bytes(key);
        SipHash { k0: key as u64, k1: (key >> 64) as u64 }
    }

    pub(crate) fn hash(&self, bytes: &[u8]) -> u64 {
        let mut v = State([
            self.k0 ^ 0x736f_6d65_7073_6575,
            self.k1 ^ 0x646f_7261_6e64_6f6d,
            self.k0 ^ 0x6c79_6765_6e65_7261,
            self.k1 ^ 0x7465_6462_7974_6573,
        ]);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            v.word(u64::from_le_bytes(*word));
        }
        let mut last = (bytes.len() as u64) << 56;
        for (at, byte) in rest.iter().enumerate() {
            last |= u64::from(*byte) << (8 * at);
        }
        v.word(last);
        let [a, b, c, d] = v.0;
        let mut v = State([a, b, c ^ 0xff, d]);
        (0..4).for_each(|_| v.round());
        let [a, b, c, d] = v.0;
        a ^ b ^ c ^ d
    }
}

struct State([u64; 4]);

impl State {
    fn word(&mut self, word: u64) {
        let [.., d] = &mut self.0;
        *d ^= word;
        self.round();
        self.round();
        let [a, ..] = &mut self.0;
        *a ^= word;
    }

    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.0 = [a, b, c, d];
    }
}
