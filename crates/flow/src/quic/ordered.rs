//! One direction of one stream: its bytes in order, whatever order they came in (RFC 9000 section 2.2).

#[cfg(test)]
mod tests;

/// Bytes that were not handed on yet. What it holds is bounded by who calls it ([`Self::held`], [`Self::give_up`]).
#[derive(Debug, Default)]
pub(super) struct Ordered {
    /// Offset of the first byte of `ready`.
    next: u64,
    /// Bytes in order.
    ready: Vec<u8>,
    /// When the first of them came, and the latest.
    first_us: i64,
    last_us: i64,
    /// Pieces behind a hole, by offset, apart from each other.
    waiting: Vec<Piece>,
    /// Where the direction ends, once said.
    size: Option<u64>,
    /// Since when a hole is known.
    holed_us: Option<i64>,
}

#[derive(Debug)]
struct Piece {
    at: u64,
    bytes: Vec<u8>,
    ts_us: i64,
}

impl Piece {
    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }
}

/// Bytes in order, and when they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) first_us: i64,
    pub(super) last_us: i64,
}

impl Ordered {
    /// Takes a frame; of bytes that came before the first ones stand.
    pub(super) fn add(&mut self, offset: u64, data: &[u8], fin: bool, ts_us: i64) {
        let Some(end) = offset.checked_add(data.len() as u64).filter(|end| *end < 1 << 62) else { return };
        if fin {
            self.size.get_or_insert(end);
        }
        let known = self.end();
        if end > known {
            if offset <= known {
                let fresh = data.get((known - offset) as usize..).unwrap_or_default();
                self.append(fresh, ts_us);
                self.join();
            } else if self.waiting.len() < PIECES {
                self.wait(offset, data, ts_us);
            }
        }
        self.look_for_hole(ts_us);
    }

    /// What is in order and not used.
    pub(super) fn ready(&self) -> Ready<'_> {
        Ready { bytes: &self.ready, first_us: self.first_us, last_us: self.last_us }
    }

    /// So many bytes of those were used.
    pub(super) fn used(&mut self, used: usize) {
        let used = used.min(self.ready.len());
        if used == 0 {
            return;
        }
        self.next += used as u64;
        self.first_us = self.last_us;
        if used == self.ready.len() {
            self.ready.clear();
            self.ready.shrink_to(KEEP);
        } else {
            self.ready.drain(..used);
        }
    }

    /// All of it was used, up to its end.
    pub(super) fn is_done(&self) -> bool {
        self.ready.is_empty() && self.size.is_some_and(|size| size <= self.next)
    }

    /// Gives up the first hole: says how many bytes are missing, with those before it that were not used. What follows is
    /// ready then.
    pub(super) fn give_up(&mut self, now_us: i64) -> Option<u64> {
        let known = self.end();
        let to = match (self.waiting.first(), self.size) {
            (Some(first), _) => first.at,
            (None, Some(size)) if size > known => size,
            _ => return None,
        };
        let lost = to - self.next;
        self.ready = Vec::new();
        self.next = to;
        self.holed_us = None;
        self.join();
        self.look_for_hole(now_us);
        Some(lost)
    }

    /// Where it is known to end.
    pub(super) fn end_at(&mut self, size: u64) {
        self.size.get_or_insert(size);
    }

    /// Since when bytes are missing.
    pub(super) fn holed_us(&self) -> Option<i64> {
        self.holed_us
    }

    /// No more pieces can wait.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= PIECES
    }

    /// Bytes it holds.
    pub(super) fn held(&self) -> usize {
        self.ready.len() + self.waiting.iter().map(|piece| piece.bytes.len()).sum::<usize>()
    }

    pub(super) fn heap(&self) -> usize {
        let pieces = self.waiting.iter().map(|piece| piece.bytes.capacity()).sum::<usize>();
        self.ready.capacity() + self.waiting.capacity() * size_of::<Piece>() + pieces
    }

    /// Behind the bytes that are in order.
    fn end(&self) -> u64 {
        self.next + self.ready.len() as u64
    }

    fn append(&mut self, fresh: &[u8], ts_us: i64) {
        if self.ready.is_empty() {
            self.first_us = ts_us;
            self.last_us = ts_us;
        }
        self.last_us = self.last_us.max(ts_us);
        self.ready.extend_from_slice(fresh);
    }

    /// Takes pieces that the bytes in order reach.
    fn join(&mut self) {
        while let Some(first) = self.waiting.first().filter(|first| first.at <= self.end()) {
            let known = (self.end() - first.at) as usize;
            let piece = self.waiting.remove(0);
            if let Some(fresh) = piece.bytes.get(known..).filter(|fresh| !fresh.is_empty()) {
                self.append(fresh, piece.ts_us);
            }
        }
    }

    /// Keeps what no piece has yet: at most one part before each of them, and one behind.
    fn wait(&mut self, offset: u64, data: &[u8], ts_us: i64) {
        let end = offset + data.len() as u64;
        let mut at = offset;
        let mut nth = self.waiting.partition_point(|piece| piece.end() <= offset);
        while at < end && self.waiting.len() < PIECES {
            let next = self.waiting.get(nth);
            let to = next.map_or(end, |next| next.at.min(end));
            let behind = next.map_or(end, Piece::end);
            if at < to {
                let range = (at - offset) as usize..(to - offset) as usize;
                let bytes = data.get(range).unwrap_or_default().to_vec();
                self.waiting.insert(nth, Piece { at, bytes, ts_us });
                nth += 1;
            }
            at = behind.max(to);
            nth += 1;
        }
    }

    fn look_for_hole(&mut self, now_us: i64) {
        let is_holed = !self.waiting.is_empty() || self.size.is_some_and(|size| size > self.end());
        self.holed_us = is_holed.then(|| self.holed_us.unwrap_or(now_us));
    }
}

/// Pieces that wait at most.
const PIECES: usize = 256;
/// Room that an empty buffer keeps.
const KEEP: usize = 2048;
