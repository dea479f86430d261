//! Where a workspace is on its way, by what its pod, its containers and the events say. First match holds.

use crate::event::{Class, Event};
use crate::observed::{Claim, Nodes};
use crate::pod::{Container, Ended, Phase, Pod, State};

mod placing;
mod words;

pub use words::{cause, next};

/// A stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for its turn.
    Queued,
    /// It was stopped, and somebody came to one of its doors.
    Waking,
    /// Its blueprint is looked up and put together.
    Resolving,
    /// Its storage is filled from a snapshot or another volume.
    Restoring,
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
            Self::Waking => "Waking",
            Self::Resolving => "Resolving",
            Self::Restoring => "Restoring",
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
            Self::Queued | Self::Waking | Self::Resolving => "Pending",
            Self::Restoring | Self::Scheduling | Self::Pulling | Self::Initializing | Self::Starting => "Provisioning",
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
            Self::Queued | Self::Waking => Some(0),
            Self::Resolving => Some(10),
            Self::Restoring | Self::Scheduling => Some(20),
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

/// What a pod is looked at with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// What happened to it and its claims.
    pub events: &'a [Event],
    /// Its claims.
    pub claims: &'a [Claim],
    /// What nodes have.
    pub nodes: Option<&'a Nodes>,
    /// Reasons of events that its blueprint has left out, with `*` for any text.
    pub ignored: &'a [String],
}

impl<'a> Around<'a> {
    /// The events that count.
    fn counting(self) -> impl Iterator<Item = &'a Event> + Clone {
        let ignores = move |event: &Event| {
            let reason = event.reason.as_bytes();
            self.ignored.iter().any(|one| base::glob(one.as_bytes(), reason))
        };
        self.events.iter().filter(move |event| !ignores(event))
    }
}

/// Reads the stage of a pod.
#[must_use]
pub fn seen(pod: &Pod, around: Around<'_>, now_ms: i64) -> Seen {
    let mut seen = of_pod(pod, around, now_ms);
    let age_ms = now_ms - pod.created_ms;
    if !matches!(seen.stage, Stage::Running | Stage::Failed) {
        let worst = most_restarts(pod);
        let warnings = around.counting().filter(|event| event.class(worst) == Class::Warning);
        if let Some(last) = warnings.max_by_key(|event| event.at_ms) {
            if let Some((cause, message)) = trouble(last, around.claims, age_ms) {
                seen.cause = cause;
                seen.warning = Some(Warning { reason: last.reason.clone(), message });
            } else if pod.unplaced.is_none() || last.reason != "FailedScheduling" {
                seen.warning = Some(Warning { reason: last.reason.clone(), message: last.message.clone() });
            }
        }
    }
    let mounts = seen.warning.as_ref().is_none_or(|warning| warning.reason == "FailedMount");
    if is_made(pod, &seen) && mounts && age_ms >= GENERAL_MS {
        seen.message.push_str(GENERAL);
    }
    seen
}

/// Its containers are being made, and none of them has failed.
fn is_made(pod: &Pod, seen: &Seen) -> bool {
    let creating = |one: &Container| matches!(&one.state, State::Waiting(reason, _) if reason == "ContainerCreating");
    seen.stage == Stage::Starting && pod.main().find(|one| !one.ready).is_some_and(creating)
}

/// When more is said of a pod whose containers are being made; `None` where nothing more is.
#[must_use]
pub fn told_at_ms(pod: &Pod, seen: &Seen, now_ms: i64) -> Option<i64> {
    let times = [pod.created_ms + MOUNT_MS, pod.created_ms + GENERAL_MS];
    let waits = is_made(pod, seen) && pod.created_ms > 0;
    times.into_iter().find(|at| *at > now_ms).filter(|_| waits)
}

/// What kind of thing goes wrong by a warning, and the words for it with what to do next.
fn trouble(event: &Event, claims: &[Claim], age_ms: i64) -> Option<(&'static str, String)> {
    let (cause, words) = match event.reason.as_str() {
        "FailedAttachVolume" if event.message.contains("Multi-Attach") => ("volume_in_use", event.message.clone()),
        "FailedAttachVolume" | "FailedMount" => ("storage_mount", event.message.clone()),
        "ProvisioningFailed" => ("storage_provisioning", of_claim(event, claims)),
        "Unhealthy" => ("probe", event.message.clone()),
        _ => return None,
    };
    // A volume that is not there at once comes in most cases.
    let passes = event.reason == "FailedMount" && age_ms < MOUNT_MS;
    Some((cause, if passes { words } else { words::with_next(&words, cause) }))
}

/// An event of a claim, with its name and its class.
fn of_claim(event: &Event, claims: &[Claim]) -> String {
    let class = claims.iter().find(|claim| claim.name == event.name).map_or("", |claim| claim.class.as_str());
    let class = if class.is_empty() { String::new() } else { format!(" of class {class}") };
    format!("claim {}{class}: {}", event.name, event.message)
}

fn of_pod(pod: &Pod, around: Around<'_>, now_ms: i64) -> Seen {
    if pod.deleting_ms.is_some() {
        return if pod.stop_requested {
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
        let broken = around.counting().find(|event| event.kind != "Pod" && event.class(0) == Class::Critical);
        if let Some(event) = broken {
            let message = words::with_next(&of_claim(event, around.claims), "storage_binding");
            return Seen::failed("FailedBinding", "storage_binding", message);
        }
        if let Some(claim) = around.claims.iter().find(|claim| claim.phase != "Bound" && !claim.source.is_empty()) {
            let message = format!("claim {} is being filled from {}", claim.name, claim.source);
            return Seen::new(Stage::Restoring, "Restoring", message);
        }
        let Some(unplaced) = &pod.unplaced else {
            return Seen::new(Stage::Scheduling, "Scheduling", "waits for a place on a node");
        };
        if placing::is_for_claims(unplaced) {
            let message = "its claims are not bound yet";
            return Seen { cause: "storage_binding", ..Seen::new(Stage::Scheduling, "Scheduling", message) };
        }
        let message = placing::words(unplaced, pod, around.nodes.unwrap_or(&Nodes::default()));
        let message = words::with_next(&message, "unschedulable");
        return Seen { cause: "unschedulable", ..Seen::new(Stage::Scheduling, "Scheduling", message) };
    }
    if let Some(message) = pulling(around.counting(), now_ms) {
        return Seen::new(Stage::Pulling, "Pulling", message);
    }
    if let Some(failed) = broken(pod, around) {
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
fn pulling<'a>(events: impl Iterator<Item = &'a Event> + Clone, now_ms: i64) -> Option<String> {
    let last = |reason: &str| events.clone().filter(|e| e.reason == reason).max_by_key(|event| event.at_ms);
    let begun = last("Pulling")?;
    let over = |reason: &str| last(reason).is_some_and(|event| event.at_ms >= begun.at_ms);
    (!over("Pulled") && !over("Failed") && now_ms - begun.at_ms >= PULL_MS).then(|| begun.message.clone())
}

/// A container that will not get better by itself.
fn broken(pod: &Pod, around: Around<'_>) -> Option<Seen> {
    let nodes = Nodes::default();
    let nodes = around.nodes.unwrap_or(&nodes);
    for container in &pod.containers {
        match &container.state {
            State::Waiting(reason, message) => {
                if reason == "CrashLoopBackOff" {
                    let limit = if container.init { 0 } else { 2 };
                    let starved = container.last.as_ref().is_some_and(|end| end.reason == "OOMKilled");
                    if container.restarts > limit || starved {
                        return Some(crashes(container, container.last.as_ref()));
                    }
                } else if HARD.contains(&reason.as_str()) {
                    return Some(waits(container, reason, message, pod, nodes));
                }
            }
            State::Ended(end) if end.code != 0 && (container.init || end.reason == "OOMKilled") => {
                return Some(crashes(container, Some(end)));
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
    let event = around.counting().filter(|event| event.class(worst) == Class::Critical);
    let event = event.max_by_key(|event| event.at_ms)?;
    if runs {
        return None;
    }
    let (reason, cause) = words::kind(&event.reason, &event.message);
    let message = if event.message.is_empty() { &event.reason } else { &event.message };
    Some(Seen::failed(reason, cause, words::with_next(message, cause)))
}

/// A container that does not get what it needs to run.
fn waits(container: &Container, reason: &str, message: &str, pod: &Pod, nodes: &Nodes) -> Seen {
    let (word, cause) = words::kind(reason, message);
    let said = if message.is_empty() { reason } else { message };
    let message = match cause {
        "config" => words::with_next(&format!("{}: {said}", container.name), cause),
        _ => words::image(container, said, cause, pod, nodes),
    };
    Seen::failed(word, cause, message)
}

fn crashes(container: &Container, end: Option<&Ended>) -> Seen {
    let (reason, cause) = match end {
        Some(end) if end.reason == "OOMKilled" => ("OOMKilled", "oom"),
        _ if container.init => ("CrashLoopBackOff", "init"),
        _ => ("CrashLoopBackOff", "crash_loop"),
    };
    Seen::failed(reason, cause, words::ended(container, end, cause))
}

fn failed_whole(pod: &Pod) -> Seen {
    let ended = pod.containers.iter().find_map(|container| match &container.state {
        State::Ended(end) if end.code != 0 => Some((container, end)),
        _ => None,
    });
    match ended {
        _ if !pod.reason.is_empty() => {
            let said = format!("{}: {}", pod.reason, pod.message);
            Seen::failed("PodFailed", "evicted", words::with_next(&said, "evicted"))
        }
        Some((container, end)) => crashes(container, Some(end)),
        None => Seen::failed("PodFailed", "pod_failed", words::with_next("its pod has failed", "pod_failed")),
    }
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
/// What to do about a volume that is not mounted is told of a pod that is older than this.
const MOUNT_MS: i64 = 30_000;
/// And where to look of one whose containers are still being made.
const GENERAL_MS: i64 = 60_000;
const GENERAL: &str = ", for longer than a minute: its events say what it waits for (`qd ws events`)";

#[cfg(test)]
mod tests;
