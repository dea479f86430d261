//! What holds for every capture: the same twice, a prefix, two captures in one, any link and tunnel around the packets.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use serde_json::Value;

use super::net::{Client, Made, Net, Server, Tcp, ip, udp};
use super::run::{Out, feed, run, run_with};
use crate::{Config, Engine, Limits};

/// A few connections with several transactions each, all at once.
fn mixed(first_port: u16, connections: u16) -> Net {
    let mut net = Net::new();
    let mut all: Vec<Tcp> = (0..connections).map(|n| Tcp::new(first_port + n)).collect();
    all.iter_mut().for_each(|tcp| tcp.open(&mut net));
    for turn in 0..4 {
        for (n, tcp) in all.iter_mut().enumerate() {
            tcp.mss = 60;
            let get = format!("GET /{first_port}/{n}/{turn} HTTP/1.1\r\nHost: a\r\n\r\n");
            tcp.send(&mut net, Client, get.as_bytes());
            let ok = format!("HTTP/1.1 200 {first_port}-{n}-{turn}\r\nContent-Length: 70\r\n\r\n{}", "b".repeat(70));
            tcp.send(&mut net, Server, ok.as_bytes());
        }
    }
    all.iter_mut().for_each(|tcp| tcp.close(&mut net));
    net
}

/// Loses, repeats and exchanges packets.
fn damage(net: &mut Net, acts: &[(u8, usize)]) {
    for (act, at) in acts {
        let at = at % net.packets.len().max(1);
        match act % 3 {
            0 if net.packets.len() > 1 => drop(net.packets.remove(at)),
            1 => net.packets.insert(at, net.packets[at].clone()),
            _ => {
                let other = (at + 1) % net.packets.len();
                let (a, b) = (net.packets[at].ts_us, net.packets[other].ts_us);
                net.packets.swap(at, other);
                (net.packets[at].ts_us, net.packets[other].ts_us) = (a, b);
            }
        }
    }
}

/// Records without what counts over all flows, in an order of their own.
fn told(out: &Out) -> Vec<String> {
    let mut all: Vec<String> = out
        .values()
        .into_iter()
        .map(|mut value| {
            value.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "id" | "flow" | "seq"));
            value.to_string()
        })
        .collect();
    all.sort();
    all
}

fn acts() -> impl Strategy<Value = Vec<(u8, usize)>> {
    proptest::collection::vec((any::<u8>(), 0_usize..500), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn cap_35n_the_same_packets_give_the_same_bytes(acts in acts()) {
        let mut net = mixed(40_000, 3);
        damage(&mut net, &acts);
        prop_assert_eq!(run(&net).lines, run(&net).lines);
    }

    #[test]
    fn cap_35o_records_of_a_prefix_are_a_prefix_of_the_records(acts in acts(), part in 0_usize..100) {
        let mut net = mixed(40_000, 3);
        damage(&mut net, &acts);
        let whole = run(&net).lines;
        let (mut engine, mut out) = (Engine::new(Config::default()), Out::default());
        feed(&mut engine, &net.packets[..net.packets.len() * part / 100], &mut out);
        prop_assert_eq!(&out.lines[..], &whole[..out.lines.len()]);
    }

    #[test]
    fn cap_35p_two_captures_in_one_are_both(left in acts(), right in acts(), shift in 0_i64..3000) {
        let (mut one, mut two) = (mixed(40_000, 2), mixed(50_000, 2));
        two.packets.iter_mut().for_each(|packet| packet.ts_us += shift);
        damage(&mut one, &left);
        damage(&mut two, &right);
        let mut apart = told(&run(&one));
        apart.extend(told(&run(&two)));
        apart.sort();
        let mut both = one.clone();
        both.packets.extend(two.packets);
        both.packets.sort_by_key(|packet| packet.ts_us);
        let both = told(&run(&both));
        let odd: Vec<&String> =
            both.iter().filter(|one| !apart.contains(one)).chain(apart.iter().filter(|one| !both.contains(one))).collect();
        prop_assert!(odd.is_empty() && both.len() == apart.len(), "{odd:#?}");
    }

    #[test]
    fn cap_35q_hostile_packets_never_exceed_the_budget(
        flips in proptest::collection::vec((0_usize..2000, 0_usize..200, any::<u8>()), 0..400),
    ) {
        let mut net = mixed(40_000, 20);
        for (packet, at, byte) in flips {
            let packet = packet % net.packets.len();
            let bytes = &mut net.packets[packet].bytes;
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        // After each packet the run asserts what is held.
        run_with(&net, Config { budget: 1 << 20, limits: Limits { decap: true, ..Limits::default() }, ..Config::default() });
    }
}

/// One transaction, as IP packets; and what comes out for them in a link's own framing.
fn through(link: u16, frame: impl Fn(&[u8]) -> Vec<u8>, limits: Limits) -> Vec<Value> {
    let mut plain = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut plain);
    tcp.send(&mut plain, Client, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    tcp.send(&mut plain, Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    tcp.close(&mut plain);
    let framed = |made: &Made| {
        let bytes = frame(&made.bytes[14..]);
        Made { ts_us: made.ts_us, link, orig_len: bytes.len() as u32, bytes }
    };
    let net = Net { packets: plain.packets.iter().map(framed).collect(), ..plain };
    let mut values = run_with(&net, Config { limits, ..Config::default() }).kind("http");
    values
        .iter_mut()
        .for_each(|value| value.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "id" | "flow")));
    values
}

/// What is put around a packet.
type Frame<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

fn ethernet(tags: &[u8], kind: u16, rest: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], tags, &kind.to_be_bytes(), rest].concat()
}

#[test]
fn cap_35r_every_link_carries_the_same() {
    let want = through(1, |packet| ethernet(&[], 0x0800, packet), Limits::default());
    assert_eq!((want.len(), &want[0]["pair"]), (1, &Value::from("ok")));
    let links: Vec<(u16, &str, Vec<u8>)> = vec![
        (1, "VLAN", ethernet(&[0x81, 0, 0, 7], 0x0800, &[])),
        (1, "QinQ", ethernet(&[0x88, 0xa8, 0, 9, 0x81, 0, 0, 7], 0x0800, &[])),
        (1, "MPLS", ethernet(&[], 0x8847, &[0, 1, 0, 64, 0, 2, 1, 64])),
        (1, "PPPoE", ethernet(&[], 0x8864, &[0x11, 0, 0, 1, 0, 0, 0, 0x21])),
        (0, "null, little endian", vec![2, 0, 0, 0]),
        (0, "null, big endian", vec![0, 0, 0, 2]),
        (108, "loop", vec![0, 0, 0, 2]),
        (101, "raw", vec![]),
        (12, "raw", vec![]),
        (14, "raw", vec![]),
        (228, "IPv4", vec![]),
        (113, "SLL", [&[0; 14][..], &[8, 0]].concat()),
        (276, "SLL2", [&[8, 0][..], &[0; 18]].concat()),
    ];
    for (link, name, before) in links {
        let got = through(link, |packet| [&before[..], packet].concat(), Limits::default());
        assert_eq!(got, want, "{name}");
    }
    // An Ethernet frame has a least length: what fills it up is no payload.
    let padded = through(1, |packet| [ethernet(&[], 0x0800, packet), vec![0; 20]].concat(), Limits::default());
    assert_eq!(padded, want, "padding");
}

#[test]
fn cap_35s_tunnels_are_looked_into_when_asked() {
    let want = through(101, <[u8]>::to_vec, Limits::default());
    let (near, far) = (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 1)), IpAddr::V4(Ipv4Addr::new(172, 16, 0, 2)));
    let over_udp = |port: u16, head: &[u8], inner: Vec<u8>| udp((near, 5555), (far, port), &[head, &inner].concat());
    let vxlan = |packet: &[u8]| over_udp(4789, &[8, 0, 0, 0, 0, 0, 1, 0], ethernet(&[], 0x0800, packet));
    let geneve =
        |packet: &[u8]| over_udp(6081, &[1, 0, 0x65, 0x58, 0, 0, 1, 0, 9, 9, 9, 9], ethernet(&[], 0x0800, packet));
    let geneve_ip = |packet: &[u8]| over_udp(6081, &[0, 0, 8, 0, 0, 0, 1, 0], packet.to_vec());
    let gre = |packet: &[u8]| ip(near, far, 47, &[&[0x20, 0, 8, 0, 0, 0, 0, 5][..], packet].concat());
    let ipip = |packet: &[u8]| ip(near, far, 4, packet);
    let twice = |packet: &[u8]| ipip(&gre(packet));
    let tunnels: [(&str, Frame<'_>); 6] = [
        ("VXLAN", &vxlan),
        ("Geneve", &geneve),
        ("Geneve of IP", &geneve_ip),
        ("GRE", &gre),
        ("IPIP", &ipip),
        ("two", &twice),
    ];
    for (name, tunnel) in tunnels {
        let decap = Limits { decap: true, ..Limits::default() };
        assert_eq!(through(101, tunnel, decap), want, "{name}");
        assert_eq!(through(101, tunnel, Limits::default()), Vec::<Value>::new(), "{name}, not asked for");
    }
}

#[test]
fn cap_35t_fragments_in_any_order_are_one_datagram() {
    let want = through(101, <[u8]>::to_vec, Limits::default());
    for reversed in [false, true] {
        let mut net = Net::new();
        let mut tcp = Tcp::new(40_000);
        tcp.open(&mut net);
        tcp.send(&mut net, Client, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        tcp.send(&mut net, Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        tcp.close(&mut net);
        let mut cut = Net::new();
        for (id, made) in net.packets.iter().enumerate() {
            let (head, payload) = made.bytes[14..].split_at(20);
            let mut parts: Vec<Made> = payload
                .chunks(24)
                .enumerate()
                .map(|(nth, part)| {
                    let more = (nth + 1) * 24 < payload.len();
                    let mut bytes = [head, part].concat();
                    bytes[2..4].copy_from_slice(&((20 + part.len()) as u16).to_be_bytes());
                    bytes[4..6].copy_from_slice(&(id as u16).to_be_bytes());
                    bytes[6..8].copy_from_slice(&(u16::from(more) << 13 | (nth as u16 * 3)).to_be_bytes());
                    Made { ts_us: made.ts_us, link: 101, orig_len: bytes.len() as u32, bytes }
                })
                .collect();
            if reversed {
                parts.reverse();
            }
            cut.packets.extend(parts);
        }
        let mut values = run(&cut).kind("http");
        values
            .iter_mut()
            .for_each(|value| value.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "id" | "flow")));
        assert_eq!(values, want, "reversed: {reversed}");
    }
}

#[test]
fn cap_d_13_ten_million_ids_are_all_different() {
    let (key, _) = crate::table::Key::new(
        (crate::ip::Address::v4(0x0a00_0001), 40_000),
        (crate::ip::Address::v4(0x0a00_0002), 443),
        false,
        crate::table::TCP,
        0,
    );
    // The worst case: one pair of addresses and one time, so that only the counter differs. Halves are compared, which is
    // harder than the whole.
    let mut low: Vec<u64> = (0..10_000_000).map(|n| key.id(7, 1_700_000_000_000_000_000, n).0 as u64).collect();
    low.sort_unstable();
    assert!(low.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn cap_d_08a_memory_does_not_grow_with_the_capture() {
    let held = |copies: i64| {
        let (mut engine, mut out) = (Engine::new(Config::default()), Out::default());
        let mut most = 0;
        for copy in 0..copies {
            let mut net = mixed(40_000, 30);
            let length = net.now_us - net.packets[0].ts_us + 10_000_000;
            net.packets.iter_mut().for_each(|packet| packet.ts_us += copy * length);
            feed(&mut engine, &net.packets, &mut out);
            out.lines.clear();
            most = most.max(engine.usage().bytes);
        }
        most
    };
    let (one, ten, hundred) = (held(1), held(10), held(100));
    assert!(ten <= one + one / 10 && hundred <= one + one / 10, "{one}, {ten}, {hundred} bytes");
}

#[test]
fn cap_d_12_a_chunked_body_without_end_holds_no_more_than_its_preview() {
    let (mut engine, mut out) = (Engine::new(Config::default()), Out::default());
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    tcp.send(&mut net, Client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    tcp.send(&mut net, Server, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    feed(&mut engine, &net.packets, &mut out);
    let mut after = 0;
    for turn in 0..2000 {
        net.packets.clear();
        for _ in 0..10 {
            tcp.send(&mut net, Server, format!("400\r\n{}\r\n", "e".repeat(1024)).as_bytes());
        }
        feed(&mut engine, &net.packets, &mut out);
        if turn == 10 {
            after = engine.usage().bytes;
        }
    }
    assert!(engine.usage().bytes <= after, "{after} bytes, later {}", engine.usage().bytes);
}

#[test]
fn cap_f_22b_tunnels_are_followed_four_deep_and_what_is_in_a_fifth_is_counted() {
    let (a, b) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));
    let nested = |depth: usize| {
        let inner = ip(a, b, 17, &udp((a, 5000), (b, 4000), b"words"));
        (0..depth).fold(inner, |inner, _| ip(a, b, 4, &inner))
    };
    let mut net = Net::new();
    // Twice each: the first is told of, both are counted.
    for depth in [3, 4, 5, 6, 5] {
        net.frame(&nested(depth));
    }
    let mut engine = Engine::new(Config { limits: Limits { decap: true, ..Limits::default() }, ..Config::default() });
    let mut out = Out::default();
    feed(&mut engine, &net.packets, &mut out);
    assert_eq!(engine.unread().iter().collect::<Vec<_>>(), [("tunnel_depth", 3)]);
    let told = out.kind("anomaly");
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["code"], &told[0]["count"]), (&Value::from("tunnel_depth"), &Value::from(1)));
}
