//! Tests of the engine as a whole: packets made here, records out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod idle;
mod laws;
mod names;
pub(crate) mod net;
pub(crate) mod run;
mod stream;
mod tcp;

use net::{Client, Net, Server, Tcp};
use run::run;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[test]
fn cap_36a_a_request_and_its_response_are_one_record_before_the_connection_ends() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    tcp.send(&mut net, Client, b"GET /a?b=c HTTP/1.1\r\nHost: shop\r\n\r\n");
    tcp.send(&mut net, Server, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; a=b\r\nContent-Length: 5\r\n\r\nhello");
    let out = run(&net);
    let http = out.kind("http");
    assert_eq!(http.len(), 1, "{:#?}", out.values());
    let http = &http[0];
    assert_eq!(http["method"], "GET");
    assert_eq!(http["url"], "http://shop/a?b=c");
    assert_eq!(http["path"], "/a");
    assert_eq!(http["query"], "b=c");
    assert_eq!(http["status"], 200);
    assert_eq!(http["reason"], "OK");
    assert_eq!(http["pair"], "ok");
    assert_eq!(http["request"]["headers"], serde_json::json!([["Host", "shop"]]));
    assert_eq!(http["response"]["body"], "hello");
    assert_eq!(http["response"]["type"], "text/plain");
    assert_eq!(http["response"]["len"], 5);
    assert_eq!(http["wait_us"], 100);
    assert_eq!(http["src"], serde_json::json!({"ip": "10.0.0.1", "port": 40000}));
    let flow = &out.closed()[0];
    assert_eq!(flow["app"], "http");
    assert_eq!(flow["transactions"], 1);
    assert_eq!(flow["hs_us"], 200);
    assert_eq!(flow["end_by"], "eof");
    assert_eq!(flow["c"]["packets"], 3);
    assert_eq!(flow["c"]["mss"], 1460);
    assert_eq!(flow["dir_by"], "syn");
}

#[test]
fn cap_40c_datagrams_echoes_and_what_is_only_counted_are_flows_with_packets_and_bytes() {
    let v4 = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    let mut net = Net::new();
    net.frame(&net::udp((v4(1), 7_000), (v4(2), 7_001), &[1; 40]));
    net.frame(&net::udp((v4(2), 7_001), (v4(1), 7_000), &[2; 60]));
    let echo = |kind: u8| [&[kind, 0, 0, 0, 0, 9, 0, 1][..], &[7; 24]].concat();
    net.frame(&net::ip(v4(1), v4(2), 1, &echo(8)));
    net.frame(&net::ip(v4(2), v4(1), 1, &echo(0)));
    net.frame(&net::ip(v6(1), v6(2), 58, &echo(128)));
    net.frame(&net::ip(v6(2), v6(1), 58, &echo(129)));
    let sctp = [&[0x0b, 0x5a, 0x0b, 0x59][..], &[0; 28]].concat();
    net.frame(&net::ip(v4(1), v4(2), 132, &sctp));
    let mut arp = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2];
    arp.extend([10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    net.link(1, arp);
    let out = run(&net);
    let mut flows: Vec<(String, u64, u64, u64)> = out
        .closed()
        .iter()
        .map(|flow| {
            let count = |side: &str, member: &str| flow[side][member].as_u64().unwrap();
            let packets = count("c", "packets") + count("s", "packets");
            (flow["proto"].as_str().unwrap().to_owned(), packets, count("c", "bytes"), count("s", "bytes"))
        })
        .collect();
    flows.sort();
    let expected =
        [("arp", 1, 0, 0), ("icmp", 2, 32, 32), ("icmpv6", 2, 32, 32), ("sctp", 1, 32, 0), ("udp", 2, 40, 60)];
    assert_eq!(flows, expected.map(|(proto, packets, up, down)| (proto.to_owned(), packets, up, down)));
}

#[test]
fn cap_n_21e_what_is_read_is_plaintext_and_what_nobody_knows_is_uncertain() {
    let mut net = Net::new();
    let mut web = Tcp::new(40_000);
    web.open(&mut net);
    web.send(&mut net, Client, b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    web.send(&mut net, Server, b"HTTP/1.1 204 No Content\r\n\r\n");
    let mut odd = Tcp::new(40_001);
    odd.ends[1].1 = 7_777;
    odd.open(&mut net);
    odd.send(&mut net, Client, &[0x9c; 300]);
    odd.send(&mut net, Server, &[0x63; 300]);
    let mut silent = Tcp::new(40_002);
    silent.ends[1].1 = 7_778;
    silent.open(&mut net);
    let out = run(&net);
    let verdicts: Vec<(u64, Value)> =
        out.closed().iter().map(|flow| (flow["src"]["port"].as_u64().unwrap(), flow["verdict"].clone())).collect();
    let of = |port| verdicts.iter().find(|(own, _)| *own == port).unwrap().1.clone();
    assert_eq!(of(40_000)["code"], "plaintext");
    assert_eq!(of(40_001)["code"], "uncertain");
    for port in [40_000, 40_001] {
        assert!(of(port)["why"].as_str().unwrap().len() > 20, "{verdicts:?}");
    }
    assert_eq!(of(40_002), Value::Null, "there is nothing to read");
}
