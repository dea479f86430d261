//! The interfaces of this network namespace.

pub(crate) mod watch;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{AddressFamily, SockaddrLike};
use pcap::LinkType;
use proto::capture::Interface;
use std::collections::BTreeMap;
use std::io;

/// An interface, and how its packets begin.
#[derive(Clone, Debug)]
pub struct Link {
    /// What the owner is told of it.
    pub interface: Interface,
    /// The link type of its packets.
    pub link: LinkType,
    /// Its packets are seen twice, once as outgoing.
    pub loopback: bool,
}

/// Lists the interfaces, by index.
///
/// # Errors
/// The system's.
pub fn list() -> io::Result<Vec<Link>> {
    let mut found: BTreeMap<u32, Link> = BTreeMap::new();
    let mut addresses: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in getifaddrs()? {
        let Some(address) = entry.address else { continue };
        match address.family() {
            Some(AddressFamily::Packet) => {
                let Some(own) = address.as_link_addr() else { continue };
                let index = own.ifindex() as u32;
                let mac = own.addr().filter(|mac| *mac != [0; 6]).map(|mac| mac.to_vec()).unwrap_or_default();
                let link = link_type(own.hatype());
                let interface = Interface {
                    index,
                    name: entry.interface_name.clone(),
                    link: u32::from(link.0),
                    mtu: mtu(&entry.interface_name),
                    addresses: Vec::new(),
                    mac,
                };
                found.insert(index, Link { interface, link, loopback: own.hatype() == libc::ARPHRD_LOOPBACK });
            }
            Some(AddressFamily::Inet) => {
                if let Some(own) = address.as_sockaddr_in() {
                    addresses.push((entry.interface_name.clone(), own.ip().octets().to_vec()));
                }
            }
            Some(AddressFamily::Inet6) => {
                if let Some(own) = address.as_sockaddr_in6() {
                    addresses.push((entry.interface_name.clone(), own.ip().octets().to_vec()));
                }
            }
            _ => {}
        }
    }
    for (name, address) in addresses {
        if let Some(link) = found.values_mut().find(|link| link.interface.name == name) {
            link.interface.addresses.push(address);
        }
    }
    Ok(found.into_values().collect())
}

/// Tunnels without a link header carry bare IP; everything else here looks like Ethernet.
fn link_type(hardware: u16) -> LinkType {
    match hardware {
        libc::ARPHRD_NONE
        | libc::ARPHRD_TUNNEL
        | libc::ARPHRD_TUNNEL6
        | libc::ARPHRD_IPGRE
        | libc::ARPHRD_SIT
        | libc::ARPHRD_PPP => LinkType::RAW,
        _ => LinkType::ETHERNET,
    }
}

/// 0 where the namespace's own `/sys` is not there to ask.
fn mtu(name: &str) -> u32 {
    let text = std::fs::read_to_string(format!("/sys/class/net/{name}/mtu")).unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}
