//! Whether the network keeps policies, where no workspace may run without: a pod from which a connection was made that its rules
//! close is stopped, and none is started for a while. Then one is: it tells whether that was mended.

use crate::decide::Step;
use crate::desired::Desired;
use crate::observed::Observed;
use crate::render::{Refused, Rendered};
use parking_lot::Mutex;

/// What is known of it.
#[derive(Default)]
pub(crate) struct Enforced {
    required: bool,
    /// When a connection was made last that should have failed, epoch milliseconds.
    failed_ms: Mutex<Option<i64>>,
}

impl Enforced {
    pub(crate) fn new(required: bool) -> Self {
        Self { required, failed_ms: Mutex::default() }
    }

    /// What is rendered, where it may be started; and when that is to be asked again.
    pub(crate) fn admits(
        &self,
        desired: &Desired,
        observed: &Observed,
        rendered: Result<Rendered, Refused>,
        now_ms: i64,
    ) -> (Result<Rendered, Refused>, Option<i64>) {
        let starts = desired.running && !desired.paused && !desired.deleting && observed.pod.is_none();
        let until = self.failed_ms.lock().map(|at| at.saturating_add(AGAIN_MS)).filter(|until| now_ms < *until);
        match (rendered, until) {
            (Ok(_), Some(until)) if starts => {
                let message = format!(
                    "{OPEN}, and [network] require_enforcement is on: the next try is at {}",
                    crate::status::time(until)
                );
                let refused = Refused { condition: "Accepted", reason: "NotEnforced", message, queued: true };
                (Err(refused), Some(until))
            }
            (rendered, _) => (rendered, None),
        }
    }

    /// Takes whether the network keeps the rules of a pod that runs; what is done about it.
    pub(crate) fn takes(&self, desired: &Desired, holds: Option<bool>, now_ms: i64) -> Option<Step> {
        if !self.required || !desired.running || desired.paused || desired.deleting {
            return None;
        }
        match holds {
            None => None,
            Some(true) => {
                *self.failed_ms.lock() = None;
                None
            }
            Some(false) => {
                *self.failed_ms.lock() = Some(now_ms);
                let cause = format!("{OPEN}, and no workspace may run without");
                Some(Step::SayState { state: "Stopped", cause })
            }
        }
    }
}

const OPEN: &str = "the network keeps no policies";
/// How long nothing is started then.
const AGAIN_MS: i64 = 600_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{AGAIN_MS, Enforced};
    use crate::decide::Step;
    use crate::desired::Desired;
    use crate::observed::Observed;
    use crate::pod::Pod;
    use crate::render::Rendered;
    use serde_json::json;

    fn desired(state: &str) -> Desired {
        let meta = json!({ "name": "a", "namespace": "n", "uid": "u" });
        Desired::of(&json!({ "metadata": meta, "spec": { "state": state } })).unwrap()
    }

    #[test]
    fn wn_07d_where_no_workspace_may_run_without_rules_it_is_stopped_and_none_starts_for_a_while() {
        let (runs, none) = (desired("Running"), Observed::default());
        let lax = Enforced::new(false);
        assert_eq!(lax.takes(&runs, Some(false), 1_000), None, "it is told alone");
        assert!(lax.admits(&runs, &none, Ok(Rendered::default()), 1_000).0.is_ok());

        let strict = Enforced::new(true);
        assert!(strict.admits(&runs, &none, Ok(Rendered::default()), 0).0.is_ok(), "nobody tried yet");
        assert_eq!(strict.takes(&runs, None, 500), None);
        match strict.takes(&runs, Some(false), 1_000).unwrap() {
            Step::SayState { state, cause } => {
                assert_eq!((state, cause.contains("keeps no policies")), ("Stopped", true), "{cause}");
            }
            other => unreachable!("{other:?}"),
        }
        assert_eq!(strict.takes(&desired("Stopped"), Some(false), 1_000), None, "it is to stop already");
        let (refused, again_ms) = strict.admits(&runs, &none, Ok(Rendered::default()), 2_000);
        let refused = refused.unwrap_err();
        assert_eq!((refused.condition, refused.reason, again_ms), ("Accepted", "NotEnforced", Some(1_000 + AGAIN_MS)));
        let there = Observed { pod: Some(Pod::default()), ..Observed::default() };
        assert!(
            strict.admits(&runs, &there, Ok(Rendered::default()), 2_000).0.is_ok(),
            "what runs is judged by itself"
        );
        assert!(strict.admits(&desired("Stopped"), &none, Ok(Rendered::default()), 2_000).0.is_ok());
        assert!(strict.admits(&runs, &none, Ok(Rendered::default()), 1_000 + AGAIN_MS).0.is_ok(), "one tries again");
        assert_eq!(strict.takes(&runs, Some(true), 3_000), None);
        assert!(strict.admits(&runs, &none, Ok(Rendered::default()), 4_000).0.is_ok(), "it was mended");
    }
}
