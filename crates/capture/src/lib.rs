//! Taps: what pods say to each other, by an ephemeral container in each.
//!
//! ```text
//! Targets::find ─▶ scope, pods ─▶ permit
//! start(permit) ─ watches of its scope ─▶ each pod that joins ─▶ profile (patch) ─▶ running ─▶ exec relay ─▶ hello,
//!                                                                                                │      signed start
//!       Event ◀── frames: packets, records, losses, counters ◀──────────────┘     credit, acks, pings ──▶
//! ```
//!
//! The permit is held as long as the tap runs; its obligations go to the agents as their warrant, and what an agent does
//! is bounded by them there, in the pod.

mod agent;
mod clock;
mod container;
mod ends;
mod error;
mod export;
pub mod files;
mod follow;
pub mod join;
pub mod line;
mod names;
mod owner;
mod pod;
mod records;
mod spool;
mod tap;
pub mod taps;
mod targets;
mod transport;
mod trial;

pub use clock::Clock;
pub use container::{IMAGE, Profile};
pub use ends::{Ended, end};
pub use error::Error;
pub use names::{KnownNames, Names};
pub use owner::Owner;
pub use tap::{
    Beside, Event, KeyLines, Options, Recorder, Resting, Rests, Step, Tap, Teller, check_filter, start, start_with,
};
pub use taps::{KEPT, Room, Taps, TapsConfig, TapsError};
pub use targets::{Found, Object, Targets};
pub use transport::Transport;
pub use trial::{Trial, trial};
