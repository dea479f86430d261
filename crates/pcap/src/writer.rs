//! Writers: whole blocks at the end of a byte buffer, so that what was written is a valid file after each call.

mod classic;
mod ng;

#[cfg(test)]
mod tests;

pub use classic::ClassicWriter;
pub use ng::{Counters, Outgoing, Section, Writer};

/// What cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The interface was not written.
    #[error("interface {0} is not described in this file")]
    Interface(u32),
    /// Longer than a packet may be.
    #[error("a packet of {0} bytes is longer than readers take")]
    Length(usize),
    /// A time that the format cannot hold.
    #[error("a time after 2106 does not fit a classic pcap file")]
    Time,
}

/// The longest packet that is written: what readers take.
const LONGEST: usize = 16 << 20;
