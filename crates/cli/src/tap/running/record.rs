//! What is known of a tap beside its process: enough to end its agents. The key is not among it.

use policy::action::ObjectTarget;
use serde::{Deserialize, Serialize};
use std::io;
use std::time::SystemTime;

/// A tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// 128 random bits.
    pub(crate) id: String,
    pub(crate) pid: u32,
    pub(crate) since_ms: u64,
    /// The context whose pods it taps.
    pub(crate) cluster: String,
    /// The public key of its agents' owner.
    pub(crate) owner: String,
    /// What it is of, as it was said.
    pub(crate) title: String,
}

/// An agent of it, that is there or may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
}

/// A line of a tap's file, and of what its guard is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// The first.
    Tap(Record),
    /// A container is going to be added.
    Added(Agent),
    /// The agent of this container has ended.
    Ended(String),
}

impl Record {
    pub(super) fn new(cluster: String, owner: String, title: String) -> io::Result<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
        let id = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let since_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        Ok(Self { id, pid: std::process::id(), since_ms, cluster, owner, title })
    }

    /// The id as it is shown.
    pub(crate) fn short(&self) -> &str {
        short(&self.id)
    }
}

/// The first digits of an id: what people are shown, and name.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

impl Agent {
    pub(super) fn of(pod: &ObjectTarget, container: &str) -> Self {
        Self { namespace: pod.namespace.clone(), pod: pod.name.clone(), container: container.to_owned() }
    }
}

/// What the lines of a tap come to: the tap, and its agents that may be there. A line that was cut by a crash is none.
pub(super) fn read(text: &str) -> (Option<Record>, Vec<Agent>) {
    let (mut record, mut agents) = (None, Vec::<Agent>::new());
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Tap(tap) => record = Some(tap),
            Line::Added(agent) if agents.contains(&agent) => {}
            Line::Added(agent) => agents.push(agent),
            Line::Ended(container) => agents.retain(|agent| agent.container != container),
        }
    }
    (record, agents)
}
