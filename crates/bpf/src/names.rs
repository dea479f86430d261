//! Names that stand for numbers: services, IP protocols, EtherTypes. The tables are built in: what a name means does not
//! depend on the machine that compiles, so a filter has the same code everywhere. Hosts and networks have no table.

use crate::tree::Transport;

/// The port of a service and the transports it is known on.
pub(crate) fn port(name: &str) -> Option<(u16, Transport)> {
    let row = SERVICES.iter().find(|(known, ..)| *known == name)?;
    Some((row.1, row.2))
}

/// The services that are known, for documentation.
pub(crate) const fn services() -> &'static [(&'static str, u16, Transport)] {
    SERVICES
}

/// The number of an IP protocol.
pub(crate) fn ip_protocol(name: &str) -> Option<u32> {
    find(IP_PROTOCOLS, name)
}

/// The number of a protocol of the link layer: an EtherType, or an access point of 802.2.
pub(crate) fn link_protocol(name: &str) -> Option<u32> {
    find(LINK_PROTOCOLS, name)
}

/// The number of a protocol of OSI.
pub(crate) fn iso_protocol(name: &str) -> Option<u32> {
    find(&[("clnp", 0x81), ("esis", 0x82), ("isis", 0x83)], name)
}

/// A supervisory or unnumbered control field of 802.2; the first kind is `true`.
pub(crate) fn llc(name: &str) -> Option<(bool, u8)> {
    LLC.iter().find(|(known, ..)| *known == name).map(|row| (row.1, row.2))
}

fn find(table: &[(&str, u32)], name: &str) -> Option<u32> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

const LLC: &[(&str, bool, u8)] = &[
    ("rr", true, 0x01),
    ("rnr", true, 0x05),
    ("rej", true, 0x09),
    ("ui", false, 0x03),
    ("ua", false, 0x63),
    ("disc", false, 0x43),
    ("sabme", false, 0x6f),
    ("test", false, 0xe3),
    ("xid", false, 0xaf),
    ("frmr", false, 0x87),
];

const LINK_PROTOCOLS: &[(&str, u32)] = &[
    ("aarp", 0x80f3),
    ("arp", 0x0806),
    ("atalk", 0x809b),
    ("decnet", 0x6003),
    ("ip", 0x0800),
    ("ip6", 0x86dd),
    ("lat", 0x6004),
    ("loopback", 0x9000),
    ("mopdl", 0x6001),
    ("moprc", 0x6002),
    ("rarp", 0x8035),
    ("sca", 0x6007),
    ("iso", 0xfe),
    ("stp", 0x42),
    ("ipx", 0xe0),
    ("netbeui", 0xf0),
];

const IP_PROTOCOLS: &[(&str, u32)] = &[
    ("ip", 0),
    ("hopopt", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ggp", 3),
    ("ipencap", 4),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("eigrp", 88),
    ("ospf", 89),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("mobility-header", 135),
    ("udplite", 136),
    ("mpls-in-ip", 137),
    ("hip", 139),
    ("shim6", 140),
];

const SERVICES: &[(&str, u16, Transport)] = &[
    ("echo", 7, Transport::Any),
    ("discard", 9, Transport::Any),
    ("daytime", 13, Transport::Any),
    ("ftp-data", 20, Transport::Tcp),
    ("ftp", 21, Transport::Tcp),
    ("ssh", 22, Transport::Tcp),
    ("telnet", 23, Transport::Tcp),
    ("smtp", 25, Transport::Tcp),
    ("time", 37, Transport::Any),
    ("whois", 43, Transport::Tcp),
    ("domain", 53, Transport::Any),
    ("bootps", 67, Transport::Udp),
    ("bootpc", 68, Transport::Udp),
    ("tftp", 69, Transport::Udp),
    ("gopher", 70, Transport::Tcp),
    ("finger", 79, Transport::Tcp),
    ("http", 80, Transport::Tcp),
    ("kerberos", 88, Transport::Any),
    ("pop3", 110, Transport::Tcp),
    ("sunrpc", 111, Transport::Any),
    ("nntp", 119, Transport::Tcp),
    ("ntp", 123, Transport::Udp),
    ("netbios-ns", 137, Transport::Udp),
    ("netbios-dgm", 138, Transport::Udp),
    ("netbios-ssn", 139, Transport::Tcp),
    ("imap2", 143, Transport::Tcp),
    ("snmp", 161, Transport::Any),
    ("snmp-trap", 162, Transport::Any),
    ("bgp", 179, Transport::Tcp),
    ("ldap", 389, Transport::Any),
    ("https", 443, Transport::Any),
    ("microsoft-ds", 445, Transport::Tcp),
    ("submission", 587, Transport::Tcp),
    ("ldaps", 636, Transport::Any),
    ("isakmp", 500, Transport::Udp),
    ("syslog", 514, Transport::Any),
    ("route", 520, Transport::Udp),
    ("imaps", 993, Transport::Tcp),
    ("pop3s", 995, Transport::Tcp),
    ("socks", 1080, Transport::Tcp),
    ("openvpn", 1194, Transport::Any),
    ("ms-sql-s", 1433, Transport::Tcp),
    ("radius", 1812, Transport::Any),
    ("nfs", 2049, Transport::Any),
    ("mysql", 3306, Transport::Tcp),
    ("ms-wbt-server", 3389, Transport::Tcp),
    ("sip", 5060, Transport::Any),
    ("mdns", 5353, Transport::Udp),
    ("postgresql", 5432, Transport::Tcp),
    ("amqp", 5672, Transport::Tcp),
    ("x11", 6000, Transport::Tcp),
    ("redis", 6379, Transport::Tcp),
    ("http-alt", 8080, Transport::Tcp),
];
