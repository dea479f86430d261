//! How often one cluster is asked: every request takes a turn, and turns come at a steady rate after a burst.
//!
//! One pace for all requests to a cluster, so that many views, plans and reviews together never flood it. What somebody
//! waits for goes first: what runs in the background takes a turn only while half of the burst is left, and stands back
//! for as long as the server asks anybody to slow down.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Requests a second, and how many at once after a rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second.
    pub qps: f64,
    /// Requests at once.
    pub burst: f64,
}

impl Default for Rate {
    fn default() -> Self {
        Self { qps: 50.0, burst: 100.0 }
    }
}

/// Who waits for the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody, now.
    #[default]
    Wanted,
    /// Nobody yet.
    Background,
}

/// Gives turns.
pub(crate) struct Pace {
    rate: Rate,
    state: Mutex<State>,
}

struct State {
    /// Turns left; below zero, turns that are promised.
    left: f64,
    at: Instant,
    /// The server asks for rest until then.
    rest_until: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        // A rate of nothing would never ask.
        let rate = Rate { qps: rate.qps.max(0.1), burst: rate.burst.max(1.0) };
        Self { rate, state: Mutex::new(State { left: rate.burst, at: Instant::now(), rest_until: None }) }
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self, urgency: Urgency) {
        loop {
            match self.take(urgency, Instant::now()) {
                Turn::Now => return,
                Turn::At(at) => return tokio::time::sleep_until(at).await,
                Turn::AskAgain(at) => tokio::time::sleep_until(at).await,
            }
        }
    }

    /// The server asks to slow down.
    pub(crate) fn rest(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.state.lock();
        state.rest_until = Some(state.rest_until.map_or(until, |before| before.max(until)));
    }

    fn take(&self, urgency: Urgency, now: Instant) -> Turn {
        let mut state = self.state.lock();
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.left = (state.left + passed * self.rate.qps).min(self.rate.burst);
        state.at = now;
        let after = |turns: f64| now + Duration::from_secs_f64((turns / self.rate.qps).clamp(0.001, 3600.0));
        match urgency {
            Urgency::Wanted => {
                state.left -= 1.0;
                if state.left >= 0.0 { Turn::Now } else { Turn::At(after(-state.left)) }
            }
            Urgency::Background => {
                if let Some(until) = state.rest_until.filter(|until| *until > now) {
                    return Turn::AskAgain(until);
                }
                let spare = state.left - 1.0 - self.rate.burst / 2.0;
                if spare < 0.0 {
                    return Turn::AskAgain(after(-spare));
                }
                state.left -= 1.0;
                Turn::Now
            }
        }
    }
}

enum Turn {
    Now,
    /// It is taken, and comes then.
    At(Instant),
    /// None to spare before then.
    AskAgain(Instant),
}

/// From 0 to 1, from the low bits of the clock: enough to keep clients from coming all at once.
pub(crate) fn jitter() -> f64 {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    f64::from(nanos % 1000) / 1000.0
}

#[cfg(test)]
mod tests;
