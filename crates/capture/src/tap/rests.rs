//! Agents that were stopped and wait for the next tap of their owner.

use parking_lot::Mutex;
use policy::action::ObjectTarget;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The agents of one process that wait. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rests(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    agents: Vec<Resting>,
    closed: bool,
}

/// An agent that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Resting {
    /// Its pod.
    pub pod: ObjectTarget,
    /// Its container there.
    pub container: String,
    /// It ends by itself then.
    until: Instant,
}

impl Rests {
    /// One waits from now on, for so many seconds.
    pub(super) fn add(&self, pod: ObjectTarget, container: String, seconds: u32) {
        let now = Instant::now();
        let mut state = self.0.lock();
        state.agents.retain(|agent| agent.until > now && agent.container != container);
        if state.agents.len() < MOST {
            state.agents.push(Resting { pod, container, until: now + Duration::from_secs(seconds.into()) });
        }
    }

    /// One was taken again.
    pub(super) fn remove(&self, container: &str) {
        self.0.lock().agents.retain(|agent| agent.container != container);
    }

    /// No tap will come: agents that are stopped from now on wait for none.
    pub fn close(&self) {
        self.0.lock().closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    /// Those that wait now, each told once.
    #[must_use]
    pub fn take(&self) -> Vec<Resting> {
        let now = Instant::now();
        let mut agents = std::mem::take(&mut self.0.lock().agents);
        agents.retain(|agent| agent.until > now);
        agents
    }
}

/// Agents that are known to wait; those beyond end by themselves.
const MOST: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;
    use base::ClusterName;

    fn pod(name: &str) -> ObjectTarget {
        ObjectTarget {
            cluster: ClusterName::new("c"),
            kind: "pods".to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn cap_19e_agents_that_wait_are_known_until_they_are_taken_again_or_their_time_is_up() {
        let rests = Rests::default();
        rests.add(pod("one"), "qd-tap-a".to_owned(), 600);
        rests.add(pod("two"), "qd-tap-b".to_owned(), 600);
        rests.add(pod("three"), "qd-tap-c".to_owned(), 0);
        rests.remove("qd-tap-b");
        let left = rests.take();
        assert_eq!(
            left.iter().map(|one| (one.pod.name.as_str(), one.container.as_str())).collect::<Vec<_>>(),
            [("one", "qd-tap-a")]
        );
        assert!(rests.take().is_empty() && !rests.is_closed());
        rests.close();
        assert!(rests.clone().is_closed());
        for at in 0..MOST + 10 {
            rests.add(pod("many"), format!("qd-tap-{at}"), 600);
        }
        assert_eq!(rests.take().len(), MOST);
    }
}
