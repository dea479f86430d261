//! The last day of one workspace, minute by minute: which doors it was used through.

use super::Door;

/// A day's ring. The minutes are made with the first use.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// A bit for each door; the place of a minute is its number modulo a day.
    minutes: Vec<u16>,
    /// The last minute that the ring knows.
    newest: u64,
    /// What was done last, by door.
    details: [String; Door::ALL.len()],
    /// Since when doors are in use that are in use without end yet, by door; of the earliest.
    since: [u64; Door::ALL.len()],
}

/// A time of use through one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The door.
    pub door: Door,
    /// Its first minute, epoch milliseconds.
    pub from_ms: u64,
    /// The end of its last minute.
    pub to_ms: u64,
    /// What was done last through this door, with its newest time alone.
    pub detail: String,
}

impl Past {
    /// A use, and what was done.
    pub(super) fn note(&mut self, door: Door, now_ms: u64, detail: &str) {
        self.mark(door, now_ms / MINUTE_MS);
        if let Some(known) = self.details.get_mut(door as usize)
            && known != detail
        {
            known.clear();
            known.extend(detail.chars().filter(|c| !c.is_control()).take(DETAIL));
        }
    }

    /// It is held from now on.
    pub(super) fn begin(&mut self, door: Door, now_ms: u64) {
        if let Some(since) = self.since.get_mut(door as usize) {
            *since = now_ms;
        }
    }

    /// What is held goes on until now.
    pub(super) fn goes_on(&mut self, door: Door, now_ms: u64) {
        let since = self.since.get(door as usize).copied().unwrap_or(now_ms);
        self.fill(door, since, now_ms);
    }

    /// All minutes between, both with them.
    pub(super) fn fill(&mut self, door: Door, from_ms: u64, to_ms: u64) {
        let (from, to) = (from_ms / MINUTE_MS, to_ms / MINUTE_MS);
        for minute in from.max(to.saturating_sub(DAY - 1))..=to {
            self.mark(door, minute);
        }
    }

    pub(super) fn detail(&self, door: Door) -> &str {
        self.details.get(door as usize).map_or("", String::as_str)
    }

    fn mark(&mut self, door: Door, minute: u64) {
        if self.minutes.is_empty() {
            self.minutes = vec![0; usize::try_from(DAY).unwrap_or_default()];
            self.newest = minute;
        }
        // What is a day old makes room.
        for old in self.newest.saturating_add(1).max(minute.saturating_sub(DAY - 1))..=minute {
            if let Some(bits) = self.minutes.get_mut(place(old)) {
                *bits = 0;
            }
        }
        self.newest = self.newest.max(minute);
        if minute + DAY > self.newest
            && let Some(bits) = self.minutes.get_mut(place(minute))
        {
            *bits |= 1 << door as u16;
        }
    }

    /// The day until now, the oldest first.
    pub(super) fn stretches(&self, now_ms: u64) -> Vec<Stretch> {
        let first = (now_ms / MINUTE_MS).saturating_sub(DAY - 1).max(self.newest.saturating_sub(DAY - 1));
        let mut all: Vec<Stretch> = Vec::new();
        let mut open: [Option<usize>; Door::ALL.len()] = Default::default();
        for minute in first..=self.newest {
            let bits = self.minutes.get(place(minute)).copied().unwrap_or_default();
            for (door, open) in Door::ALL.into_iter().zip(&mut open) {
                if bits & (1 << door as u16) == 0 {
                    *open = None;
                    continue;
                }
                let to_ms = (minute + 1) * MINUTE_MS;
                match open.and_then(|at| all.get_mut(at)) {
                    Some(stretch) => stretch.to_ms = to_ms,
                    None => {
                        *open = Some(all.len());
                        all.push(Stretch { door, from_ms: minute * MINUTE_MS, to_ms, detail: String::new() });
                    }
                }
            }
        }
        for door in Door::ALL {
            if let Some(newest) = all.iter_mut().rev().find(|one| one.door == door) {
                self.detail(door).clone_into(&mut newest.detail);
            }
        }
        all
    }
}

fn place(minute: u64) -> usize {
    usize::try_from(minute % DAY).unwrap_or_default()
}

const MINUTE_MS: u64 = 60_000;
/// Minutes of a day.
const DAY: u64 = 24 * 60;
/// More of what was done is not kept.
const DETAIL: usize = 200;
