//! The grammar and output of `qd`.
//!
//! ```text
//! grammar   every command, flag and help text (clap)
//! get       objects as rows: feed ─► table ─► print
//! act       delete, scale, restart: plan ─► ask ─► commit
//! audit     the journal
//! print     aligned columns, CSV, JSON lines
//! ```
//!
//! A door: it composes services and builds none of them; `app` hands it what it needs.

mod act;
mod audit;
mod error;
mod get;
pub mod grammar;
mod print;
mod whoami;

pub use act::act;
pub use audit::audit;
pub use error::Error;
pub use get::get;
pub use whoami::{contexts, whoami};

use cluster::Cluster;
use grammar::Global;
use operate::{Clusters, Plans};
use policy::{Gate, Principal};
use std::sync::Arc;
use store::Store;

/// Reads the command line; help, version and usage errors end the process as clap does it (usage is exit 2).
#[must_use]
pub fn parse() -> grammar::Cli {
    <grammar::Cli as clap::Parser>::parse()
}

impl Desk {
    pub(crate) fn cluster(&self) -> Result<&Cluster, Error> {
        self.cluster.as_ref().ok_or_else(|| Error::of(cluster::Error::NoKubeconfig))
    }
}

/// What commands are given.
pub struct Desk {
    /// The cluster of the chosen context; commands on the journal alone need none.
    pub cluster: Option<Cluster>,
    /// Decides.
    pub gate: Gate,
    /// Who asks.
    pub principal: Principal,
    /// Where acts go.
    pub clusters: Arc<dyn Clusters>,
    /// Acts.
    pub plans: Plans,
    /// The journal, to read.
    pub store: Store,
    /// Flags of every command.
    pub global: Global,
}
