//! What is said of a workspace: from how its object and the events around it change. Pure.

use super::Seen;
use super::feed::{Heard, WATCHES};
use crate::about::{condition, row, text};
use crate::event::{Class, Event};
use crate::key::Key;
use api::workspace::{WorkspaceEvent, WorkspaceEventKind, WorkspaceRow, WorkspaceSeverity};
use base::ClusterName;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use store::KeptJob;

/// Tells what happens to one workspace.
pub(super) struct Teller {
    name: String,
    epoch: String,
    /// Watches that have not told all there is.
    waiting: usize,
    /// What is told once they have.
    first: Vec<(i64, WorkspaceEvent)>,
    object: Option<Arc<Value>>,
    known: bool,
    last: Option<WorkspaceRow>,
    /// Events of which it is not known yet whether they are of this workspace.
    pending: VecDeque<Event>,
    /// How often an event came, and when last.
    told: HashMap<(String, String, String), (i64, i64)>,
    expected: HashMap<String, i64>,
    asked: bool,
}

impl Teller {
    pub(super) fn new(key: &Key, epoch: &str) -> Self {
        Self {
            name: key.name.clone(),
            epoch: epoch.to_owned(),
            waiting: WATCHES,
            first: Vec::new(),
            object: None,
            known: false,
            last: None,
            pending: VecDeque::new(),
            told: HashMap::new(),
            expected: HashMap::new(),
            asked: false,
        }
    }

    /// What is to be said of what was heard. Nothing before all there is was told: then that, by its time.
    pub(super) fn take(&mut self, heard: Heard) -> Vec<WorkspaceEvent> {
        let mut said = Vec::new();
        match heard {
            Heard::Object(object) => {
                self.known = true;
                said.extend(self.object(object));
                let pending = std::mem::take(&mut self.pending);
                said.extend(pending.into_iter().filter_map(|event| self.event(event)));
            }
            Heard::Event(event) => said.extend(self.event(event)),
            Heard::Whole => {
                self.waiting = self.waiting.saturating_sub(1);
                if self.waiting == 0 {
                    let mut first = std::mem::take(&mut self.first);
                    first.sort_by_key(|(at, _)| *at);
                    return first.into_iter().map(|(_, event)| event).collect();
                }
            }
            Heard::Failed(_) => {}
        }
        if self.waiting > 0 {
            self.first.extend(said);
            return Vec::new();
        }
        said.into_iter().map(|(_, event)| event).collect()
    }

    /// The workspace as it is; unknown until all there is was told.
    pub(super) fn seen(&self) -> Seen {
        match &self.object {
            _ if self.waiting > 0 || !self.known => Seen::Unknown,
            Some(object) => Seen::There(object.clone()),
            None => Seen::Gone,
        }
    }

    /// Which jobs took about as long; once.
    pub(super) fn wants_history(&mut self, cluster: &ClusterName) -> Option<String> {
        let object = self.object.as_ref().filter(|_| !self.asked)?;
        self.asked = true;
        Some(likeness(cluster, object))
    }

    pub(super) fn learn(&mut self, expected: HashMap<String, i64>) {
        for (_, event) in &mut self.first {
            if event.kind == WorkspaceEventKind::Status {
                event.expected_ms = expected.get(&event.stage).copied();
            }
        }
        self.expected = expected;
    }

    fn object(&mut self, object: Option<Value>) -> Option<(i64, WorkspaceEvent)> {
        let Some(object) = object else {
            self.object = None;
            let last = self.last.take()?;
            let now = now();
            return Some((now, self.say(WorkspaceEventKind::Gone, now, &last, "Terminating", "it is gone")));
        };
        let here = row(&ClusterName::new(""), &object);
        let reason = condition(&object, "Ready").map(|one| one.reason).unwrap_or_default();
        self.object = Some(Arc::new(object));
        let before = self.last.replace(here.clone());
        let moved = before.as_ref().is_none_or(|old| (&old.stage, &old.uid) != (&here.stage, &here.uid));
        let words = before.as_ref().is_none_or(|old| (&old.message, &old.error) != (&here.message, &here.error));
        let further = before.as_ref().is_none_or(|old| old.progress != here.progress);
        let kind = match (moved || words, further) {
            (true, _) => WorkspaceEventKind::Status,
            (false, true) => WorkspaceEventKind::Progress,
            (false, false) => return None,
        };
        let at = if moved { here.stage_since_ms.unwrap_or_else(now) } else { now() };
        let failed = here.stage == "Failed";
        let message = if failed && !here.error.is_empty() { &here.error } else { &here.message };
        let event = self.say(kind, at, &here, word(&here.stage), message);
        let severity = if failed { WorkspaceSeverity::Critical } else { WorkspaceSeverity::Info };
        Some((at, WorkspaceEvent { severity, reason, ..event }))
    }

    /// An event, if it is of this workspace and was not told.
    fn event(&mut self, event: Event) -> Option<(i64, WorkspaceEvent)> {
        let object = match &self.object {
            Some(object) => object.clone(),
            None if self.known => return None,
            None => {
                self.wait(event);
                return None;
            }
        };
        let pod = text(&object, "/status/pod/uid");
        let ours = event.about == pod || event.about == text(&object, "/metadata/uid");
        let volumes = object.pointer("/status/volumes").and_then(Value::as_array);
        let mut claims = volumes.into_iter().flatten().map(|one| text(one, "/claim"));
        let of_claim = event.kind == "PersistentVolumeClaim" && claims.any(|claim| claim == event.name);
        if !(ours || of_claim) {
            // It may become known that it is: its pod or claim comes into the status a moment later.
            let may = event.name == self.name || event.name.starts_with(&format!("pvc-{}-", self.name));
            if may && event.at_ms >= now() - RECENT_MS {
                self.wait(event);
            }
            return None;
        }
        let key = (event.about.clone(), event.reason.clone(), event.message.clone());
        let told = self.told.get(&key).copied().unwrap_or((0, i64::MIN));
        if event.count <= told.0 && event.at_ms <= told.1 {
            return None;
        }
        if self.told.len() >= MOST {
            self.told.clear();
        }
        self.told.insert(key, (event.count, event.at_ms));
        let restarts = object.pointer("/status/pod/restarts").and_then(Value::as_i64).unwrap_or_default();
        let here = self.last.clone()?;
        let (severity, status) = match event.class(restarts) {
            Class::Info => (WorkspaceSeverity::Info, word(&here.stage)),
            Class::Warning => (WorkspaceSeverity::Warning, "Warning"),
            Class::Critical => (WorkspaceSeverity::Critical, "Error"),
        };
        let said = self.say(WorkspaceEventKind::Event, event.at_ms, &here, status, &event.message);
        let object_name = format!("{}/{}", event.kind.to_ascii_lowercase(), event.name);
        Some((event.at_ms, WorkspaceEvent { object_name, severity, reason: event.reason, expected_ms: None, ..said }))
    }

    fn wait(&mut self, event: Event) {
        if self.pending.len() >= PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(event);
    }

    fn say(
        &self,
        kind: WorkspaceEventKind,
        at: i64,
        here: &WorkspaceRow,
        status: &str,
        message: &str,
    ) -> WorkspaceEvent {
        WorkspaceEvent {
            id: self.epoch.clone(),
            kind,
            timestamp: rfc3339(at),
            object_name: format!("workspace/{}", self.name),
            status: status.to_owned(),
            message: message.to_owned(),
            stage: here.stage.clone(),
            reason: String::new(),
            severity: WorkspaceSeverity::Info,
            progress: here.progress,
            expected_ms: self.expected.get(&here.stage).copied(),
        }
    }
}

/// The word of the older API for a stage.
pub(crate) fn word(stage: &str) -> &'static str {
    match stage {
        "Pulling" => "Pulling",
        "Running" => "Running",
        "Stopping" => "Stopping",
        "Terminating" => "Terminating",
        "Stopped" => "Stopped",
        "Failed" => "Failing",
        "Unknown" => "Unknown",
        _ => "Starting",
    }
}

/// Workspaces of one blueprint and image take about as long.
pub(crate) fn likeness(cluster: &ClusterName, object: &Value) -> String {
    let here = row(cluster, object);
    format!("{cluster}/{}/{}", here.blueprint, text(object, "/spec/image"))
}

/// How long each stage took of late: the median of those jobs that came to their end.
pub(crate) fn expected(jobs: &[KeptJob]) -> HashMap<String, i64> {
    let mut all: HashMap<String, Vec<i64>> = HashMap::new();
    for job in jobs {
        let Ok(body) = serde_json::from_str::<Value>(&job.body) else { continue };
        if text(&body, "/job/state") != "succeeded" || !matches!(text(&body, "/job/act").as_str(), "create" | "start") {
            continue;
        }
        let events = body.get("events").and_then(Value::as_array).into_iter().flatten();
        let steps: Vec<(String, i64)> = events
            .filter(|one| text(one, "/type") == "status")
            .filter_map(|one| Some((text(one, "/stage"), crate::about::time(one, "/timestamp")?)))
            .collect();
        let mut at = 0;
        while let Some((stage, began)) = steps.get(at) {
            let next = steps.iter().skip(at).position(|(other, _)| other != stage);
            let Some((_, ended)) = next.and_then(|next| steps.get(at + next)) else { break };
            all.entry(stage.clone()).or_default().push((ended - began).max(0));
            at += next.unwrap_or(1);
        }
    }
    let median = |mut times: Vec<i64>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    };
    all.into_iter().filter_map(|(stage, times)| Some((stage, median(times)?))).collect()
}

/// RFC 3339 with its zone.
pub(crate) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|at| format!("{at:.3}")).unwrap_or_default()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Events that wait.
const PENDING: usize = 64;
/// Events of which it is known that they were told.
const MOST: usize = 1_024;
/// What is older is of a pod that was there before.
const RECENT_MS: i64 = 60_000;

#[cfg(test)]
mod tests;
