//! Where a workspace is on its way, by what its pod, its containers and the events say. First match holds.

use crate::event::{Class, Event};
use crate::pod::{Ended, Phase, Pod, State};

/// A stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for its turn.
    Queued,
    /// Its blueprint is looked up and put together.
    Resolving,
    /// It waits for a place on a node.
    Scheduling,
    /// Its image comes.
    Pulling,
    /// What runs before it runs.
    Initializing,
    /// It starts.
    Starting,
    /// It runs and is ready.
    Running,
    /// Its pod is ending, because it was stopped.
    Stopping,
    /// It is being deleted.
    Terminating,
    /// It has no pod, as was asked.
    Stopped,
    /// It will not get better by itself.
    Failed,
    /// Its node does not say.
    Unknown,
}

impl Stage {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Resolving => "Resolving",
            Self::Scheduling => "Scheduling",
            Self::Pulling => "Pulling",
            Self::Initializing => "Initializing",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Terminating => "Terminating",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// The phase that it belongs to.
    #[must_use]
    pub const fn phase(self) -> &'static str {
        match self {
            Self::Queued | Self::Resolving => "Pending",
            Self::Scheduling | Self::Pulling | Self::Initializing | Self::Starting => "Provisioning",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Terminating => "Terminating",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// How far it is, of 100. Nothing for what is no step on the way up.
    #[must_use]
    pub const fn progress(self) -> Option<i64> {
        match self {
            Self::Queued => Some(0),
            Self::Resolving => Some(10),
            Self::Scheduling => Some(20),
            Self::Pulling => Some(50),
            Self::Initializing => Some(60),
            Self::Starting => Some(75),
            Self::Running => Some(100),
            Self::Stopping | Self::Terminating | Self::Stopped | Self::Failed | Self::Unknown => None,
        }
    }
}

/// What is seen of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The stage.
    pub stage: Stage,
    /// The reason that conditions carry: the kubelet's own word where it has one.
    pub reason: &'static str,
    /// Of a failure: what kind of thing is wrong (`image_missing`, `crash_loop`); empty otherwise.
    pub cause: &'static str,
    /// In words.
    pub message: String,
    /// A warning that holds meanwhile.
    pub warning: Option<Warning>,
}

/// Something does not go well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The reason of the event.
    pub reason: String,
    /// Its words.
    pub message: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl Seen {
    fn new(stage: Stage, reason: &'static str, message: impl Into<String>) -> Self {
        Self { stage, reason, cause: "", message: message.into(), warning: None }
    }

    fn failed(reason: &'static str, cause: &'static str, message: impl Into<String>) -> Self {
        Self { cause, ..Self::new(Stage::Failed, reason, message) }
    }
}

/// Reads the stage of a pod. `stopping`: it was asked to stop, and is not deleted for good.
#[must_use]
pub fn seen(pod: &Pod, events: &[Event], stopping: bool, now_ms: i64) -> Seen {
    let mut seen = of_pod(pod, events, stopping, now_ms);
    if !matches!(seen.stage, Stage::Running | Stage::Failed) {
        let worst = most_restarts(pod);
        let last = events.iter().filter(|event| event.class(worst) == Class::Warning).max_by_key(|event| event.at_ms);
        seen.warning = last.map(|event| Warning { reason: event.reason.clone(), message: event.message.clone() });
    }
    seen
}

fn of_pod(pod: &Pod, events: &[Event], stopping: bool, now_ms: i64) -> Seen {
    if pod.deleting_ms.is_some() {
        return if stopping {
            Seen::new(Stage::Stopping, "Stopping", "its pod ends")
        } else {
            Seen::new(Stage::Terminating, "Terminating", "its pod ends")
        };
    }
    match pod.phase {
        Phase::Succeeded => return Seen::new(Stage::Stopped, "Stopped", "it ended by itself"),
        Phase::Failed => return failed_whole(pod),
        Phase::Unknown => return Seen::new(Stage::Unknown, "NodeLost", format!("node {} does not say", pod.node)),
        Phase::Pending | Phase::Running => {}
    }
    if pod.node.is_empty() {
        let message = pod.unplaced.clone().unwrap_or_else(|| "waits for a place on a node".to_owned());
        let broken = events.iter().find(|event| event.kind != "Pod" && event.class(0) == Class::Critical);
        if let Some(event) = broken {
            let message = format!("claim {}: {}", event.name, event.message);
            return Seen::failed("FailedBinding", "storage_binding", message);
        }
        return Seen::new(Stage::Scheduling, "Scheduling", message);
    }
    if let Some(message) = pulling(events, now_ms) {
        return Seen::new(Stage::Pulling, "Pulling", message);
    }
    if let Some(failed) = broken(pod, events) {
        return failed;
    }
    let init = pod.containers.iter().find(|container| {
        // One that goes on beside the others has started once it runs and is ready.
        container.init && !container.ready && !matches!(&container.state, State::Ended(end) if end.code == 0)
    });
    if let Some(container) = init {
        return Seen::new(Stage::Initializing, "Initializing", format!("{} runs first", container.name));
    }
    if pod.ready {
        return Seen::new(Stage::Running, "Ready", "it runs and is ready");
    }
    let waits = pod.main().find(|container| !container.ready);
    let message = match waits.map(|container| (&container.state, &container.name)) {
        Some((State::Running, name)) => format!("{name} runs and is not ready yet"),
        Some((State::Waiting(reason, _), name)) if !reason.is_empty() => format!("{name}: {reason}"),
        Some((_, name)) => format!("{name} starts"),
        None => "its containers start".to_owned(),
    };
    Seen::new(Stage::Starting, "Starting", message)
}

/// The image comes, for longer than a moment.
fn pulling(events: &[Event], now_ms: i64) -> Option<String> {
    let last = |reason: &str| events.iter().filter(|e| e.reason == reason).max_by_key(|event| event.at_ms);
    let begun = last("Pulling")?;
    let over = |reason: &str| last(reason).is_some_and(|event| event.at_ms >= begun.at_ms);
    (!over("Pulled") && !over("Failed") && now_ms - begun.at_ms >= PULL_MS).then(|| begun.message.clone())
}

/// A container that will not get better by itself.
fn broken(pod: &Pod, events: &[Event]) -> Option<Seen> {
    for container in &pod.containers {
        match &container.state {
            State::Waiting(reason, message) => {
                if reason == "CrashLoopBackOff" {
                    let limit = if container.init { 0 } else { 2 };
                    if container.restarts > limit {
                        return Some(crashes(
                            &container.name,
                            container.init,
                            container.restarts,
                            container.last.as_ref(),
                        ));
                    }
                } else if HARD.contains(&reason.as_str()) {
                    let (reason, cause, message) = image_words(reason, message);
                    return Some(Seen::failed(reason, cause, format!("{}: {message}", container.name)));
                }
            }
            State::Ended(end) if end.code != 0 && (container.init || end.reason == "OOMKilled") => {
                return Some(crashes(&container.name, container.init, container.restarts, Some(end)));
            }
            State::Ended(_) | State::Running => {}
        }
    }
    if pod.ready {
        // It got over what happened.
        return None;
    }
    let worst = most_restarts(pod);
    let runs = pod.main().all(|container| container.state == State::Running);
    let event = events.iter().filter(|event| event.class(worst) == Class::Critical).max_by_key(|event| event.at_ms)?;
    if runs {
        return None;
    }
    let (reason, cause, message) = image_words(&event.reason, &event.message);
    Some(Seen::failed(reason, cause, message))
}

fn crashes(name: &str, init: bool, restarts: i64, end: Option<&Ended>) -> Seen {
    let how = end.map_or_else(
        || "ends again and again".to_owned(),
        |end| {
            let said = if end.message.is_empty() { String::new() } else { format!(": {}", end.message.trim()) };
            format!("ended with exit code {} ({}){said}", end.code, end.reason)
        },
    );
    let (reason, cause) = match end {
        Some(end) if end.reason == "OOMKilled" => ("OOMKilled", "oom"),
        _ if init => ("CrashLoopBackOff", "init"),
        _ => ("CrashLoopBackOff", "crash_loop"),
    };
    let times = if restarts > 0 { format!(", {restarts} restarts") } else { String::new() };
    Seen::failed(reason, cause, format!("{name} {how}{times}"))
}

fn failed_whole(pod: &Pod) -> Seen {
    let ended = pod.containers.iter().find_map(|container| match &container.state {
        State::Ended(end) if end.code != 0 => Some((container, end)),
        _ => None,
    });
    match ended {
        _ if !pod.reason.is_empty() => Seen::failed("PodFailed", "evicted", format!("{}: {}", pod.reason, pod.message)),
        Some((container, end)) => crashes(&container.name, container.init, container.restarts, Some(end)),
        None => Seen::failed("PodFailed", "pod_failed", "its pod has failed"),
    }
}

/// The reason of a condition for what the kubelet says of an image or a configuration, what kind of thing is wrong, and
/// the words for it.
fn image_words(reason: &str, message: &str) -> (&'static str, &'static str, String) {
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let said = |word: &str| reason == word || message.ends_with(word);
    let (word, cause) = match reason {
        _ if said("InvalidImageName") => ("InvalidImageName", "image_invalid"),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            ("CreateContainerConfigError", "config")
        }
        _ if said("CreateContainerConfigError") => ("CreateContainerConfigError", "config"),
        _ if said("OOMKilled") => ("OOMKilled", "oom"),
        "FailedBinding" => ("FailedBinding", "storage_binding"),
        "BackOff" if has(&["restarting failed container"]) => ("CrashLoopBackOff", "crash_loop"),
        _ => {
            let cause = if has(&["toomanyrequests", "rate limit"]) {
                "image_rate"
            } else if has(&["unauthorized", "authentication required", "401"]) {
                "image_auth"
            } else if has(&["denied", "forbidden", "403"]) {
                "image_denied"
            } else {
                "image_missing"
            };
            let word = match reason {
                "ImagePullBackOff" | "BackOff" => "ImagePullBackOff",
                _ if said("ErrImageNeverPull") => "ErrImageNeverPull",
                _ => "ErrImagePull",
            };
            (word, cause)
        }
    };
    let message = if message.is_empty() { reason.to_owned() } else { message.to_owned() };
    (word, cause, message)
}

fn most_restarts(pod: &Pod) -> i64 {
    pod.containers.iter().map(|container| container.restarts).max().unwrap_or_default()
}

/// What a container waits for and will not get.
const HARD: &[&str] = &[
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
/// A pull shorter than this is not told.
const PULL_MS: i64 = 8_000;

#[cfg(test)]
mod tests;
