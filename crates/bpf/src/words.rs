//! The words of the language: keywords and named numbers.

use crate::tree::Protocol;

/// A keyword. Behind a backslash it is a name instead: `proto \tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Protocol(Protocol),
    Source,
    Destination,
    Host,
    Net,
    Mask,
    Port,
    PortRange,
    Proto,
    ProtoChain,
    Gateway,
    Less,
    Greater,
    Byte,
    Broadcast,
    Multicast,
    And,
    Or,
    Not,
    Length,
    Inbound,
    Outbound,
    Interface,
    Vlan,
    Mpls,
    PppoeDiscovery,
    PppoeSession,
    Geneve,
    Llc,
    /// A word about a link type that we do not capture on: which.
    Foreign(&'static str),
}

/// The keyword that a text is, if it is one.
pub(crate) fn keyword(text: &str) -> Option<Word> {
    if let Some(protocol) = protocol(text) {
        return Some(Word::Protocol(protocol));
    }
    Some(match text {
        "src" => Word::Source,
        "dst" => Word::Destination,
        "host" => Word::Host,
        "net" => Word::Net,
        "mask" => Word::Mask,
        "port" => Word::Port,
        "portrange" => Word::PortRange,
        "proto" => Word::Proto,
        "protochain" => Word::ProtoChain,
        "gateway" => Word::Gateway,
        "less" => Word::Less,
        "greater" => Word::Greater,
        "byte" => Word::Byte,
        "broadcast" => Word::Broadcast,
        "multicast" => Word::Multicast,
        "and" => Word::And,
        "or" => Word::Or,
        "not" => Word::Not,
        "len" | "length" => Word::Length,
        "inbound" => Word::Inbound,
        "outbound" => Word::Outbound,
        "ifindex" => Word::Interface,
        "vlan" => Word::Vlan,
        "mpls" => Word::Mpls,
        "pppoed" => Word::PppoeDiscovery,
        "pppoes" => Word::PppoeSession,
        "geneve" => Word::Geneve,
        "llc" => Word::Llc,
        "radio" | "type" | "subtype" | "direction" | "dir" | "address1" | "addr1" | "address2" | "addr2"
        | "address3" | "addr3" | "address4" | "addr4" | "ra" | "ta" => Word::Foreign("IEEE 802.11"),
        "lane" | "metac" | "bcc" | "oam" | "oamf4" | "oamf4ec" | "oamf4sc" | "sc" | "ilmic" | "vpi" | "vci"
        | "connectmsg" | "metaconnect" => Word::Foreign("ATM"),
        "fisu" | "lssu" | "lsu" | "msu" | "hfisu" | "hlssu" | "hmsu" | "sio" | "opc" | "dpc" | "sls" | "hsio"
        | "hopc" | "hdpc" | "hsls" => Word::Foreign("MTP"),
        "on" | "ifname" | "rset" | "ruleset" | "rnr" | "rulenum" | "srnr" | "subrulenum" | "reason" | "action" => {
            Word::Foreign("the log of PF")
        }
        _ => return None,
    })
}

/// The protocol that a text is, if it is one.
pub(crate) fn protocol(text: &str) -> Option<Protocol> {
    Some(match text {
        "ether" | "link" | "ppp" | "slip" | "fddi" | "tr" | "wlan" => Protocol::Link,
        "ip" => Protocol::Ip,
        "ip6" => Protocol::Ip6,
        "arp" => Protocol::Arp,
        "rarp" => Protocol::Rarp,
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        "icmp" => Protocol::Icmp,
        "icmp6" => Protocol::Icmp6,
        "igmp" => Protocol::Igmp,
        "igrp" => Protocol::Igrp,
        "pim" => Protocol::Pim,
        "vrrp" => Protocol::Vrrp,
        "carp" => Protocol::Carp,
        "ah" => Protocol::Ah,
        "esp" => Protocol::Esp,
        "atalk" => Protocol::Atalk,
        "aarp" => Protocol::Aarp,
        "decnet" => Protocol::Decnet,
        "lat" => Protocol::Lat,
        "sca" => Protocol::Sca,
        "moprc" => Protocol::Moprc,
        "mopdl" => Protocol::Mopdl,
        "iso" => Protocol::Iso,
        "clnp" => Protocol::Clnp,
        "esis" | "es-is" => Protocol::EsIs,
        "isis" | "is-is" => Protocol::IsIs,
        "l1" => Protocol::IsIsLevel1,
        "l2" => Protocol::IsIsLevel2,
        "iih" => Protocol::Iih,
        "lsp" => Protocol::Lsp,
        "snp" => Protocol::Snp,
        "csnp" => Protocol::Csnp,
        "psnp" => Protocol::Psnp,
        "stp" => Protocol::Stp,
        "ipx" => Protocol::Ipx,
        "netbeui" => Protocol::Netbeui,
        _ => return None,
    })
}

/// The word of a protocol, for messages.
pub(crate) const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Link => "ether",
        Protocol::Ip => "ip",
        Protocol::Ip6 => "ip6",
        Protocol::Arp => "arp",
        Protocol::Rarp => "rarp",
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
        Protocol::Icmp => "icmp",
        Protocol::Icmp6 => "icmp6",
        Protocol::Igmp => "igmp",
        Protocol::Igrp => "igrp",
        Protocol::Pim => "pim",
        Protocol::Vrrp => "vrrp",
        Protocol::Carp => "carp",
        Protocol::Ah => "ah",
        Protocol::Esp => "esp",
        Protocol::Atalk => "atalk",
        Protocol::Aarp => "aarp",
        Protocol::Decnet => "decnet",
        Protocol::Lat => "lat",
        Protocol::Sca => "sca",
        Protocol::Moprc => "moprc",
        Protocol::Mopdl => "mopdl",
        Protocol::Iso => "iso",
        Protocol::Clnp => "clnp",
        Protocol::EsIs => "esis",
        Protocol::IsIs => "isis",
        Protocol::IsIsLevel1 => "l1",
        Protocol::IsIsLevel2 => "l2",
        Protocol::Iih => "iih",
        Protocol::Lsp => "lsp",
        Protocol::Snp => "snp",
        Protocol::Csnp => "csnp",
        Protocol::Psnp => "psnp",
        Protocol::Stp => "stp",
        Protocol::Ipx => "ipx",
        Protocol::Netbeui => "netbeui",
    }
}

/// The named numbers: offsets of fields and their values, RFC 792, 4443 and 9293.
pub(crate) fn constant(text: &str) -> Option<u32> {
    let table: &[(&str, u32)] = if text.starts_with("icmp6") { ICMP6 } else { OTHERS };
    table.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

const ICMP6: &[(&str, u32)] = &[
    ("icmp6type", 0),
    ("icmp6code", 1),
    ("icmp6-destinationunreach", 1),
    ("icmp6-packettoobig", 2),
    ("icmp6-timeexceeded", 3),
    ("icmp6-parameterproblem", 4),
    ("icmp6-echo", 128),
    ("icmp6-echoreply", 129),
    ("icmp6-multicastlistenerquery", 130),
    ("icmp6-multicastlistenerreportv1", 131),
    ("icmp6-multicastlistenerdone", 132),
    ("icmp6-routersolicit", 133),
    ("icmp6-routeradvert", 134),
    ("icmp6-neighborsolicit", 135),
    ("icmp6-neighboradvert", 136),
    ("icmp6-redirect", 137),
    ("icmp6-routerrenum", 138),
    ("icmp6-nodeinformationquery", 139),
    ("icmp6-nodeinformationresponse", 140),
    ("icmp6-ineighbordiscoverysolicit", 141),
    ("icmp6-ineighbordiscoveryadvert", 142),
    ("icmp6-multicastlistenerreportv2", 143),
    ("icmp6-homeagentdiscoveryrequest", 144),
    ("icmp6-homeagentdiscoveryreply", 145),
    ("icmp6-mobileprefixsolicit", 146),
    ("icmp6-mobileprefixadvert", 147),
    ("icmp6-certpathsolicit", 148),
    ("icmp6-certpathadvert", 149),
    ("icmp6-multicastrouteradvert", 151),
    ("icmp6-multicastroutersolicit", 152),
    ("icmp6-multicastrouterterm", 153),
];

const OTHERS: &[(&str, u32)] = &[
    ("icmptype", 0),
    ("icmpcode", 1),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-sourcequench", 4),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-routeradvert", 9),
    ("icmp-routersolicit", 10),
    ("icmp-timxceed", 11),
    ("icmp-paramprob", 12),
    ("icmp-tstamp", 13),
    ("icmp-tstampreply", 14),
    ("icmp-ireq", 15),
    ("icmp-ireqreply", 16),
    ("icmp-maskreq", 17),
    ("icmp-maskreply", 18),
    ("tcpflags", 13),
    ("tcp-fin", 0x01),
    ("tcp-syn", 0x02),
    ("tcp-rst", 0x04),
    ("tcp-push", 0x08),
    ("tcp-ack", 0x10),
    ("tcp-urg", 0x20),
    ("tcp-ece", 0x40),
    ("tcp-cwr", 0x80),
];
