//! The real agent: captures over real packets of the loopback, workspaces in namespaces. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod budget;
mod capture;
mod credit;
mod drops;
mod ends;
mod every;
mod links;
mod malformed;
mod masked;
mod owner;
mod recorder;
mod sockets;
mod space;
mod talk;
#[cfg(feature = "workspaced")]
mod workspaced;
