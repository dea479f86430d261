//! Round-trip times of one direction: from a segment to the acknowledgement of its last byte.

/// Samples of one direction. One segment is timed at a time; a retransmission spoils its sample (Karn).
#[derive(Debug)]
pub(crate) struct Rtt {
    timed: Option<(u64, i64)>,
    pub(crate) min: u32,
    pub(crate) max: u32,
    total: u32,
    /// Counts by size: four classes an octave.
    counts: [u8; CLASSES],
}

impl Default for Rtt {
    fn default() -> Self {
        Self { timed: None, min: u32::MAX, max: 0, total: 0, counts: [0; CLASSES] }
    }
}

impl Rtt {
    /// A new segment that ends there was sent.
    #[inline]
    pub(crate) fn sent(&mut self, end: u64, ts_us: i64) {
        if self.timed.is_none() {
            self.timed = Some((end, ts_us));
        }
    }

    /// Something was sent again.
    pub(crate) fn spoil(&mut self) {
        self.timed = None;
    }

    /// The other side acknowledged up to there.
    #[inline]
    pub(crate) fn acked(&mut self, upto: u64, ts_us: i64) {
        if let Some((end, at)) = self.timed
            && end <= upto
        {
            self.timed = None;
            self.add(u32::try_from((ts_us - at).max(0)).unwrap_or(u32::MAX));
        }
    }

    /// Adds a sample.
    pub(crate) fn add(&mut self, us: u32) {
        self.min = self.min.min(us);
        self.max = self.max.max(us);
        self.total = self.total.saturating_add(1);
        if let Some(count) = self.counts.get_mut(class(us)) {
            *count += 1;
            if *count == u8::MAX {
                self.counts.iter_mut().for_each(|count| *count /= 2);
            }
        }
    }

    pub(crate) fn samples(&self) -> u32 {
        self.total
    }

    /// The middle one, to about an eighth.
    pub(crate) fn p50(&self) -> u32 {
        let half = self.counts.iter().map(|count| u32::from(*count)).sum::<u32>().div_ceil(2);
        let mut seen = 0;
        for (class, count) in self.counts.iter().enumerate() {
            seen += u32::from(*count);
            if seen >= half {
                return middle(class).clamp(self.min, self.max);
            }
        }
        self.max
    }
}

/// 0 to 7 stand for themselves; above, the top three bits decide.
fn class(us: u32) -> usize {
    if us < 8 {
        return us as usize;
    }
    let octave = 31 - us.leading_zeros();
    let quarter = us >> (octave - 2) & 3;
    (8 + (octave - 3) * 4 + quarter) as usize
}

fn middle(class: usize) -> u32 {
    if class < 8 {
        return class as u32;
    }
    let (octave, quarter) = ((class as u32 - 8) / 4 + 3, (class as u32 - 8) % 4);
    let low = (4 + quarter) << (octave - 2);
    low + (1 << (octave - 2)) / 2
}

/// Up to 2^32 microseconds.
const CLASSES: usize = 8 + 29 * 4;
