//! The bytes of connections as callers see them who ask for the stream.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::net::{ACK, Client, Net, PSH, Server, Tcp};
use crate::{Chunk, Config, Engine, Envelope, FlowId, Limits, Record, Side, Sink};

/// What one direction brought: text, and `[n missing]`.
#[derive(Default)]
struct Heard(Vec<(Side, u64, String)>);

impl Sink for Heard {
    fn record(&mut self, _: &Envelope<'_>, record: &Record<'_>) {
        if let Record::Gap(gap) = record {
            self.0.push((gap.side, gap.offset, format!("[{} {}]", gap.len, gap.cause.name())));
        }
    }

    fn stream(&mut self, _: FlowId, side: Side, chunk: &Chunk<'_>) {
        self.0.push((side, chunk.offset, String::from_utf8_lossy(chunk.bytes).into_owned()));
    }
}

fn heard(net: &Net) -> Vec<(Side, u64, String)> {
    let limits = Limits { apps: false, stream: true, ..Limits::default() };
    let (mut engine, mut heard) = (Engine::new(Config { limits, ..Config::default() }), Heard::default());
    for made in &net.packets {
        let packet = crate::Packet {
            iface: 0,
            ts_ns: made.ts_us as u64 * 1000,
            link: pcap::LinkType(made.link),
            orig_len: made.orig_len,
            dir: crate::Direction::Unknown,
            bytes: &made.bytes,
        };
        engine.packet(&packet, &mut heard);
    }
    engine.finish(&mut heard);
    heard.0
}

#[test]
fn cap_59a_the_stream_of_both_directions_is_in_order_once_and_says_what_is_missing() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    tcp.send(&mut net, Client, b"ask");
    tcp.send(&mut net, Server, b"one");
    tcp.raw(&mut net, Server, PSH | ACK, -3, b"one");
    let from = net.packets.len();
    tcp.send(&mut net, Server, b"two");
    tcp.send(&mut net, Server, b"three");
    let (a, b) = (net.packets[from].ts_us, net.packets[from + 1].ts_us);
    net.packets.swap(from, from + 1);
    (net.packets[from].ts_us, net.packets[from + 1].ts_us) = (a, b);
    let lost = net.packets.len();
    tcp.send(&mut net, Server, b"lost");
    tcp.send(&mut net, Server, b"end");
    net.packets.remove(lost);
    tcp.ack(&mut net, Client);
    let heard = heard(&net);
    let of = |side| heard.iter().filter(|one| one.0 == side).map(|one| (one.1, one.2.as_str())).collect::<Vec<_>>();
    assert_eq!(of(Side::Client), [(0, "ask")]);
    assert_eq!(of(Side::Server), [(0, "one"), (3, "two"), (6, "three"), (11, "[4 not_captured]"), (15, "end")]);
    assert_eq!(heard[0].0, Side::Client, "an answer stands behind what it answers");
}
