//! The decoded begin of a body, up to one byte more than is shown: that byte tells a cut body from one that just fits.

/// Bytes that are filled from the front.
#[derive(Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    filled: usize,
    most: usize,
}

impl Out {
    /// Empties it. From now on it takes `limit` bytes and one.
    pub(super) fn reset(&mut self, limit: usize) {
        self.filled = 0;
        self.most = limit.saturating_add(1);
        if self.bytes.len() > self.most {
            self.bytes.truncate(self.most);
            self.bytes.shrink_to(self.most);
        }
    }

    /// Whether nothing more goes in.
    pub(super) fn is_full(&self) -> bool {
        self.filled >= self.most
    }

    /// How many bytes go in.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.filled
    }

    /// What there is, up to `most`.
    pub(super) fn head(&self, most: usize) -> &[u8] {
        self.bytes.get(..self.filled.min(most)).unwrap_or_default()
    }

    /// Takes as much as goes in.
    pub(super) fn copy(&mut self, from: &[u8]) {
        let len = from.len().min(self.most.saturating_sub(self.filled));
        self.bytes.truncate(self.filled);
        self.bytes.extend_from_slice(from.get(..len).unwrap_or_default());
        self.filled += len;
    }

    /// The whole buffer and how much of it is filled: there is room behind that, unless it is full.
    pub(super) fn room(&mut self) -> (&mut [u8], usize) {
        if self.bytes.len() <= self.filled {
            let more = self.filled.max(SMALLEST);
            let len = self.filled.saturating_add(more).min(self.most);
            self.bytes.resize(len, 0);
        }
        (&mut self.bytes, self.filled)
    }

    /// So many bytes were written into the room.
    pub(super) fn wrote(&mut self, len: usize) {
        self.filled = self.filled.saturating_add(len).min(self.bytes.len());
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes.capacity()
    }
}

/// What the buffer begins with.
const SMALLEST: usize = 1024;
