//! Interfaces that come and go, VLAN tags, filters that cannot be.

use crate::capture::begun;
use crate::owner::{Agent, Owner};
use crate::space::Space;
use bpf::{Filter, Options};
use pcap::LinkType;
use proto::capture::codec::packets;
use proto::capture::{Body, Program, SetFilter, Start};

/// Sends a datagram with these words.
const SEND: &str = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(sys.argv[2].encode(), (sys.argv[1], 4000))
";

/// A filter for Ethernet as it travels.
pub(crate) fn compiled(text: &str) -> SetFilter {
    let filter = Filter::compile(text, Options::new(LinkType::ETHERNET)).unwrap();
    let program = Program { link: 1, code: filter.program().words(), interface: 0 };
    SetFilter { id: 7, programs: vec![program], text: text.into() }
}

/// The interface and the bytes of the first packet that holds these words.
fn seen(owner: &Owner<'_>, words: &str) -> (u32, Vec<u8>) {
    owner.until(words, |body| {
        let Body::Packets(batch) = body else { return None };
        let mut found = packets(batch.base_ns, &batch.packets).map(|packet| packet.unwrap().bytes);
        let bytes = found.find(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))?;
        Some((batch.interface, bytes.to_vec()))
    })
}

/// Sends a frame with a datagram, perhaps with a VLAN tag: the kernel takes it out where it arrives.
const FRAME: &str = "
import socket, struct, sys
words = sys.argv[3].encode()
tag = bytes.fromhex(sys.argv[2])
udp = struct.pack('!HHHH', 4001, 4000, 8 + len(words), 0) + words
ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + bytes([10, 9, 1, 1, 10, 9, 1, 9]) + udp
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))
s.send(b'\\xff' * 6 + b'\\x02\\0\\0\\0\\0\\1' + tag + b'\\x08\\0' + ip)
";

#[test]
fn cap_25a_interfaces_that_come_later_are_captured_and_may_go() {
    let space = Space::new("later");
    let agent = Agent::start_by(&space.by(), &[], "later", 30);
    let mut owner = agent.connect();
    owner.begin(Start { interfaces: Vec::new(), ..Owner::all() });
    begun(&owner);
    space.wire("late", "latep");
    space.towards_nobody("late", "10.9.9");
    let index = owner.until("the interface", |body| match body {
        Body::InterfaceUp(up) if up.name == "late" && up.addresses.contains(&vec![10, 9, 9, 1]) => Some(up.index),
        _ => None,
    });
    // Both ends are here: the words are seen as they leave, and as they arrive.
    space.run(&["python3", "-c", SEND, "10.9.9.9", "words on a late interface"]);
    let ends = [seen(&owner, "words on a late interface").0, seen(&owner, "words on a late interface").0];
    assert!(ends.contains(&index) && ends[0] != ends[1], "{ends:?}, {index}");
    space.ip(&["link", "set", "late", "down"]);
    space.ip(&["link", "del", "late"]);
    owner.until("the end of the interface", |body| {
        matches!(body, Body::InterfaceDown(gone) if *gone == index).then_some(())
    });
    // Its socket serves the next, as often as they come.
    owner.until("the end of the other", |body| matches!(body, Body::InterfaceDown(_)).then_some(()));
    for nth in 0..6 {
        let name = format!("next{nth}");
        space.ip(&["link", "add", &name, "type", "veth", "peer", "name", "other"]);
        owner.until("the next interface", |body| match body {
            Body::InterfaceUp(up) => (up.name == name).then_some(()),
            Body::Log(log) => panic!("{}", log.text),
            _ => None,
        });
        space.ip(&["link", "del", &name]);
        for _ in 0..2 {
            owner.until("its end", |body| matches!(body, Body::InterfaceDown(_)).then_some(()));
        }
    }
}

#[test]
fn cap_25b_tags_that_the_kernel_takes_out_are_put_back_and_seen_by_filters() {
    let space = Space::new("vlan");
    space.wire("one", "onep");
    let send = |tag: &str, words: &str| drop(space.run(&["python3", "-c", FRAME, "one", tag, words]));
    let agent = Agent::start_by(&space.by(), &[], "vlan", 30);
    let mut owner = agent.connect();
    let filter = compiled("vlan 7 and udp port 4000");
    owner.begin(Start { interfaces: vec!["onep".into()], filter: Some(filter), ..Owner::all() });
    begun(&owner);
    send("", "words without a tag");
    send("81000007", "words with a tag");
    let (_, bytes) = seen(&owner, "words with a tag");
    assert_eq!(bytes[12..18], [0x81, 0, 0, 7, 8, 0]);
    owner.send(Body::SetFilter(compiled("udp port 4000 and not vlan")));
    begun(&owner);
    send("81000007", "tagged words that are not wanted");
    send("", "bare words");
    let mut all = Vec::new();
    owner.until("bare words", |body| {
        let Body::Packets(batch) = body else { return None };
        all.extend_from_slice(&batch.packets);
        all.windows(10).any(|window| window == b"bare words").then_some(())
    });
    assert!(!all.windows(12).any(|window| window == b"tagged words"));
}

#[test]
fn cap_f_08a_a_filter_with_loops_is_refused_and_the_one_before_stays() {
    let space = Space::new("loops");
    let agent = Agent::start_by(&space.by(), &[], "loops", 30);
    let mut owner = agent.connect();
    owner.begin(Owner::all());
    begun(&owner);
    owner.send(Body::SetFilter(compiled("ip6 protochain 6")));
    let applied = owner.until("refusal", |body| match body {
        Body::FilterApplied(applied) => Some(applied.clone()),
        _ => None,
    });
    assert!(applied.error.contains("loops"), "{}", applied.error);
    space.run(&["python3", "-c", SEND, "127.0.0.1", "still captured"]);
    seen(&owner, "still captured");
}
