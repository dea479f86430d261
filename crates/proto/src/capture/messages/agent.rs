//! What an agent says.

use std::net::IpAddr;

/// Who the agent is.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Hello {
    /// The lowest protocol it speaks.
    #[prost(uint32, tag = "1")]
    pub min: u32,
    /// The highest.
    #[prost(uint32, tag = "2")]
    pub max: u32,
    /// Its own version.
    #[prost(string, tag = "3")]
    pub version: String,
    /// `x86_64`, `aarch64`.
    #[prost(string, tag = "4")]
    pub arch: String,
    /// The kernel's release.
    #[prost(string, tag = "5")]
    pub kernel: String,
    /// What it can do.
    #[prost(enumeration = "Mode", tag = "6")]
    pub mode: i32,
    /// Why not more, where it cannot capture packets.
    #[prost(string, tag = "7")]
    pub reason: String,
    /// What there is to capture on.
    #[prost(message, repeated, tag = "8")]
    pub interfaces: Vec<Interface>,
    /// Its clock, epoch nanoseconds.
    #[prost(uint64, tag = "9")]
    pub clock_ns: u64,
    /// Its fresh X25519 public key.
    #[prost(bytes = "vec", tag = "10")]
    pub key: Vec<u8>,
    /// Its process in the pod, for the owner's watchdog.
    #[prost(uint32, tag = "11")]
    pub pid: u32,
    /// Bytes of memory it allows itself.
    #[prost(uint64, tag = "12")]
    pub budget: u64,
    /// The host name: the pod's, unless it says otherwise.
    #[prost(string, tag = "13")]
    pub host: String,
}

/// What an agent can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Mode {
    /// Not said.
    Unknown = 0,
    /// Packets.
    Packets = 1,
    /// No packets: the kernel's socket table alone.
    Sockets = 2,
}

/// An interface.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Interface {
    /// Its index in the network namespace.
    #[prost(uint32, tag = "1")]
    pub index: u32,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The link type of its packets, by the number of capture files.
    #[prost(uint32, tag = "3")]
    pub link: u32,
    /// Its MTU.
    #[prost(uint32, tag = "4")]
    pub mtu: u32,
    /// Its addresses: 4 or 16 bytes each.
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub addresses: Vec<Vec<u8>>,
    /// Its hardware address.
    #[prost(bytes = "vec", tag = "6")]
    pub mac: Vec<u8>,
}

impl Interface {
    /// Its addresses; what is none is left out.
    pub fn ips(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().filter_map(|bytes| super::address(bytes))
    }
}

/// Answer to a filter.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FilterApplied {
    /// The filter.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// The first packet under it.
    #[prost(uint64, tag = "2")]
    pub at_packet: u64,
    /// Why it was refused; the one before stays in force.
    #[prost(string, tag = "3")]
    pub error: String,
    /// Epoch nanoseconds.
    #[prost(uint64, tag = "4")]
    pub at_ns: u64,
    /// Digest of the obligations that the agent keeps: [`crate::capture::seal::digest`].
    #[prost(bytes = "vec", tag = "5")]
    pub warrant: Vec<u8>,
    /// The flight recorder runs: an agent that knows none would let everything go.
    #[prost(bool, tag = "6")]
    pub recorder: bool,
}

/// Answer to a ping; with the owner's clock at its arrival it gives the offset of the clocks and its error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Pong {
    /// As it stood in the ping.
    #[prost(uint64, tag = "1")]
    pub t1: u64,
    /// The agent's clock when the ping came.
    #[prost(uint64, tag = "2")]
    pub t2: u64,
    /// The agent's clock when this was written.
    #[prost(uint64, tag = "3")]
    pub t3: u64,
}

/// Packets of one interface, in order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PacketBatch {
    /// The interface.
    #[prost(uint32, tag = "1")]
    pub interface: u32,
    /// Stamp of the first, epoch nanoseconds.
    #[prost(fixed64, tag = "2")]
    pub base_ns: u64,
    /// Number of the first packet on this agent.
    #[prost(uint64, tag = "3")]
    pub first: u64,
    /// For each packet: varints of nanoseconds after the one before (zigzag), original length, captured length, flags,
    /// then its bytes. See [`crate::capture::codec::packets`].
    #[prost(bytes = "bytes", tag = "4")]
    pub packets: prost::bytes::Bytes,
    /// How many.
    #[prost(uint32, tag = "5")]
    pub count: u32,
}

/// Records: JSON objects of the record schema, one a line.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RecordBatch {
    /// The lines, each with its end.
    #[prost(bytes = "bytes", tag = "1")]
    pub lines: prost::bytes::Bytes,
    /// How many.
    #[prost(uint32, tag = "2")]
    pub count: u32,
}

/// Something was lost.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Loss {
    /// The interface; 0 for all.
    #[prost(uint32, tag = "1")]
    pub interface: u32,
    /// Epoch nanoseconds.
    #[prost(uint64, tag = "2")]
    pub from_ns: u64,
    /// Epoch nanoseconds.
    #[prost(uint64, tag = "3")]
    pub to_ns: u64,
    /// How many packets or records.
    #[prost(uint64, tag = "4")]
    pub packets: u64,
    /// How many bytes, where counted.
    #[prost(uint64, tag = "5")]
    pub bytes: u64,
    /// `ring`, `credit`, `throttle`, `stream`, `recorder`.
    #[prost(string, tag = "6")]
    pub cause: String,
    /// The shedding level at that time.
    #[prost(uint32, tag = "7")]
    pub level: u32,
    /// They were records.
    #[prost(bool, tag = "8")]
    pub records: bool,
}

/// Counters since the start, each second.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Stats {
    /// Packets that passed the filter.
    #[prost(uint64, tag = "1")]
    pub packets: u64,
    /// Their bytes on the wire.
    #[prost(uint64, tag = "2")]
    pub bytes: u64,
    /// Packets that the kernel dropped because the ring was full.
    #[prost(uint64, tag = "3")]
    pub kernel_drops: u64,
    /// Flows seen.
    #[prost(uint64, tag = "4")]
    pub flows: u64,
    /// Records made.
    #[prost(uint64, tag = "5")]
    pub records: u64,
    /// Processor time of the agent, in milliseconds.
    #[prost(uint64, tag = "6")]
    pub cpu_ms: u64,
    /// Resident memory, bytes.
    #[prost(uint64, tag = "7")]
    pub rss: u64,
    /// Bytes that the engine holds.
    #[prost(uint64, tag = "8")]
    pub engine: u64,
    /// The shedding level.
    #[prost(uint32, tag = "9")]
    pub level: u32,
    /// Credit left for packets.
    #[prost(uint64, tag = "10")]
    pub packet_credit: u64,
    /// Credit left for records.
    #[prost(uint64, tag = "11")]
    pub record_credit: u64,
    /// Packets that could not be read, by reason.
    #[prost(message, repeated, tag = "12")]
    pub malformed: Vec<Counted>,
    /// Epoch nanoseconds.
    #[prost(uint64, tag = "13")]
    pub at_ns: u64,
    /// Packets that were sent to the owner.
    #[prost(uint64, tag = "14")]
    pub sent_packets: u64,
}

/// A count of something named.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Counted {
    /// What.
    #[prost(string, tag = "1")]
    pub name: String,
    /// How many.
    #[prost(uint64, tag = "2")]
    pub count: u64,
}

/// A word for the log.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Log {
    /// `error`, `warn`, `info`.
    #[prost(string, tag = "1")]
    pub level: String,
    /// A stable code.
    #[prost(string, tag = "2")]
    pub code: String,
    /// The words.
    #[prost(string, tag = "3")]
    pub text: String,
}

/// The end.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Bye {
    /// `stop`, `silence`, `limit`, `busy`, `refused`, `terminated`, `error`.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// The last counters.
    #[prost(message, optional, tag = "2")]
    pub stats: Option<Stats>,
    /// More words.
    #[prost(string, tag = "3")]
    pub text: String,
}
