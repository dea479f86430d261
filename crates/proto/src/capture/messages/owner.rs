//! What an owner says.

use std::net::{IpAddr, SocketAddr};

/// Begin: what to capture and what may leave.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Start {
    /// The protocol to speak.
    #[prost(uint32, tag = "1")]
    pub version: u32,
    /// The tap: 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub tap: Vec<u8>,
    /// The owner's fresh X25519 public key.
    #[prost(bytes = "vec", tag = "3")]
    pub key: Vec<u8>,
    /// Ed25519 signature of the owner over both fresh keys and the tap.
    #[prost(bytes = "vec", tag = "4")]
    pub signature: Vec<u8>,
    /// The filter of every interface that has none of its own.
    #[prost(message, optional, tag = "5")]
    pub filter: Option<SetFilter>,
    /// Bytes of each packet that are captured.
    #[prost(uint32, tag = "6")]
    pub snaplen: u32,
    /// How much of packets may leave.
    #[prost(enumeration = "PacketLevel", tag = "7")]
    pub packets: i32,
    /// Records are made.
    #[prost(bool, tag = "8")]
    pub records: bool,
    /// Sizes and budgets.
    #[prost(message, optional, tag = "9")]
    pub limits: Option<Limits>,
    /// What packets do not say.
    #[prost(message, optional, tag = "10")]
    pub hints: Option<Hints>,
    /// The obligations of the decision that allowed the tap.
    #[prost(message, optional, tag = "11")]
    pub warrant: Option<Warrant>,
    /// Frames up to this one have arrived before: go on after it. 0 begins anew.
    #[prost(uint64, tag = "12")]
    pub resume: u64,
    /// Names of the interfaces to capture on; none for all.
    #[prost(string, repeated, tag = "13")]
    pub interfaces: Vec<String>,
    /// Bytes of the ring of each interface; 0 leaves it to the agent.
    #[prost(uint32, tag = "14")]
    pub ring: u32,
    /// Nothing leaves until a record says so; without it everything does.
    #[prost(message, optional, tag = "15")]
    pub recorder: Option<Recorder>,
}

/// A flight recorder: packets and records stay with the agent, the oldest going first, until an expression holds for a
/// record. Then those of a while before leave, and those of a while after.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Recorder {
    /// Milliseconds before.
    #[prost(uint32, tag = "1")]
    pub pre_ms: u32,
    /// Milliseconds after.
    #[prost(uint32, tag = "2")]
    pub post_ms: u32,
    /// Expressions over members of records; any of them lets go.
    #[prost(string, repeated, tag = "3")]
    pub until: Vec<String>,
    /// Bytes that are kept at most; 0 leaves it to the agent.
    #[prost(uint32, tag = "4")]
    pub bytes: u32,
}

/// How much of packets may leave the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum PacketLevel {
    /// None.
    None = 0,
    /// Headers up to the transport.
    Headers = 1,
    /// With payload; secrets are masked byte for byte.
    Masked = 2,
    /// As captured.
    Full = 3,
}

/// The obligations under which a tap was allowed. The agent enforces them and echoes their digest.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Warrant {
    /// The decision.
    #[prost(string, tag = "1")]
    pub decision: String,
    /// The highest level of packets.
    #[prost(enumeration = "PacketLevel", tag = "2")]
    pub packets: i32,
    /// No bodies, no text of queries: heads and sizes alone.
    #[prost(bool, tag = "3")]
    pub headers_only: bool,
    /// Secrets are redacted.
    #[prost(bool, tag = "4")]
    pub redact: bool,
    /// Seconds after which the agent ends; 0 for no limit.
    #[prost(uint64, tag = "5")]
    pub max_seconds: u64,
    /// Bytes after which the agent ends; 0 for no limit.
    #[prost(uint64, tag = "6")]
    pub max_bytes: u64,
    /// Key of the hashes that stand in for secrets: 16 bytes, of this tap.
    #[prost(bytes = "vec", tag = "7")]
    pub hash_key: Vec<u8>,
}

/// A filter.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SetFilter {
    /// Counts the filters of the tap.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// One program for each link type that an interface may have.
    #[prost(message, repeated, tag = "2")]
    pub programs: Vec<Program>,
    /// As the user wrote it.
    #[prost(string, tag = "3")]
    pub text: String,
}

/// A classic BPF program.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Program {
    /// The link type it was compiled for.
    #[prost(uint32, tag = "1")]
    pub link: u32,
    /// Instructions: `code << 48 | jt << 40 | jf << 32 | k`. None passes everything.
    #[prost(fixed64, repeated, tag = "2")]
    pub code: Vec<u64>,
    /// The interface it is for alone; 0 for all of that link type.
    #[prost(uint32, tag = "3")]
    pub interface: u32,
}

/// Sizes and budgets. 0 leaves a value as it is.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Limits {
    /// Bytes of a body that a record shows.
    #[prost(uint32, tag = "1")]
    pub body: u32,
    /// Part of one processor that the agent may use, in percent.
    #[prost(uint32, tag = "2")]
    pub cpu_percent: u32,
    /// Bytes of memory.
    #[prost(uint64, tag = "3")]
    pub memory: u64,
    /// The lowest shedding level.
    #[prost(uint32, tag = "4")]
    pub floor: u32,
}

/// What packets do not say.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Hints {
    /// Ports that are listened on, by address.
    #[prost(message, repeated, tag = "1")]
    pub listeners: Vec<Listener>,
    /// Names of addresses.
    #[prost(message, repeated, tag = "2")]
    pub names: Vec<Name>,
}

/// A port that is listened on.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Listener {
    /// 4 or 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub ip: Vec<u8>,
    /// The port.
    #[prost(uint32, tag = "2")]
    pub port: u32,
}

impl Listener {
    /// Where it listens, unless that is no address.
    #[must_use]
    pub fn place(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(super::address(&self.ip)?, u16::try_from(self.port).ok()?))
    }
}

/// A name of an address.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Name {
    /// 4 or 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub ip: Vec<u8>,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
}

impl Name {
    /// The address, unless it is none.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        super::address(&self.ip)
    }
}

/// Lines of a key log.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Keys {
    /// As they stand in the file.
    #[prost(string, repeated, tag = "1")]
    pub lines: Vec<String>,
}

/// More credit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Credit {
    /// Bytes of packets.
    #[prost(uint64, tag = "1")]
    pub packets: u64,
    /// Bytes of records.
    #[prost(uint64, tag = "2")]
    pub records: u64,
}

/// Still there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Ping {
    /// The owner's clock, epoch nanoseconds.
    #[prost(uint64, tag = "1")]
    pub t1: u64,
}
