//! Length-prefixed messages of one direction.

/// Counts messages as their bytes pass.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    is_web: bool,
    /// Flags and length of the next message, as far as read.
    prefix: [u8; 5],
    read: u8,
    /// Bytes left of the current one.
    left: u32,
    count: u64,
    /// Bytes of the first messages.
    sizes: Vec<u32>,
    /// After a loss the begin of the next message is not known.
    is_lost: bool,
    /// A message had flags that gRPC does not know.
    is_odd: bool,
    trailers: Vec<u8>,
}

impl Messages {
    /// Begins a body.
    pub fn start(&mut self, is_web: bool) {
        let (mut trailers, mut sizes) = (std::mem::take(&mut self.trailers), std::mem::take(&mut self.sizes));
        trailers.clear();
        sizes.clear();
        *self = Self { is_web, trailers, sizes, ..Self::default() };
    }

    /// The next bytes of the body.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_lost {
            if self.read < 5 {
                for (to, from) in self.prefix.iter_mut().skip(usize::from(self.read)).zip(bytes) {
                    *to = *from;
                }
                let used = usize::from(5 - self.read).min(bytes.len());
                self.read += used as u8;
                bytes = bytes.get(used..).unwrap_or_default();
                let [_, length @ ..] = self.prefix;
                self.left = u32::from_be_bytes(length);
            } else {
                let used = bytes.len().min(self.left as usize);
                let (part, rest) = bytes.split_at_checked(used).unwrap_or((bytes, &[]));
                if self.is_trailers() {
                    let room = MOST_TRAILERS.saturating_sub(self.trailers.len());
                    self.trailers.extend_from_slice(part.get(..room).unwrap_or(part));
                }
                self.left -= used as u32;
                bytes = rest;
            }
            self.end();
        }
    }

    /// So many bytes of the body are missing.
    pub fn gap(&mut self, len: u64) {
        if len == 0 {
            return;
        }
        if self.read == 5 && len <= u64::from(self.left) {
            self.left -= len as u32;
            self.end();
        } else {
            self.is_lost = true;
        }
    }

    /// Messages that came to their end.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of each message, of the first ones.
    #[must_use]
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Whether some could not be counted, because their begin is missing.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Whether the body is messages and nothing else, as far as their framing tells.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.count > 0 && !self.is_lost && !self.is_odd && !self.is_open()
    }

    /// Whether the body ends inside a message.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.read > 0
    }

    /// The trailers that end a gRPC-Web body.
    #[must_use]
    pub fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.trailers.capacity() + self.sizes.capacity() * size_of::<u32>()
    }

    fn is_trailers(&self) -> bool {
        let [flags, ..] = self.prefix;
        self.is_web && flags & 0x80 != 0
    }

    fn end(&mut self) {
        if self.read == 5 && self.left == 0 {
            self.read = 0;
            if self.is_trailers() {
                return;
            }
            let [flags, length @ ..] = self.prefix;
            self.is_odd |= flags > 1;
            self.count += 1;
            if self.sizes.len() < MOST_SIZES {
                self.sizes.push(u32::from_be_bytes(length));
            }
        }
    }
}

/// Messages whose sizes are kept.
const MOST_SIZES: usize = 64;
/// Bytes of gRPC-Web trailers that are kept.
const MOST_TRAILERS: usize = 4096;
