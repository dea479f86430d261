//! For tests: runs packets through an engine and keeps the records as JSON.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;

use super::net::{Made, Net};
use crate::{Config, Direction, Engine, Envelope, MaskSpan, Packet, Record, Sink, Writer};

/// What came out.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) lines: Vec<String>,
    pub(crate) masks: Vec<MaskSpan>,
    writer: Writer,
}

impl Sink for Out {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let mut out = Vec::new();
        record.write_json(envelope, &mut out);
        let mut again = Vec::new();
        self.writer.write(record, envelope, &mut again);
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&out));
        self.lines.push(String::from_utf8(out).expect("JSON is UTF-8"));
    }

    fn mask(&mut self, span: MaskSpan) {
        self.masks.push(span);
    }
}

impl Out {
    pub(crate) fn values(&self) -> Vec<Value> {
        self.lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .inspect(crate::schema::check)
            .collect()
    }

    pub(crate) fn kind(&self, kind: &str) -> Vec<Value> {
        self.values().into_iter().filter(|value| value["kind"] == kind).collect()
    }

    /// The close records of flows.
    pub(crate) fn closed(&self) -> Vec<Value> {
        self.kind("flow").into_iter().filter(|value| value["state"] == "close").collect()
    }
}

pub(crate) fn feed(engine: &mut Engine, packets: &[Made], out: &mut Out) {
    for made in packets {
        feed_one(engine, made, 0, out);
    }
}

pub(crate) fn feed_one(engine: &mut Engine, made: &Made, iface: u32, out: &mut Out) {
    let packet = Packet {
        iface,
        ts_ns: made.ts_us as u64 * 1000,
        link: pcap::LinkType(made.link),
        orig_len: made.orig_len,
        dir: Direction::Unknown,
        bytes: &made.bytes,
    };
    engine.packet(&packet, out);
    let (held, budget) = (engine.usage().bytes, engine.budget());
    assert!(held <= budget, "{held} bytes held, {budget} allowed");
}

/// Runs a whole capture.
pub(crate) fn run(net: &Net) -> Out {
    run_with(net, Config::default())
}

pub(crate) fn run_with(net: &Net, config: Config) -> Out {
    let mut engine = Engine::new(config);
    let mut out = Out::default();
    feed(&mut engine, &net.packets, &mut out);
    engine.finish(&mut out);
    out
}
