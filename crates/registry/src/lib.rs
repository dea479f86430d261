//! What images say of themselves: labels, ports and variables of their configuration, read from the registry that their name
//! names, by the distribution API of OCI.
//!
//! ```text
//! Image ─► manifests/TAG ─(401)─► token, or the login ─► index ─► the manifest of a node's platform ─► blobs/CONFIG ─► Facts
//! ```
//!
//! Nothing of an image but its manifest and its configuration is fetched. Every answer has a budget of bytes, all of them together
//! one of time; what is named by a digest is taken by that digest alone. Nobody but the registry is asked, the token service that
//! it names, and where it leads for a blob: by https, and at addresses of the internet, unless [`Settings`] name the host. A
//! login is told to the registry that it is kept for and to its token service, and never without TLS.

mod challenge;
mod error;
mod facts;
mod image;
mod login;
mod registry;
mod session;

pub use error::Error;
pub use facts::{Facts, Port};
pub use image::Image;
pub use login::{Login, Logins};
pub use registry::{Registry, Settings};
