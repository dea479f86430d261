//! Where packets are refused: the table of sockets, beside what `ss` says of it.

use crate::capture::{begun, lines};
use crate::owner::{Agent, Owner};
use crate::space::Space;
use proto::capture::{Body, Mode, Start};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

/// Nobody, without any capability, as in a pod under the `restricted` standard.
const NOBODY: &[&str] = &[
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=-all",
    "--bounding-set=-all",
    "--no-new-privs",
];

/// A server, a client that sends so much, and a datagram socket; they tell their ports and wait for a line.
const TALK: &str = "
import socket, sys
s = socket.socket(socket.AF_INET6); s.bind(('::', 0)); s.listen(7)
c = socket.create_connection(('127.0.0.1', s.getsockname()[1]))
a, _ = s.accept()
c.sendall(b'x' * 70000)
got = 0
while got < 60000: got += len(a.recv(60000 - got))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0))
print(s.getsockname()[1], c.getsockname()[1], u.getsockname()[1], flush=True)
sys.stdin.readline()
c.close(); a.close()
print('closed', flush=True)
sys.stdin.readline()
";

#[test]
fn cap_n_32a_without_packets_the_sockets_are_told_as_ss_tells_them() {
    let mut space = Space::new("sockets");
    let child = space.start(&["python3", "-c", TALK]);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let ports: Vec<u64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let (server, client, datagrams) = (ports[0], ports[1], ports[2]);

    let agent = Agent::start_by(&space.by(), NOBODY, "sockets", 30);
    let mut owner = agent.connect();
    assert_eq!(owner.hello.mode, Mode::Sockets as i32);
    assert!(owner.hello.reason.contains("refused"), "{}", owner.hello.reason);
    owner.begin(Start { interfaces: Vec::new(), ..Owner::all() });
    begun(&owner);
    let mut first = Vec::new();
    owner.until("sockets", |body| {
        first.extend(lines(body));
        (first.len() >= 4).then_some(())
    });
    assert!(first.iter().all(|record| record["kind"] == "socket"), "{first:#?}");
    let by = |state: &str, src: Option<u64>| -> Value {
        let fits = |record: &&Value| record["state"] == state && record["src"]["port"].as_u64() == src;
        first.iter().find(fits).unwrap_or_else(|| panic!("no {state} {src:?} in {first:#?}")).clone()
    };
    let listener = by("listen", None);
    assert_eq!((listener["dst"]["port"].as_u64(), listener["sendq"].as_u64()), (Some(server), Some(7)));
    let unconnected = by("unconnected", None);
    assert_eq!((unconnected["dst"]["port"].as_u64(), &unconnected["proto"]), (Some(datagrams), &"udp".into()));
    // Both ends of the connection, told from the client to the server.
    let ends: Vec<&Value> = first.iter().filter(|record| record["state"] == "established").collect();
    assert_eq!(ends.len(), 2, "{ends:#?}");
    for end in &ends {
        assert_eq!((end["src"]["port"].as_u64(), end["dst"]["port"].as_u64()), (Some(client), Some(server)));
        assert_eq!(end["dst"]["ip"], "127.0.0.1");
    }
    let table = space.run(&["ss", "-tinpeH", "state", "established"]);
    for end in &ends {
        let inode = format!("ino:{}", end["inode"]);
        let rows: Vec<&str> = table.lines().collect();
        let at = rows.iter().position(|row| row.contains(&inode)).unwrap_or_else(|| panic!("no {inode} in {table}"));
        let queues: Vec<u64> = rows[at].split_whitespace().take(2).map(|word| word.parse().unwrap()).collect();
        assert_eq!(vec![end["recvq"].as_u64().unwrap(), end["sendq"].as_u64().unwrap()], queues, "{table}");
        let measures = rows[at + 1];
        let of = |name: &str| measures.split_whitespace().find_map(|word| word.strip_prefix(name)).unwrap_or("0");
        let (rtt, rttvar) = of("rtt:").split_once('/').unwrap();
        let us = |text: &str| (text.parse::<f64>().unwrap() * 1000.0).round() as u64;
        assert_eq!(
            (end["rtt_us"].as_u64(), end["rttvar_us"].as_u64()),
            (Some(us(rtt)), Some(us(rttvar))),
            "{measures}"
        );
        for (name, word) in [
            ("cwnd", "cwnd:"),
            ("pmtu", "pmtu:"),
            ("segs_in", "segs_in:"),
            ("segs_out", "segs_out:"),
            ("bytes_acked", "bytes_acked:"),
            ("bytes_received", "bytes_received:"),
        ] {
            assert_eq!(end[name].as_u64(), of(word).parse().ok(), "{name}: {end} {measures}");
        }
    }
    let waiting: u64 = ends.iter().map(|end| end["recvq"].as_u64().unwrap()).sum();
    assert_eq!(waiting, 10_000, "what the server has not read");

    // The connection ends.
    writeln!(input).unwrap();
    let mut ended = Vec::new();
    owner.until("the end", |body| {
        ended.extend(lines(body).into_iter().filter(|record| record["state"] == "closed"));
        (ended.len() >= 2).then_some(())
    });
    assert!(ended.iter().all(|record| ends.iter().any(|end| end["flow"] == record["flow"])), "{ended:#?}");
    writeln!(input).unwrap();
}

#[test]
fn cap_n_32c_a_connection_that_is_new_appears_at_the_next_look() {
    let mut space = Space::new("looks");
    let agent = Agent::start_by(&space.by(), NOBODY, "looks", 30);
    let mut owner = agent.connect();
    owner.begin(Start { interfaces: Vec::new(), ..Owner::all() });
    let word = owner.until("a word", |body| match body {
        Body::Log(log) if log.code == "sockets" => Some(log.text.clone()),
        _ => None,
    });
    assert!(word.starts_with("no packets"), "{word}");
    std::thread::sleep(Duration::from_millis(200));
    let child = space.start(&["python3", "-c", TALK]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    owner.until("the connection", |body| {
        lines(body)
            .into_iter()
            .find(|record| record["state"] == "established" && record["bytes_acked"].as_u64() > Some(60_000))
    });
}

#[test]
fn cap_f_06a_without_the_right_to_packets_the_hello_says_so_and_none_are_sent_whatever_is_asked_for() {
    let agent = Agent::start_by(&[], NOBODY, "no-raw", 30);
    let mut owner = agent.connect();
    assert_eq!(owner.hello.mode, Mode::Sockets as i32);
    assert!(owner.hello.reason.starts_with("packet sockets are refused here: "), "{}", owner.hello.reason);
    assert!(owner.hello.reason.contains("not permitted"), "{}", owner.hello.reason);
    // Full packets of all interfaces.
    owner.begin(Start { interfaces: Vec::new(), ..Owner::all() });
    begun(&owner);
    let (mut told, mut kinds) = (0, Vec::new());
    owner.until("records and two looks", |body| {
        assert!(!matches!(body, Body::Packets(_)), "there are no packets here");
        kinds.extend(lines(body).iter().map(|record| record["kind"].as_str().unwrap_or_default().to_owned()));
        told += u32::from(matches!(body, Body::Stats(_)));
        (told >= 2 && !kinds.is_empty()).then_some(())
    });
    assert!(kinds.iter().all(|kind| kind == "socket"), "{kinds:?}");
}
