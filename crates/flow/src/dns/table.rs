//! Queries and their answers, over all flows.
//!
//! Owned by the engine. A query waits for its answer; after five seconds its record says that none came. NXDOMAIN is held
//! for half a second, as the next name of a search list may follow: then both are one row. Memory is bounded: the entry
//! that is needed least makes room, and a waiting one is then reported as it stands.

use std::collections::VecDeque;
use std::net::IpAddr;

use hashbrown::HashTable;

use crate::record::{DnsRecord, Endpoint};
use crate::{Context, Marks, Record, Side, Sink, Transport};

use super::entry::{Entry, Key, State, Ticket, hash_ip, hash_name, keep, mix};
use super::message::{Message, Question, Section};
use super::names::Names;
use super::{Edns, kinds, name, search};

/// All DNS transactions of an engine.
#[derive(Debug)]
pub struct Table {
    entries: Vec<Entry>,
    index: HashTable<u32>,
    free: Vec<u32>,
    hold: VecDeque<Due>,
    wait: VecDeque<Due>,
    done: VecDeque<Due>,
    names: Names,
    /// The name of the message at hand; kept for its room.
    asked: String,
    /// Heap of the entries.
    held: usize,
    most: usize,
}

/// When something happens to an entry, unless it changed before.
#[derive(Debug, Clone, Copy)]
struct Due {
    at_us: i64,
    slot: u32,
    stamp: u32,
    /// Client, type and first label: what the next query of a search has in common.
    tag: u64,
}

/// Where records go.
struct Out<'a, 's> {
    seq: &'a mut u64,
    sink: &'a mut (dyn Sink + 's),
}

impl Table {
    /// A table that holds about `bytes` at most.
    pub fn new(bytes: usize) -> Table {
        Table {
            entries: Vec::new(),
            index: HashTable::new(),
            free: Vec::new(),
            hold: VecDeque::new(),
            wait: VecDeque::new(),
            done: VecDeque::new(),
            names: Names::new(bytes / 3),
            asked: String::new(),
            held: 0,
            most: bytes / 4,
        }
    }

    /// The name that an address was last resolved from.
    pub fn name(&self, ip: IpAddr, now_us: i64) -> Option<&str> {
        self.names.get(ip, now_us)
    }

    /// When [`Table::advance`] has something to do; `i64::MAX` for never.
    pub fn due(&self) -> i64 {
        [&self.hold, &self.wait, &self.done]
            .iter()
            .filter_map(|queue| queue.front())
            .map(|due| due.at_us)
            .min()
            .unwrap_or(i64::MAX)
    }

    /// Bytes of heap it holds.
    pub fn heap(&self) -> usize {
        let queues = self.hold.capacity() + self.wait.capacity() + self.done.capacity();
        self.held
            + self.entries.capacity() * size_of::<Entry>()
            + self.index.allocation_size()
            + self.free.capacity() * 4
            + queues * size_of::<Due>()
            + self.asked.capacity()
            + self.names.heap()
    }

    /// Time has come this far: what waited long enough is reported.
    pub fn advance(&mut self, now_us: i64, seq: &mut u64, sink: &mut dyn Sink) {
        let mut out = Out { seq, sink };
        while self.due() <= now_us {
            let first = [State::Held, State::Waiting, State::Done]
                .into_iter()
                .min_by_key(|state| self.queue(*state).front().map_or(i64::MAX, |due| due.at_us))
                .unwrap_or(State::Done);
            self.pop(first, true, &mut out);
        }
    }

    /// The capture ended: everything that waits is reported.
    pub fn finish(&mut self, seq: &mut u64, sink: &mut dyn Sink) {
        let mut out = Out { seq, sink };
        for state in [State::Held, State::Waiting, State::Done] {
            while !self.queue(state).is_empty() {
                self.pop(state, false, &mut out);
            }
        }
    }

    /// Takes one message of the flow in `cx`.
    pub(super) fn message(from: Side, message: &Message<'_>, cut: bool, ts_us: i64, cx: &mut Context<'_, '_>) {
        let (sender, receiver) = match from {
            Side::Client => (cx.facts.client, cx.facts.server),
            Side::Server => (cx.facts.server, cx.facts.client),
        };
        let mut marks = Marks::default();
        if cut {
            marks.truncated.add("message");
        } else if !message.is_sound() {
            marks.anomaly.add("dns_malformed");
        }
        if message.is_response() {
            Table::response(message, receiver, marks, ts_us, cx);
        } else {
            Table::query(message, (sender, receiver), ts_us, cx);
        }
    }

    fn query(message: &Message<'_>, (client, server): (Endpoint, Endpoint), ts_us: i64, cx: &mut Context<'_, '_>) {
        let table = &mut *cx.dns;
        let Some(question) = table.read_question(message) else { return };
        let asked = std::mem::take(&mut table.asked);
        let key = Key { client, xid: message.id, kind: question.kind, name: &asked };
        let hash = key.hash();
        let old = table.find(hash, &key);
        let state = old.and_then(|slot| table.entries.get(slot as usize)).map(|entry| entry.state);
        if let (Some(slot), Some(State::Waiting)) = (old, state) {
            if let Some(entry) = table.entries.get_mut(slot as usize) {
                entry.retries += 1;
                entry.stamp += 1;
            }
            table.schedule(slot, State::Waiting, ts_us + PATIENCE_US);
            table.asked = asked;
            return;
        }
        let ghost = if state == Some(State::Ghost) { old } else { None };
        let retries = ghost.and_then(|slot| table.entries.get(slot as usize)).map_or(0, |entry| entry.retries + 1);
        let mut out = Out { seq: cx.seq, sink: cx.sink };
        if let Some(slot) = old {
            table.replace(slot, &mut out);
        }
        let ticket = Ticket {
            flow: cx.facts.flow,
            id: cx.facts.flow.record(cx.facts.records),
            client,
            server,
            iface: cx.facts.iface,
            transport: if cx.facts.transport == Transport::Datagram { "udp" } else { "tcp" },
        };
        cx.facts.records += 1;
        let slot = table.take(ticket, &mut out);
        table.follow_search(slot, &key, ts_us);
        if let Some(entry) = table.entries.get_mut(slot as usize) {
            table.held -= entry.heap();
            (entry.hash, entry.xid, entry.kind, entry.class) = (hash, message.id, question.kind, question.class);
            (entry.retries, entry.first_us, entry.state) = (retries, ts_us, State::Waiting);
            entry.name.clear();
            entry.name.push_str(&asked);
            keep(&mut entry.query, message.bytes);
            table.held += entry.heap();
        }
        let entries = &table.entries;
        let again = |slot: &u32| entries.get(*slot as usize).map_or(0, |entry| entry.hash);
        table.index.insert_unique(hash, slot, again);
        table.schedule(slot, State::Waiting, ts_us + PATIENCE_US);
        table.asked = asked;
    }

    fn response(message: &Message<'_>, client: Endpoint, marks: Marks, ts_us: i64, cx: &mut Context<'_, '_>) {
        let table = &mut *cx.dns;
        let question = table.read_question(message);
        let asked = std::mem::take(&mut table.asked);
        let (kind, class) = question.map_or((0, 0), |question| (question.kind, question.class));
        if message.rcode() == 0 && message.opcode() == 0 {
            table.learn(message, &asked, ts_us);
        }
        let key = Key { client, xid: message.id, kind, name: &asked };
        let found = table.find(key.hash(), &key);
        let state = found.and_then(|slot| table.entries.get(slot as usize)).map(|entry| entry.state);
        match (found, state) {
            (Some(slot), Some(state @ (State::Waiting | State::Ghost))) => {
                let mut marks = marks;
                if state == State::Ghost {
                    // Its row is out already: this is another one, of the flow that is here now.
                    marks.anomaly.add("answer_late");
                    if let Some(entry) = table.entries.get_mut(slot as usize) {
                        entry.ticket.flow = cx.facts.flow;
                        entry.ticket.id = cx.facts.flow.record(cx.facts.records);
                    }
                    cx.facts.records += 1;
                }
                let mut out = Out { seq: cx.seq, sink: cx.sink };
                table.answer(slot, message, marks, ts_us, &mut out);
            }
            // The same answer again, or a further message of a zone transfer.
            (Some(_), _) => {}
            (None, _) => {
                let mut marks = marks;
                marks.partial.add("request");
                let record = DnsRecord {
                    xid: message.id,
                    qname: question.map(|_| asked.as_str()),
                    qtype: question.map(|_| kind),
                    qclass: class,
                    bits: message.bits,
                    response: Some(*message),
                    edns: Edns::of(message),
                    transport: if cx.facts.transport == Transport::Datagram { "udp" } else { "tcp" },
                    ..DnsRecord::default()
                };
                cx.emit(ts_us, &marks, &Record::Dns(&record));
            }
        }
        cx.dns.asked = asked;
    }

    fn answer(&mut self, slot: u32, message: &Message<'_>, marks: Marks, ts_us: i64, out: &mut Out<'_, '_>) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        entry.answer_us = ts_us;
        let whole = message.bytes.len() <= Entry::MOST;
        if message.rcode() == NXDOMAIN && whole && entry.state == State::Waiting {
            self.held -= entry.heap();
            keep(&mut entry.response, message.bytes);
            self.held += entry.heap();
            entry.state = State::Held;
            entry.stamp += 1;
            return self.schedule(slot, State::Held, ts_us + HOLD_US);
        }
        emit(entry, Some(message), marks, out);
        entry.state = State::Done;
        entry.stamp += 1;
        self.schedule(slot, State::Done, ts_us + PATIENCE_US);
    }

    /// Joins a new query with the failed one before it, when both are steps of one search.
    fn follow_search(&mut self, slot: u32, key: &Key<'_>, ts_us: i64) {
        if self.hold.is_empty() {
            return;
        }
        let tag = tag(key.client.ip, key.kind, key.name);
        let mut found = None;
        for due in self.hold.iter().rev().filter(|due| due.tag == tag) {
            let Some(tried) = self.entries.get(due.slot as usize).filter(|entry| entry.stamp == due.stamp) else {
                continue;
            };
            let base = (!tried.searched.is_empty()).then(|| base(&tried.searched, &tried.name)).flatten();
            if tried.ticket.client.ip == key.client.ip
                && tried.kind == key.kind
                && tried.answer_us <= ts_us
                && search::step(&tried.name, key.name, base).is_some()
            {
                found = Some(due.slot);
                break;
            }
        }
        let Some(tried) = found.and_then(|at| self.entries.get_mut(at as usize)) else { return };
        let mut searched = std::mem::take(&mut tried.searched);
        self.held -= searched.capacity();
        if searched.is_empty() {
            tried.search_us = tried.first_us;
        }
        if !searched.is_empty() {
            searched.push('\n');
        }
        searched.push_str(&tried.name);
        let search_us = tried.search_us;
        // It stays known for late copies of its answer, but has no row of its own any more.
        tried.state = State::Done;
        tried.stamp += 1;
        if let Some(at) = found {
            self.schedule(at, State::Done, ts_us + PATIENCE_US);
        }
        if let Some(entry) = self.entries.get_mut(slot as usize) {
            self.held += searched.capacity();
            self.held -= entry.searched.capacity();
            (entry.searched, entry.search_us) = (searched, search_us);
        }
    }

    fn learn(&mut self, message: &Message<'_>, asked: &str, ts_us: i64) {
        for one in message.resources().take(MOST_LEARNT).take_while(|one| one.section == Section::Answer) {
            let data = message.bytes.get(one.data..one.end).unwrap_or_default();
            let ip = match one.kind {
                kinds::A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
                kinds::AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
                _ => None,
            };
            if let Some(ip) = ip.filter(|ip| !ip.is_unspecified() && !ip.is_loopback()) {
                self.names.learn(ip, asked, one.ttl, ts_us);
            }
        }
    }

    /// Puts the name of the first question into `asked`.
    fn read_question(&mut self, message: &Message<'_>) -> Option<Question> {
        self.asked.clear();
        let question = message.question()?;
        name(message.bytes, question.name, &mut self.asked)?;
        Some(question)
    }

    fn find(&self, hash: u64, key: &Key<'_>) -> Option<u32> {
        self.index.find(hash, |slot| self.entries.get(*slot as usize).is_some_and(|entry| entry.is(key))).copied()
    }

    fn queue(&mut self, state: State) -> &mut VecDeque<Due> {
        match state {
            State::Held => &mut self.hold,
            State::Waiting => &mut self.wait,
            State::Free | State::Done | State::Ghost => &mut self.done,
        }
    }

    fn schedule(&mut self, slot: u32, state: State, at_us: i64) {
        let Some(entry) = self.entries.get(slot as usize) else { return };
        let tag = if state == State::Held { tag(entry.ticket.client.ip, entry.kind, &entry.name) } else { 0 };
        let due = Due { at_us, slot, stamp: entry.stamp, tag };
        self.queue(state).push_back(due);
    }

    /// The first of a queue is over. `due`: its time has come; else its answer may come after its record.
    fn pop(&mut self, state: State, due: bool, out: &mut Out<'_, '_>) {
        let early = !due;
        let Some(due) = self.queue(state).pop_front() else { return };
        let Some(entry) = self.entries.get_mut(due.slot as usize).filter(|entry| entry.stamp == due.stamp) else {
            return;
        };
        entry.stamp += 1;
        match entry.state {
            State::Held => {
                emit(entry, Message::new(&entry.response).as_ref(), Marks::default(), out);
                entry.state = State::Done;
                self.schedule(due.slot, State::Done, due.at_us + PATIENCE_US);
            }
            State::Waiting => {
                let mut marks = Marks::default();
                if early {
                    marks.partial.add("answer");
                }
                emit(entry, None, marks, out);
                entry.state = State::Ghost;
                self.schedule(due.slot, State::Ghost, due.at_us + PATIENCE_US);
            }
            State::Done | State::Ghost => self.release(due.slot),
            State::Free => {}
        }
    }

    /// A free entry, at the cost of the one needed least where there is no room.
    fn take(&mut self, ticket: Ticket, out: &mut Out<'_, '_>) -> u32 {
        for state in [State::Done, State::Waiting, State::Held, State::Done] {
            while self.usage() > self.most && !self.queue(state).is_empty() {
                self.pop(state, false, out);
            }
        }
        if let Some(slot) = self.free.pop() {
            if let Some(entry) = self.entries.get_mut(slot as usize) {
                entry.ticket = ticket;
            }
            return slot;
        }
        self.entries.push(Entry::new(ticket));
        (self.entries.len() - 1) as u32
    }

    fn release(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        entry.state = State::Free;
        entry.stamp += 1;
        entry.searched.clear();
        let hash = entry.hash;
        self.held -= entry.heap();
        entry.name.shrink_to(64);
        entry.searched.shrink_to(0);
        entry.query.shrink_to(128);
        entry.response.shrink_to(0);
        self.held += entry.heap();
        if let Ok(found) = self.index.find_entry(hash, |at| *at == slot) {
            found.remove();
        }
        self.free.push(slot);
    }

    /// The same query again, after its answer: what it was is over.
    fn replace(&mut self, slot: u32, out: &mut Out<'_, '_>) {
        if let Some(entry) = self.entries.get(slot as usize).filter(|entry| entry.state == State::Held) {
            emit(entry, Message::new(&entry.response).as_ref(), Marks::default(), out);
        }
        self.release(slot);
    }

    fn usage(&self) -> usize {
        let queues = self.hold.len() + self.wait.len() + self.done.len();
        let live = self.entries.len() - self.free.len();
        self.held + live * (size_of::<Entry>() + 16) + queues * size_of::<Due>()
    }
}

/// Whether both have one name in their question, letter by letter.
fn is_same_name(query: &Message<'_>, response: &Message<'_>) -> bool {
    let asked = |message: &Message<'_>| message.question().map(|question| (question.name, question.end));
    match (asked(query), asked(response)) {
        (Some((from, to)), same) if same == Some((from, to)) => {
            query.bytes.get(from..to) == response.bytes.get(from..to)
        }
        _ => false,
    }
}

/// Sends the record of an entry. Its place in time is the query.
fn emit(entry: &Entry, response: Option<&Message<'_>>, marks: Marks, out: &mut Out<'_, '_>) {
    let query = Message::new(&entry.query);
    let edns = response.and_then(Edns::of).or_else(|| query.as_ref().and_then(Edns::of));
    let latency = |from: i64| response.and_then(|_| u64::try_from(entry.answer_us - from).ok());
    let searched = !entry.searched.is_empty();
    let record = DnsRecord {
        xid: entry.xid,
        qname: Some(&entry.name),
        qtype: Some(entry.kind),
        qclass: entry.class,
        bits: response.or(query.as_ref()).map_or(0, |message| message.bits),
        response: response.copied(),
        edns,
        transport: entry.ticket.transport,
        latency_us: latency(entry.first_us),
        retries: entry.retries,
        search_of: if searched { base(&entry.searched, &entry.name) } else { None },
        searched: &entry.searched,
        search_us: if searched { latency(entry.search_us) } else { None },
        is_same_name: query.zip(response.copied()).is_some_and(|(query, response)| is_same_name(&query, &response)),
    };
    let envelope = entry.ticket.envelope(*out.seq, entry.first_us, marks);
    *out.seq += 1;
    out.sink.record(&envelope, &Record::Dns(&record));
}

/// The name that a search is for: what its first two names begin with.
fn base<'a>(searched: &str, last: &'a str) -> Option<&'a str> {
    let mut names = searched.split('\n').chain([last]);
    let (first, second) = (names.next()?, names.next()?);
    let len = search::step(first, second, None)?.len();
    last.get(..len)
}

fn tag(client: IpAddr, kind: u16, name: &str) -> u64 {
    let label = name.split('.').next().unwrap_or_default();
    hash_name(mix(hash_ip(client), u64::from(kind)), label)
}

const NXDOMAIN: u16 = 3;
/// How long an answer is waited for, from the last try.
const PATIENCE_US: i64 = 5_000_000;
/// How long NXDOMAIN is held for the next name of a search list.
const HOLD_US: i64 = 500_000;
/// Addresses learnt from one message.
const MOST_LEARNT: usize = 64;
