//! How the workspace is used, as the daemon sees it: what is typed, what runs for callers, whether programs compute, and whether
//! somebody said that it is to be kept. Asked before a workspace is stopped because nobody uses it.
//!
//! The daemon's own work does not count, nor do connections that are merely open.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::log::now_ms;
use crate::processes::{self, Process};

/// What was seen of use.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// When somebody typed last.
    typed_ms: AtomicU64,
    /// When bytes of a file came or went last.
    moved_ms: AtomicU64,
    computed: Mutex<Computed>,
    keep: Mutex<Option<Keep>>,
}

/// Somebody said that it is to be kept.
#[derive(Clone, Debug)]
struct Keep {
    until_ms: u64,
    reason: String,
}

/// Processor time of all but the daemon, over the last minutes.
#[derive(Debug, Default)]
struct Computed {
    /// When, and microseconds in all.
    samples: VecDeque<(u64, u64)>,
    /// When programs last had computed for a while.
    busy_ms: u64,
    /// Which of them took most at that time.
    busiest: String,
    /// Processor time of each program when they were looked at last.
    ticks: HashMap<i32, u64>,
    /// What counts, as whoever keeps the workspace asked last.
    bound: Bound,
}

/// From when on programs that compute are a use.
#[derive(Clone, Copy, Debug)]
struct Bound {
    /// They computed for this long.
    window_ms: u64,
    /// And took more than so much of a core; 0 never counts.
    percent: u64,
}

impl Default for Bound {
    fn default() -> Self {
        Self { window_ms: WINDOW_MS, percent: BUSY_PERCENT }
    }
}

impl Activity {
    /// Somebody typed.
    pub(crate) fn typed(&self) {
        self.typed_ms.store(now_ms(), Ordering::Relaxed);
    }

    /// So many bytes came or went at once for a client of files: a question about a file is no use, what it holds is.
    pub(crate) fn moved(&self, len: usize) {
        if len >= LEAST_MOVED {
            self.moved_ms.store(now_ms(), Ordering::Relaxed);
        }
    }

    /// Keeps the workspace from being stopped for a while; 0 ends that. Until when.
    pub(crate) fn keep(&self, seconds: u64, reason: &str) -> u64 {
        let until_ms = now_ms().saturating_add(seconds.min(LONGEST_KEEP_S).saturating_mul(1000));
        let reason = reason.chars().filter(|one| !one.is_control()).take(MAX_REASON).collect();
        *self.keep.lock() = (seconds > 0).then_some(Keep { until_ms, reason });
        until_ms
    }

    /// All of it, for programs that took more than so much of a core over this long.
    pub(crate) fn told(&self, daemon: &Daemon, window_ms: u64, percent: u64) -> Value {
        let now = now_ms();
        let mut uses: Vec<Value> = Vec::new();
        let mut put = |door: &str, at_ms: u64, goes_on: bool, detail: String| {
            uses.push(json!({ "door": door, "at_ms": at_ms, "now": goes_on, "detail": detail }));
        };
        let typed = self.typed_ms.load(Ordering::Relaxed);
        if typed > 0 {
            put("terminal", typed, false, String::new());
        }
        let moved = self.moved_ms.load(Ordering::Relaxed);
        if moved > 0 {
            put("files", moved, false, "a file on its way".to_owned());
        }
        for stream in daemon.streams.told() {
            // A tunnel or a client of files may be open for days without a use.
            if stream.kind == "ex" {
                put("exec", now, true, stream.command);
            }
        }
        let mut computed = self.computed.lock();
        computed.sample(now);
        computed.bound = Bound { window_ms: window_ms.clamp(1_000, MOST_WINDOW_MS), percent };
        let window_ms = computed.bound.window_ms;
        let share = computed.judge(now, window_ms);
        if computed.busy_ms > 0 && percent > 0 {
            let most = &computed.busiest;
            let most = if most.is_empty() { String::new() } else { format!(", most of it {most}") };
            put("cpu", computed.busy_ms, false, format!("programs took {share} % of a core{most}"));
        }
        drop(computed);
        let keep = self.keep.lock().clone().filter(|keep| keep.until_ms > now);
        let keep = keep.map(|keep| json!({ "until_ms": keep.until_ms, "reason": keep.reason }));
        json!({ "now_ms": now, "uses": uses, "keep": keep })
    }
}

impl Computed {
    fn sample(&mut self, now: u64) {
        if let Some(used) = used() {
            self.samples.push_back((now, used));
        }
        while self.samples.len() > MOST_SAMPLES {
            self.samples.pop_front();
        }
    }

    /// Whether programs compute, and how much of a core they took.
    fn judge(&mut self, now: u64, window_ms: u64) -> u64 {
        let share = self.share(now, window_ms);
        if self.bound.percent > 0 && share > self.bound.percent {
            self.busy_ms = now;
            self.busiest(&processes::descendants());
        }
        share
    }

    /// Names the program that took most since they were looked at last.
    fn busiest(&mut self, all: &[Process]) {
        let took = |one: &Process| one.ticks.saturating_sub(self.ticks.get(&one.pid).copied().unwrap_or(0));
        if let Some(most) = all.iter().filter(|one| took(one) > 0).max_by_key(|one| took(one)) {
            self.busiest = format!("{} (process {})", most.name, most.pid);
        }
        self.ticks = all.iter().map(|one| (one.pid, one.ticks)).collect();
    }

    /// How much of a core was in use over the time before now, in percent; 0 while that is not known for all of it.
    fn share(&self, now: u64, window_ms: u64) -> u64 {
        let from = now.saturating_sub(window_ms);
        let before = self.samples.iter().rev().find(|(at, _)| *at <= from);
        let (Some((at, first)), Some((_, last))) = (before, self.samples.back()) else { return 0 };
        // Microseconds of a processor for each millisecond are tenths of a percent.
        last.saturating_sub(*first) / now.saturating_sub(*at).max(1) / 10
    }
}

/// Looks at the processor time as long as the daemon runs.
pub(crate) async fn watch(daemon: Arc<Daemon>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let now = now_ms();
        let mut computed = daemon.activity.computed.lock();
        computed.sample(now);
        // What is asked for about a shorter time is for that question alone.
        let window_ms = computed.bound.window_ms.max(WINDOW_MS);
        computed.judge(now, window_ms);
    }
}

/// A length of time as people write it: `90s`, `10m`, `2h`, `1d`; a number alone is seconds.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)));
    let (number, unit) = unit.unwrap_or((text, 1));
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// Microseconds of processor time in this container without the daemon's own.
fn used() -> Option<u64> {
    let all = crate::sysinfo::used();
    // Hundredths of seconds, of all its threads; its name may hold spaces.
    let own = fs::read_to_string("/proc/self/stat").ok()?;
    let own = own.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
    let own: u64 = own.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(all.saturating_sub(own * 10_000))
}

const EVERY: Duration = Duration::from_secs(5);
/// Programs have to compute for this long to count, where nobody says otherwise.
const WINDOW_MS: u64 = 300_000;
/// And more than so much of a core.
const BUSY_PERCENT: u64 = 5;
/// Samples are not kept for longer.
const MOST_WINDOW_MS: u64 = 600_000;
/// Bytes at once that are more than a question or an answer about a file.
const LEAST_MOVED: usize = 1 << 10;
/// Those of the window, at the pace of the watch, and some that were asked for between.
const MOST_SAMPLES: usize = 256;
const LONGEST_KEEP_S: u64 = 7 * 86_400;
const MAX_REASON: usize = 200;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::{Computed, Process, seconds};

    #[test]
    fn lengths_of_time_as_people_write_them() {
        let all = ["90", "90s", "10m", "2h", "1d", "0", "", "h", "-1h", "2 h", "99999999999999999999d"].map(seconds);
        let (hours, day) = (Some(7_200), Some(86_400));
        assert_eq!(all, [Some(90), Some(90), Some(600), hours, day, Some(0), None, None, None, None, None]);
    }

    const NOW: u64 = 1_700_000_000_000;

    #[test]
    fn wb_05k_programs_count_when_they_compute_for_the_whole_time() {
        // 30 % of a core from the second minute on.
        let samples = (0..=12_u64).map(|n| (NOW - 120_000 + n * 10_000, n.saturating_sub(6) * 3_000_000)).collect();
        let computed = Computed { samples, ..Computed::default() };
        assert_eq!(computed.share(NOW, 60_000), 30);
        assert_eq!(computed.share(NOW, 120_000), 15);
        assert_eq!(computed.share(NOW, 300_000), 0, "nobody knows what was before");
    }

    #[test]
    fn ws_17d_how_busy_programs_have_to_be_is_for_the_blueprint_to_say() {
        let samples = (0..=12_u64).map(|n| (NOW - 120_000 + n * 10_000, n * 3_000_000)).collect();
        let mut computed = Computed { samples, ..Computed::default() };
        for (percent, busy) in [(0, false), (30, false), (29, true)] {
            computed.bound.percent = percent;
            computed.judge(NOW, 60_000);
            assert_eq!(computed.busy_ms == NOW, busy, "{percent} %");
        }
    }

    #[test]
    fn wb_06d_the_program_that_took_most_since_the_last_look_is_named() {
        let process = |pid, name: &str, ticks| {
            let name = name.to_owned();
            Process { pid, name, state: 'R', parent: 1, group: pid, session: pid, ticks }
        };
        let mut computed = Computed::default();
        computed.busiest(&[process(7, "cargo", 900), process(8, "rustc", 400)]);
        assert_eq!(computed.busiest, "cargo (process 7)");
        computed.busiest(&[process(7, "cargo", 910), process(8, "rustc", 950), process(9, "cc", 300)]);
        assert_eq!(computed.busiest, "rustc (process 8)");
        computed.busiest(&[process(7, "cargo", 910), process(9, "cc", 300)]);
        assert_eq!(computed.busiest, "rustc (process 8)", "nobody took anything since");
        assert_eq!(computed.ticks.len(), 2, "who ended is forgotten");
    }
}
