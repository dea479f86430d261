//! Who leads a tap: it hears of pods, lets them join, and is there until the last has ended.

use super::one::One;
use super::{Event, Shared, asked_to_stop};
use crate::Error;
use crate::follow::{self, Change};
use crate::pod::{Phase, Pod};
use base::Code;
use parking_lot::Mutex;
use policy::Outcome;
use policy::action::ObjectTarget;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

/// The task that leads.
pub(super) struct Lead {
    shared: Arc<Shared>,
    send: mpsc::Sender<Event>,
    stopped: watch::Receiver<bool>,
    /// Tells the pods that the tap is over.
    over: watch::Sender<bool>,
    /// Pods of the scope that are there, by uid.
    pods: HashMap<String, Known>,
    /// Those that may join, in the order in which they came.
    waiting: Vec<String>,
    /// That some wait was told.
    told_full: bool,
    /// How many joined ever.
    joined: usize,
    taps: JoinSet<()>,
    turn: Arc<Semaphore>,
}

/// A pod that a watch shows.
struct Known {
    /// Which watches do.
    by: BTreeSet<usize>,
    /// As it is now; `None` once it is gone. Its tap looks at it.
    now: watch::Sender<Option<Arc<Pod>>>,
    /// It has joined, or waits for that.
    taken: bool,
}

impl Lead {
    pub(super) fn new(shared: Arc<Shared>, send: mpsc::Sender<Event>, stopped: watch::Receiver<bool>) -> Self {
        Self {
            shared,
            send,
            stopped,
            over: watch::channel(false).0,
            pods: HashMap::new(),
            waiting: Vec::new(),
            told_full: false,
            joined: 0,
            taps: JoinSet::new(),
            turn: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(super) async fn run(mut self) {
        self.lead().await;
        self.over.send_replace(true);
        while self.taps.join_next().await.is_some() {}
        let Self { shared, joined, send, .. } = self;
        if let Some(shared) = Arc::into_inner(shared) {
            let privileged = match shared.privileged.into_inner() {
                0 => String::new(),
                many => format!(", {many} by a privileged container"),
            };
            let message = format!("{joined} pods tapped{privileged}");
            if let Some(permit) = shared.host_network {
                permit.finish(Outcome::Done { message: message.clone() });
            }
            shared.permit.finish(Outcome::Done { message });
        }
        // The permit has ended before its user hears of the end.
        drop(send);
    }

    /// Lets pods join until the tap is over.
    async fn lead(&mut self) {
        let shared = self.shared.clone();
        let (tell, mut changes) = mpsc::channel(CHANGES);
        let (_watches, mut open) = self.watch(tell);
        let mut whole = BTreeSet::new();
        let mut stopped = self.stopped.clone();
        let late = shared.late();
        tokio::pin!(late);
        loop {
            let all = open.is_empty() || (!shared.follows && open.is_subset(&whole));
            if all && self.taps.is_empty() && self.waiting.is_empty() {
                return;
            }
            let change = tokio::select! {
                change = changes.recv(), if !open.is_empty() => change,
                Some(_) = self.taps.join_next() => {
                    self.told_full = false;
                    self.admit().await;
                    continue;
                }
                () = asked_to_stop(&mut stopped) => return,
                () = shared.permit.ended() => return,
                () = self.send.closed() => return,
                () = &mut late => return,
            };
            match change {
                Some(Change::Seen(at, pod)) => self.seen(at, *pod),
                Some(Change::Gone(at, uid)) => self.gone(at, &uid),
                Some(Change::Whole(at)) => {
                    let first = whole.insert(at);
                    if first && !shared.follows && open.is_subset(&whole) {
                        self.miss().await;
                    }
                }
                Some(Change::Refused(at, error)) => {
                    open.remove(&at);
                    if self.send.send(Event::Blind { error: error.into() }).await.is_err() {
                        return;
                    }
                }
                None => return,
            }
            self.admit().await;
        }
    }

    /// Opens the watches. They end with the set.
    fn watch(&self, tell: mpsc::Sender<Change>) -> (Watches, BTreeSet<usize>) {
        let mut sources = Vec::new();
        for source in self.shared.scopes.iter().flat_map(crate::targets::Scope::sources) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let open = (0..sources.len()).collect();
        let one = |(at, source)| {
            let reader = self.shared.cluster.reader();
            tokio::spawn(follow::run(reader, self.shared.pods.clone(), at, source, tell.clone())).abort_handle()
        };
        (Watches(sources.into_iter().enumerate().map(one).collect()), open)
    }

    fn seen(&mut self, at: usize, pod: Pod) {
        if !self.shared.scopes.iter().any(|scope| scope.covers(&pod)) {
            return self.gone(at, &pod.uid);
        }
        // Those that ran before are of interest only to who names them.
        let may = pod.phase != Phase::Ended || self.shared.scopes.iter().any(|scope| scope.names(&pod));
        let may = may && !pod.leaving;
        let uid = pod.uid.clone();
        let known = self.pods.entry(uid.clone()).or_insert_with(|| Known {
            by: BTreeSet::new(),
            now: watch::channel(None).0,
            taken: false,
        });
        known.by.insert(at);
        known.now.send_replace(Some(Arc::new(pod)));
        if may && !known.taken {
            known.taken = true;
            self.waiting.push(uid);
        }
    }

    fn gone(&mut self, at: usize, uid: &str) {
        let Some(known) = self.pods.get_mut(uid) else { return };
        known.by.remove(&at);
        if known.by.is_empty() {
            known.now.send_replace(None);
            self.pods.remove(uid);
            self.waiting.retain(|waiting| waiting != uid);
        }
    }

    /// Lets pods join, as many as there is room for.
    async fn admit(&mut self) {
        while !self.waiting.is_empty() && self.taps.len() < self.shared.options.max_pods {
            let uid = self.waiting.remove(0);
            let Some(known) = self.pods.get(&uid) else { continue };
            let now = known.now.subscribe();
            let Some(pod) = now.borrow().clone() else { continue };
            let target = self.target(&pod.namespace, &pod.name);
            let number = self.join(target.clone(), uid.clone()).await;
            let one = One {
                shared: self.shared.clone(),
                number,
                target,
                uid,
                now,
                send: self.send.clone(),
                stopped: self.over.subscribe(),
                turn: self.turn.clone(),
                beside: Mutex::default(),
                alone: false,
            };
            self.taps.spawn(one.run());
        }
        if !self.waiting.is_empty() && !std::mem::replace(&mut self.told_full, true) {
            let _ = self.send.send(Event::Full { waiting: self.waiting.len() }).await;
        }
    }

    async fn join(&mut self, target: ObjectTarget, uid: String) -> usize {
        let pod = self.joined;
        self.joined += 1;
        // Whether anybody listens is seen elsewhere.
        let _ = self.send.send(Event::Joined { pod, target, uid }).await;
        pod
    }

    /// Pods of the permit that are not there: nothing may come in their stead.
    async fn miss(&mut self) {
        let there = |name: &ObjectTarget, pod: &Pod| name.namespace == pod.namespace && name.name == pod.name;
        for target in self.shared.permit.target().pods.clone() {
            let here = |known: &Known| known.now.borrow().as_deref().is_some_and(|pod| there(&target, pod));
            if self.pods.values().any(here) {
                continue;
            }
            let message = format!("there is no pod {} in {}", target.name, target.namespace);
            let error = Some(Error::Pod { message, code: Code::NotFound });
            let pod = self.join(target.clone(), String::new()).await;
            let _ = self.send.send(Event::Ended { pod, error, stats: None }).await;
        }
    }

    fn target(&self, namespace: &str, name: &str) -> ObjectTarget {
        ObjectTarget {
            cluster: self.shared.cluster.name().clone(),
            kind: "pods".to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Watches that end when they are let go of.
struct Watches(Vec<AbortHandle>);

impl Drop for Watches {
    fn drop(&mut self) {
        for watch in &self.0 {
            watch.abort();
        }
    }
}

/// Pods that begin at the same time: an API server is not stormed.
const AT_ONCE: usize = 8;
/// Changes that wait.
const CHANGES: usize = 64;
