//! The client against a real API server, side by side with kubectl.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::large_futures)]

// Shared with the tests of `mirror`; not every fault is made here.
#[allow(dead_code)]
mod fault;
mod feeds;
mod kubeconfigs;
mod plugins;
mod promises;
mod proxies;
mod servers;
