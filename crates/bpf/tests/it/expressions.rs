//! Expressions made by chance, out of the same addresses and numbers that the packets have.

use super::random::Random;

const HOSTS: &[&str] = &["10.0.0.1", "10.0.0.2", "192.168.1.7", "224.0.0.5", "255.255.255.255"];
const HOSTS6: &[&str] = &["fd00::1", "fd00::2", "2001:db8::7", "ff02::1"];
const NETS: &[&str] = &["10.0.0.0/8", "192.168.1.0/24", "10.0", "10", "192.168.0.0 mask 255.255.0.0", "0.0.0.0/0"];
const NETS6: &[&str] = &["fd00::/8", "2001:db8::/32", "ff00::/8", "fd00::/15"];
const PORTS: &[&str] = &["80", "443", "53", "22", "8080", "http", "domain", "ssh", "6081"];
const MACS: &[&str] = &["02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff", "02-0-0-0-0-1"];
const PROTOCOLS: &[&str] = &[
    "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "sctp", "igmp", "ah", "esp", "pim", "vrrp", "stp",
    "ipx", "iso", "isis", "esis", "clnp", "atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "netbeui", "l1",
    "l2", "iih", "lsp", "snp", "csnp", "psnp", "igrp", "carp",
];
const FIELDS: &[&str] = &["ip", "tcp", "udp", "icmp", "ip6", "icmp6", "ether", "arp", "sctp", "link"];
const DIRECTIONS: &[&str] = &["", "", "src ", "dst ", "src or dst ", "src and dst "];

/// An expression of a few terms.
pub(crate) fn expression(random: &mut Random) -> String {
    let terms = 1 + random.below(4);
    joined(random, terms, 2)
}

fn joined(random: &mut Random, terms: usize, depth: usize) -> String {
    let mut text = term(random, depth);
    for _ in 1..terms {
        text += *random.one(&[" and ", " or ", " && ", " || ", " and not ", " or not "]);
        text += &term(random, depth);
    }
    text
}

fn term(random: &mut Random, depth: usize) -> String {
    match random.below(30) {
        0 | 1 if depth > 0 => {
            let terms = 1 + random.below(3);
            format!("({})", joined(random, terms, depth - 1))
        }
        2 if depth > 0 => format!("not {}", term(random, depth - 1)),
        0..=4 => (*random.one(PROTOCOLS)).to_owned(),
        5 | 6 => {
            let scope = random.one(&["", "", "ip ", "arp ", "rarp "]);
            let direction = random.one(DIRECTIONS);
            format!("{scope}{direction}host {}{}", random.one(HOSTS), more(random, HOSTS))
        }
        7 => format!("{}{}host {}", random.one(&["", "ip6 "]), random.one(DIRECTIONS), random.one(HOSTS6)),
        8 | 9 => format!("{}net {}", random.one(DIRECTIONS), random.one(NETS)),
        10 => format!("{}net {}", random.one(DIRECTIONS), random.one(NETS6)),
        11..=14 => {
            let transport = random.one(&["", "", "tcp ", "udp ", "sctp "]);
            let ports = if transport.is_empty() { PORTS } else { &["80", "443", "53", "8080"] };
            format!("{transport}{}port {}{}", random.one(DIRECTIONS), random.one(ports), more(random, ports))
        }
        15 | 16 => {
            let transport = random.one(&["", "tcp ", "udp "]);
            let range = random.one(&["80-443", "1-1023", "8080-80", "0-65535", "443", "20-http", "53-53"]);
            format!("{transport}{}portrange {range}", random.one(DIRECTIONS))
        }
        17 => format!("ether {}{}", random.one(&["host ", "src ", "dst ", "src or dst "]), random.one(MACS)),
        18 => format!(
            "{}proto {}",
            random.one(&["", "ip ", "ip6 "]),
            random.one(&["6", "17", "\\tcp", "\\udp", "1", "58", "44", "gre"])
        ),
        19 => format!(
            "ether proto {}",
            random.one(&["0x800", "0x86dd", "\\ip", "\\arp", "0x8100", "0x42", "0x88cc", "\\stp", "0x600"])
        ),
        20 => random
            .one(&["broadcast", "multicast", "ip broadcast", "ip multicast", "ip6 multicast", "ether multicast"])
            .to_string(),
        21 => format!("{} {}", random.one(&["less", "greater"]), random.one(&["64", "100", "20", "1500"])),
        22 => random
            .one(&[
                "vlan",
                "vlan 7",
                "vlan 9",
                "mpls",
                "mpls 16",
                "pppoes",
                "pppoes 5",
                "pppoed",
                "geneve",
                "geneve 10",
                "vlan and vlan",
            ])
            .to_string(),
        23 => random
            .one(&[
                "inbound",
                "outbound",
                "ifindex 2",
                "llc",
                "llc u",
                "llc i",
                "llc s",
                "llc rr",
                "iso proto 0x83",
                "isis proto 20",
            ])
            .to_string(),
        24 => random
            .one(&[
                "protochain 6",
                "ip protochain 17",
                "ip6 protochain \\tcp",
                "ip protochain 51",
                "byte 0 = 2",
                "byte 12 > 7",
                "byte 14 < 70",
            ])
            .to_string(),
        _ => comparison(random),
    }
}

/// A value that inherits the qualifiers.
fn more(random: &mut Random, values: &[&str]) -> String {
    match random.below(6) {
        0 => format!(" {} {}", random.one(&["or", "and"]), random.one(values)),
        1 => format!(" or not {}", random.one(values)),
        2 => format!(" or ({} and {})", random.one(values), random.one(values)),
        _ => String::new(),
    }
}

fn comparison(random: &mut Random) -> String {
    match random.below(8) {
        0 => "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0".to_owned(),
        1 => format!("icmp[icmptype] {} icmp-echo", random.one(&["=", "!="])),
        2 => format!("tcp[13] & {} {} 0", random.one(&["2", "0x12", "tcp-rst"]), random.one(&["=", "!=", ">"])),
        3 => format!("len {} {}", random.one(&[">", "<", "<=", ">=", "=", "!="]), random.one(&["60", "74", "100"])),
        _ => {
            let relation = *random.one(&["=", "!=", "<", ">", "<=", ">=", "=="]);
            format!("{} {relation} {}", arith(random, 2), arith(random, 1))
        }
    }
}

fn arith(random: &mut Random, depth: usize) -> String {
    match random.below(10) {
        0..=2 if depth > 0 => {
            let operator = *random.one(&["+", "-", "*", "&", "|", "^", "<<", ">>", "/", "%"]);
            let left = arith(random, depth - 1);
            let right = match operator {
                "<<" | ">>" => random.one(&["1", "2", "4", "8"]).to_string(),
                "/" | "%" => random.one(&["2", "3", "16"]).to_string(),
                _ => arith(random, depth - 1),
            };
            format!("{left} {operator} {right}")
        }
        3 if depth > 0 => format!("({})", arith(random, depth - 1)),
        4 if depth > 0 => format!("-{}", arith(random, 0)),
        5 => "len".to_owned(),
        6 => random.one(&["0", "1", "5", "64", "0x45", "0x0800", "010", "1500"]).to_string(),
        _ => {
            let width = random.one(&["", "", ":1", ":2", ":4"]);
            let offset = match random.below(6) {
                0 if depth > 0 => arith(random, depth - 1),
                1 => "(ip[0] & 0xf) * 4".to_owned(),
                _ => random.one(&["0", "1", "2", "6", "8", "9", "12", "13", "16"]).to_string(),
            };
            format!("{}[{offset}{width}]", random.one(FIELDS))
        }
    }
}
