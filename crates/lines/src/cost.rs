//! What an expression costs a record, measured on some of the records.

use std::time::{Duration, Instant};

/// The time that an expression took so far.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    records: u64,
    measured: u32,
    total: Duration,
    told: bool,
}

impl Cost {
    /// When the time of this record counts.
    pub(crate) fn begin(&mut self) -> Option<Instant> {
        self.records += 1;
        (!self.told && self.records % ONE_IN == 1).then(Instant::now)
    }

    /// Adds the time of a record that counts.
    pub(crate) fn add(&mut self, time: Duration) {
        self.total += time;
        self.measured += 1;
    }

    /// The mean, once, when it is too much.
    pub(crate) fn dear(&mut self) -> Option<Duration> {
        if self.told || self.measured < ENOUGH {
            return None;
        }
        let mean = self.total / self.measured;
        self.told = mean > DEAR;
        self.told.then_some(mean)
    }
}

/// Of so many records one is measured.
const ONE_IN: u64 = 16;
/// So many make a mean.
const ENOUGH: u32 = 32;
/// An expression that takes more is worth a word.
const DEAR: Duration = Duration::from_micros(50);

#[cfg(test)]
mod tests {
    use super::{Cost, DEAR, ENOUGH};
    use std::time::Duration;

    #[test]
    fn cap_f_09b_a_dear_expression_is_told_once_there_is_a_mean() {
        let told = |cost: &mut Cost, time: Duration| {
            let mut add = |_: &u32| {
                cost.add(time);
                cost.dear().is_some()
            };
            (1..ENOUGH * 4).filter(&mut add).collect::<Vec<_>>()
        };
        assert!(told(&mut Cost::default(), DEAR).is_empty(), "cheap ones are never told, however many records come");
        let mut cost = Cost::default();
        assert_eq!(told(&mut cost, DEAR + Duration::from_micros(1)), [ENOUGH], "and dear ones once");
        assert!(cost.begin().is_none(), "nothing is measured any more");
    }
}
