//! Secrets of TLS connections from key logs in NSS format: lines in, a bounded store, found by client random.
//!
//! The engine owns the one [`Store`] and lends it to the parsers of TLS. Secrets are wiped from memory when dropped and
//! never shown by `Debug`. Format: <https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-05.html>.

mod line;
mod store;

#[cfg(test)]
mod tests;

pub use line::{BadLine, Key, Label, Secret, parse};
pub use store::{Entry, Store};
