//! A tap: pods, their agents, and one stream of events of all of them.

mod again;
mod filters;
mod joined;
mod keys;
mod lead;
mod one;
mod order;
mod rests;
mod rights;
mod sound;

use crate::Error;
use crate::clock::Clock;
use crate::container::{IMAGE, Profile};
use crate::names::{KnownNames, Names, Objects};
use crate::owner::Owner;
use crate::targets::Scope;
use crate::transport::{Line, Transport};
use catalog::Kind;
use cluster::Cluster;
use filters::Filters;
use joined::Joined;
pub use keys::KeyLines;
use lead::Lead;
pub(crate) use order::Granted;
pub use order::check_filter;
use policy::Permit;
use policy::action::{ObjectTarget, TapHostNetwork, TapStart};
use proto::capture::{Hello, Loss, PacketBatch, RecordBatch, Start, Stats};
pub use rests::{Resting, Rests};
use rights::Rights;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// How to tap.
#[derive(Clone, Debug)]
pub struct Options {
    /// The agent's image.
    pub image: String,
    /// Records are made.
    pub records: bool,
    /// Bytes of a body that a record shows; 0 for the agent's own measure.
    pub body: u32,
    /// Bytes of memory of each agent; 0 for its own measure. With more than that the ring of an interface that loses packets
    /// grows.
    pub memory: u64,
    /// Interfaces to capture on; none for all.
    pub interfaces: Vec<String>,
    /// Seconds without us after which an agent ends.
    pub idle_seconds: u32,
    /// Whose processes the agent is among.
    pub container: Beside,
    /// Pods that are tapped at the same time, 500 at most; more wait until one ends.
    pub max_pods: usize,
    /// The ends of records are named, as far as the cluster shows who has their addresses.
    pub names: bool,
    /// Names that it shares with other taps; else it watches for itself.
    pub known: Option<KnownNames>,
    /// Whose agents these are; one of this tap alone without.
    pub owner: Option<Arc<Owner>>,
    /// Seconds for which an agent that was stopped waits for the next tap of its owner.
    pub keep_seconds: u32,
    /// Where agents stand that wait, so that somebody ends them when no tap will come.
    pub rests: Option<Rests>,
    /// A pod whose packets cannot be seen is not tapped: its table of sockets is not enough.
    pub needs_packets: bool,
    /// How agents are reached.
    pub transport: Transport,
    /// Is told of each container before it is added.
    pub told: Option<Teller>,
    /// Nothing leaves a pod until a record of it says so.
    pub recorder: Option<Recorder>,
    /// A capture filter that every filter of the tap is within; empty for none. It names no objects.
    pub within: String,
}

/// A flight recorder: packets and records stay with the agent of each pod until an expression holds for one of its records.
/// Then those of a while before leave, and those of a while after; then it waits again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorder {
    /// How long before.
    pub pre: Duration,
    /// How long after.
    pub post: Duration,
    /// Expressions over members of records ([`crate::line::Choice`]); any of them lets go.
    pub until: Vec<String>,
}

/// Is told of containers before they are added, so that somebody knows of each that may be there.
#[derive(Clone)]
pub struct Teller(Arc<Tell>);

type Tell = dyn Fn(&ObjectTarget, &str) + Send + Sync;

impl Teller {
    /// Calls this with the pod and the name of the container.
    pub fn new(call: impl Fn(&ObjectTarget, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Teller")
    }
}

/// The container whose processes an agent sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Beside {
    /// The pod's default container, where it runs.
    #[default]
    Default,
    /// This one.
    Named(String),
    /// None.
    Nobody,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            image: IMAGE.to_owned(),
            records: true,
            body: 0,
            memory: 0,
            interfaces: Vec::new(),
            idle_seconds: 15,
            container: Beside::default(),
            max_pods: 50,
            names: true,
            known: None,
            owner: None,
            keep_seconds: 0,
            rests: None,
            needs_packets: false,
            transport: Transport::default(),
            told: None,
            recorder: None,
            within: String::new(),
        }
    }
}

/// Where a pod's way into the tap stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The pod, or the capture container in it, does not run yet: it is waited for.
    Waiting {
        /// Why, as far as the cluster says: the kubelet's reason, and what its newest event says beyond it.
        reason: String,
    },
    /// The API server says that agents may be reached in its namespace.
    Permitted,
    /// Admission would let the container in in this form.
    Tried {
        /// Its profile.
        profile: Profile,
    },
    /// The container was added in this form.
    Added {
        /// Its profile.
        profile: Profile,
        /// Its name.
        container: String,
        /// Capture containers that the pod had before. They cannot be removed.
        past: usize,
    },
    /// An agent of an earlier tap of the same owner is there, and is taken again.
    Reused {
        /// Its container.
        container: String,
    },
    /// The container runs.
    Running,
    /// The agent has said who it is, and was started.
    Capturing,
    /// The stream of the agent broke: it is opened again.
    Lost {
        /// What broke.
        reason: String,
    },
    /// The stream goes on after what came last. What did not fit meanwhile comes as a loss.
    Resumed,
    /// The pod is gone, or none that is followed any more.
    Gone,
}

/// What happens in a tap. `pod` counts the pods of the tap, in the order in which they joined.
#[derive(Debug)]
pub enum Event {
    /// A pod joins: it is new, or was there when the tap began. Nothing of it comes before.
    Joined {
        /// Its number from now on.
        pod: usize,
        /// The pod.
        target: ObjectTarget,
        /// Its uid: another pod of the same name has another number.
        uid: String,
    },
    /// So many pods are tapped that others wait. Said once, until one ends.
    Full {
        /// How many wait.
        waiting: usize,
    },
    /// Pods cannot be followed any more; those that are tapped stay.
    Blind {
        /// Why.
        error: Error,
    },
    /// A pod is a step further.
    Step {
        /// The pod.
        pod: usize,
        /// Where it stands.
        step: Step,
    },
    /// The agent of a pod.
    Hello {
        /// The pod.
        pod: usize,
        /// What it says of itself.
        hello: Box<Hello>,
    },
    /// Records of a pod, as lines of JSON.
    Records {
        /// The pod.
        pod: usize,
        /// The lines.
        batch: RecordBatch,
    },
    /// Packets of a pod.
    Packets {
        /// The pod.
        pod: usize,
        /// The packets.
        batch: PacketBatch,
    },
    /// An interface of a pod that was not there when its agent began.
    Interface {
        /// The pod.
        pod: usize,
        /// What it is.
        interface: Box<proto::capture::Interface>,
    },
    /// Another capture filter is in force in a pod.
    Filter {
        /// The pod.
        pod: usize,
        /// The filter; empty for all.
        filter: String,
        /// The first packet under it, counted from the agent's begin.
        packet: u64,
        /// When, epoch nanoseconds.
        at_ns: u64,
    },
    /// Something was lost in a pod.
    Loss {
        /// The pod.
        pod: usize,
        /// What.
        loss: Loss,
    },
    /// How far the clock of a pod's node is from ours. Each ping may tell it better.
    Clock {
        /// The pod.
        pod: usize,
        /// The offset.
        clock: Clock,
    },
    /// Counters of a pod.
    Stats {
        /// The pod.
        pod: usize,
        /// The counters.
        stats: Stats,
    },
    /// A pod is not tapped any more, or never was.
    Ended {
        /// The pod.
        pod: usize,
        /// Why, unless it was asked to.
        error: Option<Error>,
        /// Its last counters.
        stats: Option<Stats>,
    },
}

/// A tap that runs. It ends when it is stopped, dropped, or when its time is up; and, where no pods may join, when every
/// pod has ended.
pub struct Tap {
    events: mpsc::Receiver<Event>,
    joined: Joined,
    stop: watch::Sender<bool>,
    filter: watch::Sender<Filters>,
    names: Option<Names>,
    /// What each filter is within.
    within: String,
    control: watch::Sender<Control>,
}

/// What every agent is told, beside its filter: those that come later too.
#[derive(Clone, Default)]
struct Control {
    paused: bool,
    keys: Vec<Arc<KeyLines>>,
}

impl Tap {
    /// The next event; `None` once the tap has ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.joined.next(&mut self.events).await
    }

    /// Asks all agents to stop: what they have still comes, then their ends.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Lets packets pass unseen in every pod, or looks at them again.
    pub fn pause(&self, paused: bool) {
        self.control.send_modify(|control| control.paused = paused);
    }

    /// Gives every agent lines of a key log.
    pub fn keys(&self, lines: Arc<KeyLines>) {
        self.control.send_modify(|control| control.keys.push(lines));
    }

    /// The names that its filters may say.
    pub(crate) fn names(&self) -> Option<&Names> {
        self.names.as_ref()
    }

    /// Gives another capture filter to the agent of a pod, or to every agent and those that come, with those that have one of
    /// their own. An empty one of a pod gives it that of all again. Each tells by [`Event::Filter`] that it has it.
    ///
    /// # Errors
    /// [`Error::Filter`] when it is none, or names an object that is not known; the one before stays then.
    pub fn set_filter(&self, pod: Option<usize>, text: &str) -> Result<(), Error> {
        let next = order::filter(text, &self.within, &Objects::new(self.names.as_ref()))?;
        self.filter.send_modify(|filters| filters.set(pod, next));
        Ok(())
    }
}

/// Taps the pods of the permit, and those that join its scope. They go their ways beside each other; one that fails leaves
/// the others alone.
///
/// # Errors
/// When the decision cannot be written down, the filter or a selector is none, or there is no entropy.
pub async fn start(cluster: &Cluster, permit: Permit<TapStart>, options: Options) -> Result<Tap, Error> {
    start_with(cluster, permit, None, options).await
}

/// The same, of pods that share the network of their nodes as well, where that is permitted.
///
/// # Errors
/// As those of [`start`].
pub async fn start_with(
    cluster: &Cluster,
    permit: Permit<TapStart>,
    host_network: Option<Permit<TapHostNetwork>>,
    options: Options,
) -> Result<Tap, Error> {
    if options.max_pods > MOST_PODS {
        return Err(Error::Limit("agents_per_tap", MOST_PODS as u64));
    }
    permit.settled().await?;
    if let Some(permit) = &host_network {
        permit.settled().await?;
    }
    let target = permit.target();
    // Nobody says yes for pods that he was not asked about.
    let host_network =
        host_network.filter(|nodes| nodes.target().scope == target.scope && nodes.target().pods == target.pods);
    let scopes = match target.scope.as_slice() {
        [] => Scope::of_pods(&target.pods),
        followed => followed.iter().map(Scope::of).collect::<Result<_, _>>()?,
    };
    let objects = !bpf::objects(&target.filter).is_empty();
    let named = (options.names && options.records) || objects;
    let names = named.then(|| {
        let own = namespaces(target, &scopes);
        options.known.as_ref().map_or_else(|| Names::watch(cluster, &own), |known| known.of(cluster, &own))
    });
    if let Some(names) = names.as_ref().filter(|_| objects) {
        names.known().await;
    }
    let start = order::start(&permit, &options, names.as_ref())?;
    let (send, events) = mpsc::channel(EVENTS);
    let (stop, stopped) = watch::channel(false);
    let pods = Kind::builtin("pods").ok_or(Error::Unsupported)?;
    let follows = !target.scope.is_empty();
    let owner = options.owner.clone().map_or_else(|| Owner::new().map(Arc::new), Ok)?;
    let began = watch::channel(None).0;
    let (filter, filtered) = watch::channel(Filters::new(start.filter.clone().unwrap_or_default()));
    let (control, controlled) = watch::channel(Control::default());
    if let Some(names) = &names {
        tokio::spawn(again::run(filter.clone(), names.clone(), options.within.clone()));
    }
    let (cluster, known, within) = (cluster.clone(), names.clone(), options.within.clone());
    let shared = Arc::new(Shared {
        cluster,
        permit,
        host_network,
        line: Line::new(options.transport),
        rights: Rights::default(),
        privileged: AtomicUsize::new(0),
        options,
        owner,
        start,
        filter: filtered,
        control: controlled,
        pods,
        scopes,
        follows,
        names,
        began,
    });
    tokio::spawn(Lead::new(shared, send, stopped).run());
    Ok(Tap { events, joined: Joined::default(), stop, filter, names: known, within, control })
}

/// The namespaces that a tap names.
fn namespaces(target: &TapStart, scopes: &[Scope]) -> Vec<String> {
    let known = target.pods.iter().map(|pod| pod.namespace.clone());
    let mut all: Vec<String> = known.chain(scopes.iter().flat_map(Scope::namespaces)).collect();
    all.sort();
    all.dedup();
    all
}

/// What the tasks of a tap share. The permit ends with the last of them.
struct Shared {
    cluster: Cluster,
    permit: Permit<TapStart>,
    /// Pods with the network of their node are tapped as well.
    host_network: Option<Permit<TapHostNetwork>>,
    options: Options,
    owner: Arc<Owner>,
    line: Line,
    rights: Rights,
    /// Privileged containers that were added.
    privileged: AtomicUsize,
    start: Start,
    /// The capture filters in force.
    filter: watch::Receiver<Filters>,
    control: watch::Receiver<Control>,
    pods: Arc<Kind>,
    scopes: Vec<Scope>,
    /// Pods may join.
    follows: bool,
    /// Who has the addresses of records.
    names: Option<Names>,
    /// When the first agent began to capture: the tap's time counts from there.
    began: watch::Sender<Option<Instant>>,
}

impl Shared {
    /// The start for an agent that begins now: what is left of the tap's time is its time.
    fn start(&self, pod: usize) -> Start {
        let mut start = Start { filter: Some(self.filter.borrow().of(pod).clone()), ..self.start.clone() };
        let began = *self.began.borrow();
        if let (Some(began), Some(warrant)) = (began, start.warrant.as_mut().filter(|warrant| warrant.max_seconds > 0))
        {
            warrant.max_seconds = warrant.max_seconds.saturating_sub(began.elapsed().as_secs()).max(1);
        }
        // One that is to wait for its owner is stopped by him, unless policy sets the time: at its own limit it ends.
        let ours = self.options.keep_seconds > 0 && self.permit.obligations().max_seconds.is_none();
        if let Some(warrant) = start.warrant.as_mut().filter(|warrant| ours && warrant.max_seconds > 0) {
            warrant.max_seconds += STOPS;
        }
        start
    }

    /// Seconds for which an agent that is stopped now waits for the next tap.
    fn keep_seconds(&self) -> u32 {
        match &self.options.rests {
            Some(rests) if rests.is_closed() => 0,
            _ => self.options.keep_seconds,
        }
    }

    /// An agent captures.
    fn begins(&self) {
        self.began.send_if_modified(|began| {
            let first = began.is_none();
            began.get_or_insert_with(Instant::now);
            first
        });
    }

    /// Waits until the tap's time is up.
    async fn late(&self) {
        let seconds = self.start.warrant.as_ref().map_or(0, |warrant| warrant.max_seconds);
        let mut began = self.began.subscribe();
        let began = began.wait_for(Option::is_some).await.ok().and_then(|began| *began);
        match began {
            Some(began) if seconds > 0 => tokio::time::sleep_until(began + Duration::from_secs(seconds)).await,
            _ => std::future::pending().await,
        }
    }
}

async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    // Without its sender nobody can ask, and nobody listens any more either.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

/// Agents of one tap.
const MOST_PODS: usize = 500;
/// Seconds by which an agent's own limit comes after ours.
const STOPS: u64 = 5;
/// Events that wait for the user; more than these hold the agents back.
const EVENTS: usize = 64;
