//! How long flows stay on which nothing more is said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::net::{ACK, Client, Net, RST, Server, Tcp, udp};
use super::run::{Out, feed};
use crate::{Config, Engine};
use std::net::{IpAddr, Ipv4Addr};

/// Writes packets.
type Said<'a> = &'a dyn Fn(&mut Net);

/// Flows that are over so long after the last packet of these; the packet of another one tells the time.
fn over(make: Said<'_>, after_us: i64) -> usize {
    let mut net = Net::new();
    make(&mut net);
    net.wait(after_us - net.step_us);
    Tcp::new(50_000).syn(&mut net);
    let (mut engine, mut out) = (Engine::new(Config::default()), Out::default());
    feed(&mut engine, &net.packets, &mut out);
    out.closed().len()
}

#[test]
fn cap_28e_idle_flows_stay_as_long_as_their_state_wants() {
    let opened = |net: &mut Net| {
        let mut tcp = Tcp::new(40_000);
        tcp.open(net);
        tcp
    };
    let datagram = |port: u16, words: &'static [u8]| {
        let (client, server) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 53)));
        move |net: &mut Net| net.frame(&udp((client, 41_000), (server, port), words))
    };
    let question = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x04name\x07example\0\0\x01\0\x01";
    let cases: [(&str, f64, Said<'_>); 6] = [
        ("half-open", 10.0, &|net| Tcp::new(40_000).syn(net)),
        ("open", 7_200.0, &|net| _ = opened(net)),
        ("closed by both", 2.0, &|net| opened(net).close(net)),
        ("reset", 1.0, &|net| opened(net).raw(net, Server, RST | ACK, 0, b"")),
        ("datagrams", 30.0, &datagram(9_000, b"words")),
        ("DNS", 5.0, &datagram(53, question)),
    ];
    for (what, seconds, make) in cases {
        let at = |share: f64| over(make, (seconds * share * 1e6) as i64);
        assert_eq!((at(0.97), at(1.03)), (0, 1), "{what}");
    }
    // What is said on a connection begins its time anew, whoever says it.
    let kept = |net: &mut Net| {
        let mut tcp = opened(net);
        net.wait(7_000_000_000);
        tcp.send(net, Client, b"x");
    };
    assert_eq!((over(&kept, 300_000_000), over(&kept, 7_300_000_000)), (0, 1));
}
