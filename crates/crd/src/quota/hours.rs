//! Hours of processors: who used how many, by the hour, for a week. Whoever keeps the book says what starts and ends; what is used
//! is the time between. It is kept in the statuses of the quotas that bound it, so that a new process goes on counting.
//!
//! Pure: the time comes in. Counted is what a pod may use, from its making to its end.

use super::ledger::{Key, Pot, Who};
use super::{Quota, QuotaStatus, Spent};
use crate::scalar::Time;
use std::collections::BTreeMap;

/// What was used under each quota that bounds it.
#[derive(Clone, Debug, Default)]
pub struct Hours {
    runs: BTreeMap<Key, Run>,
    accounts: BTreeMap<String, Account>,
    /// When it was counted last.
    now_ms: i64,
    /// When something last started or ended.
    changed_ms: i64,
}

/// A workspace that uses processors.
#[derive(Clone, Debug)]
struct Run {
    who: Who,
    /// Thousandths of a processor.
    cpu: i128,
    /// Until when it is counted.
    since_ms: i64,
}

/// What was used under one quota.
#[derive(Clone, Debug, Default)]
struct Account {
    /// Until when it was counted before this process counted.
    from_ms: i64,
    /// By whose it is and by hour since the epoch: thousandths of a processor times milliseconds.
    used: BTreeMap<String, BTreeMap<i64, i128>>,
}

impl Hours {
    /// Takes a quota as it is, with what its status says of before.
    pub fn take(&mut self, quota: &Quota, status: &QuotaStatus, created_ms: i64) {
        let name = quota.metadata.name.as_deref().unwrap_or_default();
        if !bounds(quota) {
            self.accounts.remove(name);
        } else if !self.accounts.contains_key(name) {
            let from_ms = status.counted_at.map_or(created_ms, |at| at.millis());
            let used = status.spent.iter().map(|spent| (spent.of.clone(), spent.slots())).collect();
            self.accounts.insert(name.to_owned(), Account { from_ms, used });
        }
    }

    /// A quota is gone.
    pub fn forget(&mut self, quota: &str) {
        self.accounts.remove(quota);
    }

    /// A workspace has so many thousandths of a processor since then.
    pub fn run<'q>(
        &mut self,
        key: &Key,
        who: &Who,
        cpu: i128,
        since_ms: i64,
        quotas: impl IntoIterator<Item = &'q Quota>,
    ) {
        match self.runs.get(key) {
            Some(run) if run.cpu == cpu && run.who == *who => return,
            None if cpu == 0 => return,
            _ => {}
        }
        self.count(since_ms, quotas);
        self.changed_ms = self.changed_ms.max(since_ms);
        if cpu == 0 {
            self.runs.remove(key);
        } else {
            self.runs.insert(key.clone(), Run { who: who.clone(), cpu, since_ms });
        }
    }

    /// Counts what was used until now, and forgets what is older than a week.
    pub fn count<'q>(&mut self, now_ms: i64, quotas: impl IntoIterator<Item = &'q Quota>) {
        self.now_ms = self.now_ms.max(now_ms);
        for quota in quotas {
            let name = quota.metadata.name.as_deref().unwrap_or_default();
            let Some(account) = self.accounts.get_mut(name) else { continue };
            for (key, run) in &self.runs {
                if let Some(pot) = quota.spec.subject.pot(key, &run.who) {
                    let slots = account.used.entry(pot.to_string()).or_default();
                    add(slots, run.since_ms.max(account.from_ms), now_ms, run.cpu);
                }
            }
            let oldest = hour(self.now_ms) - WEEK;
            account.used.retain(|_, slots| {
                slots.retain(|hour, used| *hour > oldest && *used > 0);
                !slots.is_empty()
            });
        }
        for run in self.runs.values_mut() {
            run.since_ms = run.since_ms.max(now_ms);
        }
    }

    /// Thousandths of an hour that were used within a day and within a week, as they were counted last.
    #[must_use]
    pub fn used(&self, quota: &str, pot: &Pot) -> (i128, i128) {
        let slots = self.accounts.get(quota).and_then(|account| account.used.get(&pot.to_string()));
        slots.map_or((0, 0), |slots| sums(slots, self.now_ms))
    }

    /// Writes into the status of a quota what was used, when something changed or the last word is old; when to write again.
    pub fn tell<'q>(
        &self,
        quota: &Quota,
        stands: &QuotaStatus,
        status: &mut QuotaStatus,
        now_ms: i64,
        quotas: impl IntoIterator<Item = &'q Quota>,
    ) -> Option<i64> {
        let name = quota.metadata.name.as_deref().unwrap_or_default();
        self.accounts.get(name)?;
        let told_ms = stands.counted_at.map_or(i64::MIN, |at| at.millis());
        let has = |key: &Key, run: &Run| quota.spec.subject.pot(key, &run.who).is_some();
        let runs = self.runs.iter().any(|(key, run)| has(key, run));
        let old = runs && now_ms.saturating_sub(told_ms) >= OFTEN_MS;
        let told = if told_ms < self.changed_ms || told_ms == i64::MIN || old {
            let mut counted = self.clone();
            counted.count(now_ms, quotas);
            status.counted_at = Time::from_millis(now_ms);
            counted.accounts.remove(name).unwrap_or_default().used
        } else {
            status.counted_at = stands.counted_at;
            stands.spent.iter().map(|spent| (spent.of.clone(), spent.slots())).collect()
        };
        let (mut day, mut week, mut all) = (0, 0, Vec::new());
        for (of, slots) in told {
            let (in_day, in_week) = sums(&slots, now_ms);
            (day, week) = (day + in_day, week + in_week);
            all.extend(Spent::of(of, &slots, now_ms));
        }
        all.sort_by_key(|spent| std::cmp::Reverse(spent.seconds.iter().sum::<i64>()));
        all.truncate(MOST);
        all.sort_by(|a, b| a.of.cmp(&b.of));
        let next = status.counted_at.filter(|_| runs).map(|at| at.millis().saturating_add(OFTEN_MS));
        let next = next.or_else(|| (!all.is_empty()).then(|| next_hour(now_ms)));
        status.spent = all;
        if let Some(used) = &mut status.used {
            let of = |milli: i128| (milli > 0).then(|| crate::Quantity(super::load::plain(milli)));
            (used.cpu_hours_day, used.cpu_hours_week) = (of(day), of(week));
        }
        next
    }
}

impl Spent {
    fn slots(&self) -> BTreeMap<i64, i128> {
        let first = hour(self.from.millis());
        let all = self.seconds.iter().take(SLOTS).zip(first..);
        all.filter(|(seconds, _)| **seconds > 0).map(|(seconds, hour)| (hour, i128::from(*seconds) * SECOND)).collect()
    }

    fn of(of: String, slots: &BTreeMap<i64, i128>, now_ms: i64) -> Option<Self> {
        let oldest = hour(now_ms) - WEEK + 1;
        let first = *slots.range(oldest..).next()?.0;
        let last = *slots.last_key_value()?.0;
        let seconds = |hour: i64| {
            let used = slots.get(&hour).copied().unwrap_or_default();
            i64::try_from((used + SECOND / 2) / SECOND).unwrap_or(i64::MAX)
        };
        let from = Time::from_millis(first.saturating_mul(HOUR_MS))?;
        Some(Self { of, from, seconds: (first..=last).take(SLOTS).map(seconds).collect() })
    }
}

/// When the next hour begins: what was used longest ago counts no more then.
#[must_use]
pub const fn next_hour(now_ms: i64) -> i64 {
    (hour(now_ms) + 1).saturating_mul(HOUR_MS)
}

fn bounds(quota: &Quota) -> bool {
    quota.spec.hard.as_ref().is_some_and(|hard| hard.cpu_hours.is_some())
}

const fn hour(at_ms: i64) -> i64 {
    at_ms.div_euclid(HOUR_MS)
}

/// Adds what so many thousandths of a processor are from then until then; what is older than a week is not looked at.
fn add(slots: &mut BTreeMap<i64, i128>, from_ms: i64, until_ms: i64, cpu: i128) {
    let mut at_ms = from_ms.max(until_ms.saturating_sub((WEEK + 1) * HOUR_MS));
    while at_ms < until_ms {
        let end_ms = next_hour(at_ms).min(until_ms);
        let slot = slots.entry(hour(at_ms)).or_default();
        *slot = slot.saturating_add(cpu.saturating_mul(i128::from(end_ms - at_ms)));
        at_ms = end_ms;
    }
}

/// Thousandths of an hour within a day and within a week: this hour and those before it.
fn sums(slots: &BTreeMap<i64, i128>, now_ms: i64) -> (i128, i128) {
    let within =
        |hours: i64| slots.range(hour(now_ms) - hours + 1..).map(|(_, used)| used).sum::<i128>() / PER_MILLI_HOUR;
    (within(DAY), within(WEEK))
}

const HOUR_MS: i64 = 3_600_000;
const DAY: i64 = 24;
const WEEK: i64 = 7 * 24;
/// How many hours a status lists for one.
const SLOTS: usize = 168;
/// A second of one processor.
const SECOND: i128 = 1_000_000;
/// A thousandth of an hour of one processor.
const PER_MILLI_HOUR: i128 = 3_600_000;
/// How many a status lists: who used least is left out.
const MOST: usize = 256;
/// How often a status is written while nothing changes but the time.
const OFTEN_MS: i64 = 600_000;

#[cfg(test)]
mod tests;
