//! Acts on a real API server: `cargo xtask test it` starts one and says where it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod acts;
mod audit_log;
mod read_only;
mod refusals;
mod rig;
mod secrets;
