//! What is known of one direction of a flow: TCP sequence state and counters.

/// One direction. Offsets count the bytes of the stream; 0 is the first byte after the SYN, or the first byte seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Half {
    /// Offset of the next byte to deliver.
    pub(crate) next: u64,
    /// Behind the last byte seen.
    pub(crate) sent: u64,
    /// How far the other side acknowledged these bytes.
    pub(crate) acked: u64,
    /// Payload bytes on the wire, with repetitions.
    pub(crate) bytes: u64,
    /// Bytes declared missing.
    pub(crate) lost: u64,
    /// Sequence number of offset 0.
    pub(crate) base: u32,
    pub(crate) packets: u32,
    pub(crate) retrans: u32,
    pub(crate) ooo: u32,
    pub(crate) dup_ack: u32,
    /// The low half of the offset of the FIN.
    pub(crate) fin: u32,
    pub(crate) zero_win: u16,
    pub(crate) conflict: u16,
    pub(crate) window: u16,
    pub(crate) mss: u16,
    pub(crate) wscale: u8,
    pub(crate) ttl: u8,
    pub(crate) bits: u8,
}

impl Half {
    /// `base` is known.
    pub(crate) const BASE: u8 = 1;
    /// A SYN was seen.
    pub(crate) const SYN: u8 = 2;
    /// A FIN was seen.
    pub(crate) const FIN: u8 = 4;
    /// The parser was told that this direction ended.
    pub(crate) const ENDED: u8 = 8;
    /// SACK was offered.
    pub(crate) const SACK: u8 = 16;
    /// An ECN code point was seen.
    pub(crate) const ECN: u8 = 32;
    /// The window scale was offered.
    pub(crate) const SCALE: u8 = 64;

    #[inline]
    pub(crate) fn is(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    #[inline]
    pub(crate) fn set(&mut self, bit: u8) {
        self.bits |= bit;
    }

    /// The offset of a sequence number: the nearest one to `next`, so wraps do not matter.
    #[inline]
    pub(crate) fn offset(&self, seq: u32) -> i64 {
        let here = self.base.wrapping_add(self.next as u32);
        self.next as i64 + i64::from(seq.wrapping_sub(here) as i32)
    }

    /// Sets where offset 0 is, unless that is known.
    #[inline]
    pub(crate) fn begin(&mut self, seq: u32) {
        if !self.is(Self::BASE) {
            self.base = seq;
            self.set(Self::BASE);
        }
    }

    /// The offset of the FIN, when one was seen.
    pub(crate) fn fin_at(&self) -> Option<u64> {
        self.is(Self::FIN).then(|| {
            let delta = self.fin.wrapping_sub(self.next as u32) as i32;
            self.next.saturating_add_signed(i64::from(delta))
        })
    }

    /// How far bytes are known to exist: what was acknowledged, less the FIN's own number.
    #[inline]
    pub(crate) fn known(&self) -> u64 {
        match self.fin_at() {
            Some(fin) => self.acked.min(fin),
            None => self.acked,
        }
    }

    /// The window in bytes.
    pub(crate) fn window_bytes(&self, scaled: bool) -> u64 {
        let shift = if scaled { self.wscale.min(14) } else { 0 };
        u64::from(self.window) << shift
    }
}
