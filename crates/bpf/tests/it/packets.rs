//! Packets: well-formed ones of every protocol that filters know, cut and changed ones, and noise.

use pcap::LinkType;

use super::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    Raw,
    Sll,
    Sll2,
    Null,
    Loop,
    Ip4,
    Ip6,
}

impl Link {
    pub(crate) const ALL: &'static [Self] =
        &[Self::Ethernet, Self::Raw, Self::Sll, Self::Sll2, Self::Null, Self::Loop, Self::Ip4, Self::Ip6];

    pub(crate) const fn link_type(self) -> LinkType {
        match self {
            Self::Ethernet => LinkType::ETHERNET,
            Self::Raw => LinkType::RAW,
            Self::Sll => LinkType::SLL,
            Self::Sll2 => LinkType::SLL2,
            Self::Null => LinkType::NULL,
            Self::Loop => LinkType::LOOP,
            Self::Ip4 => LinkType::IPV4,
            Self::Ip6 => LinkType::IPV6,
        }
    }
}

const PORTS: &[u16] = &[80, 443, 53, 22, 8080, 6081, 50000];
const HOSTS: &[[u8; 4]] = &[[10, 0, 0, 1], [10, 0, 0, 2], [192, 168, 1, 7], [224, 0, 0, 5], [255; 4], [0; 4]];
const HOSTS6: &[&str] = &["fd00::1", "fd00::2", "2001:db8::7", "ff02::1"];

/// Packets of a link type, always the same ones.
pub(crate) fn samples(link: Link) -> Vec<Vec<u8>> {
    let mut random = Random::new(7);
    let mut all = Vec::new();
    for round in 0..12 {
        for (kind, payload) in payloads(&mut random) {
            let packet = framed(link, kind, &payload, &mut random);
            if round % 3 == 1 {
                let keep = random.below(packet.len() + 1);
                all.push(packet[..keep].to_vec());
            } else if round % 3 == 2 {
                let mut changed = packet.clone();
                for _ in 0..3 {
                    let at = random.below(changed.len());
                    changed[at] = random.byte();
                }
                all.push(changed);
            }
            all.push(packet);
        }
    }
    for _ in 0..60 {
        let length = random.below(160);
        all.push((0..length).map(|_| random.byte()).collect());
    }
    all.push(Vec::new());
    all.push(vec![0; 1600]);
    all
}

/// What a link header carries: an EtherType (or a length, for 802.2) and the bytes behind it.
fn payloads(random: &mut Random) -> Vec<(u16, Vec<u8>)> {
    let mut all = Vec::new();
    for protocol in [6, 17, 132, 1, 2, 47, 50, 103, 112] {
        let (four, six) = (ip4(random, protocol), ip6(random, protocol));
        all.push((0x0800, four));
        all.push((0x86dd, six));
    }
    all.push((0x86dd, ip6(random, 58)));
    // chains of headers
    let tcp = transport(random, 6);
    all.push((0x86dd, ip6_with(random, 0, &[&[6, 0, 1, 4, 0, 0, 0, 0], tcp.as_slice()].concat())));
    all.push((0x86dd, ip6_with(random, 44, &[&[6, 0, 0, 0, 0, 0, 0, 9], tcp.as_slice()].concat())));
    all.push((
        0x86dd,
        ip6_with(random, 43, &[&[60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0], tcp.as_slice()].concat()),
    ));
    all.push((
        0x0800,
        ip4_with(random, 51, &[&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0], tcp.as_slice()].concat()),
    ));
    // tunnels
    for tag in [7_u16, 9] {
        let mut tagged = tag.to_be_bytes().to_vec();
        tagged.extend([0x08, 0]);
        tagged.extend(ip4(random, 6));
        all.push((0x8100, tagged.clone()));
        let mut twice = vec![0, 7, 0x81, 0];
        twice.extend(tagged);
        all.push((0x88a8, twice));
    }
    for bottom in [vec![0, 1, 0x01, 64], vec![0, 1, 0x00, 64, 0, 2, 0x01, 64]] {
        all.push((0x8847, [bottom.clone(), ip4(random, 17)].concat()));
        all.push((0x8847, [bottom, ip6(random, 6)].concat()));
    }
    all.push((0x8863, vec![0x11, 9, 0, 0, 0, 0]));
    for (kind, inner) in [(0x21_u16, ip4(random, 6)), (0x57, ip6(random, 17)), (0xc021, vec![1, 1, 0, 4])] {
        let mut session = vec![0x11, 0, 0, 5, 0, 60];
        session.extend(kind.to_be_bytes());
        session.extend(inner);
        all.push((0x8864, session));
    }
    for (kind, options) in [(0x6558_u16, 0_u8), (0x0800, 0), (0x6558, 2), (0x86dd, 1)] {
        let mut inner = vec![0, 0, 0x17, 0xc1, 0, 90, 0, 0];
        inner.extend([options, 0]);
        inner.extend(kind.to_be_bytes());
        inner.extend([0, 0, 10, 0]);
        inner.extend(vec![0; 4 * usize::from(options)]);
        match kind {
            0x6558 => {
                let payload = ip4(random, 6);
                inner.extend(framed(Link::Ethernet, 0x0800, &payload, random));
            }
            0x0800 => inner.extend(ip4(random, 17)),
            _ => inner.extend(ip6(random, 6)),
        }
        all.push((0x0800, ip4_with(random, 17, &inner)));
        all.push((0x86dd, ip6_with(random, 17, &inner)));
    }
    // others
    for kind in [0x0806_u16, 0x8035] {
        let mut arp = vec![0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1];
        arp.extend(random.one(HOSTS));
        arp.extend([2, 0, 0, 0, 0, 2]);
        arp.extend(random.one(HOSTS));
        all.push((kind, arp));
    }
    for kind in [0x6001_u16, 0x6002, 0x6004, 0x6007, 0x809b, 0x80f3, 0x8137, 0x9000, 0x88cc, 0x6003] {
        all.push((kind, (0..40).map(|_| random.byte()).collect()));
    }
    for llc in [
        vec![0x42, 0x42, 3, 0, 0],
        vec![0xfe, 0xfe, 3, 0x83, 27, 1, 0, 20, 1],
        vec![0xfe, 0xfe, 3, 0x82, 27],
        vec![0xaa, 0xaa, 3, 8, 0, 7, 0x80, 0x9b, 1],
        vec![0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0x37, 1],
        vec![0xe0, 0xe0, 3],
        vec![0xff, 0xff, 0, 30],
        vec![0xf0, 0xf0, 1, 2],
        vec![0xf0, 0xf0, 0, 2],
    ] {
        let length = u16::try_from(llc.len()).unwrap();
        all.push((length, [llc, vec![0; 40]].concat()));
    }
    all
}

fn framed(link: Link, kind: u16, payload: &[u8], random: &mut Random) -> Vec<u8> {
    let mut packet = Vec::new();
    let six = kind == 0x86dd;
    match link {
        Link::Ethernet => {
            let to: &[u8; 6] = random.one(&[[2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1], [0xff; 6], [1, 0, 0x5e, 0, 0, 5]]);
            packet.extend(to);
            packet.extend([2, 0, 0, 0, 0, 1]);
            packet.extend(kind.to_be_bytes());
        }
        Link::Sll => {
            packet.extend([0, *random.one(&[0, 4]), 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
            packet.extend(if kind < 1500 { 4 } else { kind }.to_be_bytes());
        }
        Link::Sll2 => {
            packet.extend(if kind < 1500 { 4 } else { kind }.to_be_bytes());
            packet.extend([0, 0, 0, 0, 0, *random.one(&[1, 2]), 0, 1, *random.one(&[0, 4]), 6, 2, 0, 0, 0, 0, 1, 0, 0]);
        }
        Link::Null => packet.extend(u32::from(if six { *random.one(&[24, 28, 30]) } else { 2_u8 }).to_le_bytes()),
        Link::Loop => packet.extend(u32::from(if six { *random.one(&[24, 28, 30]) } else { 2_u8 }).to_be_bytes()),
        Link::Raw | Link::Ip4 | Link::Ip6 => {}
    }
    packet.extend(payload);
    packet
}

fn transport(random: &mut Random, protocol: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    if matches!(protocol, 6 | 17 | 132) {
        bytes.extend(random.one(PORTS).to_be_bytes());
        bytes.extend(random.one(PORTS).to_be_bytes());
    }
    let flags = *random.one(&[0x02, 0x12, 0x10, 0x18, 0x04, 0x11]);
    match protocol {
        6 => bytes.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 1, 0, 0, 0, 0, 0]),
        17 => bytes.extend([0, 20, 0, 0]),
        1 => bytes.extend([*random.one(&[8, 0, 3]), 0, 0, 0]),
        _ => bytes.extend([*random.one(&[128, 135, 1]), 0, 0, 0]),
    }
    let length = random.below(40);
    bytes.extend((0..length).map(|_| random.byte()));
    bytes
}

fn ip4(random: &mut Random, protocol: u8) -> Vec<u8> {
    let inner = transport(random, protocol);
    ip4_with(random, protocol, &inner)
}

fn ip4_with(random: &mut Random, protocol: u8, inner: &[u8]) -> Vec<u8> {
    let options = *random.one(&[0_u8, 0, 0, 1, 3]);
    let fragment = *random.one(&[[0x40, 0], [0, 0], [0x20, 0], [0, 0], [0, 9]]);
    let length = u16::try_from(20 + 4 * usize::from(options) + inner.len()).unwrap().to_be_bytes();
    let mut bytes = vec![0x45 + options, 0, length[0], length[1], 0, 1, fragment[0], fragment[1], 64, protocol, 0, 0];
    bytes.extend(random.one(HOSTS));
    bytes.extend(random.one(HOSTS));
    bytes.extend(vec![1; 4 * usize::from(options)]);
    bytes.extend(inner);
    bytes
}

fn ip6(random: &mut Random, protocol: u8) -> Vec<u8> {
    let inner = transport(random, protocol);
    ip6_with(random, protocol, &inner)
}

fn ip6_with(random: &mut Random, protocol: u8, inner: &[u8]) -> Vec<u8> {
    let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
    let mut bytes = vec![0x60, 0, 0, 0, length[0], length[1], protocol, 64];
    for _ in 0..2 {
        bytes.extend(random.one(HOSTS6).parse::<std::net::Ipv6Addr>().unwrap().octets());
    }
    bytes.extend(inner);
    bytes
}
