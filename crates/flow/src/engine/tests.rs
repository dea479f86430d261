//! Tests of the engine as a whole: packets made here, records out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod laws;
mod names;
pub(crate) mod net;
pub(crate) mod run;
mod stream;
mod tcp;

use net::{Client, Net, Server, Tcp};
use run::run;

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
