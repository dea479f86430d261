//! One test in words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::arith::value;
use crate::tree::{ByteTest, Carrier, Direction, IpVersion, Llc, Primitive, Protocol, Relation, Scope4, Transport};

pub(super) fn words(test: &Primitive) -> String {
    match test {
        Primitive::Host4 { scope, direction, address, mask } => {
            let scope = match scope {
                Scope4::Any => "IPv4, ARP or RARP",
                Scope4::Ip => "IPv4",
                Scope4::Arp => "ARP",
                Scope4::Rarp => "RARP",
            };
            let address = Ipv4Addr::from(*address);
            match mask.count_ones() {
                32 => format!("{scope}: {} {address}", ends(*direction, "address is", "addresses are")),
                ones if mask.leading_ones() == ones => {
                    format!("{scope}: {} {address}/{ones}", ends(*direction, "address is in", "addresses are in"))
                }
                _ => {
                    let mask = Ipv4Addr::from(*mask);
                    format!("{scope}: {} {address} under {mask}", ends(*direction, "address is", "addresses are"))
                }
            }
        }
        Primitive::Host6 { direction, address, mask } => {
            let whole = |words: &[u32; 4]| words.iter().fold(0_u128, |sum, word| (sum << 32) | u128::from(*word));
            let (address, ones) = (Ipv6Addr::from(whole(address)), whole(mask).count_ones());
            if ones == 128 {
                format!("IPv6: {} {address}", ends(*direction, "address is", "addresses are"))
            } else {
                format!("IPv6: {} {address}/{ones}", ends(*direction, "address is in", "addresses are in"))
            }
        }
        Primitive::Mac { direction, address: [a, b, c, d, e, f] } => {
            let address = format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}");
            format!("Ethernet: {} {address}", ends(*direction, "address is", "addresses are"))
        }
        Primitive::Decnet { direction, address } => {
            let (area, node) = (address >> 10, address & 0x3ff);
            format!("DECnet: {} {area}.{node}", ends(*direction, "address is", "addresses are"))
        }
        Primitive::Port { transport, direction, port } => {
            format!("{}: {} {port}", transports(*transport), ends(*direction, "port is", "ports are"))
        }
        Primitive::PortRange { transport, direction, low, high } => {
            let ends = ends(*direction, "port is from", "ports are from");
            format!("{}: {ends} {low} to {high}", transports(*transport))
        }
        Primitive::Protocol(protocol) => format!("the packet is {}", called(*protocol)),
        Primitive::Carries(carrier, number) => match carrier {
            Carrier::Ip => format!("IPv4 or IPv6 carries protocol {number}"),
            Carrier::Ip4 => format!("IPv4 carries protocol {number}"),
            Carrier::Ip6 => format!("IPv6 carries protocol {number}, directly or behind a fragment header"),
            Carrier::Link => format!("the link layer carries protocol {number:#x}"),
            Carrier::Iso => format!("OSI carries protocol {number:#x}"),
            Carrier::Isis => format!("the packet is an IS-IS PDU of type {number}"),
        },
        Primitive::Chain(version, number) => {
            let version = match version {
                None => "IPv4 or IPv6",
                Some(IpVersion::V4) => "IPv4",
                Some(IpVersion::V6) => "IPv6",
            };
            format!("{version}: protocol {number} is somewhere in the chain of headers")
        }
        Primitive::Broadcast => "Ethernet: to everybody".to_owned(),
        Primitive::Broadcast4 => "IPv4: to 255.255.255.255 or 0.0.0.0".to_owned(),
        Primitive::Multicast => "Ethernet: to a group or to everybody".to_owned(),
        Primitive::Multicast4 => "IPv4: to 224.0.0.0 or above".to_owned(),
        Primitive::Multicast6 => "IPv6: to a group".to_owned(),
        Primitive::AtMost(length) => format!("the packet has at most {length} bytes"),
        Primitive::AtLeast(length) => format!("the packet has at least {length} bytes"),
        Primitive::Byte(index, test, value) => match test {
            ByteTest::Equal => format!("byte {index} is {value}"),
            ByteTest::Less => format!("byte {index} is less than {value}"),
            ByteTest::Greater => format!("byte {index} is more than {value}"),
            ByteTest::And => format!("byte {index} and {value:#x} share a bit"),
            ByteTest::Or => format!("byte {index} or {value:#x} has a bit"),
        },
        Primitive::Inbound => "the packet came in".to_owned(),
        Primitive::Outbound => "the packet went out".to_owned(),
        Primitive::Interface(index) => format!("the interface has index {index}"),
        Primitive::Vlan(tag) => numbered("a VLAN tag", *tag, "; what follows looks behind it"),
        Primitive::Mpls(label) => numbered("an MPLS label", *label, "; what follows looks behind it"),
        Primitive::PppoeDiscovery => "the packet is PPPoE discovery".to_owned(),
        Primitive::PppoeSession(session) => numbered("PPPoE session", *session, "; what follows looks into it"),
        Primitive::Geneve(network) => numbered("Geneve network", *network, "; what follows looks into it"),
        Primitive::Llc(kind) => match kind {
            Llc::Any => "the frame is 802.2".to_owned(),
            Llc::Information => "the frame is 802.2 information".to_owned(),
            Llc::Supervisory => "the frame is 802.2 supervisory".to_owned(),
            Llc::Unnumbered => "the frame is 802.2 unnumbered".to_owned(),
            Llc::Function(control) | Llc::Command(control) => format!("the frame is 802.2 with control {control:#x}"),
        },
        Primitive::Relation(relation, left, right) => {
            let relation = match relation {
                Relation::Equal => "=",
                Relation::NotEqual => "!=",
                Relation::Greater => ">",
                Relation::AtLeast => ">=",
                Relation::Less => "<",
                Relation::AtMost => "<=",
            };
            format!("{} {relation} {}", value(left), value(right))
        }
    }
}

fn numbered(what: &str, number: Option<u32>, then: &str) -> String {
    number.map_or_else(|| format!("{what}{then}"), |number| format!("{what} {number}{then}"))
}

fn ends(direction: Direction, one: &str, both: &str) -> String {
    match direction {
        Direction::Source => format!("the source {one}"),
        Direction::Destination => format!("the destination {one}"),
        Direction::Either => format!("the source or destination {one}"),
        Direction::Both => format!("the source and destination {both}"),
    }
}

const fn transports(transport: Transport) -> &'static str {
    match transport {
        Transport::Any => "TCP, UDP or SCTP",
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        Transport::Sctp => "SCTP",
    }
}

const fn called(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Ip => "IPv4",
        Protocol::Ip6 => "IPv6",
        Protocol::Arp => "ARP",
        Protocol::Rarp => "RARP",
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
        Protocol::Icmp => "ICMP",
        Protocol::Icmp6 => "ICMPv6",
        Protocol::Igmp => "IGMP",
        Protocol::Stp => "spanning tree",
        Protocol::Atalk => "AppleTalk",
        Protocol::IsIsLevel1 => "IS-IS of level 1",
        Protocol::IsIsLevel2 => "IS-IS of level 2",
        other => crate::words::name(other),
    }
}
