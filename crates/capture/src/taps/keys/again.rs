//! Reads the packets that are kept once more, with the keys that came later: what earlier connections said.
//!
//! Of a connection that could be read while it ran nothing comes twice. Records get the flow that the connection has in the
//! tap, and secrets in them are hidden as in all others, by a key of this reading alone.

use crate::line::Members;
use crate::owner::random;
use crate::spool::Snapshot;
use crate::taps::TapsError;
use crate::taps::one::One;
use flow::redact::{Redaction, Rules};
use flow::{Config, Engine, Envelope, FlowId, KeyLine, Limits, Record, Sink};
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Both ends of a connection, and the pod in which it was seen.
type Ends = (usize, SocketAddr, SocketAddr);

/// What the tap knows of connections between the same ends: when each was, and its flow.
type Known = HashMap<Ends, Vec<(i64, i64, u128)>>;

/// Adds the records of connections that can be read now; how many there are.
pub(super) async fn read(one: &Arc<One>) -> Result<u64, TapsError> {
    let Some(spool) = &one.spool else { return Ok(0) };
    // Obliged to heads alone, the tap shows no content, however it came to be readable.
    if one.headers_only {
        return Ok(0);
    }
    let Some(snapshot) = spool.snapshot().await else { return Ok(0) };
    let (lines, redacted, body) = (one.keys.lock().lines(), one.redacted, one.body);
    let redaction = match redacted {
        true => Redaction::new(Rules::default(), random::<16>()?),
        false => Redaction::off(),
    };
    let seed = u64::from_le_bytes(random::<8>()?);
    let found = tokio::task::spawn_blocking(move || opened(snapshot, &lines, redaction, (body as usize, seed)));
    let found = found.await.map_err(io::Error::other).flatten().map_err(TapsError::Unreadable)?;
    let (known, told) = known(one);
    let mut by_pod: HashMap<usize, Vec<u8>> = HashMap::new();
    let mut count = 0;
    for Opened { ends, first_us, lines } in found {
        let spans = known.get(&ends).map(Vec::as_slice).unwrap_or_default();
        let at =
            |(from, to, _): &&(i64, i64, u128)| (from - SLACK_US..=to.saturating_add(SLACK_US)).contains(&first_us);
        let flow = spans.iter().find(at).map(|(_, _, flow)| *flow);
        if flow.is_some_and(|flow| told.contains(&flow)) {
            continue;
        }
        let out = by_pod.entry(ends.0).or_default();
        for line in lines {
            out.extend_from_slice(&with_flow(line, flow));
            out.push(b'\n');
            count += 1;
        }
    }
    for (pod, lines) in by_pod {
        one.lines(pod, &lines);
    }
    Ok(count)
}

/// A connection that was opened.
struct Opened {
    ends: Ends,
    first_us: i64,
    lines: Vec<Vec<u8>>,
}

/// What of all packets could be opened.
fn opened(
    snapshot: Snapshot,
    keys: &[KeyLine],
    redaction: Redaction,
    (body, seed): (usize, u64),
) -> io::Result<Vec<Opened>> {
    let limits = Limits { body, ..Limits::default() };
    let mut engine = Engine::new(Config { limits, redaction, budget: BUDGET, seed });
    engine.keys(keys);
    let Snapshot { mut segments, interfaces } = snapshot;
    let pods = interfaces.iter().map(|(_, pod, _)| *pod).collect();
    let mut heard = Heard { pods, flows: HashMap::new(), opened: HashSet::new(), bytes: 0 };
    let mut bytes = Vec::new();
    for segment in &mut segments {
        segment.load(&mut bytes)?;
        for (_, packet) in pcap::packets(&bytes).flatten() {
            engine.packet(&(&packet).into(), &mut heard);
        }
    }
    engine.finish(&mut heard);
    let Heard { flows, opened, .. } = heard;
    Ok(flows.into_iter().filter(|(flow, _)| opened.contains(flow)).map(|(_, flow)| flow).collect())
}

/// Keeps what connections said until it is known which of them could be opened.
struct Heard {
    pods: Vec<usize>,
    flows: HashMap<FlowId, Opened>,
    opened: HashSet<FlowId>,
    bytes: usize,
}

impl Sink for Heard {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let Some(flow) = envelope.flow else { return };
        match record {
            Record::Tls(tls) => {
                if tls.verdict.is_some_and(|verdict| verdict.code == "decrypted") {
                    self.opened.insert(flow);
                }
                return;
            }
            Record::Http(_) | Record::Ws(_) | Record::Redis(_) | Record::Sql(_) => {}
            _ => return,
        }
        let (Some(src), Some(dst)) = (envelope.src, envelope.dst) else { return };
        let ends = [src, dst].map(|end| SocketAddr::new(end.ip, end.port.unwrap_or(0)));
        let mut line = Vec::new();
        record.write_json(envelope, &mut line);
        if self.bytes + line.len() > MOST_BYTES {
            return;
        }
        self.bytes += line.len();
        let pod = self.pods.get(envelope.iface as usize).copied().unwrap_or(usize::MAX);
        let [client, server] = ends;
        let new = || Opened { ends: (pod, client, server), first_us: envelope.ts_us, lines: Vec::new() };
        self.flows.entry(flow).or_insert_with(new).lines.push(line);
    }
}

/// The connections that the tap knows, and those of which it has told content.
fn known(one: &One) -> (Known, HashSet<u128>) {
    let (mut known, mut told): (Known, HashSet<u128>) = (HashMap::new(), HashSet::new());
    one.each(|line| {
        if line.flow == 0 {
            return;
        }
        let members = Members::of(line.line);
        match members.plain("kind") {
            "flow" => {
                let end = |side| {
                    let inner = Members::of(members.raw(side)?);
                    let ip = inner.plain("ip").parse().ok()?;
                    Some(SocketAddr::new(ip, u16::try_from(inner.int("port")?).ok()?))
                };
                let (Some(src), Some(dst)) = (end("src"), end("dst")) else { return };
                let start = members.int("start").unwrap_or(0);
                let end = if members.is("state", "close") { members.int("end").unwrap_or(i64::MAX) } else { i64::MAX };
                let spans = known.entry((usize::from(line.pod), src, dst)).or_default();
                match spans.iter_mut().find(|(_, _, flow)| *flow == line.flow) {
                    Some(span) => *span = (start, end, line.flow),
                    None => spans.push((start, end, line.flow)),
                }
            }
            "http" | "ws" | "redis" | "sql" => drop(told.insert(line.flow)),
            _ => {}
        }
    });
    (known, told)
}

/// The record under the flow that its connection has in the tap.
fn with_flow(mut line: Vec<u8>, flow: Option<u128>) -> Vec<u8> {
    let Some(flow) = flow else { return line };
    let name = b"\"flow\":\"";
    if let Some(at) = memchr::memmem::find(&line, name).map(|at| at + name.len())
        && let Some(place) = line.get_mut(at..at + 32)
    {
        place.copy_from_slice(format!("{flow:032x}").as_bytes());
    }
    line
}

/// Memory of the engine that reads again.
const BUDGET: usize = 64 << 20;
/// Records that come of it, in bytes.
const MOST_BYTES: usize = 32 << 20;
/// By so much the times of a record and its connection may differ.
const SLACK_US: i64 = 1_000_000;
