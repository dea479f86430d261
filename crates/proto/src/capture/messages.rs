//! The messages. Numbers are never used again; unknown fields are skipped.

mod agent;
mod owner;

pub use agent::*;
pub use owner::*;

use std::net::IpAddr;

/// One frame in either direction.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Frame {
    /// Counts the frames of this direction, from 1.
    #[prost(uint64, tag = "1")]
    pub seq: u64,
    /// HMAC over `seq` and the body, on every frame of the owner after [`Start`].
    #[prost(bytes = "vec", tag = "2")]
    pub mac: Vec<u8>,
    /// What it says.
    #[prost(
        oneof = "Body",
        tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 51"
    )]
    pub body: Option<Body>,
}

/// What a frame says.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Body {
    /// Agent: who it is.
    #[prost(message, tag = "10")]
    Hello(Box<Hello>),
    /// Agent: an interface is there.
    #[prost(message, tag = "11")]
    InterfaceUp(Interface),
    /// Agent: an interface is gone; its index.
    #[prost(uint32, tag = "12")]
    InterfaceDown(u32),
    /// Agent: a filter is in force, or was refused.
    #[prost(message, tag = "13")]
    FilterApplied(FilterApplied),
    /// Agent: packets.
    #[prost(message, tag = "14")]
    Packets(PacketBatch),
    /// Agent: records.
    #[prost(message, tag = "15")]
    Records(RecordBatch),
    /// Agent: something was lost.
    #[prost(message, tag = "16")]
    Loss(Loss),
    /// Agent: counters, each second.
    #[prost(message, tag = "17")]
    Stats(Stats),
    /// Agent: a word for the log.
    #[prost(message, tag = "18")]
    Log(Log),
    /// Agent: the end, with the last counters.
    #[prost(message, tag = "19")]
    Bye(Bye),
    /// Agent: answer to a ping.
    #[prost(message, tag = "30")]
    Pong(Pong),
    /// Owner: begin.
    #[prost(message, tag = "31")]
    Start(Box<Start>),
    /// Owner: another filter.
    #[prost(message, tag = "32")]
    SetFilter(SetFilter),
    /// Owner: other limits.
    #[prost(message, tag = "33")]
    SetLimits(Limits),
    /// Owner: what packets do not say.
    #[prost(message, tag = "34")]
    SetHints(Hints),
    /// Owner: more key log lines.
    #[prost(message, tag = "35")]
    Keys(Keys),
    /// Owner: so many bytes more may be sent.
    #[prost(message, tag = "36")]
    Credit(Credit),
    /// Owner: stop or go on capturing.
    #[prost(bool, tag = "37")]
    Pause(bool),
    /// Owner: a mark at this point of the capture.
    #[prost(string, tag = "38")]
    Mark(String),
    /// Owner: still there.
    #[prost(message, tag = "39")]
    Ping(Ping),
    /// Owner: frames up to this one have arrived.
    #[prost(uint64, tag = "40")]
    Ack(u64),
    /// Owner: the end; seconds for which the agent waits for another owner of the same key.
    #[prost(uint32, tag = "41")]
    Stop(u32),
    /// Agent: another frame, whole, that only its owner can read: where what it writes is kept in a log on its way.
    #[prost(bytes = "vec", tag = "51")]
    Sealed(Vec<u8>),
}

/// An address of 4 or 16 bytes.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|bytes| (*bytes).into()),
        16 => bytes.first_chunk::<16>().map(|bytes| (*bytes).into()),
        _ => None,
    }
}
