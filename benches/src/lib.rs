//! What the benchmarks share: measuring a process, medians, a line per figure.
//!
//! Machines are noisy: product and peer alternate in one run, and what is said is a median or a ratio of medians.

pub mod build;
pub mod node;
pub mod process;
pub mod socket;
pub mod table;
