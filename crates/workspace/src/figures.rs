//! What an operator tells of itself, in Prometheus' text format. Counting costs a few atomic operations.

use base::Exposition;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The figures of the operator of this process. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Figures(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    active: AtomicBool,
    workspaces: AtomicU64,
    looks: AtomicU64,
    failed: AtomicU64,
    look_us: AtomicU64,
    unanswered: AtomicU64,
}

impl Figures {
    /// It has the lease, until this is dropped.
    pub(crate) fn lead(&self) -> Leads {
        self.0.active.store(true, Ordering::Relaxed);
        Leads(self.clone())
    }

    /// So many workspaces are seen.
    pub(crate) fn sees(&self, workspaces: usize) {
        self.0.workspaces.store(workspaces as u64, Ordering::Relaxed);
    }

    /// A workspace was looked at.
    pub(crate) fn looked(&self, took: Duration, failed: bool) {
        self.0.looks.fetch_add(1, Ordering::Relaxed);
        self.0.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.look_us.fetch_add(us, Ordering::Relaxed);
    }

    /// A daemon did not answer.
    pub(crate) fn unanswered(&self) {
        self.0.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// Them all.
    #[must_use]
    pub fn text(&self) -> String {
        let of = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let inner = &*self.0;
        let mut text = Exposition::default();
        let active = u8::from(inner.active.load(Ordering::Relaxed));
        text.one("qd_operator_active", "gauge", "1 while this process keeps the workspaces of its cluster.", active);
        text.one("qd_operator_workspaces", "gauge", "Workspaces that it sees.", of(&inner.workspaces));
        text.one("qd_operator_looks_total", "counter", "How often a workspace was looked at.", of(&inner.looks));
        text.one("qd_operator_looks_failed_total", "counter", "Looks that have to be tried again.", of(&inner.failed));
        let seconds = Duration::from_micros(of(&inner.look_us)).as_secs_f64();
        text.one("qd_operator_look_seconds_total", "counter", "What all looks took.", seconds);
        let name = "qd_operator_daemons_unanswered_total";
        text.one(name, "counter", "How often a daemon did not answer the operator.", of(&inner.unanswered));
        text.finish()
    }
}

/// Who leads.
#[derive(Debug)]
pub(crate) struct Leads(Figures);

impl Drop for Leads {
    fn drop(&mut self) {
        self.0.0.active.store(false, Ordering::Relaxed);
        self.0.sees(0);
    }
}

#[cfg(test)]
mod tests {
    use super::Figures;
    use std::time::Duration;

    #[test]
    fn wo_01g_figures_say_who_leads_and_what_it_does() {
        let figures = Figures::default();
        assert!(figures.text().contains("\nqd_operator_active 0\n"));
        let leads = figures.lead();
        figures.sees(3);
        figures.looked(Duration::from_millis(1_500), false);
        figures.looked(Duration::from_millis(500), true);
        figures.unanswered();
        let text = figures.text();
        for line in [
            "qd_operator_active 1",
            "qd_operator_workspaces 3",
            "qd_operator_looks_total 2",
            "qd_operator_looks_failed_total 1",
            "qd_operator_look_seconds_total 2",
            "qd_operator_daemons_unanswered_total 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
        drop(leads);
        assert!(figures.text().contains("\nqd_operator_active 0\n") && figures.text().contains("_workspaces 0\n"));
    }
}
