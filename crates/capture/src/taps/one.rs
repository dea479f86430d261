//! One tap of the registry: its pods, its counters, its records, and the task that takes what its agents send.

mod filters;
mod state;
mod told;

use super::columns::record;
use super::keys::KeyLog;
use super::list::List;
use super::lookups::Lookups;
use super::row::{self, Seen};
use super::{How, Room};
use crate::files;
use crate::line::Members;
use crate::names::Names;
use crate::records::{Held, Line, Opened, Records, Stands};
use crate::spool::{Job, Spool};
use crate::tap::{Granted, KeyLines};
use crate::{Error, Event, Step};
use api::ErrorBody;
use api::tap::{TapFilter, TapPackets};
use base::{ClusterName, Coded, RequestId};
use parking_lot::{Mutex, RwLock};
use policy::Permit;
use policy::action::{PacketLevel, TapStart};
use proto::capture::{Loss, PacketBatch};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use table::RowBuf;
use tokio::sync::{mpsc, oneshot};

pub(super) use state::{State, Target};

/// What is asked of a tap's task.
pub(super) enum Order {
    /// Agents end.
    Stop,
    /// Agents take another filter, or that of one pod does; whether they can.
    Filter(Option<usize>, String, oneshot::Sender<Result<(), Error>>),
    /// The names that filters of it may say, where it has any.
    Names(oneshot::Sender<Option<Names>>),
    /// Agents let packets pass unseen, or look at them again.
    Pause(bool),
    /// Agents get lines of a key log.
    Keys(Arc<KeyLines>),
}

/// A tap, running or ended.
pub(super) struct One {
    pub(super) id: String,
    pub(super) cluster: ClusterName,
    pub(super) title: String,
    pub(super) by: String,
    pub(super) started_ms: i64,
    pub(super) packets: TapPackets,
    pub(super) redacted: bool,
    /// What the decision obliges to, in words.
    obliged: Vec<String>,
    /// Heads and sizes alone are shown.
    pub(super) headers_only: bool,
    /// Bytes of a body that a record shows.
    pub(super) body: u32,
    /// Pods may join.
    follows: bool,
    pub(super) state: RwLock<State>,
    /// What its records may take.
    pub(super) room: Room,
    pub(super) records: Mutex<Records>,
    pub(super) list: List,
    pub(super) orders: mpsc::Sender<Order>,
    /// Packets, where any are kept.
    pub(super) spool: Option<Spool>,
    /// Names of addresses, as far as agents and records said them.
    pub(super) names: Mutex<BTreeMap<IpAddr, String>>,
    /// Keys that were given to it.
    pub(super) keys: Mutex<KeyLog>,
    /// What DNS told its pods.
    pub(super) lookups: Mutex<Lookups>,
    /// Who looks at packets.
    pub(super) viewers: Arc<()>,
    /// Memory of the one task that writes rows.
    writer: Mutex<Writer>,
}

struct Writer {
    row: RowBuf,
    text: String,
}

impl One {
    pub(super) fn new(
        id: String,
        how: How,
        cluster: ClusterName,
        permit: &Permit<TapStart>,
        started_ms: i64,
        orders: mpsc::Sender<Order>,
        (room, spool): (Room, Option<Spool>),
    ) -> Self {
        let How { title, body, .. } = how;
        let (asked, granted) = (permit.target(), Granted::by(permit));
        let by = permit.principal().name().to_owned();
        let packets = match granted.packets {
            PacketLevel::None => TapPackets::None,
            PacketLevel::Headers => TapPackets::Headers,
            PacketLevel::Masked => TapPackets::Masked,
            PacketLevel::Full => TapPackets::Full,
        };
        let schema = record::schema();
        let row = RowBuf::new(&schema);
        Self {
            id,
            title,
            started_ms,
            packets,
            redacted: granted.redact,
            obliged: permit.obligations().words(),
            follows: !asked.scope.is_empty(),
            headers_only: permit.obligations().headers_only,
            body: if body == 0 { USUAL_BODY } else { body },
            state: RwLock::new(State {
                filter: asked.filter.clone(),
                filters: VecDeque::from([TapFilter {
                    since_ms: started_ms,
                    filter: asked.filter.clone(),
                    pod: None,
                    by: by.clone(),
                }]),
                ..State::default()
            }),
            room,
            records: Mutex::new(Records::new(room.bytes(), room.records)),
            list: List::new(cluster.clone(), schema, "time", false),
            cluster,
            orders,
            spool,
            names: Mutex::default(),
            keys: Mutex::default(),
            lookups: Mutex::default(),
            viewers: Arc::default(),
            by,
            writer: Mutex::new(Writer { row, text: String::new() }),
        }
    }

    /// Keeps packets.
    pub(super) async fn keep(&self, pod: usize, batch: PacketBatch) {
        let Some(spool) = &self.spool else { return };
        spool.give(Job::Packets { pod, batch }).await;
        let full = spool.is_full();
        if std::mem::replace(&mut self.state.write().full, full) != full && full {
            self.say("spool_full", SPOOL_FULL);
        }
        let packets = spool.take_dropped();
        if packets > 0 {
            let to_ns = now_us() * 1_000;
            let loss = Loss { packets, cause: "spool".to_owned(), from_ns: to_ns, to_ns, ..Loss::default() };
            self.loss(NOBODY, &loss);
        }
    }

    /// Takes what happened, and tells the spool what its files have to say; tells whether it shows in more than counters.
    pub(super) async fn hear(&self, event: Event) -> bool {
        let job = match &event {
            Event::Hello { pod, hello } => {
                let target = self.state.read().targets.get(*pod).map(|own| own.seen.clone()).unwrap_or_default();
                let addresses = hello.interfaces.iter().flat_map(proto::capture::Interface::ips);
                let named = |ip: &IpAddr| !ip.is_loopback() && !ip.is_unspecified();
                for ip in addresses.filter(named) {
                    self.name(ip, &format!("{}.{}", target.pod, target.namespace));
                }
                let named = format!("{}/{}", target.namespace, target.pod);
                let filter = self.state.read().filter.clone();
                Some(Job::Interfaces { pod: *pod, named, filter, all: hello.interfaces.clone() })
            }
            Event::Interface { pod, interface } => {
                let named =
                    self.state.read().targets.get(*pod).map(|own| format!("{}/{}", own.seen.namespace, own.seen.pod));
                let filter = self.state.read().filter.clone();
                let all = vec![interface.as_ref().clone()];
                Some(Job::Interfaces { pod: *pod, named: named.unwrap_or_default(), filter, all })
            }
            Event::Loss { pod, loss } if loss.cause == "ring" => {
                Some(Job::Lost { pod: *pod, interface: loss.interface, packets: loss.packets })
            }
            _ => None,
        };
        if let (Some(job), Some(spool)) = (job, &self.spool) {
            spool.give(job).await;
        }
        self.take(event)
    }

    /// Keeps the names of ends that have none yet.
    fn hear_names(&self, members: &Members<'_>) {
        for (ip, end) in files::ends(members) {
            if !self.names.lock().contains_key(&ip)
                && let Some(name) = files::name(&end)
            {
                self.name(ip, &name);
            }
        }
    }

    fn name(&self, ip: IpAddr, name: &str) {
        let mut names = self.names.lock();
        if names.len() < MAX_NAMES || names.contains_key(&ip) {
            names.insert(ip, name.to_owned());
        }
    }

    /// Takes what happened; tells whether it shows in more than counters.
    fn take(&self, event: Event) -> bool {
        match event {
            Event::Joined { pod, target, uid } => {
                let seen = Arc::new(Seen { namespace: target.namespace, pod: target.name, node: String::new() });
                self.target(pod, |own| {
                    (own.seen, own.state, own.uid) = (seen, "starting", uid);
                    own.at("found");
                });
            }
            Event::Full { waiting } => {
                let words = format!("{waiting} pods wait: no more are tapped at the same time");
                self.say("full", &words);
            }
            Event::Blind { error } => {
                self.say("blind", &error.to_string());
                self.state.write().error = Some(body(&error));
            }
            Event::Step { pod, step } => self.target(pod, |own| {
                own.lost_ms = matches!(step, Step::Lost { .. }).then(|| now_us().cast_signed() / 1_000);
                own.step(step);
            }),
            Event::Hello { pod, hello } => self.target(pod, |own| {
                Arc::make_mut(&mut own.seen).node.clone_from(&hello.host);
                own.hello = Some(hello);
                own.at("hello");
            }),
            Event::Records { pod, batch } => {
                self.lines(pod, &batch.lines);
                return false;
            }
            Event::Packets { .. } => return false,
            Event::Interface { pod, interface } => self.target(pod, |own| {
                if let Some(hello) = own.hello.as_mut().filter(|hello| hello.interfaces.len() < MAX_INTERFACES) {
                    hello.interfaces.push(*interface);
                }
            }),
            Event::Clock { pod, clock } => {
                self.target(pod, |own| own.clock = Some(clock));
                return false;
            }
            Event::Filter { pod, filter, packet, at_ns } => {
                self.say_applied(pod, &filter, packet, at_ns);
                return false;
            }
            Event::Loss { pod, loss } => self.loss(pod, &loss),
            Event::Stats { pod, stats } => {
                let level = stats.level;
                let mut before = level;
                self.target(pod, |own| before = std::mem::replace(&mut own.stats, stats).level);
                if before != level {
                    self.say_level(pod, level);
                }
                return false;
            }
            Event::Ended { pod, error, stats } => self.target(pod, |own| {
                own.state = if error.is_some() { "failed" } else { "ended" };
                own.at(own.state);
                own.waits.clear();
                own.lost_ms = None;
                own.error = error.as_ref().map(body);
                own.stats = stats.unwrap_or_else(|| std::mem::take(&mut own.stats));
            }),
        }
        true
    }

    /// Changes what is known of a pod.
    fn target(&self, pod: usize, change: impl FnOnce(&mut Target)) {
        let mut state = self.state.write();
        if pod >= state.targets.len() && pod < MAX_PODS {
            state.targets.resize(pod + 1, Target { state: "starting", ..Target::default() });
        }
        if let Some(own) = state.targets.get_mut(pod) {
            change(own);
        }
    }

    /// Takes records as lines.
    pub(super) fn lines(&self, pod: usize, lines: &[u8]) {
        let Ok(place) = u16::try_from(pod) else { return };
        let seen: Vec<Arc<Seen>> = self.state.read().targets.iter().map(|target| target.seen.clone()).collect();
        let none = Arc::default();
        let of = |pod: u16| seen.get(usize::from(pod)).unwrap_or(&none);
        let mut writer = self.writer.lock();
        let Writer { row: buf, text } = &mut *writer;
        let (mut count, mut evicted) = (0, 0);
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        {
            let (mut records, mut table) = (self.records.lock(), self.list.table.write());
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let members = Members::of(line);
                let kind = members.plain("kind");
                self.hear_names(&members);
                let (is_flow, flow) = (kind == "flow", flow(&members));
                evicted += u64::from(is_flow && members.is("status", "evicted"));
                let stands = match kind {
                    "flow" if !members.is("state", "open") => Stands::Flow,
                    "gap" | "loss" | "anomaly" => Stands::Beside,
                    kind if row::has_row(kind) => Stands::Row,
                    _ => Stands::Nothing,
                };
                if members.is("vantage", "both")
                    && let Some(peer) = members.raw("peer")
                    && let Ok(flow) = u128::from_str_radix(Members::of(peer).plain("flow"), 16)
                    && let Some(gone) = records.tell(flow)
                {
                    table.remove(&of(gone.pod).namespace, &row::name(gone.number));
                }
                let change = records.push(place, flow, stands, is_flow, line);
                if kind == "dns" {
                    self.lookups.lock().hear(place, change.number, &members);
                }
                if let Some(gone) = change.gone {
                    table.remove(&of(gone.pod).namespace, &row::name(gone.number));
                }
                if let Some(own) = change.row {
                    row::write(buf, own.number, of(own.pod), &members, text);
                    table.apply(buf);
                }
                match kinds.get_mut(kind) {
                    Some(known) => *known += 1,
                    None => drop(kinds.insert(kind.to_owned(), 1)),
                }
                count += 1;
            }
            for gone in records.shrink() {
                table.remove(&of(gone.pod).namespace, &row::name(gone.number));
            }
        }
        drop(writer);
        {
            let mut state = self.state.write();
            state.records += count;
            state.evicted += evicted;
            for (kind, count) in kinds {
                if state.kinds.len() < MAX_KINDS || state.kinds.contains_key(&kind) {
                    *state.kinds.entry(kind).or_default() += count;
                }
            }
            if let Some(own) = state.targets.get_mut(pod) {
                own.records += count;
            }
        }
        self.list.publish();
    }

    /// A loss is counted, and a record. The engine writes those of the ring itself.
    fn loss(&self, pod: usize, loss: &Loss) {
        if !loss.records {
            self.target(pod, |own| own.lost += loss.packets);
            self.state.write().lost += loss.packets;
        }
        {
            let mut state = self.state.write();
            if state.losses.len() < MAX_KINDS || state.losses.contains_key(&loss.cause) {
                let sum = state.losses.entry(loss.cause.clone()).or_default();
                sum.cause.clone_from(&loss.cause);
                *(if loss.records { &mut sum.records } else { &mut sum.packets }) += loss.packets;
                sum.bytes += loss.bytes;
            }
        }
        if loss.cause != "ring" {
            let what = if loss.records { "records" } else { "packets" };
            let line = serde_json::json!({
                "v": 1, "kind": "loss", "ts": loss.to_ns / 1000, "from": loss.from_ns / 1000, "to": loss.to_ns / 1000,
                what: loss.packets, "bytes": loss.bytes, "cause": loss.cause, "level": loss.level,
            });
            self.lines(pod, line.to_string().as_bytes());
        }
    }

    /// Writes a `tap` record.
    pub(super) fn say(&self, state: &str, reason: &str) {
        let filter = self.state.read().filter.clone();
        self.say_filter(state, reason, &filter);
    }

    /// The records from this number on, as far as they are packed together; unpacked while others have the lock.
    pub(super) fn block(&self, from: u64) -> Option<Opened> {
        let held = self.records.lock().block(from);
        held.map(Held::open)
    }

    /// Shows every record that is kept, in the order in which they came.
    pub(super) fn each(&self, mut show: impl FnMut(&Line<'_>)) {
        let mut at = 0;
        while let Some(opened) = self.block(at) {
            opened.from(at).for_each(|line| show(&line));
            at = opened.end();
        }
    }

    /// Forgets what was captured.
    pub(super) async fn reset(&self) {
        {
            let (mut records, mut table) = (self.records.lock(), self.list.table.write());
            records.clear();
            table.clear();
        }
        if let Some(spool) = &self.spool {
            spool.give(Job::Reset).await;
        }
        self.list.publish();
    }

    /// It is over.
    pub(super) fn end(&self, now_ms: i64) {
        let mut state = self.state.write();
        state.ended_ms = Some(now_ms);
        if state.error.is_none() && !state.targets.iter().any(|target| target.state == "ended") {
            state.error = state.targets.iter().find_map(|target| target.error.clone());
        }
    }
}

/// Epoch microseconds.
pub(super) fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// The flow of a record; 0 when it has none.
fn flow(members: &Members<'_>) -> u128 {
    u128::from_str_radix(members.plain("flow"), 16).unwrap_or(0)
}

fn body(error: &Error) -> ErrorBody {
    ErrorBody::of(error as &dyn Coded, RequestId::new())
}

/// Interfaces of one pod.
const MAX_INTERFACES: usize = 1_000;
/// Why no more packets are kept.
pub(super) const SPOOL_FULL: &str =
    "the disk, or what the tap may have of it, is full: packets that come are not kept, records are";
/// What agents show of a body when nothing is asked.
const USUAL_BODY: u32 = 4 << 10;
/// Kinds of records, and causes of losses, that are told apart.
const MAX_KINDS: usize = 64;
/// Stands for a pod where a record is of none.
const NOBODY: usize = u16::MAX as usize;
/// Names of addresses that are kept.
const MAX_NAMES: usize = 20_000;
/// Pods that are told apart over the life of a tap.
const MAX_PODS: usize = 10_000;
