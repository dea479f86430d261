//! The mirror against a real API server, with faults between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::large_futures)]

// Shared with the tests of `cluster`; not every fault is made here.
#[allow(dead_code)]
#[path = "../../../cluster/tests/it/fault.rs"]
mod fault;
mod faults;
mod rights;
mod rows;
mod watching;
mod world;
