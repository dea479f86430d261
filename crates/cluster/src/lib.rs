//! The only client of the Kubernetes API.
//!
//! ```text
//! Kubeconfig ──► Cluster ──┬─► Reader  (no write methods)   discovery, one object, lists, Feed
//!                          └─► Acting  (only from a Permit)  delete, patch; decision id in the user agent
//!
//! Feed: WatchList in protobuf ─► paged list + watch ─► JSON; bookmarks; resumes; relists behind on 410
//! ```
//!
//! Invariants: `Reader` cannot change anything; `Acting` exists only from a permit; no other crate imports `kube`.

mod acting;
mod address;
mod certificate;
mod connect;
mod credentials;
mod direct;
mod discovery;
mod error;
mod feed;
mod kubeconfig;
mod peer;
mod plugin;
mod proxy;
mod reader;
mod session;
mod transport;

pub use acting::{Acting, DeleteOptions, PatchKind, Propagation, Target};
pub use certificate::Certificate;
pub use connect::{Cluster, ConnectOptions};
pub use error::Error;
pub use feed::{Feed, Step};
pub use kubeconfig::{Context, Kubeconfig};
pub use reader::{PageQuery, Reader, WhoAmI};
