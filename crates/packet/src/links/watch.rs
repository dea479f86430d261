//! Interfaces that come, change and go while the agent runs, by netlink `rtnetlink`.

use super::{Link, link_type};
use crate::netlink::{HEADER, attribute, message};
use crate::words::{u16_at, u32_at};
use proto::capture::Interface;
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A netlink socket that is told of interfaces.
pub(crate) struct LinkWatch(OwnedFd);

/// What happened.
#[derive(Debug)]
pub(crate) enum Change {
    /// An interface is there, or is not what it was.
    Up(Box<Link>),
    /// An interface is gone.
    Down(u32),
    /// An interface has an address.
    Address(u32, Vec<u8>),
    /// An interface has it no more.
    NoAddress(u32, Vec<u8>),
}

impl LinkWatch {
    /// Opens it. Needs no right.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, ROUTE)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(Self(socket))
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// What has happened since the last call.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let mut buffer = [0; 16 << 10];
        let mut changes = Vec::new();
        // Who makes interfaces without end is heard at the next turn.
        for _ in 0..MOST {
            let count = match recv(&self.0, &mut buffer[..], RecvFlags::empty()) {
                Ok((count, _)) => count,
                Err(Errno::INTR | Errno::NOBUFS) => continue,
                Err(_) => break,
            };
            let mut rest = buffer.get(..count).unwrap_or_default();
            while let Some((one, more)) = message(rest) {
                rest = more;
                changes.extend(read(u16_at(one, 4), one.get(HEADER..).unwrap_or_default()));
            }
        }
        changes
    }
}

fn read(kind: u16, body: &[u8]) -> Option<Change> {
    match kind {
        // `ifinfomsg`: family, 0, hardware, index, flags, changed flags.
        libc::RTM_NEWLINK => {
            let (hardware, index) = (u16_at(body, 2), u32_at(body, 4));
            let [name, mtu, mac] = attributes(body, 16, [libc::IFLA_IFNAME, libc::IFLA_MTU, libc::IFLA_ADDRESS]);
            let name = name?.split(|byte| *byte == 0).next().unwrap_or_default();
            let link = link_type(hardware);
            let interface = Interface {
                index,
                name: String::from_utf8_lossy(name).into_owned(),
                link: u32::from(link.0),
                mtu: mtu.map_or(0, |mtu| u32_at(mtu, 0)),
                addresses: Vec::new(),
                mac: mac.filter(|mac| mac.len() == 6 && mac != &[0; 6]).map(<[u8]>::to_vec).unwrap_or_default(),
            };
            Some(Change::Up(Box::new(Link { interface, link, loopback: hardware == libc::ARPHRD_LOOPBACK })))
        }
        libc::RTM_DELLINK => Some(Change::Down(u32_at(body, 4))),
        // `ifaddrmsg`: family, prefix, flags, scope, index.
        libc::RTM_NEWADDR | libc::RTM_DELADDR => {
            let [local, address] = attributes(body, 8, [libc::IFA_LOCAL, libc::IFA_ADDRESS]);
            let (index, address) = (u32_at(body, 4), local.or(address)?.to_vec());
            Some(if kind == libc::RTM_NEWADDR {
                Change::Address(index, address)
            } else {
                Change::NoAddress(index, address)
            })
        }
        _ => None,
    }
}

/// The values of these attributes, where they are there.
fn attributes<const N: usize>(body: &[u8], head: usize, kinds: [u16; N]) -> [Option<&[u8]>; N] {
    let mut found = [None; N];
    let mut rest = body.get(head..).unwrap_or_default();
    while let Some((one, more)) = attribute(rest) {
        rest = more;
        for (slot, _) in found.iter_mut().zip(kinds).filter(|(_, kind)| *kind == u16_at(one, 2)) {
            *slot = one.get(4..);
        }
    }
    found
}

/// Links, and addresses of both families.
const GROUPS: u32 = (libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR) as u32;
/// `NETLINK_ROUTE` is the protocol of number 0.
const ROUTE: Option<Protocol> = None;
/// Messages of one turn.
const MOST: usize = 64;
