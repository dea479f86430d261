//! What a capture file says of what agents sent: their interfaces, the names of addresses, a packet's direction and what
//! was done with it. One for the spool of a tap and for files that are written while it runs.

use crate::line::Members;
use pcap::LinkType;
use proto::capture::Interface;
use proto::capture::codec::{CUT, MASKED, OUTGOING};
use std::net::{IpAddr, Ipv4Addr};

/// Describes an interface of a pod that is called `named` (`namespace/pod`).
#[must_use]
pub fn interface(named: &str, filter: &str, own: &Interface) -> pcap::Interface {
    let mut about = pcap::Interface::new(LinkType(u16::try_from(own.link).unwrap_or(1)));
    about.name = Some(format!("{named}/{}", own.name).into());
    about.snaplen = bpf::SNAPLEN;
    about.mac = <[u8; 6]>::try_from(own.mac.as_slice()).ok();
    about.filter = Some(filter).filter(|filter| !filter.is_empty()).map(Into::into);
    for address in own.ips() {
        match address {
            IpAddr::V4(ip) => about.ipv4.push((ip, Ipv4Addr::BROADCAST)),
            IpAddr::V6(ip) => about.ipv6.push((ip, 128)),
        }
    }
    about
}

/// The ends of a record that have names, by their addresses.
pub fn ends<'a>(members: &'a Members<'a>) -> impl Iterator<Item = (IpAddr, Members<'a>)> {
    let ends = ["src", "dst"].into_iter().filter_map(|side| members.raw(side).map(Members::of));
    let named = ends.filter(|end| end.has("name") || end.has("pod") || end.has("service"));
    named.filter_map(|end| Some((end.plain("ip").parse().ok()?, end)))
}

/// What an end is called, as resolvers write it: `front-1.shop`, `items.shop.svc`, or as it is called elsewhere.
#[must_use]
pub fn name(end: &Members<'_>) -> Option<String> {
    let (ns, pod, service) = (end.plain("ns"), end.plain("pod"), end.plain("service"));
    match (ns.is_empty(), pod.is_empty(), service.is_empty()) {
        (false, false, _) => Some(format!("{pod}.{ns}")),
        (false, true, false) => Some(format!("{service}.{ns}.svc")),
        _ => Some(end.plain("name").to_owned()).filter(|name| !name.is_empty()),
    }
}

/// The flags of a packet in a file: towards the pod (1), or out of it (2).
#[must_use]
pub const fn direction(flags: u32) -> u32 {
    if flags & OUTGOING != 0 { 2 } else { 1 }
}

/// What was done with a packet before it left its pod.
#[must_use]
pub const fn comments(flags: u32) -> &'static [&'static str] {
    match (flags & CUT != 0, flags & MASKED != 0) {
        (true, true) => &[LEFT, HIDDEN],
        (true, false) => &[LEFT],
        (false, true) => &[HIDDEN],
        (false, false) => &[],
    }
}

/// Stands beside a packet whose payload was left in the pod.
pub(crate) const LEFT: &str = "payload was left in the pod";
/// And beside one in which secrets were masked.
pub(crate) const HIDDEN: &str = "secrets are masked";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn cap_n_18f_interfaces_and_names_stand_in_files_as_readers_of_them_expect() {
        let said = |line: &[u8]| -> Vec<String> {
            ends(&Members::of(line)).map(|(ip, end)| format!("{ip} {}", name(&end).unwrap())).collect()
        };
        let own = Interface {
            name: "eth0".to_owned(),
            link: 1,
            mac: vec![2, 0, 0, 0, 0, 1],
            addresses: vec![vec![10, 1, 0, 8], vec![0; 16], vec![1; 3]],
            ..Interface::default()
        };
        let about = interface("shop/front-1", "tcp", &own);
        assert_eq!(about.name.as_deref(), Some("shop/front-1/eth0"));
        assert_eq!((about.filter.as_deref(), about.mac), (Some("tcp"), Some([2, 0, 0, 0, 0, 1])));
        assert_eq!((about.ipv4.len(), about.ipv6.len()), (1, 1), "what is no address is none");
        let line = br#"{"src":{"ip":"10.1.0.8","ns":"shop","pod":"front-1"},"dst":{"ip":"10.2.0.1","ns":"shop","service":"cart"}}"#;
        assert_eq!(said(line), ["10.1.0.8 front-1.shop", "10.2.0.1 cart.shop.svc"]);
        let line = br#"{"src":{"ip":"93.184.215.14","name":"example.org"},"dst":{"ip":"10.2.0.1"}}"#;
        assert_eq!(said(line), ["93.184.215.14 example.org"]);
        assert_eq!((direction(OUTGOING | CUT), direction(CUT)), (2, 1));
        assert_eq!((comments(CUT | MASKED).len(), comments(OUTGOING).len()), (2, 0));
    }
}
