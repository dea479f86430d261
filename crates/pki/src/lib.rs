//! Who a part of the product is to the others: the internal certificate authority, and TLS by its certificates alone.
//!
//! ```text
//! Authority: root (10 y) ─▶ issuer (90 d) ─▶ leaf (24 h) for a Name and a public key
//! Keys: the key of this process, made here and never written ─▶ Keys::take(leaf) ─▶ new connections show it at once
//! server(keys, whom) / client(keys, whom): TLS 1.3 where each end proves a Name that the other allows
//! ```
//!
//! A name is a URI in the certificate: `qd://TRUST/workspace/UID` or `qd://TRUST/role/ROLE`. Connections that stand live on
//! when a certificate is renewed; nothing is resumed, so every new one is judged by the certificates of its moment.

pub mod acme;
mod authority;
mod keys;
mod local;
mod name;
mod tls;

pub use authority::{Authority, Kept, Leaf};
pub use keys::Keys;
pub use local::{Local, Pair, own_hosts, write_pair, write_secret};
pub use name::{Kind, Name};
pub use tls::{Whom, client, server};

/// What cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a name of ours.
    #[error("{0:?} is no name of this product")]
    Name(String),
    /// Certificates or keys that cannot be read, or do not belong together.
    #[error("certificates cannot be used: {0}")]
    Certificates(String),
    /// The library that makes keys and signatures refused.
    #[error("no key or signature could be made: {0}")]
    Crypto(String),
}

#[cfg(test)]
mod tests;
