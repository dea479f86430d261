//! The grammar of `qd api`.

use clap::Subcommand;

/// `qd api`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ApiCommand {
    /// Print the OpenAPI document of the REST API
    Openapi,
}
