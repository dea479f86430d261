//! What a tap has to know of a pod.

use wire::Node;

/// A pod as a watch shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) node: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) phase: Phase,
    /// It is being deleted.
    pub(crate) leaving: bool,
    /// Why it does not run yet.
    pub(crate) reason: String,
    /// The capture containers in it.
    pub(crate) taps: Vec<(String, State)>,
    /// Its own containers.
    pub(crate) own: Vec<(String, Run)>,
}

/// Whether a container of a pod runs, and how often it began anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) runs: bool,
    pub(crate) restarts: i64,
}

/// Where a pod is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It does not run yet.
    #[default]
    Pending,
    /// It runs.
    Running,
    /// It ran.
    Ended,
}

/// What the kubelet says of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not yet; the reason, if the kubelet gives one.
    Waiting(Option<String>),
    /// It runs.
    Running,
    /// It ended; why.
    Ended(String),
}

impl Pod {
    /// Reads what is needed; `None` for what has no name.
    pub(crate) fn of(node: Node<'_>) -> Option<Self> {
        let text = |path: &[&str]| node.path(path).and_then(Node::as_str).map(|text| text.into_owned());
        let own = |name: &str| text(&["metadata", name]).unwrap_or_default();
        let phase = match node.path(&["status", "phase"]).and_then(Node::as_str).as_deref() {
            Some("Running") => Phase::Running,
            Some("Succeeded" | "Failed") => Phase::Ended,
            _ => Phase::Pending,
        };
        let labels = node.path(&["metadata", "labels"]).into_iter().flat_map(Node::entries);
        let taps = node.path(&["status", "ephemeralContainerStatuses"]).into_iter().flat_map(Node::items);
        let containers = node.path(&["status", "containerStatuses"]).into_iter().flat_map(Node::items);
        Some(Self {
            namespace: own("namespace"),
            name: text(&["metadata", "name"])?,
            uid: text(&["metadata", "uid"])?,
            node: text(&["spec", "nodeName"]).unwrap_or_default(),
            labels: labels.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.into_owned()))).collect(),
            phase,
            leaving: node.path(&["metadata", "deletionTimestamp"]).is_some(),
            reason: if phase == Phase::Pending { reason(node) } else { String::new() },
            taps: taps.filter_map(tap).collect(),
            own: containers.filter_map(run).collect(),
        })
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// What the kubelet says of a capture container.
    pub(crate) fn tap(&self, container: &str) -> Option<&State> {
        self.taps.iter().find(|(name, _)| name == container).map(|(_, state)| state)
    }

    /// Whether one of its own containers runs, and how often it began anew.
    pub(crate) fn run(&self, container: &str) -> Option<Run> {
        self.own.iter().find(|(name, _)| name == container).map(|(_, run)| *run)
    }
}

fn run(status: Node<'_>) -> Option<(String, Run)> {
    let name = status.get("name").and_then(Node::as_str)?.into_owned();
    let restarts = status.get("restartCount").and_then(Node::as_i64).unwrap_or(0);
    Some((name, Run { runs: status.path(&["state", "running"]).is_some(), restarts }))
}

fn tap(status: Node<'_>) -> Option<(String, State)> {
    let name = status.get("name").and_then(Node::as_str).filter(|name| name.starts_with(PREFIX))?.into_owned();
    let text = |path: &[&str]| status.path(path).and_then(Node::as_str).map(|text| text.into_owned());
    if status.path(&["state", "running"]).is_some() {
        return Some((name, State::Running));
    }
    if let Some(end) = status.path(&["state", "terminated"]) {
        let reason = text(&["state", "terminated", "reason"]).unwrap_or_default();
        let message = text(&["state", "terminated", "message"]).unwrap_or_default();
        let code = end.get("exitCode").and_then(Node::as_i64).unwrap_or(0);
        return Some((name, State::Ended(format!("{reason} {message} (exit code {code})"))));
    }
    let message = text(&["state", "waiting", "message"]);
    let reason = text(&["state", "waiting", "reason"]).map(|reason| match message {
        Some(message) => format!("{reason}: {message}"),
        None => reason,
    });
    Some((name, State::Waiting(reason)))
}

/// Why a pod does not run: what a container waits for, or the scheduler's word.
fn reason(pod: Node<'_>) -> String {
    let waiting = pod.path(&["status", "containerStatuses"]).into_iter().flat_map(Node::items);
    let waiting = waiting.filter_map(|status| status.path(&["state", "waiting", "reason"])).filter_map(Node::as_str);
    let mut conditions = pod.path(&["status", "conditions"]).into_iter().flat_map(Node::items);
    let unscheduled = conditions.find_map(|condition| {
        let is = |name, word| condition.get(name).and_then(Node::as_str).is_some_and(|value| value == word);
        let fails = is("type", "PodScheduled") && is("status", "False");
        fails.then(|| condition.get("message").and_then(Node::as_str)).flatten()
    });
    let mut words = unscheduled.into_iter().chain(waiting).map(|word| word.into_owned());
    words.next().unwrap_or_default()
}

/// How capture containers are called.
pub(crate) const PREFIX: &str = "qd-tap-";
