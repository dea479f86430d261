//! What the active operator does with what watches tell: it keeps the index, the book and the queue, and begins looks.

use crate::addresses::Found;
use crate::book::launch::{self, Launch};
use crate::desired::Desired;
use crate::error::Error;
use crate::follow::{Change, Watched};
use crate::index::{Concerns, Index, Item};
use crate::key::Key;
use crate::life::{self, Daemon, Known};
use crate::operator::Operator;
use crate::probe::{Asked, Inside, Probed, probe};
use crate::queue::Queue;
use crate::reconcile::{Done, Job, reconcile, say_refused};
use crate::remains::{self, Left};
use crate::shelf::Blueprint;
use crate::source::{self, Sourced};
use crate::standing::Shared;
use crate::trust::Trust;
use crate::upward::{self, Links, Who};
use base::RequestId;
use cluster::{Hands, Owned, Owner};
use policy::action::{ObjectTarget, WorkspaceExpire, WorkspaceReconcile};
use policy::{Answers, Door, Outcome, Permit, Refusal};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What the active operator holds.
pub(crate) struct Active<'a> {
    pub(crate) operator: &'a Operator,
    pub(crate) owner: Arc<Owner>,
    pub(crate) index: Index,
    pub(crate) queue: Queue<Key>,
    /// The addresses of the cluster.
    pub(crate) found: Found,
    /// Watches that have not told all there is.
    pub(crate) waiting: HashSet<Watched>,
    pub(crate) kept: HashMap<Key, Kept>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) daemons: Daemons,
    /// Those that are answered when they ask.
    pub(crate) held: Links,
    pub(crate) answers: Arc<upward::Desk>,
    /// Reads their repositories.
    pub(crate) sources: Option<Arc<source::Desk>>,
    /// Who certifies them.
    pub(crate) trust: Trust,
    /// The journal takes no decisions: another operator's may.
    pub(crate) mute: bool,
    /// Since when it acts.
    pub(crate) since_ms: i64,
}

/// What a look at a workspace comes to.
enum Next {
    Carry(Hands, Job),
    /// It is gone, and what it left is looked after.
    Expire(Permit<WorkspaceExpire>, Left),
    /// It is to be looked at again then, epoch milliseconds.
    Later(i64),
    /// The policy says no; why.
    Refuse(Job, String),
}

/// What is kept of a workspace between looks.
pub(crate) struct Kept {
    uid: String,
    generation: i64,
    permit: Arc<Permit<WorkspaceReconcile>>,
    written: Option<Value>,
}

/// What is known of the daemons of workspaces, and who is being asked.
#[derive(Default)]
pub(crate) struct Daemons {
    known: HashMap<Key, Daemon>,
    asking: JoinSet<Probed>,
}

impl Active<'_> {
    fn now(&self) -> u64 {
        self.operator.clock.now_ms()
    }

    pub(crate) fn take(&mut self, change: Change) -> Result<(), Error> {
        let now = self.now();
        let concerns = match change {
            Change::Seen(item) => {
                self.learn(&item);
                self.finds(&item, false);
                if self.is_same_blueprint(&item, false) { Concerns::Nobody } else { self.index.see(item) }
            }
            Change::Gone(item) => {
                self.learn(&item);
                self.finds(&item, true);
                self.is_same_blueprint(&item, true);
                self.index.gone(&item, i64::try_from(now).unwrap_or(i64::MAX))
            }
            Change::Whole(watched) => {
                self.seen(watched);
                Concerns::Nobody
            }
            // It decides by what was seen, and whatever it does about that asks the same API server.
            Change::Silent(_) | Change::Back(_) => Concerns::Nobody,
            Change::Refused(watched, error) if watched.needed() => return Err(Error::Blind(error)),
            Change::Refused(watched, error) => {
                match (&error, watched) {
                    (cluster::Error::NotServed { .. }, _) => {
                        tracing::debug!(%error, ?watched, "a kind that this cluster does not have");
                    }
                    // Its rights are given where the Gateway API is: elsewhere nobody can say that it is not there.
                    (cluster::Error::Denied { .. }, Watched::Parts(Owned::HttpRoute)) => {
                        tracing::info!(%error, "no workspace has a host at a Gateway");
                    }
                    (error, _) => tracing::warn!(%error, ?watched, "the operator works without a watch"),
                }
                self.seen(watched);
                Concerns::Nobody
            }
        };
        match concerns {
            Concerns::Nobody => {}
            Concerns::One(key) => self.queue.mark(&key, now),
            Concerns::Anew(key) => self.queue.hurry(&key, now),
            Concerns::Many(keys) => keys.iter().for_each(|key| self.queue.mark(key, now)),
        }
        Ok(())
    }

    /// A watch has told all that there is, or will tell nothing.
    fn seen(&mut self, watched: Watched) {
        if self.waiting.remove(&watched) && self.waiting.is_empty() {
            tracing::info!(workspaces = self.index.keys().count(), "the operator has seen all there is");
            self.operator.render.finds(self.found.addresses());
            self.open_book();
        }
    }

    /// Has those looked at again that somebody used.
    pub(crate) fn used(&mut self, keys: &[Key]) {
        let now = self.now();
        keys.iter().filter(|key| self.index.workspace(key).is_some()).for_each(|key| self.queue.mark(key, now));
    }

    /// Takes addresses. Nodes come and go: what they change of somebody's rules is told with the next look.
    fn finds(&mut self, item: &Item, gone: bool) {
        if self.found.take(item, gone) != Some(true) || !self.waiting.is_empty() {
            return;
        }
        self.operator.render.finds(self.found.addresses());
        if !matches!(item, Item::Node { .. }) {
            self.others();
        }
    }

    /// Has all of them looked at again.
    pub(crate) fn others(&mut self) {
        let now = self.now();
        let keys: Vec<Key> = self.index.keys().cloned().collect();
        keys.iter().for_each(|key| self.queue.mark(key, now));
    }

    /// Takes a quota or grant, as it is or as it was when it is gone.
    fn learn(&mut self, item: &Item) {
        let now = self.now();
        let mut book = self.shared.book.lock();
        let (taken, of) = match item {
            Item::Quota { name, object } => (book.quota(name, object.as_ref()), name.clone()),
            Item::Grant { key, object } => (book.grant(key, object.as_ref()), key.to_string()),
            _ => return,
        };
        let changed = taken.unwrap_or_else(|error| {
            tracing::error!(%error, of, "a quota or grant cannot be read: what it said before holds");
            false
        });
        let all = changed && book.requires_grants() && matches!(item, Item::Grant { .. });
        let keys = if all { self.index.keys().cloned().collect() } else { book.wakes() };
        drop(book);
        keys.iter().for_each(|key| self.queue.mark(key, now));
        self.shared.changed.notify_one();
    }

    /// Takes a blueprint. Whether it is one that says what it said before.
    fn is_same_blueprint(&self, item: &Item, gone: bool) -> bool {
        let Item::Blueprint { namespace, name, spec, generation, status } = item else { return false };
        let told = (!gone).then_some((spec.as_ref().unwrap_or(&Value::Null), status));
        let changed = self.operator.render.told(namespace, name, told);
        let told = told.map(|(spec, status)| Blueprint { generation: *generation, spec, status });
        self.shared.shelf.lock().see(namespace, name, told, changed);
        self.shared.changed.notify_one();
        !changed
    }

    /// Enters what is there already, before anybody asks for more.
    fn open_book(&mut self) {
        let now_ms = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let mut there: Vec<(String, Key, Desired, Value)> = Vec::new();
        for key in self.index.keys() {
            let Some(workspace) = self.index.workspace(key) else { continue };
            let Ok(object) = serde_json::from_slice::<Value>(&workspace.json) else { continue };
            let Some(desired) = Desired::of(&object) else { continue };
            self.uses(key, &object);
            let made = object.pointer("/metadata/creationTimestamp").and_then(Value::as_str).unwrap_or_default();
            there.push((made.to_owned(), key.clone(), desired, object));
        }
        there.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let mut aliases = self.shared.aliases.lock();
        there.iter().for_each(|(_, key, _, object)| aliases.enter(key, object, now_ms));
        drop(aliases);
        let mut book = self.shared.book.lock();
        for (_, key, desired, object) in there {
            let observed = self.index.observed(&key);
            let has = launch::has(&observed);
            if has.workspaces == 0 && !was_accepted(&object) {
                continue;
            }
            let rendered = self.operator.render.render(&desired, &object, &Sourced::None);
            let launch = rendered.ok().map(|rendered| Launch::of(&object, &rendered));
            let load = crd::quota::Load { workspaces: 1, ..has };
            let who = launch::who(&desired, &self.shared.roles);
            if let Some(pod) = &observed.pod {
                book.runs(&key, &who, has, pod.created_ms);
            }
            book.enter(&key, who, load, launch.as_ref(), now_ms);
        }
        drop(book);
        self.shared.shelf.lock().open();
        let now = self.now();
        let leavers: Vec<Key> = self.index.leavers().cloned().collect();
        leavers.iter().for_each(|key| self.queue.mark(key, now));
        self.shared.changed.notify_one();
    }

    /// Takes of which blueprint a workspace is made.
    fn uses(&self, key: &Key, object: &Value) -> bool {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        self.shared.shelf.lock().uses(key, spec, self.operator.render.usual())
    }

    /// Begins looks that are due.
    pub(crate) fn start(&mut self, running: &mut JoinSet<Done>, over: &CancellationToken) {
        if !self.waiting.is_empty() || over.is_cancelled() {
            return;
        }
        while !self.mute && running.len() < self.operator.settings.parallel {
            let now = self.now();
            let Some(key) = self.queue.take(now) else { return };
            match self.job(&key) {
                Some(Next::Carry(hands, job)) => {
                    let render = self.operator.render.clone();
                    running.spawn(async move { Box::pin(reconcile(&hands, &*render, job)).await });
                }
                Some(Next::Refuse(job, message)) => {
                    let owner = self.owner.clone();
                    running.spawn(async move { say_refused(&owner, job, message).await });
                }
                Some(Next::Expire(permit, left)) => {
                    let remains = self.operator.cluster.remains(&permit);
                    running.spawn(remains::expire(key, permit, remains, left, i64::try_from(now).unwrap_or(i64::MAX)));
                }
                Some(Next::Later(at)) => self.queue.done(&key, u64::try_from(at).ok(), now),
                None => self.queue.done(&key, None, now),
            }
        }
    }

    /// What a look at a workspace needs; `None` where there is nothing to look at.
    fn job(&mut self, key: &Key) -> Option<Next> {
        let Some(workspace) = self.index.workspace(key).cloned() else {
            self.drop_kept(key, "it is gone");
            self.operator.activity.forget(self.operator.cluster.name(), key);
            self.daemons.known.remove(key);
            self.held.forget(key);
            self.shared.aliases.lock().forget(key);
            if self.shared.shelf.lock().forget(key) {
                self.shared.changed.notify_one();
            }
            if !self.index.has_pod(key) {
                let now_ms = i64::try_from(self.now()).unwrap_or(i64::MAX);
                self.shared.book.lock().release(key, now_ms);
                self.wake();
            }
            return self.remains(key);
        };
        let object: Value = match serde_json::from_slice(&workspace.json) {
            Ok(object) => object,
            Err(error) => {
                tracing::error!(%error, workspace = %key, "a Workspace cannot be read");
                return None;
            }
        };
        let same =
            self.kept.get(key).is_some_and(|kept| kept.uid == workspace.uid && kept.generation == workspace.generation);
        if !same {
            if self.uses(key, &object) {
                self.shared.changed.notify_one();
            }
            let written =
                self.kept.get(key).filter(|kept| kept.uid == workspace.uid).and_then(|kept| kept.written.clone());
            self.drop_kept(key, "another generation came");
            let operator = self.operator;
            let owner = object.pointer("/spec/owner").and_then(Value::as_str).unwrap_or_default().to_owned();
            let target = self.target(key);
            let action = WorkspaceReconcile { object: target, owner, generation: workspace.generation };
            let principal = operator.principal.asking(RequestId::new(), Door::Process);
            match operator.gate.permit(&principal, action, &Answers::default()) {
                Ok(permit) => {
                    let (uid, generation) = (workspace.uid.clone(), workspace.generation);
                    self.kept.insert(key.clone(), Kept { uid, generation, permit: Arc::new(permit), written });
                }
                Err(Refusal::AuditUnavailable(_)) => {
                    self.mute = true;
                    return None;
                }
                Err(refusal) => {
                    tracing::warn!(workspace = %key, %refusal, "a workspace is refused");
                    return Some(Next::Refuse(self.prepared(key, object, written), refusal.to_string()));
                }
            }
        }
        let kept = self.kept.get(key)?;
        let (hands, written) = (self.operator.cluster.hands(&kept.permit), kept.written.clone());
        Some(Next::Carry(hands, self.prepared(key, object, written)))
    }

    /// What is done about volumes of a workspace that is gone.
    fn remains(&mut self, key: &Key) -> Option<Next> {
        let now_ms = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let left = remains::look(&self.index.left(key), now_ms);
        if left.is_empty() {
            return left.again_ms.map(Next::Later);
        }
        let names = |all: &[(String, String)]| all.iter().map(|(name, _)| name.clone()).collect();
        let object = self.target(key);
        let action = WorkspaceExpire { object, left: names(&left.new), over: names(&left.over) };
        let principal = self.operator.principal.asking(RequestId::new(), Door::Process);
        match self.operator.gate.permit(&principal, action, &Answers::default()) {
            Ok(permit) => Some(Next::Expire(permit, left)),
            Err(Refusal::AuditUnavailable(_)) => {
                self.mute = true;
                None
            }
            Err(refusal) => {
                tracing::warn!(workspace = %key, %refusal, "volumes that a workspace left are not looked after");
                Some(Next::Later(now_ms.saturating_add(REFUSED_MS)))
            }
        }
    }

    fn target(&self, key: &Key) -> ObjectTarget {
        ObjectTarget {
            cluster: self.operator.cluster.name().clone(),
            kind: Owned::Workspace.id().to_owned(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        }
    }

    fn prepared(&self, key: &Key, object: Value, written: Option<Value>) -> Job {
        let (activity, cluster) = (&self.operator.activity, self.operator.cluster.name());
        // From before it is read, so that no use falls between.
        activity.alert(cluster, key, 0);
        let known = Known {
            usage: activity.usage(cluster, key),
            since_ms: self.since_ms,
            daemon: self.daemons.known.get(key).cloned().unwrap_or_default(),
            every_ms: life::every_ms(self.operator.settings.limits, self.index.pods()),
        };
        Job {
            known,
            key: key.clone(),
            object,
            observed: self.index.observed(key),
            written,
            limits: self.operator.settings.limits,
            now_ms: i64::try_from(self.now()).unwrap_or(i64::MAX),
            shared: self.shared.clone(),
            sources: self.sources.clone(),
            architectures: self.found.architectures(),
        }
    }

    /// Has those looked at again for which there may be room now.
    fn wake(&mut self) {
        let now = self.now();
        let keys = self.shared.book.lock().wakes();
        keys.iter().for_each(|key| self.queue.mark(key, now));
        let moved = self.shared.aliases.lock().moved();
        moved.iter().filter(|key| self.index.workspace(key).is_some()).for_each(|key| self.queue.mark(key, now));
        self.shared.changed.notify_one();
    }

    pub(crate) fn finish(&mut self, done: Done) {
        let now = self.now();
        let took = Duration::from_millis(now.saturating_sub(u64::try_from(done.begun_ms).unwrap_or(now)));
        self.operator.figures.looked(took, done.failed.is_some());
        self.operator.figures.sees(self.index.len());
        for (kind, name, seen, hash) in done.applied {
            self.index.applied(&done.key, kind, &name, seen, &hash);
        }
        if let (Some(status), Some(kept)) = (done.status, self.kept.get_mut(&done.key)) {
            kept.written = Some(status);
        }
        if self.index.workspace(&done.key).is_some() {
            let alert_ms = u64::try_from(done.alert_ms).unwrap_or_default();
            self.operator.activity.alert(self.operator.cluster.name(), &done.key, alert_ms);
        }
        if let Some(paths) = &done.ignored {
            self.operator.activity.ignore(self.operator.cluster.name(), &done.key, paths);
        }
        if let Some(egress) = done.egress {
            self.held.open(&done.key, egress);
        }
        let asked_ms = done.ask.and_then(|asked| self.ask(asked));
        self.wake();
        match done.failed {
            Some(why) => {
                let wait = self.queue.failed(&done.key, now);
                tracing::debug!(workspace = %done.key, why, ?wait, "a workspace is looked at again");
            }
            None => {
                let again = [done.again_ms, asked_ms].into_iter().flatten().min();
                let again = again.and_then(|at| u64::try_from(at).ok());
                self.queue.done(&done.key, again, now);
            }
        }
    }

    /// Has a daemon asked; when to look again where there is no place for that now.
    fn ask(&mut self, asked: Asked) -> Option<i64> {
        let kept = self.kept.get(&asked.key)?;
        if self.daemons.asking.len() >= MOST_ASKED {
            return Some(asked.at_ms.saturating_add(ASK_AGAIN_MS));
        }
        self.daemons.known.entry(asked.key.clone()).or_default().asking = true;
        let (cluster, permit, trust) = (self.operator.cluster.clone(), kept.permit.clone(), self.trust.clone());
        self.daemons.asking.spawn(async move { probe(&cluster, &permit, &trust, asked).await });
        None
    }

    /// What a daemon said; never returns when none is asked.
    pub(crate) async fn answered(daemons: &mut Daemons) -> Probed {
        loop {
            match daemons.asking.join_next().await {
                Some(Ok(probed)) => return probed,
                Some(Err(error)) => tracing::error!(%error, "asking a daemon broke off"),
                None => std::future::pending().await,
            }
        }
    }

    /// Takes what a daemon said.
    pub(crate) fn heard(&mut self, probed: &Probed) {
        let now = self.now();
        let (activity, cluster) = (&self.operator.activity, self.operator.cluster.name());
        if self.index.workspace(&probed.key).is_none() {
            self.daemons.known.remove(&probed.key);
            return;
        }
        if let Ok(Inside { uses: Some(uses), .. }) = &probed.answer {
            for (door, at_ms, detail) in uses.by(now) {
                activity.record(cluster, &probed.key, door, at_ms, detail);
            }
        }
        if let Err(error) = &probed.answer {
            self.operator.figures.unanswered();
            tracing::debug!(workspace = %probed.key, reason = error.reason, message = error.message, "a daemon did not answer");
        }
        if let (Some(link), Some(kept)) = (&probed.link, self.kept.get(&probed.key)) {
            let (key, uid, owner) = (probed.key.clone(), kept.uid.clone(), kept.permit.target().owner.clone());
            self.held.hold(&self.answers, Who { key, uid, owner }, &probed.pod, link.clone());
        }
        self.daemons.known.entry(probed.key.clone()).or_default().take(probed);
        self.queue.mark(&probed.key, now);
    }

    fn drop_kept(&mut self, key: &Key, why: &str) {
        if let Some(kept) = self.kept.remove(key)
            && let Ok(permit) = Arc::try_unwrap(kept.permit)
        {
            permit.finish(Outcome::Done { message: why.to_owned() });
        }
    }

    pub(crate) fn end(&mut self) {
        let keys: Vec<Key> = self.kept.keys().cloned().collect();
        for key in keys {
            self.drop_kept(&key, "the operator ends");
        }
    }
}

/// Whether a workspace had its place, by its status.
fn was_accepted(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let is = |one: &Value, key: &str, text: &str| one.get(key).and_then(Value::as_str) == Some(text);
    conditions.into_iter().any(|one| is(one, "type", "Accepted") && is(one, "status", "True"))
}

/// When what is refused is asked again.
const REFUSED_MS: i64 = 600_000;
/// Daemons that are asked at a time.
const MOST_ASKED: usize = 32;
/// When one is looked at again that found no place.
const ASK_AGAIN_MS: i64 = 1_000;
