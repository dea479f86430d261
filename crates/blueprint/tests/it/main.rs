//! What a real API server says of the objects: `cargo xtask test it` starts one and says where it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod objects;
mod server;
