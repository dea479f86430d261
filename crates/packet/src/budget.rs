//! What the agent allows itself: a share of one processor, watched each second, with steps it takes when it is over.

use rustix::time::{ClockId, clock_gettime};

/// How much is left out: each level contains the ones below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Level {
    /// Nothing.
    #[default]
    Whole = 0,
    /// Bodies are not shown.
    NoBodies = 1,
    /// Applications are not parsed: flows alone.
    NoApps = 2,
    /// Payload of packets does not leave.
    NoPayload = 3,
    /// One connection of many is looked at.
    Sample = 4,
}

impl Level {
    fn up(self) -> Self {
        Self::of(self as u32 + 1)
    }

    fn down(self) -> Self {
        Self::of((self as u32).saturating_sub(1))
    }

    pub(crate) fn of(number: u32) -> Self {
        match number {
            0 => Self::Whole,
            1 => Self::NoBodies,
            2 => Self::NoApps,
            3 => Self::NoPayload,
            _ => Self::Sample,
        }
    }
}

/// Watches the processor time of this process.
pub(crate) struct Budget {
    /// Percent of one processor.
    percent: u32,
    floor: Level,
    pub(crate) level: Level,
    before_ms: u64,
    calm: u32,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { percent: 25, floor: Level::Whole, level: Level::Whole, before_ms: cpu_ms(), calm: 0 }
    }

    /// Other limits; 0 leaves the share as it is.
    pub(crate) fn set(&mut self, percent: u32, floor: u32) {
        if percent > 0 {
            self.percent = percent.min(100);
        }
        self.floor = Level::of(floor);
        self.level = self.level.max(self.floor);
    }

    /// Looks at what was used since the last look, `wall_ms` ago; true when the level has changed.
    pub(crate) fn look(&mut self, wall_ms: u64) -> bool {
        let now = cpu_ms();
        let used = now.saturating_sub(self.before_ms);
        self.before_ms = now;
        self.judge(used * 100 / wall_ms.max(1))
    }

    /// Over the share: a step up at once. Under half of it for five looks: a step down.
    fn judge(&mut self, percent: u64) -> bool {
        let before = self.level;
        if percent > u64::from(self.percent) {
            self.calm = 0;
            self.level = self.level.up();
        } else if percent * 2 < u64::from(self.percent) {
            self.calm += 1;
            if self.calm >= 5 {
                self.calm = 0;
                self.level = self.level.down().max(self.floor);
            }
        } else {
            self.calm = 0;
        }
        self.level != before
    }
}

/// Processor time of this process, in milliseconds.
pub(crate) fn cpu_ms() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    (time.tv_sec as u64) * 1000 + (time.tv_nsec as u64) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cap_n_13a_over_the_share_steps_up_and_long_calm_steps_down() {
        let mut budget = Budget::new();
        assert!(!budget.judge(20));
        assert!(budget.judge(30));
        assert_eq!(budget.level, Level::NoBodies);
        assert!(budget.judge(80) && budget.judge(80) && budget.judge(80));
        assert_eq!(budget.level, Level::Sample);
        assert!(!budget.judge(80), "there is no level above");
        let steps = (0..20).filter(|_| budget.judge(5)).count();
        assert_eq!((steps, budget.level), (4, Level::Whole));
        budget.set(50, 2);
        assert_eq!(budget.level, Level::NoApps, "the floor holds at once");
        assert!((0..20).all(|_| !budget.judge(1)));
    }
}
