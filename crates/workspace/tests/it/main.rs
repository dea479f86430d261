//! The operator in this process against a real API server with a scheduler, controllers and nodes that are simulated.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::large_futures)]

mod defects;
mod door;
mod exposure;
mod faults;
mod hours;
mod led;
mod nodes;
mod rules;
mod server;
mod steady;
