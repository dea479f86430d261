//! How far an agent's clock is from ours, by pings.

/// The offset of an agent's clock, and how wrong it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Its clock less ours, in microseconds.
    pub offset_us: i64,
    /// Most by which the offset may be wrong, in microseconds: half of the way there and back.
    pub error_us: u64,
}

/// Keeps the best of the last pings.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    last: [Option<Clock>; KEPT],
    next: usize,
}

impl Clocks {
    /// Takes the answer to a ping, which was sent at `t1`, came at `t2`, left at `t3` and is here at `t4`, in epoch
    /// nanoseconds, the second and third of the agent's clock. What is best now; `None` for an answer that cannot be.
    pub(crate) fn take(&mut self, [t1, t2, t3, t4]: [u64; 4]) -> Option<Clock> {
        let [t1, t2, t3, t4] = [t1, t2, t3, t4].map(i128::from);
        let way = (t4 - t1) - (t3 - t2);
        if t4 < t1 || t3 < t2 || way < 0 {
            return None;
        }
        let offset_us = i64::try_from(((t2 - t1) + (t3 - t4)) / 2 / 1_000).ok()?;
        let error_us = u64::try_from(way / 2 / 1_000).ok()?;
        let place = self.last.get_mut(self.next % KEPT)?;
        *place = Some(Clock { offset_us, error_us });
        self.next = self.next.wrapping_add(1);
        // Clocks drift: an old answer is not the best for ever.
        self.last.iter().flatten().min_by_key(|clock| clock.error_us).copied()
    }
}

/// Pings that are remembered: one each five seconds.
const KEPT: usize = 12;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::{Clock, Clocks};

    /// An agent whose clock is ahead by so many nanoseconds, with ways of so many there and back.
    fn answer(at: u64, ahead: u64, there: u64, back: u64) -> [u64; 4] {
        let t2 = at + there + ahead;
        [at, t2, t2 + 1_000, at + there + 1_000 + back]
    }

    #[test]
    fn cap_n_10a_the_offset_is_within_its_error_and_the_best_ping_counts() {
        let mut clocks = Clocks::default();
        let (at, ahead) = (1_800_000_000_000_000_000, 3_000_000_000);
        for (there, back) in [(40_000_000, 2_000_000), (1_000_000, 1_000_000), (9_000_000, 900_000_000)] {
            let clock = clocks.take(answer(at, ahead, there, back)).unwrap();
            let wrong = clock.offset_us.abs_diff(3_000_000);
            assert!(wrong <= clock.error_us, "{clock:?}");
        }
        let best = clocks.take(answer(at, ahead, 5_000_000, 80_000_000)).unwrap();
        assert_eq!(best, Clock { offset_us: 3_000_000, error_us: 1_000 });
        // After a minute of worse ones the best is forgotten.
        let mut last = best;
        for _ in 0..12 {
            last = clocks.take(answer(at, ahead + 7_000_000, 5_000_000, 5_000_000)).unwrap();
        }
        assert_eq!(last, Clock { offset_us: 3_007_000, error_us: 5_000 });
    }

    #[test]
    fn cap_n_10b_answers_that_cannot_be_say_nothing() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.take([10, 5, 4, 20]), None);
        assert_eq!(clocks.take([10, 5, 6, 9]), None);
        assert_eq!(clocks.take([10, 0, 1_000_000, 20]), None);
        assert_eq!(clocks.take([u64::MAX, 0, 0, u64::MAX]), Clocks::default().take([u64::MAX, 0, 0, u64::MAX]));
    }
}
