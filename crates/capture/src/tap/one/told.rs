//! What the cluster's events say of a capture container that does not run: a kubelet's reason is a word, its event tells
//! what was tried.

use super::One;
use catalog::Kind;
use cluster::PageQuery;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use wire::list::List;
use wire::{Budget, Format, Node};

impl One {
    /// A reason, with what the newest event of the container says beyond it. Who may not read events has the reason alone.
    pub(super) async fn with_event(&self, container: &str, reason: &str) -> String {
        with(reason, self.event(container).await.as_deref())
    }

    /// The same after an end. Its event may come a moment later than its state.
    pub(super) async fn with_last_event(&self, container: &str, reason: &str) -> String {
        for pause in PAUSES {
            if let Some(event) = self.event(container).await {
                return with(reason, Some(&event));
            }
            sleep(pause).await;
        }
        reason.trim().to_owned()
    }

    async fn event(&self, container: &str) -> Option<String> {
        let events = Kind::builtin("events")?;
        let fields = format!("involvedObject.uid={},involvedObject.fieldPath={}", self.uid, path(container));
        let query = PageQuery {
            namespace: Some(&self.target.namespace),
            limit: MANY,
            token: "",
            selector: "",
            fields: &fields,
            version: "",
            format: Format::Json,
        };
        let reader = self.shared.cluster.reader();
        let bytes = match timeout(PATIENCE, reader.page(&events, query)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => {
                tracing::debug!(%error, container, "the events of a capture container");
                return None;
            }
            Err(_) => return None,
        };
        newest(&bytes, container)
    }
}

/// What the newest event of a page says that tells why a container does not run.
fn newest(bytes: &[u8], container: &str) -> Option<String> {
    let (budget, of) = (Budget::default(), path(container));
    let list = List::open(Format::Json, bytes, &budget).ok()?;
    let tells = list.items().flatten().filter_map(|event| {
        let word = |path: &[&str]| event.path(path).and_then(Node::as_str).unwrap_or_default();
        let (reason, message) = (word(&["reason"]), word(&["message"]));
        // `Error: ErrImagePull` says what the state says.
        let is_word = message.strip_prefix("Error: ").is_some_and(|rest| !rest.contains(' '));
        let is_why = (word(&["type"]) == "Warning" || reason == "Pulling") && !is_word && !message.is_empty();
        let time = |path: &[&str]| event.path(path).and_then(Node::as_time_ms);
        let at = time(&["series", "lastObservedTime"])
            .or_else(|| time(&["lastTimestamp"]))
            .or_else(|| time(&["eventTime"]))
            .unwrap_or_default();
        let cut = message.char_indices().nth(LONGEST).map_or(message.len(), |(at, _)| at);
        let text = format!("{reason}: {}", message.get(..cut).unwrap_or_default());
        (is_why && word(&["involvedObject", "fieldPath"]) == of).then_some((at, text))
    });
    tells.max_by_key(|(at, _)| *at).map(|(_, text)| text)
}

/// A reason and an event's text, unless the reason says all of it.
fn with(reason: &str, event: Option<&str>) -> String {
    let reason = reason.trim();
    let message = |text: &str| text.split_once(": ").is_some_and(|(_, message)| reason.contains(message));
    match event {
        Some(event) if reason.is_empty() => format!("event {event}"),
        Some(event) if !message(event) => format!("{reason}; event {event}"),
        _ => reason.to_owned(),
    }
}

/// How events name a container of a pod.
fn path(container: &str) -> String {
    format!("spec.ephemeralContainers{{{container}}}")
}

/// Events of one container that are looked at.
const MANY: u32 = 50;
/// Characters of an event's text.
const LONGEST: usize = 1_000;
/// Events are a word more, and not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between looks for the event of an end.
const PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_millis(700), Duration::from_secs(1)];

#[cfg(test)]
mod tests;
