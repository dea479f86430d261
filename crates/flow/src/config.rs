//! What a caller decides: budget, limits, redaction, seed; and what it may tell the engine later.

use std::{fmt, net::IpAddr};

use zeroize::Zeroize;

use crate::redact::Redaction;

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bytes of memory for everything the engine holds.
    pub budget: usize,
    /// Sizes and times.
    pub limits: Limits,
    /// What is hidden before a record leaves. The default hides nothing: the caller decides, with a key of its own.
    pub redaction: Redaction,
    /// Mixed into every id: two engines with one seed and the same packets give the same ids.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { budget: 20 << 20, limits: Limits::default(), redaction: Redaction::off(), seed: 0 }
    }
}

/// Sizes and times that may change while the engine runs.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a body that are kept for its preview; the full length is always counted.
    pub body: usize,
    /// Unparsed bytes kept per direction: the longest message head.
    pub head: usize,
    /// Bytes out of order kept per direction.
    pub reorder: usize,
    /// Segments out of order kept per direction.
    pub segments: usize,
    /// First captured byte of an overlap wins; with `false` the last one.
    pub first_wins: bool,
    /// Check IP and TCP checksums; offloading makes them wrong in most captures.
    pub checksums: bool,
    /// Look into VXLAN, Geneve, GRE and IP in IP.
    pub decap: bool,
    /// Parse applications; without, flows alone are counted.
    pub apps: bool,
    /// Report the spans of secrets, so that the caller can mask them in packets it holds.
    pub mask: bool,
    /// Show the bytes of connections in their order ([`crate::Sink::stream`]).
    pub stream: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 10,
            head: 64 << 10,
            reorder: 256 << 10,
            segments: 64,
            first_wins: true,
            checksums: false,
            decap: false,
            apps: true,
            mask: false,
            stream: false,
        }
    }
}

/// What the caller knows and packets do not say.
#[derive(Clone, Debug)]
pub enum Hint {
    /// A socket listens here: connections to it have their server there.
    Listen {
        /// The address; unspecified for any.
        ip: IpAddr,
        /// The port.
        port: u16,
    },
    /// An address of the place that is captured on, all of whose listening sockets are told: a TCP connection that has none of
    /// them at this end was opened from here.
    Own {
        /// The address.
        ip: IpAddr,
    },
    /// A port on which servers of a protocol are known to be.
    ServerPort {
        /// The port.
        port: u16,
        /// The protocol spoken there.
        app: crate::App,
    },
    /// A name for an address.
    Name {
        /// The address.
        ip: IpAddr,
        /// Its name.
        name: String,
    },
}

/// One line of an NSS key log.
///
/// Its text is wiped when dropped and never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// The line without its end, as it stands in the file.
    pub text: String,
}

impl Drop for KeyLine {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for KeyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLine(..)")
    }
}

/// Packets known to be lost before they reached the engine.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The interface.
    pub iface: u32,
    /// Epoch nanoseconds of the interval's begin.
    pub from_ns: u64,
    /// Epoch nanoseconds of its end.
    pub to_ns: u64,
    /// How many, where counted.
    pub packets: Option<u64>,
    /// How many bytes, where counted.
    pub bytes: Option<u64>,
    /// Where they were lost: `ring`, `credit`, `throttle`, `stream`, `spool`.
    pub cause: &'static str,
    /// The shedding level at that time.
    pub level: u8,
}
