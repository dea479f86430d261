//! When a workspace stops, starts and ends by itself. Pure: what is asked for, what is known of its use, and the time, to what is
//! said of it and what is done.
//!
//! Nothing is remembered between two looks: points in time come from the object and from when it began to run or stopped, so
//! that whoever looks next, however late, comes to the same. Nobody is stopped for idleness but after the daemon was asked
//! what goes on inside, since doors of other processes lead there too.

use crate::activity::Usage;
use crate::schedule::Schedule;
use crd::workspace::Lifecycle;

/// What is asked for. Lengths are milliseconds; nothing is never.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// How long nobody has to use it.
    pub idle_ms: Option<i64>,
    /// How long before that it is told.
    pub warning_ms: i64,
    /// How long it may run at a stretch.
    pub running_ms: Option<i64>,
    /// When it is stopped by the clock.
    pub stop: Option<Schedule>,
    /// When it is started by the clock.
    pub start: Option<Schedule>,
    /// How long it may be stopped.
    pub stopped_ms: Option<i64>,
    /// When it ends in any case.
    pub expires_ms: Option<i64>,
    /// What of it cannot be read.
    pub problems: Vec<String>,
}

impl Rules {
    /// Reads what a workspace asks for; `capped` gives the idle timeout that its quotas allow for the one that is wanted, in
    /// seconds.
    #[must_use]
    pub fn of(lifecycle: &Lifecycle, capped: impl Fn(u64) -> u64) -> Self {
        let ms = |seconds: u64| i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        let length = |span: &Option<crd::Span>| {
            span.as_ref().and_then(crd::Span::seconds).filter(|seconds| *seconds > 0).map(ms)
        };
        let mut problems = Vec::new();
        let mut schedule = |name: &str, wanted: &Option<crd::workspace::Schedule>| {
            let wanted = wanted.as_ref()?;
            let read = Schedule::parse(&wanted.cron, wanted.timezone.as_deref());
            read.inspect_err(|error| problems.push(format!("lifecycle.{name}: {error}"))).ok()
        };
        let (stop, start) = (schedule("stopAt", &lifecycle.stop_at), schedule("startAt", &lifecycle.start_at));
        let wanted = lifecycle.idle_timeout.as_ref().and_then(crd::Span::seconds).unwrap_or(Lifecycle::IDLE_TIMEOUT);
        let idle_ms = Some(capped(wanted)).filter(|seconds| *seconds > 0).map(ms);
        let warning = lifecycle.idle_warning.as_ref().and_then(crd::Span::seconds).unwrap_or(Lifecycle::IDLE_WARNING);
        // A warning that is as long as the wait itself would hold from the first moment.
        let warning_ms = ms(warning).min(idle_ms.map_or(i64::MAX, |idle| idle / 2));
        Self {
            idle_ms,
            warning_ms,
            running_ms: length(&lifecycle.max_running),
            stop,
            start,
            stopped_ms: length(&lifecycle.delete_after_stopped),
            expires_ms: lifecycle.expires_at.map(|at| at.0.as_millisecond()),
            problems,
        }
    }

    /// How much older than the last use the one may be that is told.
    fn refresh_ms(&self) -> i64 {
        self.idle_ms.map_or(REFRESH_MS, |idle| (idle / 8).clamp(1_000, REFRESH_MS))
    }
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Now, epoch milliseconds, as all times here.
    pub now_ms: i64,
    /// Since when it runs; `None` when it does not, or is on its way.
    pub runs_since_ms: Option<i64>,
    /// Since when it is stopped; `None` when it is not.
    pub stopped_since_ms: Option<i64>,
    /// Since when this operator knows of uses by itself.
    pub knows_since_ms: i64,
    /// The last use, as the status has it.
    pub told: Option<Last>,
    /// It is told to be idle.
    pub told_idle: bool,
    /// Until when somebody asked that it stays.
    pub keep_until_ms: Option<i64>,
    /// How long it is kept once it is stopped, because its owner goes.
    pub kept_ms: Option<i64>,
    /// What doors told.
    pub usage: Usage,
    /// When its daemon was asked last what goes on inside, and answered.
    pub asked_ms: Option<i64>,
    /// When that was tried last.
    pub tried_ms: Option<i64>,
}

/// The last use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// When.
    pub at_ms: i64,
    /// Through which door.
    pub door: String,
    /// What was done.
    pub detail: String,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is stopped; why.
    Stop(String),
    /// It is started; why.
    Start(String),
    /// It is deleted; why.
    Delete(String),
}

/// Whether it is idle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Idle {
    /// It does not run.
    #[default]
    Not,
    /// Somebody uses it, or did not long ago; through which doors, in words.
    Used(String),
    /// Nobody uses it since then.
    Since(i64),
}

/// What comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Whether it is idle.
    pub idle: Idle,
    /// The last use that is told.
    pub last: Option<Last>,
    /// When it is stopped, if nothing changes; by which rule.
    pub stops: Option<(i64, String)>,
    /// What is done now.
    pub act: Option<Act>,
    /// Its daemon is to be asked what goes on inside.
    pub ask: bool,
    /// A use at this time or later is worth a look.
    pub alert_ms: i64,
    /// When to look again.
    pub again_ms: Option<i64>,
}

/// Judges.
#[must_use]
pub fn judge(rules: &Rules, facts: &Facts) -> Judged {
    let now = facts.now_ms;
    let mut judged = Judged { alert_ms: i64::MAX, last: last(rules, facts), ..Judged::default() };
    if let (Some(kept), None) = (facts.kept_ms, facts.runs_since_ms) {
        // No rule of its own ends that sooner, and no clock starts it.
        if let Some(since) = facts.stopped_since_ms {
            held(&mut judged, since, kept, now);
        }
        return judged;
    }
    if let Some(due) = rules.expires_ms {
        if now >= due {
            judged.act = Some(Act::Delete(format!("expiresAt {}", time(due))));
            return judged;
        }
        judged.look_at(due);
    }
    if let Some(since) = facts.runs_since_ms {
        idleness(&mut judged, rules, facts, since);
        limits(&mut judged, rules, since, now);
    } else if let Some(since) = facts.stopped_since_ms {
        stopped(&mut judged, rules, since, now);
    }
    judged
}

impl Judged {
    fn look_at(&mut self, due_ms: i64) {
        self.again_ms = Some(self.again_ms.map_or(due_ms, |other| other.min(due_ms)));
    }

    fn stops_at(&mut self, due_ms: i64, rule: String) {
        if self.stops.as_ref().is_none_or(|(other, _)| due_ms < *other) {
            self.stops = Some((due_ms, rule));
        }
    }
}

/// The use that is told: the last one, but not a new one each moment.
fn last(rules: &Rules, facts: &Facts) -> Option<Last> {
    let newest = facts.usage.doors.first().map(|used| Last {
        at_ms: whole(i64::try_from(used.at_ms).unwrap_or(i64::MAX)),
        door: used.door.as_str().to_owned(),
        detail: used.detail.clone(),
    });
    match (newest, &facts.told) {
        (Some(newest), Some(told)) => {
            let worth = facts.told_idle || newest.at_ms >= told.at_ms.saturating_add(rules.refresh_ms());
            Some(if worth && newest.at_ms > told.at_ms { newest } else { told.clone() })
        }
        (newest, told) => newest.or_else(|| told.clone()),
    }
}

fn idleness(judged: &mut Judged, rules: &Rules, facts: &Facts, since: i64) {
    let now = facts.now_ms;
    let used = facts.usage.doors.first().map_or(i64::MIN, |used| i64::try_from(used.at_ms).unwrap_or(i64::MAX));
    let goes_on = facts.usage.doors.iter().any(|used| used.now);
    let told = facts.told.as_ref().map_or(i64::MIN, |told| told.at_ms);
    let kept = facts.keep_until_ms.filter(|until| *until > now);
    // Who asked that it stays has the whole time from then on.
    let asked_until = facts.keep_until_ms.unwrap_or(i64::MIN);
    let base = used.max(told).max(since).max(asked_until);
    let refresh = rules.refresh_ms();
    judged.alert_ms = judged.last.as_ref().map_or(0, |last| last.at_ms.saturating_add(refresh));
    let words = words(rules, facts, kept);
    let Some(idle_ms) = rules.idle_ms else {
        judged.idle = Idle::Used(format!("{words}; it is never stopped for idleness"));
        return;
    };
    let idle_from = base.saturating_add(idle_ms - rules.warning_ms);
    // What doors were told while another operator led, this one does not know: at least it warns.
    let due = base.saturating_add(idle_ms).max(facts.knows_since_ms.saturating_add(rules.warning_ms));
    if goes_on {
        judged.idle = Idle::Used(words);
        judged.look_at(now.saturating_add(idle_ms - rules.warning_ms));
        return;
    }
    let rule = format!("nobody uses it: idleTimeout {}", length(idle_ms));
    // What is told goes by the use that is told: a moment early, and never late.
    let shown = judged.last.as_ref().map_or(i64::MIN, |last| last.at_ms).max(since).max(asked_until);
    judged.stops_at(shown.saturating_add(idle_ms).max(facts.knows_since_ms.saturating_add(rules.warning_ms)), rule);
    if now < idle_from {
        judged.idle = Idle::Used(words);
        judged.look_at(idle_from);
        return;
    }
    // Before it is told, and again before it is stopped, the daemon has a word.
    let asked = facts.asked_ms.unwrap_or(i64::MIN);
    let tried = facts.tried_ms.unwrap_or(i64::MIN);
    let retry = (rules.warning_ms / 4).clamp(1_000, 60_000);
    if asked < idle_from && tried < idle_from {
        judged.idle = if facts.told_idle { Idle::Since(base) } else { Idle::Used(words) };
        judged.ask = true;
        judged.look_at(now.saturating_add(retry));
        return;
    }
    judged.idle = Idle::Since(base);
    judged.alert_ms = 0;
    if now < due {
        judged.look_at(due);
    } else if asked < due && now < due.saturating_add(idle_ms) {
        // A daemon that does not answer is not taken for an empty house at once.
        judged.ask = tried.saturating_add(retry) <= now;
        judged.look_at(tried.max(now.saturating_sub(retry)).saturating_add(retry).max(now.saturating_add(250)));
    } else {
        let last = judged.last.as_ref().filter(|last| last.at_ms >= since);
        let last = last.map_or_else(
            || "nobody used it".to_owned(),
            |last| format!("last use: {} at {}", last.door, time(last.at_ms)),
        );
        judged.act = Some(Act::Stop(format!("idle for {} ({last})", length(idle_ms))));
    }
}

/// The rules that hold however it is used.
fn limits(judged: &mut Judged, rules: &Rules, since: i64, now: i64) {
    let longest = rules.running_ms.map(|most| (since.saturating_add(most), format!("maxRunning {}", length(most))));
    let clock = rules.stop.as_ref().and_then(|stop| Some((stop.next(since)?, format!("stopAt {stop}"))));
    for (due, rule) in [longest, clock].into_iter().flatten() {
        if now >= due {
            judged.act = Some(Act::Stop(rule));
            return;
        }
        judged.stops_at(due, rule);
        judged.look_at(due);
    }
}

fn held(judged: &mut Judged, since: i64, kept: i64, now: i64) {
    let due = since.saturating_add(kept);
    if now >= due {
        judged.act = Some(Act::Delete(format!("stopped since {}: it was kept for {}", time(since), length(kept))));
        return;
    }
    judged.look_at(due);
}

fn stopped(judged: &mut Judged, rules: &Rules, since: i64, now: i64) {
    if let Some(due) = rules.stopped_ms.map(|most| since.saturating_add(most)) {
        if now >= due {
            let length = length(due.saturating_sub(since));
            judged.act = Some(Act::Delete(format!("stopped since {}: deleteAfterStopped {length}", time(since))));
            return;
        }
        judged.look_at(due);
    }
    if let Some(start) = &rules.start
        && let Some(due) = start.next(since)
    {
        if now >= due {
            judged.act = Some(Act::Start(format!("startAt {start}")));
        } else {
            judged.look_at(due);
        }
    }
}

/// The doors that keep it up: those in use with what goes on, those used not long ago by their names alone, so that the words
/// stay the same as long as nothing else happens.
fn words(rules: &Rules, facts: &Facts, kept: Option<i64>) -> String {
    let mut all: Vec<String> = Vec::new();
    if let Some(until) = kept {
        all.push(format!("kept until {}", time(until)));
    }
    let now = facts.usage.doors.iter().filter(|used| used.now);
    all.extend(now.map(|used| {
        let what = if used.detail.is_empty() { String::new() } else { format!(" ({})", used.detail) };
        format!("{} goes on{what}", used.door.as_str())
    }));
    let from = facts.now_ms.saturating_sub(rules.idle_ms.unwrap_or(LATELY_MS));
    let lately = |used: &&crate::activity::Used| !used.now && i64::try_from(used.at_ms).is_ok_and(|at| at >= from);
    let mut lately: Vec<&str> = facts.usage.doors.iter().filter(lately).map(|used| used.door.as_str()).collect();
    if lately.is_empty() && all.is_empty() {
        lately.extend(facts.told.iter().filter(|told| told.at_ms >= from).map(|told| told.door.as_str()));
    }
    lately.sort_unstable();
    if !lately.is_empty() {
        all.push(format!("used lately: {}", lately.join(", ")));
    }
    if all.is_empty() { "it runs, and nobody used it yet".to_owned() } else { all.join("; ") }
}

/// The status has whole seconds.
fn whole(ms: i64) -> i64 {
    ms.div_euclid(1000).saturating_mul(1000)
}

fn length(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        _ if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        _ if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

fn time(ms: i64) -> String {
    crate::status::time(ms)
}

/// A use is told again after this long at the soonest.
const REFRESH_MS: i64 = 300_000;
/// What is lately where nothing says when it is idle.
const LATELY_MS: i64 = 7_200_000;

#[cfg(test)]
mod tests;
