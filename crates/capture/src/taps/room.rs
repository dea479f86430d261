//! What one tap may keep: packets on disk, records in memory.

/// Packets on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes of one tap.
    pub tap: u64,
    /// Bytes of all taps of this process: each has an equal share at most.
    pub all: u64,
    /// A full disk or budget ends the packets of a tap, rather than to drop its oldest.
    pub stops: bool,
}

impl Default for Disk {
    fn default() -> Self {
        Self { tap: 1 << 30, all: 4 << 30, stops: false }
    }
}

/// Records in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Records of one tap; the oldest make room.
    pub records: usize,
}

impl Room {
    /// Bytes of their packed lines at most: records that say much are fewer.
    pub(super) const fn bytes(self) -> usize {
        self.records.saturating_mul(BYTES_OF_A_RECORD)
    }
}

impl Default for Room {
    fn default() -> Self {
        Self { records: 200_000 }
    }
}

/// A line of an HTTP request with its headers and 4 KiB of body, packed with its like.
const BYTES_OF_A_RECORD: usize = 336;
