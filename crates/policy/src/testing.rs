//! A gate for tests: [`AllowAll`] and a journal in memory. `cargo xtask arch` refuses this module's name in sources
//! that are not tests.

use crate::compose::{Composed, Parts, compose};
use crate::decide::{Decide, Facts, Input, Ruling};
use crate::journal::{AuditUnavailable, Journal, Progress, Receipt};
use base::ManualClock;
use evidence::{Body, Decided, Draft, Ended};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;

/// Allows everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAll;

impl Decide for AllowAll {
    fn decide(&self, _: &Input, _: &Facts) -> Ruling {
        Ruling::allow("test.allow_all")
    }

    fn digest(&self) -> String {
        "allow-all".to_owned()
    }
}

/// Keeps entries in memory. It can be told to fail.
#[derive(Debug)]
pub struct MemoryJournal {
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct State {
    drafts: Vec<Draft>,
    refuse: bool,
    hold: bool,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self { state: Mutex::default(), progress: watch::channel(Progress::default()).0 }
    }
}

impl MemoryJournal {
    /// Refuses entries from now on, as a full queue does.
    pub fn refuse(&self, refuse: bool) {
        self.state.lock().refuse = refuse;
    }

    /// Takes entries and does not settle them, as a slow disk does; `false` settles all that were taken.
    pub fn hold(&self, hold: bool) {
        let mut state = self.state.lock();
        state.hold = hold;
        if !hold {
            let settled = state.drafts.len() as u64;
            self.progress.send_modify(|progress| progress.settled = settled);
        }
    }

    /// Says that writing fails, as a full disk does.
    pub fn fail(&self, failing: bool) {
        self.progress.send_modify(|progress| progress.failing = failing);
    }

    /// Everything that was appended.
    #[must_use]
    pub fn drafts(&self) -> Vec<Draft> {
        self.state.lock().drafts.clone()
    }

    /// The decisions in order.
    #[must_use]
    pub fn decided(&self) -> Vec<Decided> {
        self.drafts()
            .into_iter()
            .filter_map(|draft| if let Body::Decided(d) = draft.body { Some(*d) } else { None })
            .collect()
    }

    /// The endings in order.
    #[must_use]
    pub fn ended(&self) -> Vec<Ended> {
        self.drafts()
            .into_iter()
            .filter_map(|draft| if let Body::Ended(e) = draft.body { Some(e) } else { None })
            .collect()
    }

    fn take(&self, draft: Draft) -> Receipt {
        let mut state = self.state.lock();
        state.drafts.push(draft);
        let ticket = state.drafts.len() as u64;
        if !state.hold {
            self.progress.send_modify(|progress| progress.settled = ticket);
        }
        Receipt::new(ticket, self.progress.subscribe())
    }
}

impl Journal for MemoryJournal {
    fn append(&self, draft: Draft) -> Result<Receipt, AuditUnavailable> {
        if self.state.lock().refuse {
            return Err(AuditUnavailable);
        }
        Ok(self.take(draft))
    }

    fn append_ending(&self, draft: Draft) {
        self.take(draft);
    }
}

/// A gate over a policy, its journal and its clock.
pub struct TestGate {
    /// The gate and what its composer holds.
    pub composed: Composed,
    /// Its journal.
    pub journal: Arc<MemoryJournal>,
    /// Its clock.
    pub clock: ManualClock,
}

/// A gate with this policy.
#[must_use]
pub fn gate(decide: impl Decide) -> TestGate {
    let journal = Arc::new(MemoryJournal::default());
    let clock = ManualClock::at(1_700_000_000_000);
    let composed =
        compose(Parts { decide: Arc::new(decide), journal: journal.clone(), clock: Arc::new(clock.clone()) });
    TestGate { composed, journal, clock }
}
