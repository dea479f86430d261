//! What an agent captures, and for whom.

use crate::links::compiled;
use crate::owner::{Agent, Owner};
use proto::capture::codec::packets;
use proto::capture::{Body, Frame, Mode, PacketLevel, Ping, Program, SetFilter, Start};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// A server on the loopback that answers one request of one connection; its port.
fn serve(body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // All of the request: an answer to its first segment would stand before it.
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut more = [0; 4096];
            let count = stream.read(&mut more).unwrap();
            assert!(count > 0, "the request ends within its head");
            request.extend_from_slice(&more[..count]);
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).unwrap();
        // The connection stays open: the record must not wait for its end.
        std::thread::sleep(Duration::from_secs(5));
    });
    port
}

fn ask(port: u16, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer s3cr3t-token\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let _ = stream.read(&mut answer).unwrap();
    stream
}

pub(crate) fn lines(body: &Body) -> Vec<Value> {
    let Body::Records(batch) = body else { return Vec::new() };
    batch
        .lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

pub(crate) fn begun(owner: &Owner<'_>) {
    let error = owner.until("answer to the start", |body| match body {
        Body::FilterApplied(applied) => Some(applied.error.clone()),
        _ => None,
    });
    assert_eq!(error, "");
}

#[test]
fn cap_d_06_a_request_is_a_record_while_its_connection_is_open() {
    let agent = Agent::start("record", 30);
    let mut owner = agent.connect();
    assert_eq!(owner.hello.mode, Mode::Packets as i32, "run as root: {}", owner.hello.reason);
    // What else goes over the loopback of this machine is not for a small budget.
    let port = serve("hello");
    owner.begin(Start { filter: Some(compiled(&format!("tcp port {port}"))), ..Owner::all() });
    begun(&owner);
    let stream = ask(port, "/items?page=2");
    let record = owner.until("record", |body| {
        lines(body).into_iter().find(|record| record["kind"] == "http" && record["dst"]["port"] == port)
    });
    drop(stream);
    assert_eq!((record["method"].as_str(), record["status"].as_u64()), (Some("GET"), Some(200)));
    assert_eq!(record["path"], "/items");
    assert_eq!(record["pair"], "ok");
}

#[test]
fn cap_d_16a_packets_of_the_loopback_arrive_once_and_whole() {
    let agent = Agent::start("packets", 30);
    let mut owner = agent.connect();
    let (from, to) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let filter = compiled(&format!("udp port {}", to.local_addr().unwrap().port()));
    owner.begin(Start { filter: Some(filter), ..Owner::all() });
    begun(&owner);
    let words: Vec<Vec<u8>> = (0..5_u8).map(|n| vec![n; 100 + usize::from(n)]).collect();
    for word in &words {
        from.send_to(word, to.local_addr().unwrap()).unwrap();
    }
    let port = to.local_addr().unwrap().port().to_be_bytes();
    let mut seen = Vec::new();
    owner.until("packets", |body| {
        let Body::Packets(batch) = body else { return None };
        for packet in packets(batch.base_ns, &batch.packets) {
            let bytes = packet.unwrap().bytes.to_vec();
            // Ethernet, IPv4, UDP: the port it goes to.
            if bytes.get(23) == Some(&17) && bytes.get(36..38) == Some(&port) {
                seen.push(bytes[42..].to_vec());
            }
        }
        (seen.len() >= words.len()).then_some(())
    });
    assert_eq!(seen, words);
}

#[test]
fn cap_f_04a_obligations_hold_whatever_is_asked_for() {
    let agent = Agent::start("obliged", 30);
    let mut owner = agent.connect();
    let mut start = Owner::all();
    start.warrant.as_mut().unwrap().packets = PacketLevel::Headers as i32;
    start.warrant.as_mut().unwrap().headers_only = true;
    start.warrant.as_mut().unwrap().redact = true;
    start.warrant.as_mut().unwrap().hash_key = vec![1; 16];
    owner.begin(start);
    begun(&owner);
    let port = serve("private words");
    let stream = ask(port, "/x");
    owner.send(Body::Ping(Ping { t1: 1 }));
    let mut all = Vec::new();
    let record = owner.until("record", |body| {
        if let Body::Packets(batch) = body {
            all.extend_from_slice(&batch.packets);
        }
        lines(body).into_iter().find(|record| record["kind"] == "http" && record["dst"]["port"] == port)
    });
    drop(stream);
    owner.send(Body::Stop(0));
    for body in owner.rest() {
        if let Body::Packets(batch) = body {
            all.extend_from_slice(&batch.packets);
        }
    }
    assert!(!record.to_string().contains("private words"), "{record}");
    assert!(!record.to_string().contains("s3cr3t-token"), "{record}");
    assert!(!all.is_empty());
    for secret in [&b"private words"[..], b"s3cr3t-token"] {
        assert!(!all.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn only_the_owner_of_an_agent_is_served() {
    let agent = Agent::start("mine", 30);
    let other = Agent::start("theirs", 30);
    {
        // Signed by another owner's key.
        let owner = agent.connect();
        let mut thief = other.connect();
        thief.hello = owner.hello.clone();
        let mut start = Owner::all();
        thief.sign(&mut start);
        owner.send_bare(&Frame { seq: 1, ..Body::Start(Box::new(start)).into() });
        let reason = owner.until("refusal", |body| match body {
            Body::Bye(bye) => Some(bye.reason.clone()),
            _ => None,
        });
        assert_eq!(reason, "refused");
    }
    {
        // A frame without a mac, after a good start.
        let mut owner = agent.connect();
        owner.begin(Owner::all());
        begun(&owner);
        owner.send_bare(&Frame { seq: 2, ..Body::Stop(0).into() });
        let reason = owner.until("refusal", |body| match body {
            Body::Bye(bye) => Some(bye.reason.clone()),
            _ => None,
        });
        assert_eq!(reason, "refused");
    }
    let mut owner = agent.connect();
    // The capture of before goes on: the same tap is taken up again.
    owner.begin(Owner::all());
    owner.send(Body::Ping(Ping { t1: 9 }));
    assert_eq!(
        owner.until("pong", |body| match body {
            Body::Pong(pong) => Some(pong.t1),
            _ => None,
        }),
        9
    );
}

#[test]
fn cap_27a_a_filter_that_changes_decides_from_a_packet_on() {
    let agent = Agent::start("filter", 30);
    let mut owner = agent.connect();
    let nothing = Program { link: 1, code: vec![0x06 << 48], interface: 0 };
    let mut start = Owner::all();
    start.records = false;
    start.filter = Some(SetFilter { id: 1, programs: vec![nothing], text: "none".into() });
    owner.begin(start);
    begun(&owner);
    let (from, to) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    from.send_to(b"unseen", to.local_addr().unwrap()).unwrap();
    owner.send(Body::SetFilter(SetFilter { id: 2, programs: Vec::new(), text: String::new() }));
    let error = owner.until("filter", |body| match body {
        Body::FilterApplied(applied) if applied.id == 2 => Some(applied.error.clone()),
        _ => None,
    });
    assert_eq!(error, "");
    from.send_to(b"visible", to.local_addr().unwrap()).unwrap();
    owner.until("packet", |body| {
        let Body::Packets(batch) = body else { return None };
        assert!(!batch.packets.windows(6).any(|window| window == b"unseen"));
        batch.packets.windows(7).any(|window| window == b"visible").then_some(())
    });
    // One that is no program is refused, and the one before stays.
    let bad = Program { link: 1, code: vec![0xffff << 48], interface: 0 };
    owner.send(Body::SetFilter(SetFilter { id: 3, programs: vec![bad], text: "bad".into() }));
    let error = owner.until("refusal", |body| match body {
        Body::FilterApplied(applied) if applied.id == 3 => Some(applied.error.clone()),
        _ => None,
    });
    assert!(!error.is_empty());
    from.send_to(b"still visible", to.local_addr().unwrap()).unwrap();
    owner.until("packet", |body| {
        let Body::Packets(batch) = body else { return None };
        batch.packets.windows(13).any(|window| window == b"still visible").then_some(())
    });
}

#[test]
fn cap_19a_an_agent_that_is_stopped_says_its_counters_and_ends() {
    let mut agent = Agent::start("stop", 30);
    {
        let mut owner = agent.connect();
        owner.begin(Owner::all());
        begun(&owner);
        owner.send(Body::Stop(0));
        let bodies = owner.rest();
        let Some(Body::Bye(bye)) = bodies.last() else { panic!("no last word: {bodies:?}") };
        assert_eq!(bye.reason, "stop");
        assert!(bye.stats.is_some());
    }
    assert!(agent.ends_within(Duration::from_secs(5)));
}

#[test]
fn cap_19d_an_agent_that_hears_nothing_of_its_owner_for_15_seconds_stops_and_ends() {
    let mut agent = Agent::start("silence", 60);
    {
        let mut owner = agent.connect();
        owner.begin(Start { filter: Some(compiled("tcp port 1")), ..Owner::all() });
        begun(&owner);
        let since = Instant::now();
        // Its stream stays open, and nothing is said on it.
        let bodies = owner.rest();
        let took = since.elapsed();
        let Some(Body::Bye(bye)) = bodies.last() else { panic!("no last word: {bodies:?}") };
        assert!(bye.reason == "silence" && bye.stats.is_some(), "{bye:?}");
        assert!(took > Duration::from_secs(10) && took < Duration::from_secs(40), "{took:?}");
    }
    assert!(agent.ends_within(Duration::from_secs(10)));
}

#[test]
fn an_agent_without_owner_ends() {
    let mut agent = Agent::start("idle", 1);
    assert!(agent.ends_within(Duration::from_secs(6)));
}

#[test]
fn cap_f_17c_an_agent_says_which_protocols_it_speaks_and_takes_no_other() {
    let agent = Agent::start("version", 30);
    let mut owner = agent.connect();
    let (min, max) = (owner.hello.min, owner.hello.max);
    assert!(min >= 1 && min <= max && !owner.hello.version.is_empty());
    owner.begin(Start { version: max + 1, ..Owner::all() });
    let bye = owner.until("refusal", |body| match body {
        Body::Bye(bye) => Some(bye.clone()),
        _ => None,
    });
    assert_eq!(bye.reason, "version");
    assert!(bye.text.contains(&format!("speaks {min} to {max}")), "{}", bye.text);
}

#[test]
fn cap_p_08a_it_keeps_no_capability() {
    let agent = Agent::start("caps", 30);
    drop(agent.connect());
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
    for line in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    let score = std::fs::read_to_string(format!("/proc/{}/oom_score_adj", agent.pid())).unwrap();
    assert_eq!(score.trim(), "1000");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", agent.pid())).unwrap();
    // The nineteenth field, counted behind the name.
    assert_eq!(stat.rsplit(") ").next().unwrap().split(' ').nth(16), Some("10"));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", agent.pid())).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
}
