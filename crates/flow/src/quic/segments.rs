//! Several datagrams seen as one: a sender whose network card cuts them apart hands over a row of equal length
//! (`UDP_SEGMENT`), and a capture on its side sees the row. Where each ends is found by trying.

/// Lengths that were right in one direction, and how often others may be tried.
#[derive(Debug, Default)]
pub(super) struct Segments {
    right: [usize; 4],
    searches: u8,
}

impl Segments {
    /// Lengths that segments of a row of `len` bytes may have, likely ones first, and where the packet at `at` ends with them.
    pub(super) fn ends(&self, at: usize, len: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let may_search = self.searches < SEARCHES && len - at.min(len) > LEAST;
        let all = may_search.then_some(LEAST..=MOST).into_iter().flatten();
        let likely = self.right.into_iter().filter(|segment| *segment > 0);
        likely.chain(all).filter_map(move |segment| {
            let end = (at / segment + 1) * segment;
            (end < len).then_some((segment, end))
        })
    }

    /// Whether the row is longer than segments that were seen.
    pub(super) fn is_likely(&self, at: usize, len: usize) -> bool {
        let [last, ..] = self.right;
        last > 0 && (at / last + 1) * last < len
    }

    /// This length was right.
    pub(super) fn found(&mut self, segment: usize) {
        if !self.right.contains(&segment) {
            self.searched();
            self.right.rotate_right(1);
            if let Some(first) = self.right.first_mut() {
                *first = segment;
            }
        }
    }

    /// All lengths were tried, in vain or not.
    pub(super) fn searched(&mut self) {
        self.searches = self.searches.saturating_add(1);
    }
}

/// The shortest datagrams that senders fill (RFC 9000 section 14.1), and the longest that networks carry.
const LEAST: usize = 1200;
const MOST: usize = 1500;
/// How often all lengths are tried.
const SEARCHES: u8 = 16;
