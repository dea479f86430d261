//! The only client of the Kubernetes API.
//!
//! ```text
//! Kubeconfig ──► Cluster ──┬─► Reader  (no write methods)   discovery, one object, lists, Feed
//!                          ├─► Acting<E> (only from a Permit)  reads, tries or changes, by the type of the action's
//!                          │              effect; decision id in the user agent
//!                          └─► Owner, Hands (only from their Permits)  server-side apply of the operator's kinds
//!
//! Feed: WatchList in protobuf ─► paged list + watch ─► JSON; bookmarks; resumes; relists behind on 410
//! ```
//!
//! Invariants: `Reader` cannot change anything; `Acting` exists only from a permit, and has
//! write methods only from the permit of an action that changes; no other crate imports `kube`.

mod acting;
mod address;
mod applying;
mod certificate;
mod connect;
mod credentials;
mod direct;
mod discovery;
mod error;
mod exec;
mod feed;
mod grant;
mod kubeconfig;
mod log;
mod owner;
mod pace;
mod passing;
mod peer;
mod plugin;
mod proxy;
mod reader;
mod rights;
mod session;
mod transport;

pub use acting::{Acting, DeleteOptions, PatchKind, Propagation, Target};
pub use certificate::Certificate;
pub use connect::{Cluster, ConnectOptions};
pub use error::Error;
pub use exec::{ExecInput, ExecOutput, Forwarded, LastWords, Said, joined};
pub use feed::{Feed, Step};
pub use kubeconfig::{Context, Kubeconfig};
pub use log::{LogFrom, LogLines};
pub use owner::{AUTHORITY, Hands, Installer, MANAGER, Owned, Owner, Remains, STATE_MANAGER, STOP_REQUESTED};
pub use pace::Rate;
pub use passing::Passed;
pub use reader::{PageQuery, Reader, WhoAmI};
pub use rights::{Access, Right, Rules};
