//! For tests: one parser driven by hand, as the engine would drive it, with its records kept as JSON.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::redact::{Redaction, Rules};
use crate::{
    AfterGap, AnyParser, App, Chunk, Context, End, Endpoint, Envelope, Facts, FlowId, Gap, GapCause, Limits, MaskSpan,
    Parser, Record, Side, Sink, Step, Transport, Writer, dns,
};

/// What came out.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) records: Vec<Value>,
    pub(crate) masks: Vec<MaskSpan>,
    writer: Writer,
}

impl Sink for Kept {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let mut out = Vec::new();
        record.write_json(envelope, &mut out);
        let mut again = Vec::new();
        self.writer.write(record, envelope, &mut again);
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&out));
        let text = String::from_utf8(out).expect("JSON is UTF-8");
        let record = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        crate::schema::check(&record);
        self.records.push(record);
    }

    fn mask(&mut self, span: MaskSpan) {
        self.masks.push(span);
    }
}

/// One conversation.
pub(crate) struct Rig {
    parser: Option<AnyParser>,
    kept: [Vec<u8>; 2],
    /// Stream offset of the first byte in `kept`.
    offset: [u64; 2],
    skip: [u64; 2],
    acked: [u64; 2],
    pub(crate) facts: Facts,
    pub(crate) limits: Limits,
    pub(crate) redaction: Redaction,
    pub(crate) dns: dns::Table,
    pub(crate) hints: crate::hints::Hints,
    pub(crate) keys: crate::keylog::Store,
    pub(crate) protos: crate::grpc::protos::Protos,
    drafts: crate::http1::Spare,
    mesh: crate::mesh::Mesh,
    seq: u64,
    wake: Option<i64>,
    pub(crate) out: Kept,
    pub(crate) became: Option<App>,
    pub(crate) violations: Vec<&'static str>,
}

/// One act of a script.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Send(Side, i64, Vec<u8>),
    End(Side, End),
}

impl Rig {
    pub(crate) fn new(app: App) -> Rig {
        Rig {
            parser: AnyParser::new(app),
            kept: Default::default(),
            offset: [0; 2],
            skip: [0; 2],
            acked: [0; 2],
            facts: facts(app, 40_000),
            limits: Limits { mask: true, ..Limits::default() },
            redaction: Redaction::new(Rules::default(), [7; 16]),
            dns: dns::Table::new(1 << 20),
            hints: crate::hints::Hints::default(),
            drafts: crate::http1::Spare::default(),
            mesh: crate::mesh::Mesh::new(1 << 20),
            keys: crate::keylog::Store::new(1 << 20),
            protos: crate::grpc::protos::Protos::default(),
            seq: 0,
            wake: None,
            out: Kept::default(),
            became: None,
            violations: Vec::new(),
        }
    }

    pub(crate) fn without_redaction(app: App) -> Rig {
        Rig { redaction: Redaction::off(), ..Rig::new(app) }
    }

    /// Bytes of one side; the sender has acknowledged all of the other's unless [`Rig::unseen`] says otherwise.
    pub(crate) fn send(&mut self, from: Side, ts_us: i64, bytes: &[u8]) {
        let at = from.index();
        let other = from.other().index();
        self.acked[at] = self.offset[other] + self.kept[other].len() as u64;
        self.unseen(from, ts_us, bytes);
    }

    /// Bytes of one side, whose acknowledgement stays where it was.
    pub(crate) fn unseen(&mut self, from: Side, ts_us: i64, bytes: &[u8]) {
        let at = from.index();
        let skipped = self.skip[at].min(bytes.len() as u64);
        self.skip[at] -= skipped;
        if skipped > 0 {
            assert!(self.kept[at].is_empty(), "nothing is kept before what is skipped");
        }
        self.offset[at] += skipped;
        self.kept[at].extend_from_slice(&bytes[skipped as usize..]);
        loop {
            if self.kept[at].is_empty() || self.became.is_some() {
                return;
            }
            let Some(parser) = &mut self.parser else { return };
            let held = std::mem::take(&mut self.kept[at]);
            let chunk = Chunk {
                bytes: &held,
                offset: self.offset[at],
                ts_us,
                first_ts_us: ts_us,
                acked: self.acked[at],
                cut: 0,
            };
            let mut cx = Context {
                facts: &mut self.facts,
                limits: &self.limits,
                redaction: &self.redaction,
                dns: &mut self.dns,
                hints: &self.hints,
                keys: &mut self.keys,
                protos: &mut self.protos,
                drafts: &mut self.drafts,
                mesh: &mut self.mesh,
                seq: &mut self.seq,
                sink: &mut self.out,
                wake: &mut self.wake,
            };
            let (used, skip) = match parser.data(from, &chunk, &mut cx) {
                Step::Consumed(used) => (used, None),
                Step::Skip { used, skip } => (used, Some(skip)),
                Step::Violation(code) => {
                    self.violations.push(code);
                    self.offset[at] += held.len() as u64;
                    if self.violations.len() >= 3 {
                        self.parser = None;
                    }
                    return;
                }
                Step::Become { used, app } => {
                    self.became = Some(app);
                    (used, None)
                }
            };
            assert!(used <= held.len(), "a parser used more than there is");
            self.offset[at] += used as u64;
            self.kept[at] = held[used..].to_vec();
            let Some(skip) = skip else {
                assert!(self.kept[at].len() <= self.limits.head, "a parser kept more than a head");
                return;
            };
            let now = skip.min(self.kept[at].len() as u64);
            self.kept[at].drain(..now as usize);
            self.offset[at] += now;
            self.skip[at] = skip - now;
            if used == 0 && skip == 0 {
                return;
            }
        }
    }

    /// The sender has acknowledged all that was seen of the other side, and so many bytes more.
    pub(crate) fn acknowledge(&mut self, from: Side, more: u64) {
        let other = from.other().index();
        self.acked[from.index()] = self.offset[other] + self.kept[other].len() as u64 + more;
    }

    /// Bytes of one side are lost.
    pub(crate) fn lose(&mut self, from: Side, ts_us: i64, len: u64) -> Option<AfterGap> {
        let at = from.index();
        self.offset[at] += self.kept[at].len() as u64;
        self.kept[at].clear();
        let gap = Gap { offset: self.offset[at], len, cause: GapCause::NotCaptured, ts_us };
        self.offset[at] += len;
        let skipped = self.skip[at].min(len);
        self.skip[at] -= skipped;
        self.with(|parser, cx| parser.gap(from, &gap, cx))
    }

    pub(crate) fn end(&mut self, from: Side, how: End) {
        self.with(|parser, cx| parser.end(from, how, cx));
    }

    pub(crate) fn wake(&mut self, now_us: i64) {
        self.with(|parser, cx| parser.wake(now_us, cx));
    }

    pub(crate) fn heap(&self) -> usize {
        self.parser.as_ref().map_or(0, Parser::heap)
    }

    pub(crate) fn advance(&mut self, now_us: i64) {
        self.dns.advance(now_us, &mut self.seq, &mut self.out);
    }

    pub(crate) fn finish(&mut self) {
        self.dns.finish(&mut self.seq, &mut self.out);
    }

    pub(crate) fn records(&self) -> &[Value] {
        &self.out.records
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut AnyParser, &mut Context<'_, '_>) -> T) -> Option<T> {
        let mut cx = Context {
            facts: &mut self.facts,
            limits: &self.limits,
            redaction: &self.redaction,
            dns: &mut self.dns,
            hints: &self.hints,
            keys: &mut self.keys,
            protos: &mut self.protos,
            drafts: &mut self.drafts,
            mesh: &mut self.mesh,
            seq: &mut self.seq,
            sink: &mut self.out,
            wake: &mut self.wake,
        };
        self.parser.as_mut().map(|parser| act(parser, &mut cx))
    }

    /// Runs something on what a parser is handed.
    pub(crate) fn with_context(&mut self, act: impl FnOnce(&mut Context<'_, '_>)) {
        self.with(|_, cx| act(cx));
    }

    /// Plays a script with every message in pieces of `piece` bytes.
    pub(crate) fn play(&mut self, script: &[Act], piece: usize) {
        for act in script {
            match act {
                Act::Send(from, ts_us, bytes) => {
                    bytes.chunks(piece.max(1)).for_each(|part| self.send(*from, *ts_us, part));
                }
                Act::End(from, how) => self.end(*from, *how),
            }
        }
    }

    /// Plays a script with one message cut in two.
    pub(crate) fn play_cut(&mut self, script: &[Act], which: usize, at: usize) {
        for (number, act) in script.iter().enumerate() {
            match act {
                Act::Send(from, ts_us, bytes) if number == which && at <= bytes.len() => {
                    self.send(*from, *ts_us, &bytes[..at]);
                    self.send(*from, *ts_us, &bytes[at..]);
                }
                Act::Send(from, ts_us, bytes) => self.send(*from, *ts_us, bytes),
                Act::End(from, how) => self.end(*from, *how),
            }
        }
    }
}

/// Plays a script whole, cut at every byte, and byte by byte; the records must be the same. Gives them.
pub(crate) fn same_at_every_cut(script: &[Act], make: impl Fn() -> Rig) -> Vec<Value> {
    let mut whole = make();
    whole.play(script, usize::MAX);
    for piece in [1, 2, 3, 5, 7, 11, 1448] {
        let mut pieces = make();
        pieces.play(script, piece);
        assert_eq!(whole.records(), pieces.records(), "in pieces of {piece}");
        assert_eq!(whole.became, pieces.became, "in pieces of {piece}");
        assert_eq!(
            whole.out.masks.iter().map(|mask| mask.len).sum::<u32>(),
            pieces.out.masks.iter().map(|mask| mask.len).sum::<u32>()
        );
    }
    for (which, act) in script.iter().enumerate() {
        let Act::Send(_, _, bytes) = act else { continue };
        for at in 1..bytes.len().min(600) {
            let mut cut = make();
            cut.play_cut(script, which, at);
            assert_eq!(whole.records(), cut.records(), "message {which} cut at {at}");
        }
    }
    whole.out.records
}

pub(crate) fn facts(app: App, port: u16) -> Facts {
    let client = Endpoint { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7)), port: Some(port) };
    let server = Endpoint { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 53)), port: Some(53) };
    Facts { app, ..Facts::new(FlowId(u128::from(port) << 64), client, server, Transport::Stream) }
}
