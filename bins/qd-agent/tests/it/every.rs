//! Every packet of every interface, in both directions, whole.

use crate::capture::{begun, lines};
use crate::owner::{Agent, Owner};
use crate::space::Space;
use proto::capture::codec::{OUTGOING, packets};
use proto::capture::{Body, Credit, Limits, Start};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};

/// Answers each connection with what it was sent.
const ECHO: &str = "
import socket, threading
s = socket.create_server(('::', 4000), family=socket.AF_INET6, dualstack_ipv6=True)
print('listens', flush=True)
def answer(c):
    while True:
        part = c.recv(1 << 16)
        if not part: break
        c.sendall(part)
    c.close()
while True:
    c, _ = s.accept()
    threading.Thread(target=answer, args=(c,), daemon=True).start()
";

/// Sends a mebibyte to a place and reads it back; then a frame longer than any packet of IP on the loopback.
const SEND: &str = "
import socket, sys, threading
for place in sys.argv[1:]:
    c = socket.create_connection((place, 4000))
    def send(c=c):
        c.sendall(b'w' * (1 << 20)); c.shutdown(socket.SHUT_WR)
    thread = threading.Thread(target=send); thread.start()
    count = 0
    while True:
        part = c.recv(1 << 16)
        if not part: break
        count += len(part)
    thread.join()
    assert count == 1 << 20, count
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('lo', 0))
s.send(bytes(12) + bytes.fromhex('88b5') + b'L' * 99986)
";

/// Sends a word and reads it back.
const ASK: &str = "
import socket, sys
c = socket.create_connection((sys.argv[1], 4000)); c.sendall(b'word')
assert c.recv(4) == b'word'
";

/// What was seen of one interface.
#[derive(Default)]
struct Seen {
    /// Types of its frames, with their direction.
    kinds: BTreeSet<(u16, bool)>,
    longest: usize,
    cut: usize,
    /// Stamps that no clock of microseconds gives.
    fine: usize,
    frames: usize,
}

#[test]
fn cap_25_every_packet_of_every_interface_is_seen_whole_in_both_directions_and_once() {
    let (mut near, mut far) = (Space::new("every"), Space::new("far"));
    near.ip(&["link", "add", "one", "type", "veth", "peer", "name", "other", "netns", &far.name]);
    for (space, link, host) in [(&near, "one", "1"), (&far, "other", "2")] {
        space.ip(&["addr", "add", &format!("10.9.3.{host}/24"), "dev", link]);
        space.ip(&["addr", "add", &format!("fd09::{host}/64"), "dev", link, "nodad"]);
        space.ip(&["link", "set", link, "up"]);
    }
    near.ip(&["link", "set", "lo", "mtu", "200000"]);
    for space in [&mut near, &mut far] {
        let child = space.start(&["python3", "-c", ECHO]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "listens");
    }
    let agent = Agent::start_by(&near.by(), &[], "every", 30);
    let mut owner = agent.connect();
    let limits = Some(Limits { cpu_percent: 100, ..Limits::default() });
    owner.begin(Start { interfaces: Vec::new(), ring: 0, limits, ..Owner::all() });
    owner.send(Body::Credit(Credit { packets: 1 << 32, records: 1 << 32 }));
    begun(&owner);
    // A ring of 8 MiB for each interface, and none of them hears what is not for it.
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", agent.pid())).unwrap();
    let size = |line: &str| {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        Some(u64::from_str_radix(to, 16).ok()? - u64::from_str_radix(from, 16).ok()?)
    };
    let rings: Vec<u64> = maps.lines().filter(|line| line.contains("socket:")).filter_map(size).collect();
    assert_eq!(rings, [8 << 20; 2]);
    assert!(near.run(&["ip", "-d", "link", "show", "one"]).contains("promiscuity 0"));

    near.run(&["python3", "-c", SEND, "10.9.3.2", "fd09::2", "127.0.0.1", "::1"]);
    let index = |name: &str| owner.hello.interfaces.iter().find(|link| link.name == name).unwrap().index;
    let (mut seen, mut flows, mut long) = (BTreeMap::<u32, Seen>::new(), Vec::new(), 0);
    owner.until("the ends of four connections, and the long frame", |body| {
        if let Body::Packets(batch) = body {
            for packet in packets(batch.base_ns, &batch.packets) {
                let packet = packet.unwrap();
                let own = seen.entry(batch.interface).or_default();
                let kind = u16::from_be_bytes([packet.bytes[12], packet.bytes[13]]);
                own.kinds.insert((kind, packet.flags & OUTGOING != 0));
                own.cut += usize::from(packet.bytes.len() != packet.orig_len as usize);
                own.fine += usize::from(packet.ts_ns % 1000 != 0);
                own.frames += 1;
                if kind == 0x88b5 {
                    assert!(packet.bytes[14..].iter().all(|byte| *byte == b'L'));
                    long += packet.bytes.len();
                } else {
                    own.longest = own.longest.max(packet.bytes.len());
                }
            }
        }
        let ended = |one: &serde_json::Value| {
            one["kind"] == "flow" && one["state"] == "close" && one["dst"]["port"] == 4000 && one["proto"] == "tcp"
        };
        flows.extend(lines(body).into_iter().filter(ended));
        (flows.len() >= 4 && long > 0).then_some(())
    });
    assert_eq!(long, 100_000, "once, and whole");
    // What is sent again on a busy machine counts once.
    let bytes: Vec<_> = flows.iter().map(|flow| (&flow["c"]["unique"], &flow["s"]["unique"])).collect();
    assert!(bytes.iter().all(|(c, s)| *c == 1 << 20 && *s == 1 << 20), "{flows:?}");
    let (wire, own) = (&seen[&index("one")], &seen[&index("lo")]);
    for outgoing in [false, true] {
        for kind in [0x0800, 0x86dd] {
            assert!(wire.kinds.contains(&(kind, outgoing)), "{kind:x} {outgoing}: {:?}", wire.kinds);
        }
    }
    // On the loopback each is seen as it arrives.
    assert!(own.kinds.iter().all(|(_, outgoing)| !outgoing), "{:?}", own.kinds);
    assert!([0x0800, 0x86dd].iter().all(|kind| own.kinds.contains(&(*kind, false))), "{:?}", own.kinds);
    for seen in [wire, own] {
        assert_eq!(seen.cut, 0);
        assert!(seen.longest > 20_000, "what the card would cut is seen in one: {}", seen.longest);
        assert!(seen.fine * 2 > seen.frames, "{} of {}", seen.fine, seen.frames);
    }
}

#[test]
fn cap_19h_the_next_tap_of_an_agent_sees_both_directions_whatever_its_sockets_were_used_for() {
    let (near, mut far) = (Space::new("next"), Space::new("nextfar"));
    near.ip(&["link", "add", "one", "type", "veth", "peer", "name", "other", "netns", &far.name]);
    for (space, link, host) in [(&near, "one", "1"), (&far, "other", "2")] {
        space.ip(&["addr", "add", &format!("10.9.4.{host}/24"), "dev", link]);
        space.ip(&["link", "set", link, "up"]);
    }
    let child = far.start(&["python3", "-c", ECHO]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "listens");
    let agent = Agent::start_by(&near.by(), &[], "next", 60);
    for tap in 1..=4_u8 {
        let mut owner = agent.connect();
        owner.begin(Start { tap: vec![tap; 16], interfaces: Vec::new(), records: false, ring: 0, ..Owner::all() });
        begun(&owner);
        owner.send(Body::Credit(Credit { packets: 1 << 32, records: 1 << 32 }));
        near.run(&["python3", "-c", ASK, "10.9.4.2"]);
        let mut seen = BTreeSet::new();
        owner.until("packets of both directions", |body| {
            let Body::Packets(batch) = body else { return None };
            seen.extend(packets(batch.base_ns, &batch.packets).map(|packet| packet.unwrap().flags & OUTGOING != 0));
            (seen.len() == 2).then_some(())
        });
        owner.send(Body::Stop(60));
        let bodies = owner.rest();
        assert!(matches!(bodies.last(), Some(Body::Bye(bye)) if bye.reason == "stop"), "{bodies:?}");
    }
}

/// Listens on the port that is given first, or connects to it from the second; each side sends words that no parser knows, one
/// for each line of its input.
const OLD: &str = "
import socket, sys, threading
here, there, mine = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if mine:
    c = socket.create_connection((here, there), source_address=('', mine))
else:
    s = socket.create_server(('', there))
    print('listens', flush=True)
    c, _ = s.accept()
def read():
    while c.recv(4096): pass
threading.Thread(target=read, daemon=True).start()
print('connected', flush=True)
for _ in sys.stdin: c.sendall(b'words that no parser knows')
";

#[test]
fn cap_n_10k_a_connection_older_than_the_capture_has_its_server_where_somebody_listens() {
    let (mut near, mut far) = (Space::new("opener"), Space::new("listener"));
    near.ip(&["link", "add", "one", "type", "veth", "peer", "name", "other", "netns", &far.name]);
    for (space, link, host) in [(&near, "one", "1"), (&far, "other", "2")] {
        space.ip(&["addr", "add", &format!("10.9.5.{host}/24"), "dev", link]);
        space.ip(&["link", "set", link, "up"]);
    }
    // Both ports are of those that are given to whoever connects, and the server's is the higher one.
    let line = |output: &mut BufReader<std::process::ChildStdout>, word: &str| {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word);
    };
    let server = far.start(&["python3", "-c", OLD, "10.9.5.2", "50051", "0"]);
    let (mut server_in, mut server_out) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
    line(&mut server_out, "listens");
    let client = near.start(&["python3", "-c", OLD, "10.9.5.2", "50051", "40000"]);
    let (mut client_in, mut client_out) = (client.stdin.take().unwrap(), BufReader::new(client.stdout.take().unwrap()));
    line(&mut client_out, "connected");
    line(&mut server_out, "connected");
    for (name, by, link) in [("at-client", near.by(), "one"), ("at-server", far.by(), "other")] {
        let agent = Agent::start_by(&by, &[], name, 30);
        let mut owner = agent.connect();
        owner.begin(Start { interfaces: vec![link.into()], ..Owner::all() });
        begun(&owner);
        // The server is the first to be heard.
        for at_server in [true, false, true] {
            let input = if at_server { &mut server_in } else { &mut client_in };
            writeln!(input, "say").unwrap();
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let flow = owner.until("the connection", |body| {
            lines(body).into_iter().find(|one| one["kind"] == "flow" && one["proto"] == "tcp")
        });
        let ends = (&flow["src"]["port"], &flow["dst"]["port"], &flow["dst"]["ip"]);
        assert_eq!(ends, (&40_000.into(), &50_051.into(), &"10.9.5.2".into()), "{name}: {flow}");
    }
}
