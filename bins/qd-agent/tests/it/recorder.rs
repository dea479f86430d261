//! The flight recorder: nothing leaves until a record says so.

use crate::capture::{begun, lines};
use crate::links::compiled;
use crate::owner::{Agent, Owner};
use proto::capture::{Body, Recorder, Start};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// A server on the loopback: the path says which status it answers with. Each connection has one request.
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap();
            let text = String::from_utf8_lossy(&request[..count]).into_owned();
            let status = if text.contains("/fails") { "500 Oh" } else { "200 OK" };
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").unwrap();
        }
    });
    port
}

fn ask(port: u16, path: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // At one go: the server reads once.
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
}

/// Of what goes to one server alone: others of this machine speak over the loopback too, and fail as they like.
fn start(post_ms: u32, port: u16) -> Start {
    let until = vec!["kind = \"dns\"".to_owned(), "status >= 500".to_owned()];
    let recorder = Recorder { pre_ms: 30_000, post_ms, until, bytes: 0 };
    Start { recorder: Some(recorder), filter: Some(compiled(&format!("tcp port {port}"))), ..Owner::all() }
}

/// What left: paths of the requests in packets, and records.
#[derive(Default)]
struct Left {
    packets: Vec<u8>,
    records: Vec<Value>,
}

impl Left {
    fn take(&mut self, body: &Body) {
        if let Body::Packets(batch) = body {
            self.packets.extend_from_slice(&batch.packets);
        }
        self.records.extend(lines(body));
    }

    fn has_packet(&self, text: &str) -> bool {
        self.packets.windows(text.len()).any(|window| window == text.as_bytes())
    }

    fn has_record(&self, path: &str) -> bool {
        self.records.iter().any(|record| record["path"] == path)
    }

    /// Until the agent has said its counters so often.
    fn seconds(&mut self, owner: &Owner<'_>, count: usize) {
        let mut told = 0;
        owner.until("counters", |body| {
            self.take(body);
            told += usize::from(matches!(body, Body::Stats(_)));
            (told >= count).then_some(())
        });
    }
}

#[test]
fn cap_n_14f_packets_of_before_and_after_leave_when_a_trigger_fires_and_none_else() {
    let agent = Agent::start("recorder", 30);
    let mut owner = agent.connect();
    let port = serve();
    // long enough for a machine that comes to the next request late
    owner.begin(start(12_000, port));
    let is_armed = owner.until("answer to the start", |body| match body {
        Body::FilterApplied(applied) => Some(applied.recorder),
        _ => None,
    });
    assert!(is_armed);
    let mut left = Left::default();
    ask(port, "/before");
    left.seconds(&owner, 2);
    assert!(left.packets.is_empty() && left.records.is_empty(), "{:?}", left.records);

    ask(port, "/fails");
    let mark = owner.until("mark", |body| {
        left.take(body);
        left.records.iter().find(|record| record["kind"] == "tap").cloned()
    });
    assert_eq!((mark["state"].as_str(), mark["reason"].as_str()), (Some("trigger"), Some("status >= 500")));
    assert_eq!(mark["trigger"], 2);
    assert!(mark["packets"].as_u64() >= Some(10), "{mark}");
    assert!(left.has_packet("/before") && left.has_packet("/fails"));
    assert!(left.has_record("/before") && left.has_record("/fails"));
    let cause = left.records.iter().find(|record| record["path"] == "/fails").unwrap();
    assert_eq!(mark["record"], cause["id"]);

    ask(port, "/after");
    owner.until("what comes after", |body| {
        left.take(body);
        (left.has_packet("/after") && left.has_record("/after")).then_some(())
    });
    (0..15).for_each(|_| left.seconds(&owner, 1));
    let times = left.packets.windows(7).filter(|window| *window == b"/before").count();
    assert_eq!(times, 1, "nothing leaves twice");

    // It is shut again.
    ask(port, "/late");
    left.seconds(&owner, 2);
    owner.send(Body::Stop(0));
    owner.rest().iter().for_each(|body| left.take(body));
    assert!(!left.has_packet("/late") && !left.has_record("/late"));
}

#[test]
fn cap_n_14g_a_trigger_that_is_no_expression_ends_the_stream_with_its_reason() {
    let agent = Agent::start("no-trigger", 30);
    let mut owner = agent.connect();
    let mut start = start(1000, 80);
    start.recorder.as_mut().unwrap().until = vec!["status >=".to_owned()];
    owner.begin(start);
    let text = owner.until("refusal", |body| match body {
        Body::Bye(bye) => Some(format!("{} {}", bye.reason, bye.text)),
        _ => None,
    });
    assert!(text.starts_with("error status >="), "{text}");
    drop(owner);
    // The agent is there for a better one; without a recorder everything leaves.
    let mut owner = agent.connect();
    owner.begin(Owner::all());
    begun(&owner);
    let port = serve();
    ask(port, "/plain");
    let mut left = Left::default();
    owner.until("everything", |body| {
        left.take(body);
        (left.has_packet("/plain") && left.has_record("/plain")).then_some(())
    });
}
