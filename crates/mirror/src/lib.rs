//! Feeds, live tables and states of the clusters in use: what every door that shows rows reads.
//!
//! ```text
//! Mirror ── Place (one cluster) ── Live (one kind: table, state, sequence)
//!             │                      └── feed task ◄── cluster::Feed ── catalog::Program ──► Table
//!             ├── supervisor: who we are, version, discovery, CRDs
//!             └── access: what we may, so that nothing is asked for that is denied
//! open(permit, query) ──► Opened { rows, changed }: the runs of each cluster's table, merged into one view
//! ```
//!
//! A live table is shared by everybody who looks at the kind in that cluster. Core kinds of a cluster in use stay;
//! other tables end five minutes after their last user. One task per feed writes its table, under one short lock a
//! batch; nothing is awaited under a lock.

mod access;
mod backoff;
mod counts;
mod engine;
mod error;
mod feed;
mod live;
mod mirror;
mod open;
mod place;
mod state;
mod watchdog;

pub use error::Error;
pub use mirror::{Added, Mirror, MirrorConfig};
pub use open::{Changed, CountsSource, Opened, Overview};
