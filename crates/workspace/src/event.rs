//! Events of a workspace's pod and claims, and what they weigh.

use crate::pod::words;
use wire::Node;

/// An event as the cluster tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The uid of what it is about.
    pub about: String,
    /// `Pod`, `PersistentVolumeClaim`.
    pub kind: String,
    /// Name of what it is about.
    pub name: String,
    /// `Pulling`.
    pub reason: String,
    /// Its words.
    pub message: String,
    /// When it came last, epoch milliseconds.
    pub at_ms: i64,
    /// How often it came.
    pub count: i64,
}

/// What an event weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It tells.
    Info,
    /// Something does not go well.
    Warning,
    /// It will not get better by itself.
    Critical,
}

impl Event {
    /// Reads what is needed.
    #[must_use]
    pub fn of(node: Node<'_>) -> Self {
        let time = |path: &[&str]| node.path(path).and_then(Node::as_time_ms);
        let at = time(&["series", "lastObservedTime"])
            .or_else(|| time(&["lastTimestamp"]))
            .or_else(|| time(&["eventTime"]))
            .or_else(|| time(&["metadata", "creationTimestamp"]));
        Self {
            about: words(node, &["involvedObject", "uid"]),
            kind: words(node, &["involvedObject", "kind"]),
            name: words(node, &["involvedObject", "name"]),
            reason: words(node, &["reason"]),
            message: words(node, &["message"]),
            at_ms: at.unwrap_or_default(),
            count: node.get("count").and_then(Node::as_i64).unwrap_or(1),
        }
    }

    /// What it weighs. `restarts` is the largest number of restarts of one container.
    #[must_use]
    pub fn class(&self, restarts: i64) -> Class {
        let hard = |text: &str| CRITICAL.contains(&text);
        let told = self.reason == "Failed" && self.message.strip_prefix("Error: ").is_some_and(hard);
        if hard(&self.reason) || told || (self.reason == "FailedBinding" && self.kind == "PersistentVolumeClaim") {
            return self.pending_binding().map_or(Class::Critical, |()| Class::Info);
        }
        if self.reason == "BackOff" {
            return if restarts > 2 { Class::Critical } else { Class::Warning };
        }
        if WARNING.contains(&self.reason.as_str()) { Class::Warning } else { Class::Info }
    }

    /// A claim that waits for its first pod is as it should be.
    fn pending_binding(&self) -> Option<()> {
        self.message.contains("waiting for first consumer").then_some(())
    }
}

/// Reasons of events, and words of the kubelet's event `Failed`, after which nothing gets better by itself.
const CRITICAL: &[&str] = &[
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "OOMKilled",
];
const WARNING: &[&str] = &["FailedScheduling", "ProvisioningFailed", "FailedMount", "FailedAttachVolume", "Unhealthy"];

#[cfg(test)]
mod tests {
    use super::{Class, Event};

    #[test]
    fn wl_03a_events_have_their_class() {
        let of = |kind: &str, reason: &str, message: &str, restarts| {
            let event = Event { kind: kind.into(), reason: reason.into(), message: message.into(), ..Event::default() };
            event.class(restarts)
        };
        for (reason, message) in [
            ("ErrImagePull", ""),
            ("InvalidImageName", ""),
            ("OOMKilled", ""),
            ("Failed", "Error: ErrImagePull"),
            ("Failed", "Error: ErrImageNeverPull"),
            ("Failed", "Error: CreateContainerConfigError"),
        ] {
            assert_eq!(of("Pod", reason, message, 0), Class::Critical, "{reason} {message}");
        }
        assert_eq!(of("PersistentVolumeClaim", "FailedBinding", "no persistent volumes available", 0), Class::Critical);
        assert_eq!(of("PersistentVolumeClaim", "FailedBinding", "waiting for first consumer", 0), Class::Info);
        assert_eq!(of("Pod", "BackOff", "", 3), Class::Critical);
        assert_eq!(of("Pod", "BackOff", "", 2), Class::Warning);
        for reason in ["FailedScheduling", "ProvisioningFailed", "FailedMount", "Unhealthy"] {
            assert_eq!(of("Pod", reason, "", 9), Class::Warning, "{reason}");
        }
        for reason in ["Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing", "Failed"] {
            assert_eq!(of("Pod", reason, "", 0), Class::Info, "{reason}");
        }
    }
}
