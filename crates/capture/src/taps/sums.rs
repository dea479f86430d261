//! Sums over the records of a tap: who asks whom, and how long it takes. Made when they are asked for.

mod board;
mod metrics;

use super::one::One;
use super::read::tell_dear;
use super::row::{self, Seen};
use super::{Taps, TapsError};
use crate::line::{By, Choice, Groups, Histogram, Members};
use crate::records::Line;
use api::Level;
use api::tap::{TapEdge, TapEnd, TapEndKind, TapHistogram, TapHistograms, TapMap, TapShares};
use policy::Permit;
use policy::action::TapView;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

impl Taps {
    /// Who asks whom, by the records that `select` chooses.
    ///
    /// # Errors
    /// When the tap is not there, or the expression is none.
    pub async fn map(&self, permit: Permit<TapView>, select: &str) -> Result<TapMap, TapsError> {
        let (one, choice) = (self.0.viewed(&permit)?, Choice::of(select)?);
        blocking(move || map(&one, choice)).await
    }

    /// How long transactions took, by the records that `select` chooses.
    ///
    /// # Errors
    /// When the tap is not there, or the expression is none.
    pub async fn histograms(
        &self,
        permit: Permit<TapView>,
        select: &str,
        by: &str,
    ) -> Result<TapHistograms, TapsError> {
        let (one, choice, by) = (self.0.viewed(&permit)?, Choice::of(select)?, parts(by)?);
        blocking(move || histograms(&one, choice, by)).await
    }

    /// The figures of a tap in Prometheus' text format, latencies by the records that `select` chooses.
    ///
    /// # Errors
    /// When the tap is not there, or the expression is none.
    pub async fn metrics(&self, permit: Permit<TapView>, select: &str, by: &str) -> Result<String, TapsError> {
        let (one, choice, by) = (self.0.viewed(&permit)?, Choice::of(select)?, parts(by)?);
        let stats = self.stats(&permit)?;
        blocking(move || metrics::text(&one.detail(), &stats, &histograms(&one, choice, by))).await
    }
}

/// What tells groups apart: `route,status`.
fn parts(by: &str) -> Result<Vec<By>, TapsError> {
    let named = |name: &str| {
        By::named(name).ok_or_else(|| {
            TapsError::Request(format!("latencies are by route, method, status, peer or vantage, not by {name:?}"))
        })
    };
    by.split(',').map(str::trim).filter(|name| !name.is_empty()).map(named).collect()
}

async fn blocking<T: Send + 'static>(sum: impl FnOnce() -> T + Send + 'static) -> Result<T, TapsError> {
    let summed = tokio::task::spawn_blocking(sum).await;
    summed.map_err(|error| TapsError::Unreadable(std::io::Error::other(error)))
}

/// Shows every record that is kept and chosen.
fn each(one: &One, mut choice: Option<Choice>, mut show: impl FnMut(&Line<'_>, &Members<'_>)) {
    one.each(|line| {
        if choice.as_mut().is_none_or(|choice| choice.holds(line.line)) {
            show(line, &Members::of(line.line));
        }
    });
    tell_dear(one, choice.as_mut());
}

fn histograms(one: &One, choice: Option<Choice>, by: Vec<By>) -> TapHistograms {
    let mut groups = Groups::by(by);
    each(one, choice, |_, members| groups.add(members));
    let group = |(kind, what, group): (&str, &str, &crate::line::groups::Group)| TapHistogram {
        kind: kind.to_owned(),
        what: what.to_owned(),
        count: group.count,
        errors: group.errors,
        us: shares(&group.micros),
        buckets: coarse(&group.micros),
    };
    let mut groups: Vec<TapHistogram> = groups.iter().map(group).collect();
    groups.sort_by_key(|group| Reverse(group.count));
    TapHistograms { groups }
}

/// What one asks of another.
#[derive(Default)]
struct Sum {
    count: u64,
    errors: u64,
    unanswered: u64,
    bytes: u64,
    micros: Histogram,
}

fn map(one: &Arc<One>, choice: Option<Choice>) -> TapMap {
    let seen: Vec<Arc<Seen>> = one.state.read().targets.iter().map(|target| target.seen.clone()).collect();
    let none = Arc::default();
    let (mut sums, mut text): (HashMap<[String; 3], Sum>, String) = Default::default();
    let mut ends: BTreeMap<String, TapEnd> = BTreeMap::new();
    let (mut from, mut to, mut more) = (i64::MAX, 0, false);
    let (mut behind, mut once) = (Behind::default(), Once::default());
    each(one, choice, |line, members| {
        let kind = members.plain("kind");
        if kind == "flow" {
            behind.learn(members);
        }
        // A connection counts where nothing is known of what it holds: once, when it is over.
        let is_flow = kind == "flow" && members.is("state", "close") && members.int("transactions") == Some(0);
        // Datagrams need no answer; a SYN does.
        let unanswered = is_flow && members.is("proto", "tcp") && members.int("s.packets") == Some(0);
        if is_flow && once.had_other_end(members) {
            return;
        }
        if !(is_flow || row::has_row(kind)) || matches!(kind, "gap" | "loss" | "anomaly" | "tap") {
            return;
        }
        if let Some(ts) = members.int("ts") {
            (from, to) = (from.min(ts), to.max(ts));
        }
        let seen = seen.get(usize::from(line.pod)).unwrap_or(&none);
        let key = row::edge(members, seen);
        if sums.len() >= EDGES && !sums.contains_key(&key) {
            more = true;
            return;
        }
        if !sums.contains_key(&key) {
            behind.learn(members);
            // An end is what the first record says that knows more than its address.
            for (side, end) in ["src", "dst"].into_iter().zip(row::ends(members, seen, &key)) {
                behind.name(members, side, &end);
                let known = ends.entry(end.name.clone()).or_insert_with(|| end.clone());
                if known.kind == TapEndKind::External {
                    *known = end;
                }
            }
        }
        let sum = sums.entry(key).or_default();
        text.clear();
        sum.count += 1;
        sum.errors += u64::from(row::status(kind, members, &mut text) >= Level::Warn);
        sum.unanswered += u64::from(unanswered);
        let bytes = [&["request.len", "c.bytes"][..], &["response.len", "s.bytes", "bytes", "len"][..]];
        let bytes = bytes.iter().filter_map(|paths| members.first_int(paths)).sum::<i64>();
        sum.bytes += u64::try_from(bytes).unwrap_or(0);
        let micros = members.first_int(&["wait_us", "latency_us", "hs_us"]);
        if let Some(micros) = micros.and_then(|micros| u64::try_from(micros).ok()) {
            sum.micros.add(micros);
        }
    });
    behind.tell(ends.values_mut());
    let edge = |([source, destination, protocol], sum): ([String; 3], Sum)| TapEdge {
        source,
        destination,
        protocol,
        count: sum.count,
        errors: sum.errors,
        unanswered: sum.unanswered,
        bytes: sum.bytes,
        us: shares(&sum.micros),
    };
    let mut edges: Vec<TapEdge> = sums.into_iter().map(edge).collect();
    edges.sort_by(|a, b| {
        b.count.cmp(&a.count).then_with(|| (&a.source, &a.destination).cmp(&(&b.source, &b.destination)))
    });
    let from = if from == i64::MAX { 0 } else { from };
    TapMap { from, to, edges, ends: ends.into_values().collect(), more }
}

/// Which workloads stand behind which services, by what records say of pods.
#[derive(Default)]
struct Behind {
    /// Workloads by namespace and service.
    workloads: HashMap<[String; 2], BTreeSet<String>>,
    /// Namespace and service by the names of ends.
    services: HashMap<String, [String; 2]>,
}

impl Behind {
    fn learn(&mut self, members: &Members<'_>) {
        for side in ["src", "dst"] {
            let end = Members::of(members.raw(side).unwrap_or_default());
            let (service, workload) = (end.plain("service"), end.plain("workload"));
            if service.is_empty() || workload.is_empty() {
                continue;
            }
            let key = [end.plain("ns"), service].map(str::to_owned);
            if self.workloads.len() < EDGES || self.workloads.contains_key(&key) {
                let workloads = self.workloads.entry(key).or_default();
                if workloads.len() < 2 {
                    workloads.insert(workload.to_owned());
                }
            }
        }
    }

    /// Remembers which service an end of an edge is.
    fn name(&mut self, members: &Members<'_>, side: &str, end: &TapEnd) {
        if end.kind == TapEndKind::Service {
            let own = Members::of(members.raw(side).unwrap_or_default());
            self.services.insert(end.name.clone(), [own.plain("ns"), own.plain("service")].map(str::to_owned));
        }
    }

    /// A service with one workload behind it is that workload, so that what asks the one and what asks the other meet.
    fn tell<'a>(&self, ends: impl Iterator<Item = &'a mut TapEnd>) {
        for end in ends.filter(|end| end.kind == TapEndKind::Service) {
            let workloads = self.services.get(&end.name).and_then(|key| self.workloads.get(key));
            if let Some(workload) = workloads.filter(|all| all.len() == 1).and_then(|all| all.first()) {
                end.workload.clone_from(workload);
            }
        }
    }
}

/// Connections of which one end was counted: a translation of addresses changes the server's, never the client's.
#[derive(Default)]
struct Once(HashSet<(Vec<u8>, bool)>);

impl Once {
    /// Whether this connection was seen at its other end, too.
    fn had_other_end(&mut self, members: &Members<'_>) -> bool {
        let end = Members::of(members.raw("src").unwrap_or_default());
        let at_client = match members.plain("vantage") {
            "client" => true,
            "server" => false,
            _ => return false,
        };
        let (Some(ip), Some(port)) = (end.raw("ip"), end.raw("port")) else { return false };
        let client = [ip, b" ", port, b" ", members.raw("proto").unwrap_or_default()].concat();
        // A client uses its port again: each connection has its own other end.
        if self.0.remove(&(client.clone(), !at_client)) {
            return true;
        }
        if self.0.len() < CONNECTIONS {
            self.0.insert((client, at_client));
        }
        false
    }
}

fn shares(micros: &Histogram) -> TapShares {
    TapShares { p50: micros.at(0.5), p95: micros.at(0.95), p99: micros.at(0.99), max: micros.at(1.0) }
}

/// Buckets of an eighth: enough to draw.
fn coarse(micros: &Histogram) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::new();
    for (value, count) in micros.buckets() {
        let shift = (64 - value.leading_zeros()).saturating_sub(4);
        let from = value >> shift << shift;
        match out.last_mut() {
            Some((last, sum)) if *last == from => *sum += count,
            _ => out.push((from, count)),
        }
    }
    out
}

/// Connections whose other ends are looked for.
const CONNECTIONS: usize = 200_000;
/// Edges that are told apart.
const EDGES: usize = 1_000;
