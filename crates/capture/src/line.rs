//! Records as lines of JSON, and what is read from them: members, words for people, HAR entries, latencies.
//!
//! The command line reads them from a capture file, the registry of taps from agents. Nothing makes a tree of a line
//! unless it goes out as one.

pub mod flat;
pub mod groups;
pub mod har;
pub mod histogram;
pub mod members;
pub mod told;

pub use flat::Flat;
pub use groups::{By, Groups};
pub use histogram::Histogram;
pub use lines::{Choice, json};
pub use members::Members;
