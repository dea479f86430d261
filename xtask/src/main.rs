//! Every task of this project: `cargo xtask help` lists them.
fn main() {}
