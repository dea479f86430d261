#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::Ordered;

fn letters(from: usize, to: usize) -> Vec<u8> {
    (from..to).map(|at| (at % 251) as u8).collect()
}

proptest! {
    /// However the parts overlap and in whatever order they come: what is handed on is what was sent, and a gap is as long
    /// as what is missing.
    #[test]
    fn bytes_come_in_order(
        parts in prop::collection::vec((0_usize..400, 0_usize..80), 0..40),
        used in prop::collection::vec(0_usize..50, 40),
        whole in any::<bool>(),
    ) {
        let mut ordered = Ordered::default();
        let mut have = [false; 500];
        let mut out: Vec<Option<u8>> = Vec::new();
        let take = |ordered: &mut Ordered, most: usize, out: &mut Vec<Option<u8>>| {
            let ready = ordered.ready().bytes;
            let len = ready.len().min(most);
            out.extend(ready[..len].iter().map(|byte| Some(*byte)));
            ordered.used(len);
        };
        let mut parts: Vec<(usize, usize)> = parts.into_iter().map(|(from, len)| (from, from + len)).collect();
        if whole {
            parts.extend((0..10).rev().map(|nth| (nth * 50, nth * 50 + 50)));
        }
        for (nth, (from, to)) in parts.iter().enumerate() {
            ordered.add(*from as u64, &letters(*from, *to), false, nth as i64);
            have[*from..*to].fill(true);
            take(&mut ordered, used[nth % used.len()], &mut out);
        }
        take(&mut ordered, usize::MAX, &mut out);
        while let Some(lost) = ordered.give_up(100) {
            out.extend(std::iter::repeat_n(None, lost as usize));
            take(&mut ordered, usize::MAX, &mut out);
        }
        let last = have.iter().rposition(|have| *have).map_or(0, |last| last + 1);
        prop_assert_eq!(out.len(), last);
        for (at, byte) in out.iter().enumerate() {
            prop_assert_eq!(*byte, have[at].then_some((at % 251) as u8), "at {}", at);
        }
        prop_assert_eq!(ordered.held(), 0);
        prop_assert!(ordered.holed_us().is_none());
    }

    #[test]
    fn any_offsets_are_taken(parts in prop::collection::vec((any::<u64>(), 0_usize..30, any::<bool>()), 0..600)) {
        let mut ordered = Ordered::default();
        for (offset, len, fin) in parts {
            ordered.add(offset, &letters(0, len), fin, 1);
            prop_assert!(ordered.heap() < 64 << 10);
            if offset % 7 == 0 {
                ordered.give_up(2);
            }
        }
    }
}
