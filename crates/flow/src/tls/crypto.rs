//! What opens records when their secrets are known: suites, the key schedules of TLS 1.2 and 1.3, and the ciphers.
//!
//! Nothing here makes or checks handshakes: secrets come from key logs. All primitives are those of aws-lc-rs.

mod blocks;
mod opener;
mod schedule;
mod suite;

#[cfg(test)]
mod tests;

pub(crate) use opener::{Opener, Sealed};
pub(crate) use schedule::{Hash, expand_label};
pub(crate) use suite::Suite;
