//! The status of a Workspace: what was decided and seen, as the object says it.

use crate::book::launch::is_privileged;
use crate::decide::{Decision, Limits};
use crate::desired::Desired;
use crate::life::{Known, Life};
use crate::observed::Observed;
use crate::pod::{Pod, State};
use crate::render::{Refused, Rendered};
use crate::stage::Stage;
use condition::Conditions;
use serde_json::{Map, Value, json};

pub(crate) mod condition;
mod exposed;
mod measured;
mod opened;
mod route;
mod storage;

pub(crate) use measured::isolated;
pub(crate) use route::id as route_id;

/// What a status is made of.
pub(crate) struct Making<'a> {
    pub(crate) desired: &'a Desired,
    pub(crate) rendered: Result<&'a Rendered, &'a Refused>,
    pub(crate) observed: &'a Observed,
    pub(crate) decision: &'a Decision,
    /// What a newer blueprint would change.
    pub(crate) newer: &'a [Value],
    /// What went wrong while the steps were carried out.
    pub(crate) trouble: Option<&'a Trouble>,
    /// Why it could not be made what leads to it from outside.
    pub(crate) outside: Option<&'a str>,
    /// What its rules and its use mean; nothing where it is not carried out.
    pub(crate) life: Option<&'a Life>,
    pub(crate) known: &'a Known,
    /// The status that stands.
    pub(crate) previous: &'a Value,
    pub(crate) limits: Limits,
    pub(crate) now_ms: i64,
}

/// What went wrong while steps were carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The reason: `ApplyConflict`.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// A status, and when it must be made again though nothing changed.
pub(crate) struct Made {
    pub(crate) status: Value,
    pub(crate) again_ms: Option<i64>,
}

impl Making<'_> {
    pub(crate) fn make(&self) -> Made {
        let stage = self.decision.seen.stage;
        let since = self.since();
        let deadline = self.deadline(since);
        let stalled = deadline.is_some_and(|due| self.now_ms >= due);
        let mut status = Map::new();
        let mut set = |key: &str, value: Value| {
            let empty = value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                status.insert(key.to_owned(), value);
            }
        };
        set("observedGeneration", self.desired.generation.into());
        set("phase", stage.phase().into());
        set("stage", stage.as_str().into());
        set("stageSince", time(since).into());
        set("progress", self.progress().into());
        let name = &self.desired.key.name;
        set("canonicalID", name.as_str().into());
        set("routeID", route::id(&self.desired.key).into());
        if let Ok(rendered) = self.rendered {
            set("blueprint", rendered.blueprint.clone());
            set("serviceDNS", rendered.service_dns.as_str().into());
            set("agentVersion", rendered.agent_version.as_str().into());
            set("webProxy", rendered.web_proxy.clone());
            if let Some(pod) = &rendered.pod {
                let image = pod.body.pointer("/spec/containers/0/image").cloned().unwrap_or_default();
                set("image", image);
                if self.decision.outdated {
                    let mut update = json!({ "digest": rendered.pod_hash });
                    if let Some(fields) = update.as_object_mut() {
                        let page = rendered.page.as_deref().map(|page| ("diffURL".to_owned(), page.into()));
                        let changes = (!self.newer.is_empty()).then(|| ("changes".to_owned(), self.newer.into()));
                        fields.extend(page.into_iter().chain(changes));
                    }
                    set("updateAvailable", update);
                }
            }
        } else {
            // What it ran with stands as long as nothing else is known.
            for key in ["blueprint", "serviceDNS", "agentVersion", "webProxy", "image"] {
                set(key, self.previous.get(key).cloned().unwrap_or_default());
            }
        }
        if let Some(url) = self.external_url() {
            set("externalURL", url.as_str().into());
            set("urls", json!([url]));
        }
        set("proxyTarget", self.proxy_target().into());
        set("pod", self.pod());
        set("readyReplicas", i64::from(stage == Stage::Running).into());
        set("appliedResources", self.observed.pod.as_ref().map_or(Value::Null, |pod| pod.given.applied()));
        set("volumes", self.volumes());
        set("lastError", self.last_error(stalled).into());
        if !self.desired.running || stage == Stage::Stopped {
            let words = match self.desired.cause.as_str() {
                // It is stopped, and its state does not say so yet.
                _ if self.desired.running => self.decision.seen.message.as_str(),
                "" => "spec.state is Stopped",
                cause => cause,
            };
            set("stopReason", words.into());
        }
        for (key, value) in self.uses() {
            set(key, value);
        }
        set("conditions", self.conditions(stalled));
        let again_ms = deadline.filter(|due| *due > self.now_ms);
        Made { status: Value::Object(status), again_ms }
    }

    /// Since when it is in this stage.
    fn since(&self) -> i64 {
        let same = self.previous.get("stage").and_then(Value::as_str) == Some(self.decision.seen.stage.as_str());
        let since = self.previous.get("stageSince").and_then(Value::as_str).and_then(read);
        since.filter(|_| same).unwrap_or(self.now_ms)
    }

    /// When a stage on the way up has taken too long.
    fn deadline(&self, since: i64) -> Option<i64> {
        let stage = self.decision.seen.stage;
        let up = matches!(
            stage,
            Stage::Queued
                | Stage::Waking
                | Stage::Resolving
                | Stage::Restoring
                | Stage::Scheduling
                | Stage::Pulling
                | Stage::Initializing
                | Stage::Starting
        );
        let total = self.observed.pod.as_ref().map(|pod| pod.created_ms + self.limits.total_ms);
        let due = since + self.limits.progress_ms;
        // What waits for its place is not late: it is told so.
        (up && self.decision.refused.is_none()).then(|| total.map_or(due, |total| due.min(total.max(since))))
    }

    /// How far it is: never back within one run, and 100 only when it runs.
    fn progress(&self) -> Option<i64> {
        let stage = self.decision.seen.stage;
        let before = || self.previous.get("progress").and_then(Value::as_i64);
        let same_run = match &self.observed.pod {
            Some(pod) => self.previous.pointer("/pod/uid").and_then(Value::as_str).is_none_or(|uid| uid == pod.uid),
            None => stage == Stage::Failed,
        };
        let begun = |pod: &Pod| pod.containers.iter().any(|one| matches!(one.state, State::Running | State::Ended(_)));
        let placed = stage == Stage::Initializing && self.observed.pod.as_ref().is_some_and(|pod| !begun(pod));
        let now = if placed { Some(PLACED) } else { stage.progress() };
        match (stage, now) {
            (Stage::Running, _) => Some(100),
            (_, Some(now)) => Some(before().filter(|before| same_run && *before < 100).map_or(now, |old| old.max(now))),
            (Stage::Failed | Stage::Unknown, None) => before().map(|before| before.min(99)),
            (_, None) => None,
        }
    }

    fn pod(&self) -> Value {
        let Some(pod) = &self.observed.pod else { return Value::Null };
        let mut value = json!({ "name": pod.name, "uid": pod.uid, "restarts": pod.restarts() });
        if let Some(fields) = value.as_object_mut() {
            for (key, text) in [("node", &pod.node), ("ip", &pod.ip)] {
                if !text.is_empty() {
                    fields.insert(key.to_owned(), text.as_str().into());
                }
            }
            if let Some(started) = pod.started_ms {
                fields.insert("startedAt".to_owned(), time(started).into());
            }
        }
        value
    }

    fn last_error(&self, stalled: bool) -> String {
        let seen = &self.decision.seen;
        if let Some(refused) = &self.decision.refused {
            return format!("{}: {}", refused.reason, refused.message);
        }
        if let Some(trouble) = self.trouble {
            return trouble.message.clone();
        }
        if seen.stage == Stage::Failed {
            let word = if seen.cause.is_empty() { seen.reason } else { seen.cause };
            return format!("{word}: {}", seen.message);
        }
        match (stalled, seen.cause) {
            (false, _) => String::new(),
            (true, "") => self.late(),
            (true, cause) => format!("{cause}: {}", self.late()),
        }
    }

    fn late(&self) -> String {
        let seen = &self.decision.seen;
        let words = |ms: i64| match ms {
            short if short < 60_000 => format!("{} s", short / 1_000),
            long => format!("{} min", long / 60_000),
        };
        let in_all = self.since() + self.limits.progress_ms > self.now_ms;
        let limit = match in_all {
            true => format!("not ready after {} in all, and", words(self.limits.total_ms)),
            false => format!("no progress for {}", words(self.limits.progress_ms)),
        };
        let awaited = seen.warning.as_ref().map_or_else(|| seen.message.clone(), ToString::to_string);
        let (stage, since) = (seen.stage.as_str(), time(self.since()));
        format!("{limit} in stage {stage}, in which it is since {since}: {awaited}")
    }

    fn conditions(&self, stalled: bool) -> Value {
        let mut list = Conditions::new(self.previous, self.desired.generation, self.now_ms);
        let seen = &self.decision.seen;
        let expected = "AsExpected";
        let refused = |name: &str| self.decision.refused.as_ref().filter(|refused| refused.condition == name);
        match refused("Accepted") {
            Some(refused) => list.put("Accepted", Some(false), refused.reason, &refused.message),
            None => list.put("Accepted", Some(true), expected, "nothing stands against it"),
        }
        match refused("BlueprintResolved") {
            Some(refused) => list.put("BlueprintResolved", Some(false), refused.reason, &refused.message),
            None if self.rendered.is_ok() => list.put("BlueprintResolved", Some(true), expected, &self.resolved()),
            None => list.put("BlueprintResolved", None, "Unknown", "it was not looked at"),
        }
        let (bound, reason, message) = self.storage();
        list.put("StorageReady", Some(bound), reason, &message);
        let moving = !matches!(seen.stage, Stage::Running | Stage::Stopped | Stage::Failed | Stage::Unknown);
        if stalled {
            list.put("Progressing", Some(false), "DeadlineExceeded", &self.late());
            list.put("Stalled", Some(true), "DeadlineExceeded", &self.late());
        } else if moving {
            list.put("Progressing", Some(true), seen.reason, &self.awaits());
        } else {
            list.put("Progressing", Some(false), "Idle", "there is nothing to do");
        }
        match seen.stage {
            Stage::Running => list.put("Ready", Some(true), expected, "its pod is ready, and its agent answers"),
            Stage::Unknown => list.put("Ready", None, seen.reason, &seen.message),
            _ => list.put("Ready", Some(false), seen.reason, &self.awaits()),
        }
        self.measured(&mut list);
        let warnings = self.warnings();
        let words: Vec<&str> = warnings.iter().map(|(_, message)| message.as_str()).collect();
        match warnings.first() {
            Some((reason, _)) => list.put("Degraded", Some(true), reason, &words.join("; ")),
            None => list.put("Degraded", Some(false), expected, "no warning holds"),
        }
        list.done()
    }

    /// That its blueprint holds, and what of it is not as it may lead one to think.
    fn resolved(&self) -> String {
        let notes = self.rendered.ok().map_or(&[][..], |rendered| &rendered.notes);
        let words = std::iter::once("the blueprint is valid").chain(notes.iter().map(String::as_str));
        words.collect::<Vec<_>>().join("; ")
    }

    /// What it waits for, with what does not go well.
    fn awaits(&self) -> String {
        let seen = &self.decision.seen;
        match &seen.warning {
            Some(warning) if !warning.message.contains(&seen.message) => format!("{} ({warning})", seen.message),
            Some(warning) => warning.to_string(),
            None => seen.message.clone(),
        }
    }

    /// What does not go well though it works; the most pressing first.
    fn warnings(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        if let Some(trouble) = self.trouble {
            all.push((trouble.reason, trouble.message.clone()));
        }
        if let Some(warning) = self.decision.seen.warning.as_ref().filter(|warning| warning.reason == "Unhealthy") {
            all.push(("ProbeFailing", warning.message.clone()));
        }
        for problem in self.life.iter().flat_map(|life| &life.problems) {
            all.push(("ApplyFailed", problem.clone()));
        }
        all.extend(self.nearly_full().into_iter().map(|words| ("VolumeNearlyFull", words)));
        all.extend(self.failed_scripts().map(|words| ("InitScriptFailed", words)));
        let fallback = self.rendered.ok().and_then(|rendered| rendered.fallback.clone());
        all.extend(fallback.map(|words| ("RepoFileFallback", words)));
        let contested = self.rendered.ok().and_then(|rendered| rendered.contested.clone());
        all.extend(contested.map(|words| ("AliasContested", words)));
        let Some(pod) = &self.observed.pod else { return all };
        if let Some(words) = &pod.resize {
            let what = match words.split_once(':').map(|(reason, _)| reason) {
                Some("Deferred") => "its node gives it other sizes as soon as it has room",
                Some("Infeasible") => "its node can never give it these sizes: stop and start it, or ask for less",
                _ => "its node has not given it other sizes",
            };
            all.push(("ResizeDeferred", format!("{what} ({words})")));
        }
        if let Ok(rendered) = self.rendered {
            let (has, ours) = (&pod.agent_version, &rendered.agent_version);
            if !has.is_empty() && !ours.is_empty() && has != ours {
                let todo = if numbers(has) > numbers(ours) {
                    "update this program, or start the workspace again with the older agent"
                } else {
                    "start the workspace again, and it has this one"
                };
                let message = format!("its agent is of version {has}, this program's of {ours}: {todo}");
                all.push(("AgentOutdated", message));
            }
            if rendered.pod.as_ref().is_some_and(|pod| is_privileged(&pod.body)) {
                all.push(("PrivilegedEngine", "an engine with all privileges runs beside it".to_owned()));
            }
        }
        all
    }
}

/// How far it is on a node where none of its containers has begun.
const PLACED: i64 = 40;

/// The numbers that a version begins with.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// RFC 3339 in whole seconds, as Kubernetes writes it.
pub(crate) fn time(ms: i64) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1000)).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// Epoch milliseconds of such a text.
pub(crate) fn read(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests;
