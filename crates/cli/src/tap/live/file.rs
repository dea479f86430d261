//! Packets of a live tap in a file: one interface for each of each pod, ordered by time, with names, comments and losses.
//!
//! ```text
//! packets of pods ─► Held (by time, for a moment) ─► Form (pcapng, classic) ─► Parts (one file, or several in turn)
//! records ─► names of addresses, comments for the first packets of transactions that are still held
//! ```

mod form;
mod held;
mod parts;

use super::super::table;
use crate::error::Error;
use crate::grammar::tap::{OnFull, TapArgs};
use capture::files;
use capture::line::Members;
use form::Form;
use held::{Held, Holding};
use parts::Parts;
use pcap::{Counters, Interface};
use proto::capture::codec::packets;
use proto::capture::{Hello, Loss, PacketBatch};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A capture file that is being written.
pub(super) struct File {
    parts: Parts,
    form: Form,
    buffer: Vec<u8>,
    agents: HashMap<usize, Agent>,
    interfaces: Vec<Iface>,
    /// The place in `interfaces` of each pod's interface.
    places: HashMap<(usize, u32), usize>,
    holding: Holding,
    names: BTreeMap<IpAddr, String>,
    /// Names that are not in the file yet.
    unsaid: Vec<IpAddr>,
    last_ns: u64,
    counted: Instant,
    /// Bytes after which the tap ends.
    limit: Option<u64>,
}

/// What is said of every interface of a pod.
struct Agent {
    named: String,
    description: String,
    os: String,
    filter: String,
}

/// An interface of a pod.
struct Iface {
    pod: usize,
    about: Interface,
    /// Its number in the file that is written now.
    number: Option<u32>,
    counters: Counters,
    /// Packets lost since the last one.
    lost: u64,
    /// Its pod has ended.
    gone: bool,
}

impl File {
    /// Opens what `--write` names.
    pub(super) fn create(args: &TapArgs, path: &std::path::Path, shows: bool) -> Result<Self, Error> {
        let parts = Parts::create(path, args.rotate, args.on_full == Some(OnFull::Drop), &args.s3)?;
        let hold = if parts.is_file() { HOLD_FILE } else { HOLD_PIPE };
        let mut buffer = Vec::new();
        let form = Form::start(args.format, &comment(args, shows), &mut buffer);
        let mut file = Self {
            parts,
            form,
            buffer,
            agents: HashMap::new(),
            interfaces: Vec::new(),
            places: HashMap::new(),
            holding: Holding::new(hold),
            names: BTreeMap::new(),
            unsaid: Vec::new(),
            last_ns: 0,
            counted: Instant::now(),
            limit: args.limit_size,
        };
        file.flush()?;
        Ok(file)
    }

    /// Describes the interfaces of a pod, before their packets.
    pub(super) fn hello(&mut self, pod: usize, named: &str, hello: &Hello, filter: &str) -> Result<(), Error> {
        let about = Agent {
            named: named.to_owned(),
            description: format!("pod {named}, agent {}", hello.version),
            os: format!("Linux {} {}", hello.kernel, hello.arch),
            filter: filter.to_owned(),
        };
        self.agents.insert(pod, about);
        hello.interfaces.iter().try_for_each(|own| self.interface(pod, own))
    }

    /// Describes an interface of a pod: one of its first, or one that came later.
    pub(super) fn interface(&mut self, pod: usize, own: &proto::capture::Interface) -> Result<(), Error> {
        let Some(agent) = self.agents.get(&pod) else { return Ok(()) };
        let mut about = files::interface(&agent.named, &agent.filter, own);
        about.description = Some(agent.description.clone().into());
        about.os = Some(agent.os.clone().into());
        let dotted = agent.named.split_once('/').map(|(namespace, name)| format!("{name}.{namespace}"));
        for address in own.ips().filter(|address| !address.is_loopback()) {
            if let Some(name) = &dotted {
                self.name(address, name);
            }
        }
        // a stream that was resumed says hello again
        if self.places.contains_key(&(pod, own.index)) {
            return Ok(());
        }
        self.places.insert((pod, own.index), self.interfaces.len());
        let number = self.form.interface(&about, &mut self.buffer);
        let counters = Counters::default();
        self.interfaces.push(Iface { pod, about, number, counters, lost: 0, gone: false });
        self.flush()
    }

    /// Takes packets; they are written in a moment.
    pub(super) fn packets(&mut self, pod: usize, batch: &PacketBatch) -> Result<(), Error> {
        let Some(place) = self.places.get(&(pod, batch.interface)).copied() else { return Ok(()) };
        for packet in packets(batch.base_ns, &batch.packets) {
            let Ok(packet) = packet else { break };
            let Some(iface) = self.interfaces.get_mut(place) else { break };
            self.holding.add(Held {
                pod,
                place,
                ts_ns: packet.ts_ns,
                orig_len: packet.orig_len,
                link: iface.about.link,
                flags: packet.flags,
                lost: std::mem::take(&mut iface.lost),
                bytes: packet.bytes.into(),
                arrived: Instant::now(),
            });
        }
        self.write(Instant::now())
    }

    /// Takes from a record what the file says of its packets.
    pub(super) fn record(&mut self, pod: usize, line: &[u8]) {
        let members = Members::of(line);
        for (ip, end) in files::ends(&members) {
            if let Some(name) = files::name(&end) {
                self.name(ip, &name);
            }
        }
        if !matches!(members.plain("kind"), "flow" | "stats" | "tap" | "agent" | "socket" | "loss") {
            self.holding.comment(pod, &members, || table::comment(line));
        }
    }

    /// Counts what was lost on an interface, or on those of a pod.
    pub(super) fn loss(&mut self, pod: usize, loss: &Loss) {
        if loss.records {
            return;
        }
        let place = match loss.interface {
            0 => self.interfaces.iter().position(|iface| iface.pod == pod),
            index => self.places.get(&(pod, index)).copied(),
        };
        let Some(iface) = place.and_then(|place| self.interfaces.get_mut(place)) else { return };
        iface.lost += loss.packets;
        let counter = if loss.cause == "ring" { &mut iface.counters.dropped_os } else { &mut iface.counters.dropped };
        *counter = Some(counter.unwrap_or(0) + loss.packets);
    }

    /// A pod has ended: the next files do not describe its interfaces.
    pub(super) fn ended(&mut self, pod: usize) {
        self.interfaces.iter_mut().filter(|iface| iface.pod == pod).for_each(|iface| iface.gone = true);
    }

    /// Time passes: writes what was held long enough, and counters now and then.
    pub(super) fn tick(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        self.write(now)?;
        if now.duration_since(self.counted) >= COUNTERS {
            self.counted = now;
            self.counters();
            self.flush()?;
        }
        Ok(())
    }

    /// It is no pipe.
    pub(super) fn is_on_disk(&self) -> bool {
        self.parts.is_file()
    }

    /// What failed last did so for want of room.
    pub(super) fn is_disk_full(&self) -> bool {
        self.parts.is_disk_full()
    }

    /// As many bytes are written as were asked for.
    pub(super) fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.parts.written() >= limit)
    }

    /// Writes everything, and the last counters.
    pub(super) fn end(mut self) -> Result<(), Error> {
        while let Some((held, comment)) = self.holding.next(None) {
            self.packet(&held, comment.as_deref())?;
        }
        self.counters();
        self.form.end(&mut self.buffer);
        self.flush()?;
        self.parts.end()
    }

    fn write(&mut self, now: Instant) -> Result<(), Error> {
        while let Some((held, comment)) = self.holding.next(Some(now)) {
            self.packet(&held, comment.as_deref())?;
        }
        self.flush()
    }

    fn packet(&mut self, held: &Held, comment: Option<&str>) -> Result<(), Error> {
        if self.is_full() {
            return Ok(());
        }
        if self.parts.is_full(self.buffer.len() as u64) {
            self.rotate()?;
        }
        self.say_names();
        self.last_ns = self.last_ns.max(held.ts_ns);
        let Some(iface) = self.interfaces.get_mut(held.place) else { return Ok(()) };
        if iface.number.is_none() {
            iface.number = self.form.interface(&iface.about, &mut self.buffer);
        }
        let counters = &mut iface.counters;
        counters.start_ns = Some(counters.start_ns.map_or(held.ts_ns, |start| start.min(held.ts_ns)));
        counters.end_ns = counters.end_ns.max(Some(held.ts_ns));
        counters.delivered = Some(counters.delivered.unwrap_or(0) + 1);
        self.form.packet(iface.number, held, comment, &mut self.buffer)?;
        if self.buffer.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// The next file: it stands alone, so everything is told again.
    fn rotate(&mut self) -> Result<(), Error> {
        self.counters();
        self.flush()?;
        self.parts.next()?;
        self.form.again(&mut self.buffer);
        for iface in &mut self.interfaces {
            iface.number = if iface.gone { None } else { self.form.interface(&iface.about, &mut self.buffer) };
            // counters are of one file
            iface.counters = Counters::default();
        }
        self.unsaid = self.names.keys().copied().collect();
        Ok(())
    }

    fn counters(&mut self) {
        for iface in &self.interfaces {
            self.form.counters(iface.number, self.last_ns, &iface.counters, &mut self.buffer);
        }
    }

    fn name(&mut self, ip: IpAddr, name: &str) {
        let known = self.names.get(&ip).is_some_and(|have| have == name);
        if !known && (self.names.len() < MOST_NAMES || self.names.contains_key(&ip)) {
            self.names.insert(ip, name.to_owned());
            self.unsaid.push(ip);
        }
    }

    fn say_names(&mut self) {
        let (names, form, buffer) = (&self.names, &mut self.form, &mut self.buffer);
        let unsaid = self.unsaid.drain(..);
        form.names(unsaid.filter_map(|ip| Some((ip, names.get(&ip)?.as_str()))), buffer);
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.parts.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// What the head of the file says; `shows` that secrets are in it as they were.
fn comment(args: &TapArgs, shows: bool) -> String {
    let words = [
        Some("qd tap of running pods".to_owned()),
        args.read.filter.as_deref().map(|filter| format!("filter {filter}")),
        Some(if shows { "secrets shown" } else { "secrets redacted" }.to_owned()),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How long packets of a pipe wait for earlier ones of other pods.
const HOLD_PIPE: Duration = Duration::from_millis(250);
/// The same for files, whose packets also wait for what is said of them.
const HOLD_FILE: Duration = Duration::from_secs(2);
/// How often counters are written.
const COUNTERS: Duration = Duration::from_secs(10);
/// Names that are kept.
const MOST_NAMES: usize = 65_536;
/// Bytes that are written at once.
const BATCH: usize = 256 << 10;

#[cfg(test)]
mod tests;
