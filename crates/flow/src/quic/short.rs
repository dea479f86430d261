//! Packets with a short header: where they end, which they do not say.

use super::{
    parser::Quic,
    sealed::{Level, Opening, Protected},
};
use crate::{Context, Side};

impl Quic {
    /// Takes a packet with a short header, which begins at `at` of its datagram, and says how long it is; none when its keys
    /// may still come. 0: it was not opened, so that nothing is known of what follows.
    pub(super) fn short(
        &mut self,
        from: Side,
        rest: &[u8],
        at: usize,
        ts_us: i64,
        cx: &mut Context<'_, '_>,
    ) -> Option<usize> {
        let Some(sealed) = &mut self.sealed else { return Some(0) };
        let closed = if self.known.may_guess { Some(0) } else { None };
        let Some(id) = rest.get(1..).and_then(|rest| sealed.id_len(from, rest)) else { return closed };
        let segments = sealed.segments(from);
        let len = at + rest.len();
        let (is_row, rows) = (segments.is_likely(at, len), segments.ends(at, len));
        // It is the last of its datagram, unless that is a row of several.
        let last = (None, rest.len(), rest.len() <= LONGEST);
        let rows = rows.map(|(segment, end)| (Some(segment), end - at, false));
        let tries = (!is_row).then_some(last).into_iter().chain(rows).chain(is_row.then_some(last));
        for (nth, (segment, len, is_whole)) in tries.enumerate() {
            let Some(bytes) = rest.get(..len) else { continue };
            let packet = Protected { bytes, number_at: 1 + id, is_whole: is_whole || (is_row && nth == 0) };
            match self.take(from, Level::Data, packet, ts_us, cx) {
                Opening::Frames(_) => {
                    if let (Some(sealed), Some(segment)) = (&mut self.sealed, segment) {
                        sealed.segments(from).found(segment);
                    }
                    return Some(len);
                }
                Opening::NoKey => return closed,
                Opening::Closed => {}
            }
        }
        if let Some(sealed) = &mut self.sealed {
            sealed.segments(from).searched();
        }
        self.failed();
        Some(0)
    }
}

/// A longer datagram may be a row of several.
const LONGEST: usize = 1500;
