//! Both ends of one exchange as one record.
//!
//! A request between two tapped pods is seen twice. Initial sequence numbers tell that both are of one connection, whatever
//! addresses a translation put there; where a handshake was not seen, the client's port and address do, which stay as they
//! are on the way through a service; where neither agree, checksums of what is said. Order, words and lengths tell which
//! request. What the client waited and what the server took are lengths of time, each by one clock: their difference is the
//! network's, whatever the clocks' offset.
//!
//! ```text
//! client   t1 ──────────────────────────── t4      net_us    = (t4 - t1) - (t3 - t2)
//! server        t2 ──────────────── t3             server_us =  t3 - t2
//! ```
//!
//! One way alone is told only with the error of the clocks beside it.
//!
//! Pure: time and records are given. What waits for its other end is bounded in time and number.

use crate::clock::Clock;
use crate::line::Members;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

mod sums;

use sums::Sums;

/// Joins records of the pods of one tap.
#[derive(Debug, Default)]
pub struct Join {
    /// Which tapped pod has an address, and how far its clock is from ours.
    homes: HashMap<IpAddr, usize>,
    clocks: HashMap<usize, Clock>,
    /// Initial sequence numbers of flows, and the flows in the order in which they came.
    numbers: HashMap<u128, (usize, Numbers)>,
    order: VecDeque<u128>,
    /// In which pods a pair of them was seen.
    seen: HashMap<Numbers, Vec<usize>>,
    /// Connections that are known by what is said on them.
    sums: Sums,
    /// Addresses whose other ends did not come, so often: they are behind no tapped pod.
    alone: HashMap<SocketAddr, u8>,
    /// Who answered at an address that no tapped pod has: a service's.
    behind: HashMap<SocketAddr, Vec<SocketAddr>>,
    /// In the order in which they came.
    waiting: VecDeque<Half>,
}

/// Initial sequence numbers of client and server.
type Numbers = (u32, u32);

/// A record that waits for its other end.
#[derive(Debug)]
struct Half {
    /// When it came.
    came_us: i64,
    pod: usize,
    is_client: bool,
    kind: String,
    flow: u128,
    src: SocketAddr,
    dst: SocketAddr,
    /// When it began, by the pod's clock.
    ts_us: i64,
    /// First byte of the request to first byte of the answer.
    took_us: i64,
    /// Words that both ends see alike, where both see them.
    words: [String; WORDS.len()],
    line: Vec<u8>,
}

impl Join {
    /// A pod is tapped, and has these addresses.
    pub fn pod(&mut self, pod: usize, addresses: impl IntoIterator<Item = IpAddr>) {
        let own = addresses.into_iter().filter(|ip| !ip.is_loopback());
        self.homes.extend(own.map(|ip| (ip.to_canonical(), pod)));
        // It may be behind what nobody was behind.
        self.alone.clear();
    }

    /// A pod is tapped no more: what waits of it is given on.
    pub fn gone(&mut self, pod: usize, give: &mut impl FnMut(usize, &[u8])) {
        self.homes.retain(|_, own| *own != pod);
        self.clocks.remove(&pod);
        let waiting = std::mem::take(&mut self.waiting);
        for half in waiting {
            if half.pod == pod {
                give(half.pod, &half.line);
            } else {
                self.waiting.push_back(half);
            }
        }
    }

    /// How far a pod's clock is from ours.
    pub fn clock(&mut self, pod: usize, clock: Clock) {
        self.clocks.insert(pod, clock);
    }

    /// Something waits for its other end.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When the next of them has waited long enough.
    #[must_use]
    pub fn due_at(&self) -> Option<i64> {
        self.waiting.front().map(|half| half.came_us + HOLD_US)
    }

    /// The pods that answered at a service's address.
    #[must_use]
    pub fn behind(&self, service: SocketAddr) -> &[SocketAddr] {
        self.behind.get(&service).map(Vec::as_slice).unwrap_or_default()
    }

    /// Takes a record, without its line's end. It is given on at once, or with its other end, or when that does not come
    /// in time.
    pub fn take(&mut self, pod: usize, line: &[u8], now_us: i64, give: &mut impl FnMut(usize, &[u8])) {
        let Some(half) = self.half(pod, line, now_us) else { return give(pod, line) };
        let other = self.waiting.iter().enumerate().filter(|(_, other)| self.is_other(other, &half));
        // Of several the nearest in time; of those as near the first.
        let began_us = self.began_us(&half);
        let other = other.min_by_key(|(_, other)| self.began_us(other).abs_diff(began_us)).map(|(at, _)| at);
        let Some(other) = other.and_then(|at| self.waiting.remove(at)) else {
            if self.waiting.len() >= MOST
                && let Some(first) = self.waiting.pop_front()
            {
                give(first.pod, &first.line);
            }
            return self.waiting.push_back(half);
        };
        let (client, server) = if half.is_client { (half, other) } else { (other, half) };
        if !self.homes.contains_key(&client.dst.ip()) {
            self.learn(client.dst, server.dst);
        }
        self.alone.remove(&client.dst);
        give(client.pod, &self.both(&client, &server));
    }

    /// Gives on what has waited long enough.
    pub fn due(&mut self, now_us: i64, give: &mut impl FnMut(usize, &[u8])) {
        while let Some(half) = self.waiting.pop_front_if(|half| now_us - half.came_us >= HOLD_US) {
            if !half.is_client {
                // Its client did not wait for it: whoever that asked has a tapped pod behind it after all.
                self.alone.clear();
            } else if !self.homes.contains_key(&half.dst.ip()) && (self.alone.len() < MOST) {
                let times = self.alone.entry(half.dst).or_default();
                *times = times.saturating_add(1);
            }
            give(half.pod, &half.line);
        }
    }

    /// Gives on all that waits.
    pub fn finish(&mut self, give: &mut impl FnMut(usize, &[u8])) {
        for half in self.waiting.drain(..) {
            give(half.pod, &half.line);
        }
    }

    /// Reads a record; `None` where no other end can come.
    fn half(&mut self, pod: usize, line: &[u8], now_us: i64) -> Option<Half> {
        let members = Members::of(line);
        if members.is("kind", "flow") {
            self.hear(pod, &members);
            return None;
        }
        let took_us = members.first_int(&["ttfb_us", "latency_us"])?;
        let end = |side: &str| {
            let ip: IpAddr = members.text(&format!("{side}.ip")).parse().ok()?;
            let port = u16::try_from(members.int(&format!("{side}.port"))?).ok()?;
            Some(SocketAddr::new(ip.to_canonical(), port))
        };
        let (src, dst) = (end("src")?, end("dst")?);
        let flow = u128::from_str_radix(members.plain("flow"), 16).unwrap_or(0);
        let home = |end: &SocketAddr| self.homes.get(&end.ip()).copied();
        let (from, to) = (home(&src), home(&dst));
        let (is_client, is_server) = (from == Some(pod), to == Some(pod));
        let ts_us = members.int("ts").unwrap_or(0);
        let peer = if is_client { dst } else { src };
        let is_elsewhere = self.is_elsewhere(pod, flow);
        if is_client != is_server && !is_elsewhere && is_near(peer.ip()) {
            self.sums.hear(pod, flow, is_client, self.by_ours(pod, ts_us), &members);
        }
        let may_come = match (is_client, is_server) {
            // To itself: both ends are seen at one place.
            (true, true) | (false, false) => false,
            _ if self.sums.end_of(flow).is_some() => true,
            (true, false) if to.is_some() => true,
            (true, false) => {
                let lonely = self.alone.get(&dst).is_some_and(|times| *times >= ALONE);
                is_near(dst.ip()) && (!lonely || self.behind.contains_key(&dst))
            }
            (false, true) => from.is_some() || is_elsewhere,
        };
        may_come.then(|| Half {
            came_us: now_us,
            pod,
            is_client,
            kind: members.text("kind"),
            flow,
            src,
            dst,
            ts_us,
            took_us,
            words: WORDS.map(|path| members.text(path)),
            line: line.to_vec(),
        })
    }

    /// Whether two records are of one exchange.
    fn is_other(&self, one: &Half, two: &Half) -> bool {
        let (client, server) = if one.is_client { (one, two) } else { (two, one) };
        let alike = |(one, two): (&String, &String)| one == two || one.is_empty() || two.is_empty();
        one.is_client != two.is_client
            && one.pod != two.pod
            && one.kind == two.kind
            && self.is_one_connection(client, server)
            // The answer is not at the server later than at the client, nor sooner there than asked.
            && client.took_us >= server.took_us
            && self.began_us(one).abs_diff(self.began_us(two)) <= APART_US
            && one.words.iter().zip(&two.words).all(alike)
            && self.way(client, server).is_none_or(|way| way.may_be())
    }

    /// When a record began, by our clock as far as the pod's is known now.
    fn began_us(&self, half: &Half) -> i64 {
        self.by_ours(half.pod, half.ts_us)
    }

    fn by_ours(&self, pod: usize, ts_us: i64) -> i64 {
        ts_us.saturating_sub(self.clocks.get(&pod).map_or(0, |clock| clock.offset_us))
    }

    /// The parts of the way; `None` where a clock is not known.
    fn way(&self, client: &Half, server: &Half) -> Option<Way> {
        let (one, two) = (self.clocks.get(&client.pod)?, self.clocks.get(&server.pod)?);
        let there_us = self.began_us(server).saturating_sub(self.began_us(client));
        let back_us = (client.took_us - server.took_us).saturating_sub(there_us);
        Some(Way { there_us, back_us, error_us: one.error_us.saturating_add(two.error_us) })
    }

    /// The client's record, with what the server's adds.
    fn both(&self, client: &Half, server: &Half) -> Vec<u8> {
        let mut line = client.line.clone();
        if let Some(old) = Members::of(&client.line).raw("vantage") {
            // Only one member may be called so.
            let member = [b",\"vantage\":", old].concat();
            if let Some(at) = memchr::memmem::find(&line, &member) {
                line.drain(at..at + member.len());
            }
        }
        let Some(end) = line.iter().rposition(|byte| *byte == b'}') else { return line };
        line.truncate(end);
        let net_us = client.took_us - server.took_us;
        let more = format!(",\"vantage\":\"both\",\"net_us\":{net_us},\"server_us\":{}", server.took_us);
        line.extend_from_slice(more.as_bytes());
        // By clocks that are not one: never without what may be wrong with them.
        if let Some(Way { there_us: there, back_us: back, error_us: error }) = self.way(client, server) {
            let more = format!(",\"one_way\":{{\"there_us\":{there},\"back_us\":{back},\"error_us\":{error}}}");
            line.extend_from_slice(more.as_bytes());
        }
        let members = Members::of(&server.line);
        if let (true, Some(dst)) = (server.flow != 0, members.raw("dst")) {
            line.extend_from_slice(format!(",\"peer\":{{\"flow\":\"{:032x}\",\"end\":", server.flow).as_bytes());
            line.extend_from_slice(dst);
            line.push(b'}');
        }
        line.push(b'}');
        line
    }

    /// By what was said on them, where that told; else by the numbers of their handshakes, which hardly anybody on the way
    /// changes; else by their ends.
    fn is_one_connection(&self, client: &Half, server: &Half) -> bool {
        if let Some(end) = self.sums.end_of(client.flow).or(self.sums.end_of(server.flow)) {
            return end == server.flow || end == client.flow;
        }
        match (self.numbers.get(&client.flow), self.numbers.get(&server.flow)) {
            (Some((_, one)), Some((_, two))) => one == two,
            // A tapped pod's own address is no service's: it is the one, or another.
            _ => client.src == server.src && (client.dst == server.dst || !self.homes.contains_key(&client.dst.ip())),
        }
    }

    /// The handshake of this flow was seen in another pod too.
    fn is_elsewhere(&self, pod: usize, flow: u128) -> bool {
        let pods = self.numbers.get(&flow).and_then(|(_, numbers)| self.seen.get(numbers));
        pods.is_some_and(|pods| pods.iter().any(|own| *own != pod))
    }

    /// Takes the numbers of a flow's handshake.
    fn hear(&mut self, pod: usize, members: &Members<'_>) {
        let number = |path| members.int(path).and_then(|number| u32::try_from(number).ok());
        let (Some(client), Some(server)) = (number("c.isn"), number("s.isn")) else { return };
        let Ok(flow) = u128::from_str_radix(members.plain("flow"), 16) else { return };
        if members.is("state", "close") || self.numbers.contains_key(&flow) {
            return;
        }
        if self.order.len() >= FLOWS
            && let Some((_, numbers)) = self.order.pop_front().and_then(|oldest| self.numbers.remove(&oldest))
        {
            self.seen.remove(&numbers);
        }
        self.order.push_back(flow);
        self.numbers.insert(flow, (pod, (client, server)));
        let pods = self.seen.entry((client, server)).or_default();
        if !pods.contains(&pod) {
            pods.push(pod);
        }
    }

    fn learn(&mut self, service: SocketAddr, pod: SocketAddr) {
        if self.behind.len() >= MOST && !self.behind.contains_key(&service) {
            return;
        }
        let pods = self.behind.entry(service).or_default();
        if !pods.contains(&pod) && pods.len() < PODS {
            pods.push(pod);
        }
    }
}

/// An address that may be a service's of the cluster.
fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || (ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// The parts of the way between two pods, and what may be wrong with both.
struct Way {
    there_us: i64,
    back_us: i64,
    error_us: u64,
}

impl Way {
    /// Nothing comes before it was sent, as far as the clocks can tell.
    fn may_be(&self) -> bool {
        let least = -i64::try_from(self.error_us.saturating_add(STAMP_US)).unwrap_or(i64::MAX);
        self.there_us >= least && self.back_us >= least
    }
}

/// What both ends of an exchange see alike.
const WORDS: [&str; 9] =
    ["method", "path", "status", "stream", "request.wire_len", "response.wire_len", "xid", "query", "commands"];
/// A record waits so long for its other end.
const HOLD_US: i64 = 250_000;
/// By so much the begins may differ: the network, and what is not known of the clocks.
const APART_US: u64 = 2_000_000;
/// Packets are stamped a little before or after they pass.
const STAMP_US: u64 = 1_000;
/// Records that wait, and services that are known, at most.
const MOST: usize = 10_000;
/// Flows whose handshakes are remembered.
const FLOWS: usize = 50_000;
/// After so many records without another end no more of the same address wait.
const ALONE: u8 = 3;
/// Pods that are remembered of a service.
const PODS: usize = 64;

#[cfg(test)]
mod tests;
