#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use pcap::LinkType;

use super::{ends, payload_at};

fn v4(flags: u16, proto: u8) -> Vec<u8> {
    let mut out = vec![0x45, 0, 0, 28, 0, 1];
    out.extend(flags.to_be_bytes());
    out.extend([64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80, 0, 8, 0, 0]);
    out
}

#[test]
fn cap_d_14a_ends_of_packets_and_fragments() {
    let whole = ends(LinkType::RAW, &v4(0, 17), 28).unwrap();
    assert_eq!(
        (whole.src.to_string(), whole.dst.to_string(), whole.ports),
        ("10.0.0.1".into(), "10.0.0.2".into(), Some((40_000, 80)))
    );
    assert_eq!(ends(LinkType::RAW, &v4(0x2000, 17), 28).unwrap().ports, Some((40_000, 80)), "a first fragment");
    assert_eq!(ends(LinkType::RAW, &v4(0x0001, 17), 28).unwrap().ports, None, "a later one");
    assert_eq!(ends(LinkType::RAW, &v4(0, 1), 28).unwrap().ports, None, "ICMP");
    assert_eq!(ends(LinkType::ETHERNET, &v4(0, 17), 28), None);
    for cut in 0..20 {
        assert_eq!(ends(LinkType::RAW, &v4(0, 17)[..cut], 28), None);
    }
}

#[test]
fn payload_begins_behind_the_headers_of_the_transport() {
    let udp = v4(0, 17);
    assert_eq!(payload_at(LinkType::RAW, &udp, 28), 28);
    assert_eq!(payload_at(LinkType::RAW, &udp, 900), 28, "cut off");
    let mut tcp = v4(0, 6);
    tcp[3] = 52;
    tcp.extend([0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, 0, 0]);
    tcp.extend([1, 1, 1, 1, b'a', b'b', b'c', b'd']);
    tcp.extend([b'e'; 4]);
    assert_eq!(payload_at(LinkType::RAW, &tcp, 52), 44, "with its options");
    assert_eq!(payload_at(LinkType::RAW, &v4(0x0001, 17), 28), 20, "a later fragment is payload alone");
    assert_eq!(payload_at(LinkType::ETHERNET, &[1; 9], 9), 9, "nothing is understood");
}
