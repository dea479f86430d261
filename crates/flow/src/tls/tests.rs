#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod decryption;
mod fingerprints;
mod hellos;
mod hostile;
mod inside;
mod late;
mod peers;
