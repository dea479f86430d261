//! The capture agent: what `qd-agent capture` runs in a pod.
//!
//! ```text
//! Ring (kernel) ─ Packet ─┬─ flow::Engine ─ lines ─┐
//!                         └─ cut ─ batch ──────────┴─ Outbox ─ frames ─ Stream ─ relay ─ API server ─ owner
//! ```
//!
//! One thread, one `poll`. Everything that came from a packet is hostile; everything that grows has a limit. Without
//! the owner's signature nothing is captured and nothing is said but who the agent is.

mod agent;
mod batch;
mod budget;
mod cut;
pub mod end;
mod kernel;
pub mod links;
mod mask;
mod netlink;
mod outbox;
mod recorder;
pub mod relay;
mod ring;
mod sandbox;
mod sockets;
mod words;

pub use agent::{Config, run};
pub use ring::{Counters, Ring, Socket};

/// Why the agent ended in error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key of the owner is no Ed25519 key.
    #[error("the owner's key must be 64 hexadecimal digits")]
    OwnerKey,
    /// Another agent has this name already.
    #[error("an agent named {0} runs in this pod already")]
    Busy(String),
    /// The system refused something.
    #[error("{what}: {source}")]
    System {
        /// What the agent wanted.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
