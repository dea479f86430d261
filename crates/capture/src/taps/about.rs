//! What is said of a tap beside its records: counters, agents, marks, what a capture filter would choose.

use super::one::{One, Order, SPOOL_FULL, now_us};
use super::{Taps, TapsError};
use crate::names::{Names, Objects};
use crate::spool::Snapshot;
use api::tap::{TapAgent, TapKind, TapMark, TapPreview, TapSpool, TapStats};
use base::{Code, RequestId};
use bpf::{Filter, Resolve};
use pcap::LinkType;
use policy::action::{TapChange, TapControl, TapPayload, TapView};
use policy::{Outcome, Permit};
use proto::capture::Mode;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Taps {
    /// What a tap came to.
    ///
    /// # Errors
    /// When it was forgotten meanwhile.
    pub fn stats(&self, permit: &Permit<TapView>) -> Result<TapStats, TapsError> {
        let one = self.0.viewed(permit)?;
        let (totals, record_bytes) = (one.totals(), one.records.lock().bytes() as u64);
        let state = one.state.read();
        let mut malformed: BTreeMap<&str, u64> = BTreeMap::new();
        for counted in state.targets.iter().flat_map(|target| &target.stats.malformed) {
            *malformed.entry(&counted.name).or_default() += counted.count;
        }
        let kind = |(name, count): (&str, u64)| TapKind { name: name.to_owned(), count };
        Ok(TapStats {
            totals,
            kinds: state.kinds.iter().map(|(name, count)| kind((name, *count))).collect(),
            losses: state.losses.values().cloned().collect(),
            malformed: malformed.into_iter().map(kind).collect(),
            record_bytes,
            record_budget: one.room.bytes() as u64,
            spool: one.spool.as_ref().map(|spool| TapSpool {
                bytes: spool.bytes(),
                budget: spool.budget(),
                dropped: spool.dropped(),
                error: spool.is_full().then(|| api::ErrorBody {
                    code: Code::SpoolFull,
                    message: SPOOL_FULL.to_owned(),
                    details: None,
                    request_id: RequestId::new(),
                }),
            }),
            viewers: one.viewers(),
        })
    }

    /// The agents of a tap, in the order in which their pods came.
    ///
    /// # Errors
    /// When it was forgotten meanwhile.
    pub fn agents(&self, permit: &Permit<TapView>) -> Result<Vec<TapAgent>, TapsError> {
        let one = self.0.viewed(permit)?;
        let state = one.state.read();
        let agent = |own: &super::one::Target| {
            let hello = own.hello.as_deref();
            let text = |of: fn(&proto::capture::Hello) -> &String| hello.map(of).cloned().unwrap_or_default();
            let mode = match hello.map(proto::capture::Hello::mode) {
                Some(Mode::Packets) => "packets",
                Some(Mode::Sockets) => "sockets",
                Some(Mode::Unknown) | None => "",
            };
            TapAgent {
                namespace: own.seen.namespace.clone(),
                pod: own.seen.pod.clone(),
                uid: own.uid.clone(),
                state: own.state.to_owned(),
                container: own.container.clone(),
                profile: own.profile.to_owned(),
                mode: mode.to_owned(),
                reason: text(|hello| &hello.reason),
                version: text(|hello| &hello.version),
                arch: text(|hello| &hello.arch),
                kernel: text(|hello| &hello.kernel),
                node: own.seen.node.clone(),
                interfaces: hello.into_iter().flat_map(|hello| &hello.interfaces).map(|own| own.name.clone()).collect(),
                clock_us: own.clock.map(|clock| clock.offset_us),
                clock_error_us: own.clock.map(|clock| clock.error_us),
                packets: own.stats.packets,
                bytes: own.stats.bytes,
                kernel_drops: own.stats.kernel_drops,
                lost: own.lost,
                cpu_ms: own.stats.cpu_ms,
                rss: own.stats.rss,
                level: own.stats.level,
                error: own.error.clone(),
            }
        };
        Ok(state.targets.iter().map(agent).collect())
    }

    /// The marks of a tap, in the order in which they were set.
    ///
    /// # Errors
    /// When it was forgotten meanwhile.
    pub fn marks(&self, permit: &Permit<TapView>) -> Result<Vec<TapMark>, TapsError> {
        Ok(self.0.viewed(permit)?.state.read().marks.iter().cloned().collect())
    }

    /// Sets a mark: a `tap` record with the words, where they stand in time.
    ///
    /// # Errors
    /// When the decision cannot be written down, or the words are too many.
    pub async fn mark(&self, permit: Permit<TapControl>) -> Result<TapMark, TapsError> {
        permit.settled().await?;
        let TapControl { tap, change: TapChange::Mark(text) } = permit.target() else {
            return Err(TapsError::NotCovered);
        };
        let one = self.0.find(&tap.tap)?;
        if text.trim().is_empty() || text.len() > MARK {
            return Err(TapsError::Request(format!("a mark is a word or a sentence, of {MARK} bytes at most")));
        }
        let ts = i64::try_from(now_us()).unwrap_or(i64::MAX);
        let mark = TapMark { ts, text: text.clone(), by: permit.principal().name().to_owned() };
        {
            let mut state = one.state.write();
            if state.marks.len() >= MARKS {
                state.marks.pop_front();
            }
            state.marks.push_back(mark.clone());
        }
        one.say("mark", text);
        permit.finish(Outcome::Done { message: "marked".to_owned() });
        Ok(mark)
    }

    /// How many of the packets that came last a capture filter would choose.
    ///
    /// # Errors
    /// When the decision cannot be written down, no packets are kept, or the filter is none.
    pub async fn preview(&self, permit: Permit<TapPayload>, filter: String) -> Result<TapPreview, TapsError> {
        permit.settled().await?;
        let one = self.0.find(&permit.target().tap.tap)?;
        let spool = one.spool.as_ref().ok_or(TapsError::NoPackets)?;
        let names = one.names_of_objects(&filter).await;
        // A wrong one is refused even where nothing has come yet.
        Filter::compile_with(&filter, bpf::Options::new(LinkType::ETHERNET), &Objects::new(names.as_ref()))?;
        let snapshot = spool.snapshot().await.ok_or(TapsError::NoPackets)?;
        let counted = move || preview(snapshot, &filter, &Objects::new(names.as_ref()));
        let counted = tokio::task::spawn_blocking(counted).await;
        counted.map_err(|error| TapsError::Unreadable(io::Error::other(error)))?
    }
}

impl One {
    /// The names of the cluster, where this filter has objects.
    async fn names_of_objects(&self, filter: &str) -> Option<Names> {
        if bpf::objects(filter).is_empty() {
            return None;
        }
        let (tell, told) = oneshot::channel();
        // One that has ended has none any more.
        self.orders.send(Order::Names(tell)).await.ok()?;
        let names = told.await.ok()??;
        names.known().await;
        Some(names)
    }

    /// Who looks at its packets now.
    pub(super) fn viewers(&self) -> u64 {
        Arc::strong_count(&self.viewers).saturating_sub(1) as u64
    }
}

/// Counts in the newest segments, until there are enough packets.
fn preview(snapshot: Snapshot, filter: &str, objects: &dyn Resolve) -> Result<TapPreview, TapsError> {
    let Snapshot { mut segments, .. } = snapshot;
    let (mut sieves, mut bytes): (Vec<(LinkType, Filter)>, Vec<u8>) = (Vec::new(), Vec::new());
    let mut sum = TapPreview::default();
    for segment in segments.iter_mut().rev() {
        segment.load(&mut bytes).map_err(TapsError::Unreadable)?;
        let room = PREVIEW - usize::try_from(sum.of).unwrap_or(PREVIEW);
        let mut last = VecDeque::new();
        for (_, packet) in pcap::packets(&bytes).flatten() {
            let place = match sieves.iter().position(|(link, _)| *link == packet.link) {
                Some(place) => place,
                None => {
                    let options = bpf::Options::new(packet.link);
                    sieves.push((packet.link, Filter::compile_with(filter, options, objects)?));
                    sieves.len() - 1
                }
            };
            if last.len() >= room {
                last.pop_front();
            }
            let matches = sieves.get(place).is_some_and(|(_, sieve)| sieve.matches(packet.bytes, packet.orig_len));
            last.push_back(matches);
        }
        sum.of += last.len() as u64;
        sum.matches += last.iter().filter(|matches| **matches).count() as u64;
        if sum.of >= PREVIEW as u64 {
            break;
        }
    }
    Ok(sum)
}

/// Packets that a filter is tried on.
const PREVIEW: usize = 10_000;
/// Marks that are listed; their records stay as long as all do.
const MARKS: usize = 1_000;
/// Bytes of one.
const MARK: usize = 500;
