//! The kernel's table of sockets, by netlink `sock_diag`.
//!
//! ```text
//! request:  nlmsghdr (16) ─ inet_diag_req_v2 (56)
//! answer:   nlmsghdr (16) ─ inet_diag_msg (72) ─ attributes: length, kind, tcp_info …
//! ```

use crate::netlink::{HEADER, attribute, message};
use crate::words::{u16_at, u32_at, u64_at};
use flow::record::TcpRecord;
use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;

/// A netlink socket that is open: it needs no right to ask for the sockets of its own network namespace.
pub(crate) struct Diag {
    socket: OwnedFd,
    /// The kernel tells of sockets that end, so their last counters are known.
    pub(crate) tells_ends: bool,
}

/// A socket as the kernel tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) proto: u8,
    pub(crate) state: u8,
    pub(crate) local: (IpAddr, u16),
    pub(crate) remote: (IpAddr, u16),
    /// What tells it from every other socket.
    pub(crate) cookie: u64,
    pub(crate) recvq: u32,
    pub(crate) sendq: u32,
    pub(crate) uid: u32,
    pub(crate) inode: u32,
    pub(crate) interface: u32,
    pub(crate) tcp: Option<TcpRecord>,
}

impl Diag {
    /// Opens it.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open() -> io::Result<Self> {
        Self::open_for(ENDS)
    }

    /// Opens one that is asked alone, and told nothing by itself.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open_silent() -> io::Result<Self> {
        Self::open_for(0)
    }

    fn open_for(groups: u32) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(SOCK_DIAG))?;
        let tells_ends = bind(&socket, &SocketAddrNetlink::new(0, groups)).is_ok();
        if !tells_ends {
            bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        }
        Ok(Self { socket, tells_ends })
    }

    /// Asks for all sockets of one kind that are in one of these states.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn ask(&self, family: u8, proto: u8, states: u32) -> io::Result<()> {
        let mut request = Vec::with_capacity(HEADER + REQUEST);
        request.extend_from_slice(&((HEADER + REQUEST) as u32).to_ne_bytes());
        request.extend_from_slice(&BY_FAMILY.to_ne_bytes());
        request.extend_from_slice(&(libc::NLM_F_REQUEST as u16 | libc::NLM_F_DUMP as u16).to_ne_bytes());
        request.extend_from_slice(&[0; 8]);
        // TCP's measures with it.
        request.extend_from_slice(&[family, proto, 1 << (INFO - 1), 0]);
        request.extend_from_slice(&states.to_ne_bytes());
        request.resize(HEADER + REQUEST, 0);
        send(&self.socket, &request, SendFlags::empty())?;
        Ok(())
    }

    /// Takes what the kernel has to say now: sockets of a dump, which is of this transport, and sockets of any that
    /// ended. True when the dump is over, or broken off.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn read(&self, proto: u8, buffer: &mut [u8], mut take: impl FnMut(Entry)) -> io::Result<bool> {
        loop {
            let count = match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((count, _)) => count,
                Err(Errno::AGAIN) => return Ok(false),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let mut rest = buffer.get(..count).unwrap_or_default();
            let mut is_over = count == 0;
            while let Some((message, more)) = message(rest) {
                rest = more;
                let is_end = u16_at(message, 6) & libc::NLM_F_MULTI as u16 == 0;
                match u16_at(message, 4) {
                    BY_FAMILY => {
                        let body = message.get(HEADER..).unwrap_or_default();
                        if let Some(entry) = Entry::read(body, (!is_end).then_some(proto)) {
                            take(entry);
                        }
                    }
                    kind if kind == libc::NLMSG_DONE as u16 || kind == libc::NLMSG_ERROR as u16 => is_over = true,
                    _ => {}
                }
            }
            if is_over {
                return Ok(true);
            }
        }
    }
}

impl Entry {
    /// Reads an `inet_diag_msg` of a dump of this transport. Without, it tells of the end of a socket, and says the
    /// transport in an attribute.
    fn read(body: &[u8], proto: Option<u8>) -> Option<Self> {
        let [family, state, ..] = *body.first_chunk::<MESSAGE>()?;
        let address = |at: usize| -> Option<IpAddr> {
            let bytes = body.get(at..)?;
            if i32::from(family) == libc::AF_INET {
                return Some(Ipv4Addr::from(*bytes.first_chunk::<4>()?).into());
            }
            let v6 = Ipv6Addr::from(*bytes.first_chunk::<16>()?);
            Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
        };
        let port = |at: usize| body.get(at..).and_then(<[u8]>::first_chunk).map(|two| u16::from_be_bytes(*two));
        let mut entry = Self {
            proto: proto.unwrap_or(0),
            state: if proto.is_some() { state } else { ENDED },
            local: (address(8)?, port(4)?),
            remote: (address(24)?, port(6)?),
            interface: u32_at(body, 40),
            cookie: u64::from(u32_at(body, 44)) | u64::from(u32_at(body, 48)) << 32,
            recvq: u32_at(body, 56),
            sendq: u32_at(body, 60),
            uid: u32_at(body, 64),
            inode: u32_at(body, 68),
            tcp: None,
        };
        let mut rest = body.get(MESSAGE..).unwrap_or_default();
        while let Some((attribute, more)) = attribute(rest) {
            rest = more;
            let value = attribute.get(4..).unwrap_or_default();
            match u16_at(attribute, 2) {
                INFO if value.len() >= INFO_LEAST => entry.tcp = Some(measures(value)),
                PROTOCOL => entry.proto = value.first().copied().unwrap_or(0),
                _ => {}
            }
        }
        Some(entry)
    }
}

/// What `tcp_info` says. Older kernels end it earlier: what is not there is 0.
fn measures(info: &[u8]) -> TcpRecord {
    let word = |at| u64::from(u32_at(info, at));
    TcpRecord {
        lost: word(32),
        pmtu: word(60),
        rtt_us: word(68),
        rttvar_us: word(72),
        cwnd: word(80),
        retrans: word(100),
        bytes_acked: u64_at(info, 120),
        bytes_received: u64_at(info, 128),
        segs_out: word(136),
        segs_in: word(140),
        delivery_bps: u64_at(info, 160).saturating_mul(8),
    }
}

/// None of the kernel's states: the socket is no more.
pub(crate) const ENDED: u8 = 0;
/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// The groups that tell of ends: TCP and UDP, IPv4 and IPv6.
const ENDS: u32 = 0b1111;
const REQUEST: usize = 56;
const MESSAGE: usize = 72;
/// `INET_DIAG_INFO` and `INET_DIAG_PROTOCOL`.
const INFO: u16 = 2;
const PROTOCOL: u16 = 10;
/// As much of `tcp_info` as the oldest kernels have.
const INFO_LEAST: usize = 104;
