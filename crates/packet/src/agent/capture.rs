//! A capture under way: rings, engine, batches, limits.

mod rings;
mod second;
mod way;

use crate::agent::now_ns;
use crate::batch::{Meta, Out, Records};
use crate::budget::{Budget, Level};
use crate::cut;
use crate::links::Link;
use crate::mask::{Masks, Tee};
use crate::outbox::Outbox;
use crate::ring::Socket;
use crate::sockets::diag::Diag;
use crate::sockets::{Watch, listen};
use flow::redact::{Redaction, Rules};
use flow::{Engine, Hint, KeyLine, Packet};
use proto::capture::codec::CUT;
use proto::capture::seal;
use proto::capture::{Body, FilterApplied, Hints, Limits, Log, PacketLevel, SetFilter, Start, Stats, Warrant};
use rings::{LARGEST, Rings, SMALLEST};
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};
use way::{BATCH, Way};

/// What was opened before the agent gave up its rights.
pub(crate) struct Sources {
    pub(crate) sockets: Vec<Socket>,
    /// In their stead, where they are refused.
    pub(crate) diag: Option<Diag>,
    /// Beside them: who listens.
    pub(crate) listening: Option<Diag>,
    /// `/proc/self/statm`.
    pub(crate) proc: Option<File>,
    /// Bytes of a page of memory.
    pub(crate) page: u64,
}

/// A capture under way.
pub(crate) struct Capture {
    tap: Vec<u8>,
    filter: SetFilter,
    rings: Rings,
    /// Names of the interfaces to capture on; none for all.
    interfaces: Vec<String>,
    engine: Option<Engine>,
    limits: flow::Limits,
    records: Records,
    way: Way,
    /// At the level where secrets are overwritten.
    masks: Option<Masks>,
    /// The table of sockets, where there are no packets.
    watch: Option<(Diag, Watch)>,
    level: PacketLevel,
    paused: bool,
    budget: Budget,
    warrant: Warrant,
    began: Instant,
    told: Instant,
    stats: Stats,
    over: Option<&'static str>,
    memory: Option<File>,
    page: u64,
}

impl Capture {
    /// Begins: rings are made, filters set, interfaces bound.
    pub(crate) fn begin(start: &Start, links: &[Link], sources: &mut Sources, outbox: &mut Outbox) -> io::Result<Self> {
        let warrant = start.warrant.clone().unwrap_or_default();
        // The obligations hold whatever else is asked for.
        let level = start.packets.min(warrant.packets).clamp(0, PacketLevel::Full as i32);
        let level = PacketLevel::try_from(level).unwrap_or(PacketLevel::None);
        let mut limits = flow::Limits::default();
        if warrant.headers_only {
            limits.body = 0;
        }
        limits.mask = level == PacketLevel::Masked;
        let now = Instant::now();
        let (way, triggers) = Way::new(start.recorder.as_ref(), now)?;
        let ring = if start.ring == 0 { RING } else { (start.ring as usize).clamp(SMALLEST, LARGEST) };
        let asked = start.limits.as_ref().map_or(0, |limits| limits.memory);
        // Without more memory than usual there is none for rings that grow: their sockets serve interfaces that come.
        let more = usize::try_from(asked).unwrap_or(MOST).min(MOST);
        let room = if more > BUDGET { more - MEMORY - OTHER } else { 0 };
        let needs_records = start.records || triggers.is_some();
        let mut capture = Self {
            tap: start.tap.clone(),
            filter: start.filter.clone().unwrap_or_default(),
            rings: Rings::new(ring, room),
            interfaces: start.interfaces.clone(),
            engine: None,
            limits,
            records: Records::new(start.records, triggers),
            way,
            watch: None,
            masks: (level == PacketLevel::Masked).then(|| Masks::new(now)),
            level,
            paused: false,
            budget: Budget::new(),
            warrant,
            began: now,
            told: now,
            stats: Stats::default(),
            over: None,
            memory: sources.proc.as_ref().and_then(|file| file.try_clone().ok()),
            page: sources.page,
        };
        if needs_records || capture.masks.is_some() {
            let mut config = flow::Config { budget: MEMORY, ..flow::Config::default() };
            config.limits = capture.limits.clone();
            // What masks packets are the rules of redaction.
            if capture.warrant.redact || capture.masks.is_some() {
                let key = <[u8; 16]>::try_from(capture.warrant.hash_key.as_slice()).unwrap_or_default();
                config.redaction = Redaction::new(Rules::default(), key);
            }
            config.seed = start.tap.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            capture.engine = Some(Engine::new(config));
        }
        if let Some(limits) = &start.limits {
            capture.limit(limits);
        }
        if let Some(hints) = &start.hints {
            capture.hint(hints);
        }
        for link in links {
            if !capture.wants(link) {
                continue;
            }
            let Some(socket) = sources.sockets.pop() else { break };
            match capture.rings.open(socket, link, &capture.filter) {
                // On a node interfaces come and go with its pods: this one went after it was listed.
                Err(error) if rings::is_gone(&error) => {
                    outbox.push(log(
                        "info",
                        "interface",
                        &format!("{} went before it was captured", link.interface.name),
                    ));
                }
                opened => opened?,
            }
        }
        if let (Some(engine), Some(diag)) = (&mut capture.engine, &sources.listening)
            && let Err(error) = listen::tell(diag, links, |hint| engine.hint(hint))
        {
            outbox.push(log("info", "listening", &format!("who listens here is not known: {error}")));
        }
        if let Some(diag) = sources.diag.take_if(|_| needs_records) {
            let text = if diag.tells_ends { "" } else { ": connections shorter than a second may be missed" };
            outbox.push(log("info", "sockets", &format!("no packets, the table of sockets alone{text}")));
            let seed = start.tap.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            capture.watch = Some((diag, Watch::new(seed, now)));
        }
        let id = capture.filter.id;
        let warrant = seal::digest(&capture.warrant);
        let recorder = start.recorder.is_some();
        let applied = FilterApplied { id, at_packet: 1, at_ns: now_ns(), warrant, recorder, error: String::new() };
        outbox.push(Body::FilterApplied(applied));
        Ok(capture)
    }

    fn wants(&self, link: &Link) -> bool {
        self.interfaces.is_empty() || self.interfaces.contains(&link.interface.name)
    }

    /// An interface is there, or is not what it was. What is new is captured on too, while there are sockets.
    pub(crate) fn interface_there(&mut self, link: &Link, sources: &mut Sources, outbox: &mut Outbox) {
        if self.watch.is_some() || !self.wants(link) {
            return;
        }
        outbox.push(Body::InterfaceUp(link.interface.clone()));
        if self.rings.has(link.interface.index) {
            return;
        }
        let name = &link.interface.name;
        let opened = match sources.sockets.pop() {
            Some(socket) => self.rings.open(socket, link, &self.filter).map_err(|error| error.to_string()),
            None => Err("too many have come since the agent began".to_owned()),
        };
        if let Err(error) = opened {
            outbox.push(log("warn", "interface", &format!("{name} is not captured: {error}")));
        }
    }

    /// An interface is gone: its socket serves another.
    pub(crate) fn interface_gone(&mut self, index: u32, sources: &mut Sources, outbox: &mut Outbox) {
        if !self.rings.has(index) {
            return;
        }
        self.drain(true, outbox);
        sources.sockets.extend(self.rings.close(index));
        outbox.push(Body::InterfaceDown(index));
    }

    /// Takes note of what happened to the rings' sockets.
    pub(crate) fn take_errors(&self) {
        self.rings.take_errors();
    }

    pub(crate) fn tap(&self) -> &[u8] {
        &self.tap
    }

    pub(crate) fn rings(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.rings.fds(now_ns())
    }

    /// Something waits to be sent.
    pub(crate) fn has_pending(&self) -> bool {
        self.way.has_pending() || self.records.count() > 0 || self.masks.as_ref().is_some_and(Masks::is_waiting)
    }

    /// How long nothing is to be done, as far as it is known.
    pub(crate) fn due(&self, now: Instant) -> Duration {
        self.watch.as_ref().map_or(Duration::MAX, |(_, watch)| watch.due(now)).min(self.rings.due(now_ns()))
    }

    /// Why it must end, once a limit is reached.
    pub(crate) fn over(&self) -> Option<&'static str> {
        self.over
    }

    /// What the owner says while it runs.
    pub(crate) fn take(&mut self, body: Body, outbox: &mut Outbox) {
        match body {
            Body::SetFilter(filter) => self.filter(&filter, outbox),
            Body::SetLimits(limits) => self.limit(&limits),
            Body::SetHints(hints) => self.hint(&hints),
            Body::Keys(keys) => {
                let lines: Vec<KeyLine> = keys.lines.into_iter().map(|text| KeyLine { text }).collect();
                if let Some(engine) = &mut self.engine {
                    engine.keys(&lines);
                }
            }
            Body::Pause(paused) => {
                self.paused = paused;
                outbox.push(log("info", if paused { "paused" } else { "resumed" }, ""));
            }
            Body::Mark(text) => outbox.push(log("info", "mark", &text)),
            _ => {}
        }
    }

    /// Another filter, between two packets: nothing passes while the ring is emptied, then the new one decides. Where
    /// one ring refuses it, the one before stays on all.
    fn filter(&mut self, filter: &SetFilter, outbox: &mut Outbox) {
        let (mut error, mut at_ns) = (String::new(), now_ns());
        // A program that cannot be is refused before anything changes.
        let mut changed = self.rings.check(filter).and_then(|()| self.rings.shut());
        if changed.is_ok() {
            // What came before is in blocks that the kernel gives up after a moment.
            std::thread::sleep(RETIRE);
            for _ in 0..DRAINS {
                if self.drain(true, outbox) == 0 {
                    break;
                }
            }
            // What came under the one before is older, what comes under the next is younger.
            at_ns = now_ns();
            changed = self.rings.filter(filter);
        }
        let at_packet = self.stats.packets + 1;
        match changed {
            Ok(()) => self.filter = filter.clone(),
            Err(refused) => {
                let lost = self.rings.filter(&self.filter).err();
                error = lost.unwrap_or(refused).to_string();
            }
        }
        let warrant = seal::digest(&self.warrant);
        let recorder = !self.way.is_direct();
        let applied = FilterApplied { id: filter.id, at_packet, error, at_ns, warrant, recorder };
        outbox.push(Body::FilterApplied(applied));
    }

    fn limit(&mut self, limits: &Limits) {
        if limits.body > 0 && !self.warrant.headers_only {
            self.limits.body = (limits.body as usize).min(256 << 10);
        }
        self.budget.set(limits.cpu_percent, limits.floor);
        self.apply();
    }

    /// Gives the engine the limits of the level of now.
    fn apply(&mut self) {
        let mut limits = self.limits.clone();
        if self.budget.level >= Level::NoBodies {
            limits.body = 0;
        }
        limits.apps = self.budget.level < Level::NoApps;
        if let Some(engine) = &mut self.engine {
            engine.set(limits);
        }
    }

    fn hint(&mut self, hints: &Hints) {
        let Some(engine) = &mut self.engine else { return };
        for listener in &hints.listeners {
            if let Some(place) = listener.place() {
                engine.hint(Hint::Listen { ip: place.ip(), port: place.port() });
            }
        }
        for name in &hints.names {
            if let Some(ip) = name.address() {
                engine.hint(Hint::Name { ip, name: name.name.clone() });
            }
        }
    }

    /// Reads the rings, and sends what is due.
    pub(crate) fn work(&mut self, outbox: &mut Outbox, sources: &mut Sources) {
        let idle = self.drain(false, outbox) == 0;
        let now = Instant::now();
        if idle && let Some(engine) = &mut self.engine {
            engine.advance(now_ns(), &mut Tee { records: &mut self.records, masks: self.masks.as_mut() });
        }
        self.let_go(now, false, outbox);
        self.look(now, outbox);
        self.way.flush_due(now, &mut self.records, outbox);
        let since = now.duration_since(self.told);
        if since >= Duration::from_secs(1) {
            self.told = now;
            for interface in self.second(since, outbox) {
                self.grow(interface, outbox, sources);
            }
        }
    }

    /// An interface has lost packets: it is given more room, while there is any.
    fn grow(&mut self, interface: u32, outbox: &mut Outbox, sources: &mut Sources) {
        // Interfaces that come want sockets too.
        if sources.sockets.len() <= KEPT_SOCKETS {
            return;
        }
        match self.rings.grow(interface, &mut sources.sockets, &self.filter) {
            Ok(Some(bytes)) => {
                outbox.push(log("info", "ring", &format!("interface {interface} has {} MiB now", bytes >> 20)));
            }
            Ok(None) => {}
            Err(error) => outbox.push(log("warn", "ring", &format!("no more room for packets: {error}"))),
        }
    }

    /// Reads all rings until they are empty, or it is time for something else; how many blocks there were. Of what is better
    /// left for a moment `all` is read as well.
    fn drain(&mut self, all: bool, outbox: &mut Outbox) -> usize {
        let (level, paused) = (self.level, self.paused);
        let Self { rings, engine, records, way, masks, stats, budget, .. } = self;
        let (mut blocks, now) = (0, Instant::now());
        let mut take = |packet: &Packet<'_>, records: &mut Records, way: &mut Way, outbox: &mut Outbox| {
            if paused {
                return;
            }
            stats.packets += 1;
            stats.bytes += u64::from(packet.orig_len);
            if budget.level >= Level::Sample && !cut::connection(packet.link, packet.bytes).is_multiple_of(SAMPLE) {
                way.shed.throttled += 1;
                way.shed.throttled_bytes += u64::from(packet.orig_len);
                return;
            }
            if let Some(masks) = masks {
                masks.take(packet, now);
            }
            if let Some(engine) = engine {
                engine.packet(packet, &mut Tee { records, masks: masks.as_mut() });
            }
            let whole = may_be_whole(budget.level, way, outbox);
            if let Some(masks) = masks {
                masks.hold(packet, stats.packets);
                return masks.release(now, false, whole, |out| way.send(out, !whole, outbox));
            }
            if level > PacketLevel::None {
                let is_full = level == PacketLevel::Full;
                way.send(&bare(packet, is_full && whole, stats.packets), is_full && !whole, outbox);
            }
        };
        for _ in 0..BLOCKS * rings.count() {
            let Some(ring) = rings.next((!all).then(now_ns)) else { break };
            blocks += ring.read(1, |packet| take(packet, records, way, outbox));
            // What much traffic makes leaves as it comes, instead of piling up.
            if records.len() > BATCH {
                way.flush(records, outbox);
            }
        }
        blocks
    }

    /// Looks at the table of sockets, when it is time.
    fn look(&mut self, now: Instant, outbox: &mut Outbox) {
        let Some((diag, watch)) = self.watch.as_mut().filter(|_| !self.paused) else { return };
        if let Err(error) = watch.look(diag, now, (now_ns() / 1000) as i64, &mut self.records) {
            outbox.push(log("warn", "sockets", &format!("the table of sockets: {error}")));
        }
        self.stats.flows = watch.seen;
    }

    /// Sends the packets that were held and are ready, or `all`.
    fn let_go(&mut self, now: Instant, all: bool, outbox: &mut Outbox) {
        let Self { way, masks, budget, .. } = self;
        if let Some(masks) = masks {
            let whole = may_be_whole(budget.level, way, outbox);
            masks.release(now, all, whole, |out| way.send(out, !whole, outbox));
        }
    }

    /// Closes everything open and gives the sockets back; the last counters.
    pub(crate) fn end(mut self, outbox: &mut Outbox, sources: &mut Sources) -> Stats {
        self.drain(true, outbox);
        if let Some(engine) = &mut self.engine {
            engine.finish(&mut Tee { records: &mut self.records, masks: self.masks.as_mut() });
        }
        self.let_go(Instant::now(), true, outbox);
        self.way.flush(&mut self.records, outbox);
        self.way.close(outbox);
        self.second(Duration::from_secs(1), outbox);
        self.way.flush(&mut self.records, outbox);
        let stats = self.now_stats(outbox);
        sources.diag = sources.diag.take().or(self.watch.take().map(|(diag, _)| diag));
        sources.sockets.extend(self.rings.close_all());
        stats
    }
}

/// A packet that is not masked: whole, or its headers.
fn bare<'a>(packet: &Packet<'a>, whole: bool, number: u64) -> Out<'a> {
    let keep = if whole { packet.bytes.len() } else { cut::headers(packet.link, packet.bytes) };
    let bytes = packet.bytes.get(..keep).unwrap_or(packet.bytes);
    let flags = if bytes.len() < packet.bytes.len() { CUT } else { 0 };
    Out { meta: Meta::of(packet, number), bytes, flags }
}

/// Payload may leave: the level allows it, and so does credit, where what leaves does so at once.
fn may_be_whole(level: Level, way: &Way, outbox: &Outbox) -> bool {
    level < Level::NoPayload && (!way.is_direct() || outbox.packet_credit > LOW_CREDIT)
}

pub(crate) fn log(level: &str, code: &str, text: &str) -> Body {
    Body::Log(Log { level: level.into(), code: code.into(), text: text.into() })
}

/// Bytes of memory that the engine allows itself.
pub(crate) const MEMORY: usize = 12 << 20;
/// Bytes of a ring.
const RING: usize = 8 << 20;
/// Bytes of memory for all of it, unless the owner allows more; and the most that make sense.
const BUDGET: usize = 32 << 20;
const MOST: usize = 1 << 30;
/// Sockets that are left for interfaces that come.
const KEPT_SOCKETS: usize = 2;
/// What is neither ring nor engine: what waits to be sent, and the program.
const OTHER: usize = 8 << 20;
/// A block that is not full is given up after this, and a little more.
const RETIRE: Duration = Duration::from_millis(12);
/// How often a ring is emptied while nothing passes it: more than all its blocks.
const DRAINS: usize = 64;
/// At the highest level one connection of so many is looked at.
const SAMPLE: u32 = 8;
/// Blocks of one ring that are read at one go.
const BLOCKS: usize = 8;
/// With less credit than this, payload stays.
const LOW_CREDIT: u64 = 1 << 20;
