//! Makes messages.

/// A message in the making.
#[derive(Clone, Default)]
pub(super) struct Build {
    id: u16,
    bits: u16,
    counts: [u16; 4],
    body: Vec<u8>,
}

pub(super) const A: u16 = 1;
pub(super) const AAAA: u16 = 28;

/// A query with recursion desired.
pub(super) fn query(id: u16, name: &str, kind: u16) -> Build {
    Build { id, bits: 0x0100, ..Build::default() }.question(name, kind)
}

/// An answer with recursion.
pub(super) fn answer(id: u16, rcode: u16, name: &str, kind: u16) -> Build {
    Build { id, bits: 0x8180 | rcode, ..Build::default() }.question(name, kind)
}

impl Build {
    pub(super) fn bits(mut self, bits: u16) -> Build {
        self.bits = bits;
        self
    }

    pub(super) fn question(mut self, name: &str, kind: u16) -> Build {
        self.counts[0] += 1;
        self.body.extend(wire_name(name));
        self.body.extend(kind.to_be_bytes());
        self.body.extend(1_u16.to_be_bytes());
        self
    }

    /// An answer whose owner is a pointer to the first question.
    pub(super) fn rr(self, kind: u16, ttl: u32, data: &[u8]) -> Build {
        self.record(1, &[0xc0, 12], kind, 1, ttl, data)
    }

    pub(super) fn opt(self, payload: u16, ttl: u32, options: &[u8]) -> Build {
        self.record(3, &[0], 41, payload, ttl, options)
    }

    pub(super) fn record(
        mut self,
        section: usize,
        owner: &[u8],
        kind: u16,
        class: u16,
        ttl: u32,
        data: &[u8],
    ) -> Build {
        self.counts[section] += 1;
        self.body.extend(owner);
        self.body.extend(kind.to_be_bytes());
        self.body.extend(class.to_be_bytes());
        self.body.extend(ttl.to_be_bytes());
        self.body.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        self.body.extend(data);
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.id.to_be_bytes());
        out.extend(self.bits.to_be_bytes());
        self.counts.iter().for_each(|count| out.extend(count.to_be_bytes()));
        out.extend(&self.body);
        out
    }

    /// With its length before it, as in a stream.
    pub(super) fn framed(&self) -> Vec<u8> {
        let bytes = self.bytes();
        let mut out = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
        out.extend(bytes);
        out
    }
}

/// A name without compression.
pub(super) fn wire_name(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}
