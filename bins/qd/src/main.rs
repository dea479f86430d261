//! The Quarterdeck binary.
fn main() {}
