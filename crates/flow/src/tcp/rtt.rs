//! Round-trip times of one direction: from a segment to the acknowledgement of its last byte.

/// Samples of one direction. One segment is timed at a time; a retransmission spoils its sample (Karn).
#[derive(Debug)]
pub(crate) struct Rtt {
    timed: Option<(u64, i64)>,
    pub(crate) min: u32,
    pub(crate) max: u32,
    total: u32,
    /// The classes of the first samples: most connections have no more.
    few: [u8; FEW],
    /// Counts by class, once there are more.
    counts: Option<Box<[u8; CLASSES]>>,
}

impl Default for Rtt {
    fn default() -> Self {
        Self { timed: None, min: u32::MAX, max: 0, total: 0, few: [0; FEW], counts: None }
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
        let class = class(us);
        if let Some(slot) = self.few.get_mut(self.total as usize - 1) {
            *slot = class as u8;
            return;
        }
        let counts = self.counts.get_or_insert_with(|| {
            let mut counts = Box::new([0; CLASSES]);
            self.few.iter().for_each(|class| count(&mut counts, usize::from(*class)));
            counts
        });
        count(counts, class);
    }

    pub(crate) fn samples(&self) -> u32 {
        self.total
    }

    /// The middle one, to about an eighth.
    pub(crate) fn p50(&self) -> u32 {
        let Some(counts) = &self.counts else {
            let mut few = self.few;
            let few = few.get_mut(..self.total as usize).unwrap_or_default();
            few.sort_unstable();
            let middle_of = few.get(few.len().saturating_sub(1) / 2);
            return middle_of.map_or(self.max, |class| middle(usize::from(*class)).clamp(self.min, self.max));
        };
        let half = counts.iter().map(|count| u32::from(*count)).sum::<u32>().div_ceil(2);
        let mut seen = 0;
        for (class, count) in counts.iter().enumerate() {
            seen += u32::from(*count);
            if seen >= half {
                return middle(class).clamp(self.min, self.max);
            }
        }
        self.max
    }

    /// Bytes of heap.
    pub(crate) fn heap(&self) -> usize {
        if self.counts.is_some() { CLASSES } else { 0 }
    }
}

fn count(counts: &mut [u8; CLASSES], class: usize) {
    if let Some(count) = counts.get_mut(class) {
        *count += 1;
        if *count == u8::MAX {
            counts.iter_mut().for_each(|count| *count /= 2);
        }
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
/// Samples that are kept as they are.
const FEW: usize = 8;
