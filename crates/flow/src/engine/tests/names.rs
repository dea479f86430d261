//! What the ends of records are called.

use super::net::{Client, Net, Server, Tcp, udp};
use super::run::{Out, run};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

/// A resolver's answer to a question for `shop.example`, and the question.
fn dns(net: &mut Net, ip: [u8; 4]) {
    let question = b"\x04shop\x07example\0\0\x01\0\x01";
    let (client, server) =
        ((IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 41_000), (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 53)), 53));
    let asked = [&b"\0\x07\x01\0\0\x01\0\0\0\0\0\0"[..], question].concat();
    net.frame(&udp(client, server, &asked));
    let told =
        [&b"\0\x07\x81\x80\0\x01\0\x01\0\0\0\0"[..], question, b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04", &ip].concat();
    net.frame(&udp(server, client, &told));
}

fn asks(net: &mut Net, tcp: &mut Tcp, host: &str) {
    tcp.send(net, Client, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    tcp.send(net, Server, b"HTTP/1.1 204 No Content\r\n\r\n");
}

fn opened(net: &mut Net, port: u16) -> Tcp {
    let mut tcp = Tcp::new(40_000);
    tcp.ends[1].1 = port;
    tcp.open(net);
    tcp
}

fn names(out: &Out, kind: &str) -> Vec<Value> {
    out.kind(kind).iter().map(|one| json!([one["dst"]["name"], one["dst"]["name_by"]])).collect()
}

#[test]
fn cap_41_the_end_that_was_asked_for_has_the_name_of_an_answer_else_of_the_request() {
    let mut net = Net::new();
    let mut tcp = opened(&mut net, 80);
    asks(&mut net, &mut tcp, "other.example");
    let IpAddr::V4(server) = tcp.ends[1].0 else { panic!("IPv4 is made") };
    dns(&mut net, server.octets());
    asks(&mut net, &mut tcp, "other.example");
    tcp.fin(&mut net, Client);
    tcp.fin(&mut net, Server);
    tcp.ack(&mut net, Client);
    let out = run(&net);
    assert_eq!(names(&out, "http"), [json!(["other.example", "host"]), json!(["shop.example", "dns"])]);
    assert_eq!(out.closed()[0]["dst"]["name"], "shop.example");
    assert_eq!(out.closed()[0]["src"]["name"], Value::Null, "who asks is not who is asked");
}

#[test]
fn cap_41r_requests_for_several_hosts_are_named_each_and_their_connection_by_none() {
    let mut net = Net::new();
    let mut tcp = opened(&mut net, 8080);
    for host in ["a.example:8080", "b.example:8080", "c.example", "10.0.0.2:8080"] {
        asks(&mut net, &mut tcp, host);
    }
    let out = run(&net);
    let none = json!([null, null]);
    let told = [json!(["a.example", "host"]), json!(["b.example", "host"]), none.clone(), none];
    assert_eq!(names(&out, "http"), told);
    assert_eq!(out.closed()[0]["dst"]["name"], Value::Null);
}
