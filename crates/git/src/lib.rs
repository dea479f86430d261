//! Files of git repositories, read over https: the refs of a repository, the commit that one names, and single files of it.
//!
//! ```text
//! Remote ─► info/refs ─► ls-refs ─► Id of a commit ─► fetch (depth 1, no blobs) ─► Snapshot ─► fetch (blobs) ─► files
//! ```
//!
//! The smart protocol of git in its version 2, and nothing else of git: there is no work tree, no program is run and nothing is
//! written. Every answer is read within a budget of bytes and time. Addresses of private networks are not connected to unless
//! [`Settings`] name the host, whatever its name resolves to and wherever a redirect leads. Objects are taken by the digest that
//! was asked for.

mod error;
mod line;
mod object;
mod pack;
mod remote;
mod request;
mod session;
mod signature;

pub use error::Error;
pub use object::{Entry, Id, Snapshot};
pub use remote::{Login, Reference, Remote, Settings};
pub use session::Git;
pub use signature::Signer;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
