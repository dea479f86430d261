//! The journal on a real disk: several processes, kills, full disks, edits by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod child;
mod faults;
mod processes;
mod query;
mod support;
mod tamper;
