//! The grammar and output of `qd`.
//!
//! ```text
//! grammar   every command, flag and help text (clap)
//! get       objects as rows: feed ─► table ─► print
//! api       the OpenAPI document
//! act       delete, scale, restart: plan ─► ask ─► commit
//! audit     the journal
//! blueprint blueprints of workspaces: files ─► checked, rendered, explained
//! cert      certificates of this machine's own authority
//! filter    a capture filter: text ─► program, words
//! tap       running pods and capture files: records, packets, views of them
//! extcap    pods as interfaces of Wireshark
//! workspace make, start, stop, delete and look at workspaces
//! print     aligned columns, CSV, JSON lines
//! ```
//!
//! A door: it composes services and builds none of them; `app` hands it what it needs.

mod act;
mod api;
mod audit;
mod blueprint;
mod cert;
mod error;
mod extcap;
mod filter;
mod get;
pub mod grammar;
mod print;
mod signals;
mod tap;
mod terminal;
mod version;
mod whoami;
mod workspace;

pub use act::act;
pub use api::api;
pub use audit::audit;
pub use blueprint::{blueprint, rolled};
pub use cert::cert;
pub use error::Error;
pub use extcap::extcap;
pub use filter::filter;
pub use get::get;
pub use tap::{Left, S3, end_left, guard, live, owner_of_taps, request, says_what, tap};
pub use version::version;
pub use whoami::{contexts, whoami};
pub use workspace::{workspace, workspace_program};

use cluster::Cluster;
use grammar::Global;
use operate::{Clusters, Plans};
use policy::{Gate, Principal};
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;

/// Reads the command line; help, version and usage errors end the process as clap does it (usage is exit 2).
#[must_use]
pub fn parse() -> grammar::Cli {
    grammar::Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit())
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
    /// Where this user's state is kept.
    pub state: PathBuf,
    /// The agents' image, where the configuration names one.
    pub agent_image: Option<String>,
    /// What capture filters are within, as configured.
    pub capture_filter: String,
    /// What workspaces cost.
    pub prices: ::workspace::Prices,
    /// Reads repositories; `None` where the configuration lets none be read.
    pub repositories: Option<::workspace::source::Repositories>,
}
