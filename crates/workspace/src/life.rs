//! The life of a workspace at one look: what is known of its use and of its daemon, what that means by its rules, and what is to
//! be asked next.

use crate::activity::Usage;
use crate::book::launch;
use crate::decide::{Decision, Limits, Step};
use crate::desired::Desired;
use crate::event::Event;
use crate::idle::{Act, Facts, Idle, Judged, Last, Rules, judge as by_rules};
use crate::pod::Pod;
use crate::probe::{Asked, Canary, Certified, Probed, Script, Unreached};
use crate::reconcile::Job;
use crate::stage::Stage;
use blueprint::Caps;
use crd::Span;
use crd::workspace::Lifecycle;
use link::told::Mount;
use serde_json::Value;

/// What is known of a workspace beside what watches tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// What doors told.
    pub(crate) usage: Usage,
    /// Since when this operator knows of uses by itself.
    pub(crate) since_ms: i64,
    /// What its daemon said, and when.
    pub(crate) daemon: Daemon,
    /// How long until its daemon is asked again though nothing needs it.
    pub(crate) every_ms: i64,
}

/// What the daemon of a pod said last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Daemon {
    /// The uid of the pod.
    pod: String,
    /// When it was asked last.
    tried_ms: Option<i64>,
    /// What its node had told of it by then, by the node's clock.
    told_ms: Option<i64>,
    /// When it was asked what it answered last.
    pub(crate) answered_ms: Option<i64>,
    /// Why it did not answer.
    pub(crate) failed: Option<Unreached>,
    /// How often it did not in a row.
    failures: u32,
    /// What became of the connection that must fail.
    pub(crate) canary: Option<Canary>,
    canary_ms: i64,
    /// Its file systems.
    pub(crate) mounts: Vec<Mount>,
    /// How far its init scripts are.
    pub(crate) scripts: Vec<Script>,
    /// When the certificate of a daemon beside the main container was looked after.
    beside_ms: Option<i64>,
    /// Until when it is to be kept, as somebody said inside.
    keep_until_ms: Option<i64>,
    /// It is being asked.
    pub(crate) asking: bool,
}

impl Daemon {
    /// Takes an answer.
    pub(crate) fn take(&mut self, probed: &Probed) {
        if self.pod != probed.pod {
            *self = Self { pod: probed.pod.clone(), ..Self::default() };
        }
        self.asking = false;
        (self.tried_ms, self.told_ms) = (Some(probed.asked_ms), self.told_ms.max(probed.told_ms));
        match &probed.answer {
            Ok(inside) => {
                (self.failed, self.failures) = (None, 0);
                // One that is older and cannot tell is taken by what doors and its pod tell.
                self.answered_ms = Some(probed.asked_ms);
                if probed.beside && inside.certified.is_some_and(|one| one != Certified::Failed) {
                    self.beside_ms = Some(probed.asked_ms);
                }
                if let Some(uses) = &inside.uses {
                    let until = uses.kept_until(u64::try_from(probed.asked_ms).unwrap_or_default());
                    // What is over is not told any more; what was taken back neither.
                    self.keep_until_ms = until.or(self.keep_until_ms.filter(|until| *until <= probed.asked_ms));
                }
                if let Some(mounts) = &inside.mounts {
                    self.mounts.clone_from(mounts);
                }
                self.scripts.clone_from(&inside.scripts);
                if let Some(canary) = &inside.canary {
                    (self.canary, self.canary_ms) = (Some(canary.clone()), probed.asked_ms);
                }
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.failed = Some(error.clone());
            }
        }
    }

    /// What was said of this pod; nothing when it was another.
    pub(crate) fn of(&self, pod: &str) -> Option<&Self> {
        (self.pod == pod && self.tried_ms.is_some()).then_some(self)
    }

    /// What its node tells of it makes one ask: it became ready or is so no more, or a check of the kubelet failed for the
    /// first time. Times of the node are compared with each other alone.
    fn told(&self, pod: &Pod, events: &[Event]) -> Option<i64> {
        let failed = events.iter().filter(|event| event.reason == "Unhealthy").map(|event| event.at_ms).max();
        pod.ready_since_ms.max(failed.filter(|_| self.failures == 0))
    }

    /// When it is to be asked again though nothing needs it.
    fn due(&self, every_ms: i64, told_ms: Option<i64>) -> i64 {
        if told_ms > self.told_ms {
            return i64::MIN;
        }
        let soon = FIRST_MS.saturating_mul(1 << self.failures.saturating_sub(1).min(8));
        let wait = if self.failures > 0 { soon.min(every_ms) } else { every_ms };
        self.tried_ms.map_or(i64::MIN, |tried| tried.saturating_add(wait))
    }
}

/// What comes of a look.
#[derive(Debug, Default)]
pub(crate) struct Life {
    pub(crate) judged: Judged,
    /// What of the rules cannot be read.
    pub(crate) problems: Vec<String>,
    /// What its daemon is to be asked now.
    pub(crate) ask: Option<Asked>,
    /// When to look again.
    pub(crate) again_ms: Option<i64>,
}

impl Life {
    /// What is done.
    pub(crate) fn step(&self) -> Option<Step> {
        Some(match self.judged.act.clone()? {
            Act::Stop(cause) => Step::SayState { state: "Stopped", cause },
            Act::Start(cause) => Step::SayState { state: "Running", cause },
            Act::Delete(cause) => Step::EndWorkspace { cause },
        })
    }
}

/// From when on programs that compute are a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Busy {
    /// More than so much of a core; 0 never counts.
    percent: u8,
    /// For so long.
    for_ms: i64,
    /// Apps are asked there.
    urls: Vec<String>,
}

impl Default for Busy {
    fn default() -> Self {
        Self { percent: BUSY_PERCENT, for_ms: BUSY_MS, urls: Vec::new() }
    }
}

impl Busy {
    /// As a blueprint has it.
    pub(crate) fn of(activity: &crd::blueprint::Activity) -> Self {
        let percent = activity.cpu_percent.and_then(|percent| u8::try_from(percent).ok());
        let seconds = activity.cpu_for.as_ref().and_then(crd::Span::seconds).filter(|seconds| *seconds > 0);
        let ms = seconds.and_then(|seconds| i64::try_from(seconds.saturating_mul(1_000)).ok());
        let for_ms = ms.unwrap_or(BUSY_MS).min(MOST_BUSY_MS);
        Self { percent: percent.unwrap_or(BUSY_PERCENT), for_ms, urls: activity.urls.clone() }
    }
}

/// Looks at the life of a workspace.
pub(crate) fn judge(job: &Job, desired: &Desired, decision: &Decision, busy: Busy, caps: Caps) -> Life {
    if desired.deleting {
        return Life::default();
    }
    let who = launch::who(desired, &job.shared.roles);
    let capped = |wanted| job.shared.book.lock().idle_timeout(&job.key, &who, wanted);
    let rules = Rules::of(&within(&desired.lifecycle, caps), capped);
    let pod = job.observed.pod.as_ref().filter(|pod| pod.deleting_ms.is_none() && pod.controller == desired.uid);
    let running = pod.filter(|_| desired.running);
    let status = job.written.as_ref().or_else(|| job.object.get("status")).unwrap_or(&Value::Null);
    let daemon = running.and_then(|pod| job.known.daemon.of(&pod.uid));
    let facts = Facts {
        now_ms: job.now_ms,
        runs_since_ms: running.map(|pod| pod.started_ms.unwrap_or(pod.created_ms)),
        stopped_since_ms: stopped_since(decision, status, job.now_ms).filter(|_| !desired.running),
        knows_since_ms: job.known.since_ms,
        told: told(status),
        told_idle: status.get("idleSince").is_some(),
        keep_until_ms: desired.keep_until_ms.max(daemon.and_then(|daemon| daemon.keep_until_ms)),
        kept_ms: crate::acts::kept_ms(&job.object).filter(|_| !desired.running),
        usage: job.known.usage.clone(),
        asked_ms: daemon.and_then(|daemon| daemon.answered_ms),
        tried_ms: daemon.and_then(|daemon| daemon.tried_ms),
    };
    let mut judged = by_rules(&rules, &facts);
    if desired.paused {
        judged.act = None;
    }
    let mut life = Life { again_ms: judged.again_ms, problems: rules.problems.clone(), ..Life::default() };
    if let Some(pod) = running {
        life.asks(job, decision, pod, &rules, judged.ask, busy);
    }
    life.judged = judged;
    life
}

/// What a workspace asks for as far as its blueprint lets it; also where it asks for nothing.
pub(crate) fn within(lifecycle: &Lifecycle, caps: Caps) -> Lifecycle {
    let capped = |wanted: &mut Option<Span>, usual: u64, most: Option<u64>| {
        let Some(most) = most else { return };
        let said = wanted.as_ref().and_then(Span::seconds).unwrap_or(usual);
        // Never is longer than any.
        if said == 0 || said > most {
            *wanted = Some(Span(format!("{most}s")));
        }
    };
    let mut lifecycle = lifecycle.clone();
    capped(&mut lifecycle.idle_timeout, Lifecycle::IDLE_TIMEOUT, caps.idle);
    capped(&mut lifecycle.max_running, 0, caps.running);
    capped(&mut lifecycle.delete_after_stopped, 0, caps.stopped);
    lifecycle
}

impl Life {
    /// Tells the book whether it is idle, and stops it when somebody needs its room.
    pub(crate) fn makes_room(&mut self, job: &Job, paused: bool) {
        let since = if let Idle::Since(since) = self.judged.idle { Some(since).filter(|_| !paused) } else { None };
        let cause = job.shared.book.lock().idle(&job.key, since);
        if let (Some(cause), None) = (cause, &self.judged.act) {
            self.judged.act = Some(Act::Stop(cause));
        }
    }

    fn asks(&mut self, job: &Job, decision: &Decision, pod: &Pod, rules: &Rules, needed: bool, busy: Busy) {
        let (now, known) = (job.now_ms, &job.known.daemon);
        // What it said last is old by then, whatever comes of asking it meanwhile.
        let old = known.of(&pod.uid).and_then(|daemon| daemon.answered_ms).map(|at| at.saturating_add(FRESH_MS));
        let runs = runs(decision, pod);
        let old = old.filter(|old| runs && *old > now && known.failed.is_none());
        self.again_ms = [self.again_ms, old].into_iter().flatten().min();
        let told_ms = known.told(pod, &job.observed.events);
        let due = known.of(&pod.uid).map_or(i64::MIN, |daemon| daemon.due(job.known.every_ms, told_ms));
        if known.asking {
            return;
        }
        if needed || runs && now >= due {
            let fresh = known.of(&pod.uid).filter(|daemon| daemon.canary.is_some());
            let canary = fresh.is_none_or(|daemon| now >= daemon.canary_ms.saturating_add(CANARY_MS));
            let window_ms = rules.idle_ms.map_or(busy.for_ms, |idle| (idle / 4).clamp(1_000, busy.for_ms.max(1_000)));
            let beside = known.of(&pod.uid).and_then(|daemon| daemon.beside_ms);
            let beside = beside.is_none_or(|at| now >= at.saturating_add(BESIDE_MS));
            let (key, uid, pod) = (job.key.clone(), pod.controller.clone(), pod.uid.clone());
            let Busy { percent, urls, .. } = busy;
            self.ask = Some(Asked { key, pod, uid, at_ms: now, window_ms, percent, urls, canary, beside, told_ms });
        } else if runs {
            self.again_ms = Some(self.again_ms.map_or(due, |other| other.min(due)));
        }
    }
}

/// It runs. One whose agent answered once and does not any more is no start: how it is reached is told then above all.
pub(crate) fn runs(decision: &Decision, pod: &Pod) -> bool {
    match decision.seen.stage {
        Stage::Running => true,
        Stage::Starting | Stage::Initializing => pod.is_up(),
        _ => false,
    }
}

/// Since when it is stopped.
fn stopped_since(decision: &Decision, status: &Value, now_ms: i64) -> Option<i64> {
    if decision.seen.stage != Stage::Stopped {
        return None;
    }
    let known = status.get("stage").and_then(Value::as_str) == Some(Stage::Stopped.as_str());
    let since = status.get("stageSince").and_then(Value::as_str).and_then(crate::status::read);
    Some(since.filter(|_| known).unwrap_or(now_ms))
}

/// The last use, as the status has it.
fn told(status: &Value) -> Option<Last> {
    let last = status.get("lastActivity")?;
    let text = |name: &str| last.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Last { at_ms: crate::status::read(&text("at"))?, door: text("door"), detail: text("detail") })
}

/// How often the daemons of so many pods are asked: each within a minute, and of more than one operator asks in that time one a second.
pub(crate) fn every_ms(limits: Limits, pods: usize) -> i64 {
    if pods <= MOST_IN_A_ROUND {
        return limits.probe_ms;
    }
    i64::try_from(pods).unwrap_or(i64::MAX).saturating_mul(1_000).max(limits.probe_ms)
}

/// How long an answer tells that a daemon can be reached.
pub(crate) const FRESH_MS: i64 = 60_000;
/// So many pods are asked within the time of one round.
const MOST_IN_A_ROUND: usize = 1_000;
/// After the first failure; longer after more.
const FIRST_MS: i64 = 2_000;
/// How often the connection is tried that must fail.
const CANARY_MS: i64 = 600_000;
/// How often the certificate of a daemon beside the main container is looked after.
const BESIDE_MS: i64 = 600_000;
/// How long programs have to compute to count, where nobody says otherwise.
const BUSY_MS: i64 = 300_000;
/// Daemons remember no longer.
const MOST_BUSY_MS: i64 = 600_000;
/// And more than so much of a core.
const BUSY_PERCENT: u8 = 5;

#[cfg(test)]
mod tests {
    use super::Daemon;
    use crate::event::Event;
    use crate::key::Key;
    use crate::pod::Pod;
    use crate::probe::{Inside, Probed, Unreached};

    #[test]
    fn wc_06h_a_daemon_is_asked_at_once_when_its_node_tells_something_of_it_and_once_for_each() {
        let (every, node) = (50_000, 9_000_000_000);
        let mut pod = Pod { uid: "p".into(), ready: true, ready_since_ms: Some(node), ..Pod::default() };
        let unhealthy = |at_ms| Event { reason: "Unhealthy".into(), at_ms, ..Event::default() };
        let mut daemon = Daemon::default();
        let take = |daemon: &mut Daemon, asked_ms, pod: &Pod, events: &[Event], answer| {
            let (key, told_ms) = (Key { namespace: "n".into(), name: "w".into() }, daemon.told(pod, events));
            daemon.take(&Probed { key, pod: "p".into(), asked_ms, beside: false, told_ms, answer, link: None });
        };
        let failed = || Err(Unreached { reason: "PortClosed", message: String::new() });
        take(&mut daemon, 1_000, &pod, &[], Ok(Inside::default()));
        let due = |daemon: &Daemon, pod: &Pod, events: &[Event]| daemon.due(every, daemon.told(pod, events));
        assert_eq!(due(&daemon, &pod, &[]), 51_000);
        // A check of the kubelet fails, by a clock that is not ours; while nobody answers each further one is no news.
        let events = [unhealthy(node + 10_000)];
        assert_eq!(due(&daemon, &pod, &events), i64::MIN);
        take(&mut daemon, 2_000, &pod, &events, failed());
        let more = [unhealthy(node + 20_000)];
        assert_eq!(due(&daemon, &pod, &more), 4_000);
        // It is not ready any more, and ready again.
        for (at, asked_ms) in [(30_000, 5_000), (40_000, 6_000)] {
            (pod.ready, pod.ready_since_ms) = (!pod.ready, Some(node + at));
            assert_eq!(due(&daemon, &pod, &more), i64::MIN);
            take(&mut daemon, asked_ms, &pod, &more, failed());
        }
        take(&mut daemon, 7_000, &pod, &more, Ok(Inside::default()));
        assert_eq!(due(&daemon, &pod, &more), 57_000);
    }
}
