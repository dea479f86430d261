//! The book of the operator: who may have a workspace, and whether there is room for it. One book for all looks, asked one
//! after another, so that no two workspaces get the same room or the last place of a grant.
//!
//! Pure: what watches told comes in, answers come out. After a restart it is made from what is seen: what is there keeps
//! its room without being asked.

use crate::key::Key;
use crate::render::Refused;
use crd::Time;
use crd::grant::{Denied, Grant, GrantSpec};
use crd::quota;
use crd::quota::{Ledger, Load, Overflow, Pot, Quota, QuotaSpec, QuotaStatus, Reservation, Who};
use launch::Launch;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

mod backstop;
mod granted;
pub(crate) mod launch;
mod standing;

pub(crate) use backstop::{Backstop, NAME as BACKSTOP};
pub(crate) use standing::{Standing, differs, with_conditions};

/// What is reserved, granted and waited for.
#[derive(Default)]
pub(crate) struct Book {
    rules: Rules,
    ledger: Ledger,
    quotas: BTreeMap<String, Told<Quota>>,
    grants: BTreeMap<Key, Told<Grant>>,
    /// By workspace: the grant that it was launched by.
    launched: BTreeMap<Key, Key>,
    /// By workspace: its labels.
    labels: BTreeMap<Key, BTreeMap<String, String>>,
    /// What is reserved and not there yet.
    promised: BTreeMap<quota::Key, Load>,
    /// When a pod was made that no watch has shown yet: it has its room.
    made: BTreeMap<Key, i64>,
    waiting: BTreeMap<Key, Waits>,
    /// By workspace that nobody uses: for whom it is stopped.
    stopping: BTreeMap<Key, Stops>,
    /// There may be room for those that wait.
    room: bool,
}

/// By which rules it is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Without a grant that allows it, there is no workspace.
    pub(crate) require_grants: bool,
    /// The namespace whose grants may be for others.
    pub(crate) system_namespace: String,
    /// Who wrote a workspace past Quarterdeck needs a grant to say whose it is.
    pub(crate) guards_owners: bool,
    /// Somebody says who has which role.
    pub(crate) knows_roles: bool,
}

/// An object of policy as a watch told it.
struct Told<T> {
    object: T,
    /// Its status as it stands.
    status: Value,
}

/// A workspace that waits.
#[derive(Clone, Debug)]
struct Waits {
    since_ms: i64,
    queue: Option<Line>,
}

/// A workspace is stopped to make room.
#[derive(Clone, Debug)]
struct Stops {
    /// Who needs the room.
    by: Key,
    quota: String,
}

/// The queue of a quota in which a workspace is.
#[derive(Clone, Debug)]
struct Line {
    quota: String,
    /// Whose amount it is.
    pot: Pot,
    /// The bound in its way.
    bound: String,
    /// It waits for hours of processors.
    hours: bool,
}

/// A workspace that asks for its place.
pub(crate) struct Ask<'a> {
    pub(crate) key: &'a Key,
    pub(crate) who: Who,
    /// What it has now.
    pub(crate) has: Load,
    /// What it would have.
    pub(crate) wants: Load,
    pub(crate) launch: &'a Launch,
    /// Since when it waits, if its status says that it does.
    pub(crate) waits_since_ms: Option<i64>,
    pub(crate) now_ms: i64,
}

impl Book {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Takes a quota: its object, or that it is gone. Whether it says something else now.
    pub(crate) fn quota(&mut self, name: &str, object: Option<&Value>) -> Result<bool, serde_json::Error> {
        let Some(object) = object else {
            self.quotas.remove(name);
            self.ledger.hours.forget(name);
            self.room = true;
            return Ok(true);
        };
        let spec: QuotaSpec = spec(object)?;
        let mut quota = Quota::new(name, spec);
        quota.metadata.generation = generation(object);
        let told: QuotaStatus = QuotaStatus::deserialize(&status(object)).unwrap_or_default();
        let created = object.pointer("/metadata/creationTimestamp").cloned().unwrap_or_default();
        let created_ms = Time::deserialize(created).map_or(0, |at| at.millis());
        self.ledger.hours.take(&quota, &told, created_ms);
        let old = self.quotas.insert(name.to_owned(), Told { object: quota.clone(), status: status(object) });
        let changed = old.is_none_or(|old| old.object.spec != quota.spec);
        self.room |= changed;
        Ok(changed)
    }

    /// Takes a grant: its object, or that it is gone. Whether it says something else now.
    pub(crate) fn grant(&mut self, key: &Key, object: Option<&Value>) -> Result<bool, serde_json::Error> {
        let Some(object) = object else {
            self.grants.remove(key);
            self.room = true;
            return Ok(true);
        };
        let spec: GrantSpec = spec(object)?;
        let mut grant = Grant::new(&key.name, spec);
        grant.metadata.namespace = Some(key.namespace.clone());
        grant.metadata.generation = generation(object);
        let old = self.grants.insert(key.clone(), Told { object: grant.clone(), status: status(object) });
        let changed = old.is_none_or(|old| old.object.spec != grant.spec);
        self.room |= changed;
        Ok(changed)
    }

    /// Whether workspaces need grants.
    pub(crate) const fn requires_grants(&self) -> bool {
        self.rules.require_grants
    }

    /// Takes what is there already, without asking: once, before anybody asks.
    pub(crate) fn enter(&mut self, key: &Key, who: Who, has: Load, launch: Option<&Launch>, now_ms: i64) {
        self.ledger.enter(of(key), Reservation { who: who.clone(), load: has, idle_since: None });
        if let Some(launch) = launch {
            self.labels.insert(key.clone(), launch.labels.clone());
            if let Ok(grant) = self.granted(key, &who, launch, now_ms) {
                self.launched.insert(key.clone(), grant);
            }
        }
    }

    /// Takes what is there already: a pod with so much, since then.
    pub(crate) fn runs(&mut self, key: &Key, who: &Who, has: Load, since_ms: i64) {
        let quotas = self.quotas.values().map(|told| &told.object);
        self.ledger.hours.run(&of(key), who, has.cpu, since_ms, quotas);
    }

    /// Whether a workspace may have what it wants. Its room is reserved then, and it is to be asked again at the time that
    /// is given.
    ///
    /// # Errors
    /// Why it may not: nothing is reserved, and what it had it keeps.
    pub(crate) fn admit(&mut self, mut ask: Ask<'_>) -> Result<Option<i64>, (Refused, Option<i64>)> {
        let key = ask.key;
        self.labels.insert(key.clone(), ask.launch.labels.clone());
        let (has, unseen_ms) = self.really(key, ask.has, ask.now_ms);
        ask.wants = ask.wants.beside(&has);
        ask.has = has;
        let ask = &ask;
        self.runs(key, &ask.who, has, ask.now_ms);
        self.ledger.hours.count(ask.now_ms, self.quotas.values().map(|told| &told.object));
        let again_ms = match self.allowed(ask) {
            Ok(until_ms) => until_ms,
            Err((message, denied)) => {
                self.launched.remove(key);
                self.wait(ask, None);
                return Err((refused("GrantMissing", message, false), begins_ms(&denied)));
            }
        };
        if let Err((message, queue, hours)) = self.reserve(ask) {
            let again_ms = hours.then(|| quota::next_hour(ask.now_ms));
            let queued = queue.is_some();
            self.wait(ask, queue);
            return Err((refused("QuotaExceeded", message, queued), again_ms));
        }
        // Who waited for time to pass makes no room, and those behind may have some as well.
        let waited = self.waiting.remove(key).and_then(|waits| waits.queue);
        self.room |= waited.is_some_and(|line| line.hours);
        Ok([again_ms, unseen_ms].into_iter().flatten().min())
    }

    /// Whether grants allow it, where they have to; until when.
    fn allowed(&mut self, ask: &Ask<'_>) -> Result<Option<i64>, (String, Denied)> {
        let (key, launch, now_ms) = (ask.key, ask.launch, ask.now_ms);
        let written = self.written(key, launch, now_ms).map_err(|denied| {
            let writer = launch.writer.as_deref().unwrap_or_default();
            (format!("{writer} wrote it, and may not say whose it is: {denied}"), denied)
        })?;
        let launched = match self.granted(key, &ask.who, launch, now_ms) {
            Ok(grant) => {
                let until = self.grants.get(&grant).and_then(|told| told.object.spec.not_after);
                self.launched.insert(key.clone(), grant);
                until.filter(|_| self.rules.require_grants).map(|at| at.millis())
            }
            Err(denied) if self.rules.require_grants => return Err((denied.to_string(), denied)),
            Err(_) => {
                self.launched.remove(key);
                None
            }
        };
        let privileged = self.privileged(key, &ask.who, launch, now_ms).map_err(|denied| {
            (
                format!("a container of it has all privileges on its node, which needs a Grant of admin: {denied}"),
                denied,
            )
        })?;
        Ok([written, launched, privileged].into_iter().flatten().min())
    }

    /// A pod of a workspace was made.
    pub(crate) fn made(&mut self, key: &Key, now_ms: i64) {
        self.made.insert(key.clone(), now_ms);
    }

    /// What a workspace has, with a pod that was made and not seen yet; until when that is believed.
    fn really(&mut self, key: &Key, has: Load, now_ms: i64) -> (Load, Option<i64>) {
        let Some(made) = self.made.get(key).copied() else { return (has, None) };
        let until = made.saturating_add(UNSEEN_MS);
        if has.workspaces > 0 || now_ms >= until {
            self.made.remove(key);
            return (has, None);
        }
        let had = self.ledger.get(&of(key)).map_or_else(Load::default, |entry| entry.load);
        (has.beside(&had), Some(until))
    }

    /// Takes what a workspace has, when nothing more is made for it. What was never admitted and has nothing is not in the
    /// book. `waits`: it is asked again when there is room. When it is to be told again.
    pub(crate) fn settle(&mut self, key: &Key, who: Who, has: Load, waits: bool, now_ms: i64) -> Option<i64> {
        let (has, again_ms) = self.really(key, has, now_ms);
        self.runs(key, &who, has, now_ms);
        if !waits {
            self.waiting.remove(key);
        }
        let own = of(key);
        if self.ledger.get(&own).is_some() || has.workspaces > 0 {
            self.write(own, who, Load { workspaces: 1, ..has }, &has);
        }
        again_ms
    }

    /// A workspace and all that was running of it is gone.
    pub(crate) fn release(&mut self, key: &Key, now_ms: i64) {
        self.runs(key, &Who::default(), Load::default(), now_ms);
        let own = of(key);
        self.room |=
            self.ledger.get(&own).is_some() || self.launched.contains_key(key) || self.waiting.contains_key(key);
        self.ledger.release(&own);
        self.promised.remove(&own);
        self.made.remove(key);
        self.launched.remove(key);
        self.labels.remove(key);
        self.waiting.remove(key);
        self.stopping.retain(|stopped, stops| stopped != key && stops.by != *key);
    }

    /// Says since when nobody uses a workspace; why it is to stop, if somebody needs its room.
    pub(crate) fn idle(&mut self, key: &Key, since_ms: Option<i64>) -> Option<String> {
        let own = of(key);
        let since = since_ms.and_then(Time::from_millis);
        let entry = self.ledger.get(&own)?;
        if entry.idle_since != since {
            self.ledger.idle(&own, since);
            // Who found nobody to stop before may find this one, or has to find another.
            self.room = true;
        }
        if since.is_none() {
            self.stopping.remove(key);
        }
        let stops = self.stopping.get(key)?;
        let since = crate::status::time(since_ms.unwrap_or_default());
        Some(format!("{} needs its room under quota {}, and nobody used it since {since}", stops.by, stops.quota))
    }

    /// Those that are to be asked again because there may be room now: who waits longest comes first.
    pub(crate) fn wakes(&mut self) -> Vec<Key> {
        if !std::mem::take(&mut self.room) {
            return Vec::new();
        }
        let mut all: Vec<(&Key, &Waits)> = self.waiting.iter().collect();
        all.sort_by_key(|(key, waits)| (waits.since_ms, *key));
        // Those that are to stop are looked at for it.
        self.stopping.keys().chain(all.into_iter().map(|(key, _)| key)).cloned().collect()
    }

    fn reserve(&mut self, ask: &Ask<'_>) -> Result<(), (String, Option<Line>, bool)> {
        let own = of(ask.key);
        let mut had = self.ledger.get(&own).map_or_else(Load::default, |entry| entry.load);
        // What runs is a fact, whoever made it so.
        if ask.has.running > 0 && (ask.has.cpu > had.cpu || ask.has.memory > had.memory || had.running == 0) {
            had = Load {
                workspaces: 1,
                running: 1,
                cpu: ask.has.cpu.max(had.cpu),
                memory: ask.has.memory.max(had.memory),
                ..had
            };
            self.write(own.clone(), ask.who.clone(), had, &ask.has);
        }
        if ask.wants.running > had.running
            && let Some((quota, pot, ahead)) = self.behind(ask, &own)
        {
            let place = self.place(ask, &quota, &pot);
            let message =
                format!("quota {quota} of {pot}: {ahead} waits for room before it; its place in the queue is {place}");
            let hard = self.quotas.get(&quota).and_then(|told| told.object.spec.hard.as_ref());
            let hours = hard.is_some_and(|hard| hard.cpu_hours.is_some());
            return Err((message, Some(Line { quota, pot, bound: "queue".to_owned(), hours }), false));
        }
        let reservation = Reservation { who: ask.who.clone(), load: ask.wants, idle_since: None };
        let quotas = self.quotas.values().map(|told| &told.object);
        if let Err(refused) = self.ledger.reserve(&own, reservation, quotas) {
            let mut message = refused.to_string();
            let hours = refused.broken.iter().any(|broken| broken.bound.is_hours());
            if hours {
                let at_ms = quota::next_hour(ask.now_ms);
                message.push_str(&format!("; it is asked again at {}", crate::status::time(at_ms)));
            }
            let queue = match refused.overflow {
                Overflow::Queue => {
                    let place = self.place(ask, &refused.quota, &refused.pot);
                    message.push_str(&format!("; it waits for its turn: its place in the queue is {place}"));
                    message.push_str(&self.candidates(ask, &refused));
                    let bound = refused.broken.first().map(|broken| broken.bound.to_string()).unwrap_or_default();
                    Some(Line { quota: refused.quota, pot: refused.pot, bound, hours })
                }
                // Hours come back with time alone.
                Overflow::StopOldestIdle if hours => None,
                Overflow::StopOldestIdle => {
                    message.push_str(&self.stop_another(ask.key, &refused));
                    None
                }
                Overflow::Deny => {
                    message.push_str(&self.candidates(ask, &refused));
                    None
                }
            };
            return Err((message, queue, hours));
        }
        self.write(own, ask.who.clone(), ask.wants, &ask.has);
        self.room |= shrinks(&had, &ask.wants);
        Ok(())
    }

    /// Writes what a workspace takes, and what of it is not there yet.
    fn write(&mut self, own: quota::Key, who: Who, load: Load, has: &Load) {
        let had = self.ledger.get(&own).map_or_else(Load::default, |entry| entry.load);
        self.room |= shrinks(&had, &load);
        let more = load.minus(&Load { workspaces: load.workspaces, ..*has });
        if more.running > 0 || more.cpu > 0 || more.memory > 0 || more.storage > 0 {
            self.promised.insert(own.clone(), more);
        } else {
            self.promised.remove(&own);
        }
        // Who is stopped has given its room.
        let idle_since = self.ledger.get(&own).and_then(|entry| entry.idle_since).filter(|_| load.running > 0);
        if load.running == 0 {
            self.stopping.remove(&Key { namespace: own.namespace.clone(), name: own.name.clone() });
        }
        self.ledger.enter(own, Reservation { who, load, idle_since });
    }

    /// Has the workspace stopped that nobody used for longest, one at a time; in words.
    fn stop_another(&mut self, key: &Key, refused: &quota::Refused) -> String {
        if let Some((other, _)) = self.stopping.iter().find(|(_, stops)| stops.by == *key) {
            return format!("; {other}, which nobody uses, is stopped for it");
        }
        let Some(idle) = self.ledger.oldest_idle(refused, &of(key)) else {
            return "; of the others none is known to be idle".to_owned();
        };
        let other = Key { namespace: idle.namespace.clone(), name: idle.name.clone() };
        if self.stopping.contains_key(&other) {
            return format!("; {other}, which nobody uses, is stopped for another");
        }
        let words = format!("; {other}, which nobody uses, is stopped for it");
        self.stopping.insert(other, Stops { by: key.clone(), quota: refused.quota.clone() });
        self.room = true;
        words
    }

    /// Whoever waits in a queue before this one: the quota, whose amount it is, and who.
    fn behind(&self, ask: &Ask<'_>, own: &quota::Key) -> Option<(String, Pot, Key)> {
        let mine = self.waiting.get(ask.key).map(|waits| waits.since_ms).or(ask.waits_since_ms).unwrap_or(ask.now_ms);
        self.quotas.values().filter(|told| told.object.spec.overflow == Overflow::Queue).find_map(|told| {
            let name = told.object.metadata.name.as_deref()?;
            let pot = told.object.spec.subject.pot(own, &ask.who)?;
            let before = self.waiting.iter().find(|(key, waits)| {
                let same = waits.queue.as_ref().is_some_and(|line| line.quota == name && line.pot == pot);
                same && *key != ask.key && (waits.since_ms, *key) < (mine, ask.key)
            })?;
            Some((name.to_owned(), pot, before.0.clone()))
        })
    }

    /// Which of the owner's own workspaces may be stopped to make room; in words.
    fn candidates(&self, ask: &Ask<'_>, refused: &quota::Refused) -> String {
        let idle = self.ledger.idle_of(refused, &ask.who.user, &of(ask.key));
        let names = idle.iter().take(MOST_NAMED);
        let names = names.map(|(key, since)| {
            format!("{}/{} (since {})", key.namespace, key.name, crate::status::time(since.millis()))
        });
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return String::new();
        }
        format!("; stop one of your own that nobody uses: {}", names.join(", "))
    }

    /// The place of a workspace in the queue of a quota, from 1.
    fn place(&self, ask: &Ask<'_>, quota: &str, pot: &Pot) -> usize {
        let mine = self.waiting.get(ask.key).map(|waits| waits.since_ms).or(ask.waits_since_ms).unwrap_or(ask.now_ms);
        let before = self.waiting.iter().filter(|(key, waits)| {
            let same = waits.queue.as_ref().is_some_and(|line| line.quota == quota && line.pot == *pot);
            same && *key != ask.key && (waits.since_ms, *key) < (mine, ask.key)
        });
        before.count() + 1
    }

    fn wait(&mut self, ask: &Ask<'_>, queue: Option<Line>) {
        let since_ms = ask.waits_since_ms.unwrap_or(ask.now_ms);
        let waits = self.waiting.entry(ask.key.clone()).or_insert(Waits { since_ms, queue: None });
        waits.queue = queue;
    }
}

fn shrinks(had: &Load, has: &Load) -> bool {
    let less = has.minus(had);
    less.workspaces < 0
        || less.running < 0
        || less.cpu < 0
        || less.memory < 0
        || less.storage < 0
        || less.volumes < 0
        || less.exposed_ports < 0
        || less.injected < 0
}

fn of(key: &Key) -> quota::Key {
    quota::Key { namespace: key.namespace.clone(), name: key.name.clone() }
}

/// When a grant begins that was refused for not having begun.
fn begins_ms(denied: &Denied) -> Option<i64> {
    if let Denied::NotYet { from, .. } = denied { Some(from.millis()) } else { None }
}

fn refused(reason: &'static str, message: String, queued: bool) -> Refused {
    Refused { condition: "Accepted", reason, message, queued }
}

fn spec<T: for<'de> Deserialize<'de>>(object: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(object.get("spec").unwrap_or(&Value::Null))
}

fn generation(object: &Value) -> Option<i64> {
    object.pointer("/metadata/generation").and_then(Value::as_i64)
}

fn status(object: &Value) -> Value {
    object.get("status").cloned().unwrap_or(Value::Null)
}

/// Of the workspaces that may be stopped.
const MOST_NAMED: usize = 5;
/// A watch shows a pod well within this time of its making.
const UNSEEN_MS: i64 = 10_000;

#[cfg(test)]
mod tests;
