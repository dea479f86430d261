//! A packet socket with a TPACKET_V3 ring: blocks of packets that the kernel fills and we read where they lie.
//!
//! ```text
//! block: 48 bytes of descriptor ─ packet ─ packet ─ …            status word: kernel | ours
//! packet: tpacket3_hdr (48) ─ sockaddr_ll (20) ─ … ─ bytes at `mac`
//! ```

use crate::kernel::{self, RingRequest, RingStats, Shared};
use crate::words::{u16_at, u32_at};
use flow::{Direction, Packet};
use pcap::LinkType;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A packet socket that is open and, once bound, fills its ring.
pub struct Ring {
    socket: OwnedFd,
    memory: Shared,
    blocks: usize,
    next: usize,
    interface: u32,
    link: LinkType,
    loopback: bool,
    /// What decides of packets whose tag the kernel took out.
    tagged: Option<bpf::Program>,
    /// A packet with its VLAN tag put back.
    scratch: Vec<u8>,
    /// The group of rings that share the packets of an interface: each gets what the ones before have no room for.
    group: Option<u16>,
}

/// Counters since the last time they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that passed the filter, dropped ones included.
    pub packets: u64,
    /// Packets for which the ring had no room.
    pub drops: u64,
}

/// A packet socket without a ring, bound to nothing.
pub struct Socket(OwnedFd);

impl Socket {
    /// Opens one. Needs `CAP_NET_RAW`; what is done with it later does not.
    ///
    /// # Errors
    /// The system's, when it does not allow packet sockets.
    pub fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(Self(rustix::net::socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?))
    }
}

impl Ring {
    /// A ring of `bytes` over a socket: no packet comes yet.
    ///
    /// # Errors
    /// The system's, when it has no memory.
    pub fn over(Socket(socket): Socket, bytes: usize) -> io::Result<Self> {
        let fd = socket.as_fd();
        kernel::set_option(fd, libc::SOL_PACKET, libc::PACKET_VERSION, &[TPACKET_V3])?;
        let blocks = (bytes / BLOCK).clamp(2, MAX_BLOCKS);
        let request = RingRequest {
            block_size: BLOCK as u32,
            block_nr: blocks as u32,
            frame_size: FRAME as u32,
            frame_nr: (blocks * (BLOCK / FRAME)) as u32,
            retire_ms: RETIRE_MS,
            private: 0,
            features: 0,
        };
        kernel::set_option(fd, libc::SOL_PACKET, libc::PACKET_RX_RING, &[request])?;
        let memory = Shared::map(fd, blocks * BLOCK)?;
        Ok(Self {
            socket,
            memory,
            blocks,
            next: 0,
            interface: 0,
            link: LinkType::ETHERNET,
            loopback: false,
            tagged: None,
            scratch: Vec::new(),
            group: None,
        })
    }

    /// Sets the filter; the one before stays when the kernel refuses it. Without a program everything passes.
    ///
    /// The kernel takes VLAN tags out of packets before filters see them. It lets those packets through, and the filter
    /// decides here, over what was sent.
    ///
    /// # Errors
    /// The system's, when the program is none.
    pub fn filter(&mut self, program: Option<&bpf::Program>) -> io::Result<()> {
        let mut code = program.map_or_else(|| vec![ALL], bpf::Program::words);
        let tagged = program.filter(|_| code.len() + TAGGED.len() <= bpf::MAX_INSTRUCTIONS);
        if tagged.is_some() {
            code.splice(..0, TAGGED);
        }
        kernel::attach(self.socket.as_fd(), &code)?;
        self.tagged = tagged.cloned();
        Ok(())
    }

    /// Nothing passes from now on.
    ///
    /// # Errors
    /// The system's.
    pub fn shut(&self) -> io::Result<()> {
        kernel::attach(self.socket.as_fd(), &[NOTHING])
    }

    /// Makes a ring that is bound the first of a group, or a member of one. Members share the packets of their interface:
    /// none gets one that another has. A socket never leaves its group.
    ///
    /// # Errors
    /// The system's, when it has no such groups.
    pub fn join(&mut self, group: Option<u16>) -> io::Result<u16> {
        let fd = self.socket.as_fd();
        let word = |group: u16, flags: u32| u32::from(group) | (FANOUT_ROLLOVER | flags) << 16;
        let own = if group.is_none() { FANOUT_UNIQUE } else { 0 };
        let outgoing = if self.loopback { FANOUT_IGNORE_OUTGOING } else { 0 };
        let set = |flags| kernel::set_option(fd, libc::SOL_PACKET, PACKET_FANOUT, &[word(group.unwrap_or(0), flags)]);
        // Kernels before 5.6 know nothing of outgoing packets here; those are told apart below.
        set(own | outgoing).or_else(|error| if outgoing == 0 { Err(error) } else { set(own) })?;
        let word: u32 = kernel::option(fd, libc::SOL_PACKET, PACKET_FANOUT)?;
        self.group = Some(word as u16);
        Ok(word as u16)
    }

    /// The group it is in.
    #[must_use]
    pub fn group(&self) -> Option<u16> {
        self.group
    }

    /// Bytes of its memory.
    #[must_use]
    pub fn size(&self) -> usize {
        self.blocks * BLOCK
    }

    /// A time that the kernel wrote into the next block, epoch nanoseconds, if that block is full.
    fn time_ns(&self, at: usize) -> Option<u64> {
        let block = self.next * BLOCK;
        if self.memory.status(block + STATUS) & OURS == 0 {
            return None;
        }
        let head = self.memory.bytes(block, DESCRIPTOR);
        Some(u64::from(u32_at(head, at)) * 1_000_000_000 + u64::from(u32_at(head, at + 4)))
    }

    /// When its next block has its turn, epoch nanoseconds, if that block is full: what is said on the loopback comes of what
    /// other interfaces brought, or leads to it, and is told after that.
    #[must_use]
    pub fn turn_ns(&self) -> Option<u64> {
        if self.loopback { Some(self.time_ns(LAST_TIME)? + PATIENCE_NS) } else { self.time_ns(FIRST_TIME) }
    }

    /// How long it is until then. Not where many blocks wait: there would be no room for what comes.
    #[must_use]
    pub fn waits_ns(&self, now_ns: u64) -> Option<u64> {
        let ahead = (self.next + self.blocks / CROWD) % self.blocks;
        if !self.loopback || self.memory.status(ahead * BLOCK + STATUS) & OURS != 0 {
            return None;
        }
        self.turn_ns()?.checked_sub(now_ns).filter(|left| *left > 0)
    }

    /// Gives the socket back without its ring, deaf: for another capture.
    #[must_use]
    pub fn release(self) -> Option<Socket> {
        if self.group.is_some() {
            return None;
        }
        self.shut().ok()?;
        let Self { socket, memory, .. } = self;
        drop(memory);
        kernel::set_option(socket.as_fd(), libc::SOL_PACKET, libc::PACKET_RX_RING, &[RingRequest::default()]).ok()?;
        Some(Socket(socket))
    }

    /// Binds it to an interface: packets come from now on.
    ///
    /// # Errors
    /// The system's, when the interface is gone.
    pub fn bind(&mut self, interface: u32, link: LinkType, loopback: bool) -> io::Result<()> {
        // Both copies of a packet on the loopback carry the same bytes; kernels before 4.20 are told apart below. A socket that
        // was given back may have been on a loopback before, and must see what is sent again.
        let ignore = [i32::from(loopback)];
        let _ = kernel::set_option(self.socket.as_fd(), libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore);
        kernel::bind(self.socket.as_fd(), interface)?;
        (self.interface, self.link, self.loopback) = (interface, link, loopback);
        Ok(())
    }

    /// The interface it is bound to; 0 while there is none.
    #[must_use]
    pub fn interface(&self) -> u32 {
        self.interface
    }

    /// The link type of its packets.
    #[must_use]
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// Its interface sends to itself.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// For `poll`.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes note of what happened to the socket, as that its interface went down: `poll` would tell of it for ever.
    pub fn take_error(&self) {
        let _: io::Result<i32> = kernel::option(self.socket.as_fd(), libc::SOL_SOCKET, libc::SO_ERROR);
    }

    /// What the kernel counted since the last call.
    ///
    /// # Errors
    /// The system's.
    pub fn counters(&self) -> io::Result<Counters> {
        let stats: RingStats = kernel::option(self.socket.as_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS)?;
        Ok(Counters { packets: u64::from(stats.packets), drops: u64::from(stats.drops) })
    }

    /// Reads the blocks that are full, at most `most`, and gives them back; how many there were.
    pub fn read(&mut self, most: usize, mut take: impl FnMut(&Packet<'_>)) -> usize {
        for done in 0..most {
            let block = self.next * BLOCK;
            if self.memory.status(block + STATUS) & OURS == 0 {
                return done;
            }
            self.block(block, &mut take);
            self.memory.set_status(block + STATUS, 0);
            self.next = (self.next + 1) % self.blocks;
        }
        most
    }

    fn block(&mut self, block: usize, take: &mut impl FnMut(&Packet<'_>)) {
        let head = self.memory.bytes(block, DESCRIPTOR);
        let (count, first) = (u32_at(head, COUNT), u32_at(head, FIRST));
        let mut at = first as usize;
        for _ in 0..count {
            let Some(header) = Header::read(self.memory.bytes(block + at.min(BLOCK), HEADER)) else { return };
            let outgoing = header.kind == libc::PACKET_OUTGOING;
            let end = at + header.mac + header.captured;
            // An offset beyond its block is none of the kernel's.
            if end > BLOCK {
                return;
            }
            if !(self.loopback && outgoing) {
                let bytes = self.memory.bytes(block + at + header.mac, header.captured);
                let tagged = header.tag.and_then(|tag| with_tag(bytes, tag, &mut self.scratch));
                let more = if tagged.is_some() { TAG as u32 } else { 0 };
                let orig_len = header.len.saturating_add(more);
                let is_unwanted =
                    tagged.zip(self.tagged.as_ref()).is_some_and(|(bytes, filter)| filter.run(bytes, orig_len) == 0);
                if !is_unwanted {
                    take(&Packet {
                        iface: self.interface,
                        ts_ns: header.ts_ns,
                        link: self.link,
                        orig_len,
                        dir: if outgoing { Direction::Out } else { Direction::In },
                        bytes: tagged.unwrap_or(bytes),
                    });
                }
            }
            if header.next == 0 {
                return;
            }
            at += header.next;
        }
    }
}

/// What a packet's header says.
struct Header {
    next: usize,
    ts_ns: u64,
    captured: usize,
    len: u32,
    mac: usize,
    tag: Option<[u8; TAG]>,
    kind: u8,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let kind = *bytes.get(HEADER - 10)?;
        let status = u32_at(bytes, 20);
        let (tci, tpid) = (u32_at(bytes, 32) as u16, u16_at(bytes, 36));
        let tpid = if status & TPID_VALID != 0 { tpid } else { 0x8100 };
        let [a, b] = tpid.to_be_bytes();
        let [c, d] = tci.to_be_bytes();
        Some(Self {
            next: u32_at(bytes, 0) as usize,
            ts_ns: u64::from(u32_at(bytes, 4)) * 1_000_000_000 + u64::from(u32_at(bytes, 8)),
            captured: u32_at(bytes, 12) as usize,
            len: u32_at(bytes, 16),
            mac: usize::from(u16_at(bytes, 24)),
            tag: (status & VLAN_VALID != 0).then_some([a, b, c, d]),
            kind,
        })
    }
}

/// The packet with the VLAN tag that the kernel took out of it.
fn with_tag<'a>(bytes: &[u8], tag: [u8; TAG], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let (addresses, rest) = bytes.split_at_checked(12)?;
    scratch.clear();
    scratch.extend_from_slice(addresses);
    scratch.extend_from_slice(&tag);
    scratch.extend_from_slice(rest);
    Some(scratch)
}

/// Passes everything.
const ALL: u64 = 0x06 << 48 | 0xffff_ffff;
/// Passes nothing.
const NOTHING: u64 = 0x06 << 48;
/// Passes what has a tag that was taken out (`SKF_AD_VLAN_TAG_PRESENT`), and goes on with what has none.
const TAGGED: [u64; 3] = [0x20 << 48 | 0xffff_f030, 0x15 << 48 | 1 << 40, ALL];
const TPACKET_V3: i32 = 2;
const PACKET_IGNORE_OUTGOING: i32 = 23;
const PACKET_FANOUT: i32 = 18;
const FANOUT_ROLLOVER: u32 = 3;
const FANOUT_UNIQUE: u32 = 0x2000;
const FANOUT_IGNORE_OUTGOING: u32 = 0x4000;
/// Bytes of a block; a packet is never longer.
const BLOCK: usize = 256 << 10;
const MAX_BLOCKS: usize = 256;
/// The kernel wants one, and TPACKET_V3 does not use it.
const FRAME: usize = 2048;
/// A block that is not full is given to us after this long.
const RETIRE_MS: u32 = 10;
/// So long after the last packet of a block other rings have given up what came before it: each block is open for twice its
/// time at most.
const PATIENCE_NS: u64 = 3 * RETIRE_MS as u64 * 1_000_000;
/// No block is left where one in so many of them is full.
const CROWD: usize = 8;
/// `tpacket_block_desc`: where its words stand.
const DESCRIPTOR: usize = 48;
const STATUS: usize = 8;
const COUNT: usize = 12;
const FIRST: usize = 16;
/// When it was opened, which may be long before its first packet came; and when its last one came.
const FIRST_TIME: usize = 32;
const LAST_TIME: usize = 40;
/// The block is ours (`TP_STATUS_USER`).
const OURS: u32 = 1;
/// `tpacket3_hdr` and the `sockaddr_ll` after it.
const HEADER: usize = 48 + 20;
const VLAN_VALID: u32 = 1 << 4;
const TPID_VALID: u32 = 1 << 6;
const TAG: usize = 4;
