//! Packets that cannot be read are counted by reason, told once, and captured like others.

use crate::capture::{begun, lines};
use crate::owner::{Agent, Owner};
use crate::space::Space;
use proto::capture::codec::packets;
use proto::capture::{Body, Start};
use std::collections::BTreeMap;

/// Sends frames to a hardware address that nobody has.
const SEND: &str = "
import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))
def ip(proto, rest, first=0x45, total=None, flags=0):
    head = struct.pack('!BBHHHBBH', first, 0, 20 + len(rest) if total is None else total, 7, flags, 64, proto, 0)
    return head + bytes([10, 9, 7, 1, 10, 9, 7, 9]) + rest
tcp = lambda offset: struct.pack('!HHIIBBHHH', 5000, 80, 1, 0, offset << 4, 2, 1000, 0, 0)
udp = lambda length: struct.pack('!HHHH', 5000, 4000, length, 0) + b'words'
frames = [
    (0x0800, ip(17, udp(13))),
    (0x0800, ip(17, udp(13), first=0x44)), (0x0800, ip(17, udp(13), first=0x43)),
    (0x0800, ip(17, udp(13), total=10)),
    (0x0800, ip(6, tcp(2))), (0x0800, ip(6, tcp(3))), (0x0800, ip(6, tcp(4))),
    (0x0800, ip(17, udp(3))),
    (0x0800, ip(1, b'\\x08')),
    (0x0800, ip(17, b'a' * 32, flags=0x2000)), (0x0800, ip(17, b'b' * 32, flags=0x2002)),
    (0x86dd, struct.pack('!IHBB', 6 << 28, 8, 43, 64) + bytes(32) + bytes([17, 200, 0, 0, 0, 0, 0, 0])),
]
for kind, bytes_ in frames: s.send(bytes.fromhex('020000000077') + bytes.fromhex('020000000001') + struct.pack('!H', kind) + bytes_)
print(len(frames))
";

#[test]
fn cap_f_22_malformed_packets_are_counted_by_reason_told_once_and_captured() {
    let space = Space::new("malformed");
    space.wire("out", "in");
    let agent = Agent::start_by(&space.by(), &[], "malformed", 30);
    let mut owner = agent.connect();
    owner.begin(Start { interfaces: vec!["in".into()], ..Owner::all() });
    begun(&owner);
    let sent: usize = space.run(&["python3", "-c", SEND, "out"]).trim().parse().unwrap();
    let (mut captured, mut told) = (0, Vec::new());
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    owner.until("all of them", |body| {
        if let Body::Packets(batch) = body {
            let ours = |bytes: &[u8]| bytes.starts_with(&[2, 0, 0, 0, 0, 0x77]);
            captured +=
                packets(batch.base_ns, &batch.packets).filter(|packet| ours(packet.as_ref().unwrap().bytes)).count();
        }
        let anomalies = lines(body).into_iter().filter(|record| record["kind"] == "anomaly");
        told.extend(anomalies.map(|record| record["code"].as_str().unwrap().to_owned()));
        if let Body::Stats(stats) = body {
            counted = stats.malformed.iter().map(|one| (one.name.clone(), one.count)).collect();
        }
        (captured >= sent && counted.len() >= 7).then_some(())
    });
    assert_eq!(captured, sent, "each is in the capture");
    let expected = [
        ("fragment_overlap", 1),
        ("icmp_header", 1),
        ("ip_extensions", 1),
        ("ip_header", 2),
        ("ip_length", 1),
        ("tcp_header", 3),
        ("udp_header", 1),
    ];
    assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)).into());
    told.sort();
    assert_eq!(told, expected.map(|(name, _)| name), "the first of each kind");
}
