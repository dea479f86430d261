//! What a status says of the use of a workspace, of its daemon and of its network.

use super::condition::Conditions;
use super::{Making, time};
use crate::idle::Idle;
use crate::life::{Daemon, FRESH_MS, runs};
use crate::render::{Refused, Rendered};
use crate::stage::Stage;
use cluster::Owned;
use serde_json::{Value, json};

impl Making<'_> {
    /// The last use, since when there is none, and when it is stopped.
    pub(super) fn uses(&self) -> Vec<(&'static str, Value)> {
        let Some(life) = self.life else {
            let before = |name| (name, self.previous.get(name).cloned().unwrap_or_default());
            return vec![before("lastActivity"), before("idleSince")];
        };
        let judged = &life.judged;
        let last = judged.last.as_ref().map_or(Value::Null, |last| {
            let mut value = json!({ "at": time(last.at_ms), "door": last.door });
            if let (Some(fields), false) = (value.as_object_mut(), last.detail.is_empty()) {
                fields.insert("detail".to_owned(), last.detail.as_str().into());
            }
            value
        });
        let since = if let Idle::Since(since) = judged.idle { time(since).into() } else { Value::Null };
        let stops = judged.stops.as_ref().map_or(Value::Null, |(at, _)| time(*at).into());
        vec![("lastActivity", last), ("idleSince", since), ("stopAt", stops)]
    }

    /// What is measured.
    pub(super) fn measured(&self, list: &mut Conditions<'_>) {
        // Whoever leads since a moment has asked no daemon yet: what the one before found out stands until then.
        let stands = self.is_as_before();
        let (asked, tried) = (self.daemon().is_some(), self.daemon().is_some_and(|daemon| daemon.canary.is_some()));
        if tried || !(stands && list.keep("NetworkIsolated")) {
            let (holds, reason, message) = isolated(self.daemon(), self.rendered);
            list.put("NetworkIsolated", holds, reason, &message);
        }
        // But not for longer than an answer counts, unless none counts that long.
        let handed = self.now_ms < self.known.since_ms.saturating_add(HANDED_MS) || self.is_asked_rarely();
        if asked || !(stands && handed && list.keep("Reachable")) {
            let (holds, reason, message) = self.reachable();
            list.put("Reachable", holds, reason, &message);
        }
        let (holds, reason, message) = self.idle();
        list.put("Idle", holds, reason, &message);
        let (holds, reason, message) = self.exposed();
        list.put("Exposed", holds, reason, &message);
    }

    fn idle(&self) -> Told {
        let Some(life) = self.life else { return (None, UNKNOWN, "it is not carried out".to_owned()) };
        let stops = life.judged.stops.as_ref();
        match &life.judged.idle {
            Idle::Not => (Some(false), "Active", "it does not run".to_owned()),
            Idle::Used(words) => (Some(false), "Active", words.clone()),
            Idle::Since(_) => {
                let stops =
                    stops.map_or_else(String::new, |(at, rule)| format!("; it is stopped at {} ({rule})", time(*at)));
                (Some(true), "AsExpected", format!("nobody uses it{stops}"))
            }
        }
    }

    fn reachable(&self) -> Told {
        if !self.observed.pod.as_ref().is_some_and(|pod| runs(self.decision, pod)) {
            return (None, UNKNOWN, "it does not run".to_owned());
        }
        let Some(daemon) = self.daemon() else { return (None, UNKNOWN, "no door was tried yet".to_owned()) };
        if let Some(failed) = &daemon.failed {
            return (Some(false), failed.reason, failed.message.clone());
        }
        if self.is_asked_rarely() {
            let message =
                "it answered when it was asked last; there are more workspaces than are asked within a minute";
            return (None, UNKNOWN, message.to_owned());
        }
        match daemon.answered_ms {
            Some(at) if self.now_ms < at.saturating_add(FRESH_MS) => {
                (Some(true), "AsExpected", "its daemon answers through the API server".to_owned())
            }
            _ => (
                None,
                UNKNOWN,
                "its daemon answered when it was asked last, which is more than a minute ago".to_owned(),
            ),
        }
    }

    /// There are so many workspaces that what it said last is mostly old.
    fn is_asked_rarely(&self) -> bool {
        self.known.every_ms >= FRESH_MS
    }

    /// The status that stands is of this pod, and in this stage.
    pub(super) fn is_as_before(&self) -> bool {
        let Some(pod) = &self.observed.pod else { return false };
        let (stage, before) = (self.decision.seen.stage, self.previous);
        stage == Stage::Running
            && before.pointer("/pod/uid").and_then(Value::as_str) == Some(&pod.uid)
            && before.get("stage").and_then(Value::as_str) == Some(stage.as_str())
    }

    /// The init scripts that failed, where the blueprint has that shown.
    pub(super) fn failed_scripts(&self) -> Option<String> {
        self.rendered.ok().filter(|rendered| rendered.shows_scripts)?;
        let failed = self.daemon()?.scripts.iter().filter(|script| script.state == "failed");
        let words: Vec<String> = failed.map(|script| format!("{} ({})", script.name, script.detail)).collect();
        let them = if words.len() == 1 { "init script" } else { "init scripts" };
        let words = words.join(", ");
        (!words.is_empty()).then(|| {
            format!("{them} failed: {words}; its log is among those of the daemon, and the next start tries again")
        })
    }

    /// What the daemon of this pod said.
    pub(super) fn daemon(&self) -> Option<&Daemon> {
        self.known.daemon.of(&self.observed.pod.as_ref()?.uid)
    }
}

/// Whether the network keeps the rules, as far as the daemon of its pod found out.
pub(crate) fn isolated(daemon: Option<&Daemon>, rendered: Result<&Rendered, &Refused>) -> Told {
    let unknown = |message: &str| (None, "Unknown", message.to_owned());
    let Some(canary) = daemon.and_then(|daemon| daemon.canary.as_ref()) else {
        return unknown("policies are rendered; nobody tried yet whether the network keeps them");
    };
    let target = canary.target.as_str();
    let Ok(rendered) = rendered else { return unknown("nothing is rendered") };
    let policies = rendered.parts.iter().filter(|part| part.kind == Owned::NetworkPolicy);
    // The connection that is tried leads to the API server, whatever address it has there.
    let opens = rendered.opens_api || policies.clone().count() == 0;
    if opens || policies.clone().any(|part| super::opened::admits(&part.body, target)) {
        return unknown(&format!("its rules leave {target} open: there is nothing that must fail"));
    }
    if canary.connected {
        let message =
            format!("a connection to {target} was made, which its rules close: the network keeps no policies");
        return (Some(false), "NotEnforced", message);
    }
    let message = format!("a connection to {target}, which its rules close, was not made ({})", canary.detail);
    (Some(true), "AsExpected", message)
}

/// Whether it holds, why, and the words.
pub(crate) type Told = (Option<bool>, &'static str, String);

const UNKNOWN: &str = "NotMeasured";
/// How long what the operator before found out stands for one who has asked nobody yet.
const HANDED_MS: i64 = 30_000;
