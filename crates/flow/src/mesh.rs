//! Requests in the clear beside a proxy of the pod, and the TLS connections that carry them outside.
//!
//! A sidecar takes TLS from outside and speaks in the clear with the application over `lo`, or the other way round. Without
//! keys TLS still tells when its client sent how much and when its server answered with how much: exchanges, of which the
//! latest are kept here. A request on `lo` is linked with the exchange that agrees with it in bytes and in times, where one
//! alone does. That is concluded, not proven: a proxy adds and takes fields of heads, so that bytes agree but roughly.
//!
//! TLS parsers tell it of their records, whoever sends a record of HTTP asks it. It is one ring of fixed size: no
//! event allocates, and what is too old is overwritten.

use std::net::IpAddr;

use crate::{
    Endpoint, Facts, FlowId, Side,
    hints::Hints,
    record::{
        HttpRecord,
        http::{Agreed, Outer, Way},
    },
};

/// The latest exchanges of TLS connections.
#[derive(Debug)]
pub(crate) struct Mesh {
    ring: Vec<Exchange>,
    /// Exchanges that ever began.
    begun: u64,
    /// Exchanges that are kept.
    most: usize,
    /// What is asked on `lo`, so that what the application itself asks meanwhile is told from what it was asked.
    beside: [Beside; BESIDE],
    asked: u64,
    /// Addresses of the pod, as requests on `lo` showed them.
    own: [Option<IpAddr>; OWN],
}

/// What one connection remembers of its exchanges, or of those its requests were linked with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Talk {
    /// The number of the exchange that is under way.
    at: Option<u64>,
    /// That of the one before it: its request may be told a moment later.
    before: Option<u64>,
    /// Exchanges that began.
    begun: u64,
    /// Of a connection on `lo`: the number of what is asked on it.
    asks: Option<u64>,
    /// Of a connection on `lo`: whose exchange its last request was linked with, and which way all of them go.
    last: Option<(FlowId, Way)>,
    /// Requests on `lo` that were linked with exchanges, and of those that were answered the ones whose answers agree too.
    pub(crate) requests: u64,
    pub(crate) answers: u64,
}

/// A record of data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried {
    pub(crate) from: Side,
    /// Bytes in it, as far as its length tells.
    pub(crate) len: u64,
    /// Messages of the handshake look like data: TLS 1.3, whose begin was seen.
    pub(crate) may_be_handshake: bool,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
}

/// One exchange: bytes of the client, then bytes of the server.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    number: u64,
    flow: FlowId,
    client: Endpoint,
    server: Endpoint,
    asked: Sent,
    answered: Sent,
    /// Lengths of its first records, of which some may be the client's last words of the handshake.
    lead: [u64; LEAD],
    /// It is its connection's first one.
    is_first: bool,
    /// What it was linked with: bytes of the answer, where that was seen.
    inner: Option<Option<u64>>,
}

/// What a client on `lo` asks.
#[derive(Clone, Copy, Debug, Default)]
struct Beside {
    number: u64,
    flow: Option<FlowId>,
    first_us: i64,
    bytes: u64,
    is_answered: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    bytes: u64,
    first_us: i64,
    last_us: i64,
}

/// A request on `lo`.
#[derive(Clone, Copy, Debug)]
struct Seen {
    first_us: i64,
    last_us: i64,
    request: u64,
    /// Bytes of the answer and when it began.
    answer: Option<(u64, i64)>,
}

/// How well an exchange agrees, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grade {
    both: bool,
    /// Not a byte more or less: a proxy that passes on what it gets.
    exact: bool,
    /// And on the connection that it was linked with before.
    again: bool,
}

/// An exchange that agrees.
struct Found {
    grade: Grade,
    way: Way,
    at: usize,
    apart_us: u64,
}

impl Mesh {
    pub(crate) fn new(budget: usize) -> Self {
        let most = (budget / PART / size_of::<Exchange>()).clamp(FEWEST, MOST);
        Self { ring: Vec::new(), begun: 0, most, beside: [Beside::default(); BESIDE], asked: 0, own: [None; OWN] }
    }

    /// Takes a record of data of a TLS connection.
    pub(crate) fn carried(&mut self, facts: &mut Facts, record: &Carried) {
        if facts.layers > 0 || is_beside(facts) {
            return;
        }
        let talk = &mut facts.talk;
        let at = talk.at.and_then(|number| self.index(number));
        let current = at.and_then(|at| self.ring.get_mut(at));
        if record.from == Side::Server {
            // Without a request these are the last words of the handshake.
            if let Some(current) = current {
                current.answered.add(record);
            }
            return;
        }
        match current {
            // Acknowledgements and windows of HTTP/2 are no request: none is so short.
            Some(current) if current.answered.bytes > 0 && CONTROL.contains(&record.len) => {}
            Some(current) if current.goes_on(record) => {
                current.asked.add(record);
                if record.may_be_handshake
                    && let Some(slot) = current.lead.iter_mut().find(|len| **len == 0)
                {
                    *slot = record.len;
                }
            }
            _ => {
                let before = std::mem::replace(&mut talk.before, talk.at);
                self.count(talk, before);
                self.begin(facts, record);
            }
        }
    }

    /// Takes bytes of a connection that stays in the pod.
    pub(crate) fn beside(&mut self, facts: &mut Facts, from: Side, len: u64, ts_us: i64) {
        if self.ring.is_empty() || !is_beside(facts) {
            return;
        }
        let asks = facts.talk.asks.filter(|number| self.beside_at(*number).is_some());
        let current = asks.and_then(|number| self.beside.get_mut((number % BESIDE as u64) as usize));
        match (current, from) {
            (Some(current), Side::Server) => current.is_answered = true,
            (None, Side::Server) => {}
            (Some(current), Side::Client) if !current.is_answered => current.bytes += len,
            (_, Side::Client) => {
                let number = self.asked;
                if let Some(slot) = self.beside.get_mut((number % BESIDE as u64) as usize) {
                    *slot = Beside { number, flow: Some(facts.flow), first_us: ts_us, bytes: len, is_answered: false };
                }
                facts.talk.asks = Some(number);
                self.asked += 1;
            }
        }
    }

    /// A connection is over: its last exchanges count.
    pub(crate) fn finish(&self, talk: &mut Talk) {
        for number in [talk.before.take(), talk.at.take()] {
            self.count(talk, number);
        }
    }

    /// Counts what an exchange was linked with.
    fn count(&self, talk: &mut Talk, number: Option<u64>) {
        let exchange = number.and_then(|number| self.index(number)).and_then(|at| self.ring.get(at));
        let Some((exchange, inner)) = exchange.and_then(|one| Some((one, one.inner?))) else { return };
        talk.requests += 1;
        let agrees = |answer| exchange.answered.bytes > 0 && agree(exchange.answered.bytes, answer);
        talk.answers += u64::from(inner.is_some_and(agrees));
    }

    /// The TLS connection that carries a request outside; none where none agrees with it, or several do.
    pub(crate) fn outer(
        &mut self,
        facts: &mut Facts,
        hints: &Hints,
        ts_us: i64,
        http: &HttpRecord<'_>,
    ) -> Option<Outer> {
        if self.ring.is_empty() || facts.layers > 0 || !is_beside(facts) {
            return None;
        }
        self.learn(facts);
        let seen = Seen::of(ts_us, http)?;
        let mut best: Option<Found> = None;
        let mut is_alone = true;
        for number in (self.begun.saturating_sub(self.ring.len() as u64)..self.begun).rev() {
            let Some(at) = self.index(number) else { continue };
            let Some(exchange) = self.ring.get(at) else { continue };
            if exchange.asked.first_us < seen.first_us - OLDEST_US {
                break;
            }
            let own = |end: &Endpoint| hints.is_own(end.ip) || self.own.contains(&Some(end.ip));
            let ways = match (own(&exchange.client), own(&exchange.server)) {
                (true, false) => &[Way::Out][..],
                (false, true) => &[Way::In],
                _ => &[Way::In, Way::Out],
            };
            for way in ways {
                let last = facts.talk.last;
                if last.is_some_and(|(_, goes)| goes != *way) {
                    continue;
                }
                let Some(grade) = exchange.fits(&seen, *way, last.map(|last| last.0)) else { continue };
                if *way == Way::In && self.is_of_another(exchange, &seen, facts.flow, grade.exact) {
                    continue;
                }
                let found = Found { grade, way: *way, at, apart_us: exchange.asked.first_us.abs_diff(seen.first_us) };
                match &best {
                    Some(have) if have.grade > grade => {}
                    Some(have) if have.grade == grade && !self.is_seen_twice(have.at, exchange) => is_alone = false,
                    // Files hold what several pods saw of one connection: this one's is nearest.
                    Some(have) if have.grade == grade && have.apart_us <= found.apart_us => {}
                    Some(have) if have.grade == grade => best = Some(found),
                    _ => (best, is_alone) = (Some(found), true),
                }
            }
        }
        let Found { grade, way, at, apart_us } = best.filter(|_| is_alone)?;
        let exchange = self.ring.get_mut(at)?;
        exchange.inner = Some(seen.answer.map(|(bytes, _)| bytes));
        facts.talk.last = Some((exchange.flow, way));
        let agreed = if grade.both { Agreed::Both } else { Agreed::Request };
        let peer = if way == Way::In { exchange.client } else { exchange.server };
        Some(Outer { flow: exchange.flow, way, peer, proxy_us: apart_us, agreed })
    }

    pub(crate) fn heap(&self) -> usize {
        self.ring.capacity() * size_of::<Exchange>()
    }

    fn begin(&mut self, facts: &mut Facts, record: &Carried) {
        let talk = &mut facts.talk;
        let mut exchange = Exchange {
            number: self.begun,
            flow: facts.flow,
            client: facts.client,
            server: facts.server,
            asked: Sent::default(),
            answered: Sent::default(),
            lead: [0; LEAD],
            is_first: talk.begun == 0,
            inner: None,
        };
        exchange.asked.add(record);
        if record.may_be_handshake
            && exchange.is_first
            && let Some(slot) = exchange.lead.first_mut()
        {
            *slot = record.len;
        }
        talk.at = Some(self.begun);
        talk.begun += 1;
        if self.ring.is_empty() {
            self.ring.reserve_exact(self.most);
        }
        if self.ring.len() < self.most {
            self.ring.push(exchange);
        } else if let Some(oldest) = self.ring.get_mut((self.begun % self.most as u64) as usize) {
            *oldest = exchange;
        }
        self.begun += 1;
    }

    /// Where an exchange stands, unless it was overwritten.
    fn index(&self, number: u64) -> Option<usize> {
        let at = (number % self.most as u64) as usize;
        self.ring.get(at).is_some_and(|exchange| exchange.number == number).then_some(at)
    }

    fn beside_at(&self, number: u64) -> Option<&Beside> {
        let ask = self.beside.get((number % BESIDE as u64) as usize)?;
        (ask.flow.is_some() && ask.number == number).then_some(ask)
    }

    /// Somebody was asked before, agrees as well and has not answered yet: this request may be what came of that.
    fn is_of_another(&self, exchange: &Exchange, seen: &Seen, flow: FlowId, exact: bool) -> bool {
        self.beside.iter().any(|ask| {
            ask.flow.is_some_and(|own| own != flow)
                && !ask.is_answered
                && exchange.asked.first_us <= ask.first_us
                && ask.first_us < seen.first_us
                && exchange.asked_agrees(ask.bytes)
                && !(exact && ask.bytes != exchange.asked.bytes)
        })
    }

    /// Two exchanges are of connections with the same ends.
    fn is_seen_twice(&self, at: usize, other: &Exchange) -> bool {
        self.ring.get(at).is_some_and(|one| (one.client, one.server) == (other.client, other.server))
    }

    /// An address that is both ends of a connection, or one whose other end is `localhost`, is the pod's.
    fn learn(&mut self, facts: &Facts) {
        for ip in [facts.client.ip, facts.server.ip] {
            if !ip.is_loopback()
                && !self.own.contains(&Some(ip))
                && let Some(slot) = self.own.iter_mut().find(|slot| slot.is_none())
            {
                *slot = Some(ip);
            }
        }
    }
}

impl Exchange {
    /// How well it agrees with a request, if it does.
    fn fits(&self, seen: &Seen, way: Way, last: Option<FlowId>) -> Option<Grade> {
        if self.inner.is_some() || !self.asked_agrees(seen.request) {
            return None;
        }
        let exact = self.asked.bytes == seen.request;
        let again = exact && last == Some(self.flow);
        let has_answered = self.answered.bytes > 0;
        // What is said after a handshake of TLS 1.3 stands before the first answer.
        let begins_early = |answer_us| has_answered && !self.is_first && self.answered.first_us < answer_us;
        match (way, seen.answer) {
            (Way::In, answer) => {
                let comes_first =
                    self.asked.first_us <= seen.first_us && seen.first_us <= self.asked.last_us + APART_US;
                let (most, since_us) = answer.map_or((0, seen.last_us), |(bytes, first_us)| (bytes, first_us));
                let may_be = comes_first
                    && !begins_early(since_us)
                    && self.answered.bytes <= most + slack(most)
                    && (!has_answered || self.is_first || answer.is_some());
                let both = has_answered && self.answered.first_us >= since_us && agree(self.answered.bytes, most);
                may_be.then_some(Grade { both, exact, again })
            }
            (Way::Out, answer) => {
                let comes_then = seen.first_us <= self.asked.first_us && self.asked.first_us <= seen.last_us + APART_US;
                let both = match answer {
                    Some((bytes, first_us)) => {
                        let is_before = has_answered && (self.is_first || self.answered.first_us <= first_us);
                        if !is_before || !agree(self.answered.bytes, bytes) {
                            return None;
                        }
                        true
                    }
                    None if has_answered => return None,
                    None => false,
                };
                comes_then.then_some(Grade { both, exact, again })
            }
        }
    }

    /// Whether what its client says is still the same request. What a server of TLS 1.3 says first are tickets, whenever
    /// that comes; a request that is linked already was whole.
    fn goes_on(&self, record: &Carried) -> bool {
        let may_be_tickets = self.is_first && record.may_be_handshake && self.inner.is_none();
        self.answered.bytes == 0 || (may_be_tickets && self.answered.bytes <= HEAD)
    }

    /// Whether its request has about so many bytes, without what may belong to the handshake.
    fn asked_agrees(&self, bytes: u64) -> bool {
        let mut rest = self.asked.bytes;
        agree(rest, bytes)
            || self.lead.iter().any(|len| {
                rest = rest.saturating_sub(*len);
                *len > 0 && rest > 0 && agree(rest, bytes)
            })
    }
}

impl Sent {
    fn add(&mut self, record: &Carried) {
        if self.bytes == 0 {
            self.first_us = record.first_us;
        }
        self.bytes += record.len;
        self.last_us = record.last_us;
    }
}

impl Seen {
    /// None of a request that was not seen whole.
    fn of(ts_us: i64, http: &HttpRecord<'_>) -> Option<Self> {
        let request = http.request.as_ref()?;
        let later = |us: Option<u64>| ts_us.saturating_add(i64::try_from(us.unwrap_or(0)).unwrap_or(0));
        let answer = http.response.as_ref().zip(http.ttfb_us);
        Some(Self {
            first_us: ts_us,
            last_us: later(http.req_us),
            request: request.head_len + request.wire_len,
            answer: answer.map(|(said, ttfb)| (said.head_len + said.wire_len, later(Some(ttfb)))),
        })
    }
}

/// Whether a connection stays in the pod.
fn is_beside(facts: &Facts) -> bool {
    let [client, server] = [facts.client.ip, facts.server.ip];
    client.is_loopback() || server.is_loopback() || client == server
}

/// Whether two numbers of bytes may be of one message, on both sides of a proxy.
fn agree(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= slack(one.max(other))
}

/// Fields that a proxy adds or takes, and its own way to cut a body into chunks.
fn slack(bytes: u64) -> u64 {
    HEAD + bytes / 64
}

/// Fields of a head that a proxy adds or takes have together at most this.
const HEAD: u64 = 1_024;
/// A proxy passes a request on within this time.
const APART_US: i64 = 250_000;
/// Exchanges that began longer before a request are not looked at.
const OLDEST_US: i64 = 10_000_000;
/// Frames of HTTP/2 that are no request: acknowledged settings, a window, a ping.
const CONTROL: [u64; 3] = [9, 13, 17];
/// Records of a client's handshake: its certificate, the proof of it, the end.
const LEAD: usize = 3;
/// Questions on `lo` that are remembered.
const BESIDE: usize = 128;
/// Addresses of the pod.
const OWN: usize = 4;
/// Of the budget one part in so many.
const PART: usize = 64;
/// Exchanges that are kept.
const FEWEST: usize = 32;
const MOST: usize = 1_024;

#[cfg(test)]
mod tests;
