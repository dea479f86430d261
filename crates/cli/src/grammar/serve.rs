//! `qd serve`: the team gateway, what it lacks, and the tokens of its people.

use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;

/// `qd serve`
#[derive(Clone, Debug, Default, Args)]
pub struct ServeArgs {
    /// What this process does, comma separated; else `roles` of `[serve]`
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE")]
    pub roles: Vec<ServeRole>,
    /// Address to listen on; else `listen` of `[serve]`
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Serve without TLS, on loopback alone
    #[arg(long)]
    pub insecure_http: bool,
    /// What else than serving
    #[command(subcommand)]
    pub command: Option<ServeCommand>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServeRole {
    /// The console and its API.
    Console,
    /// The operator of workspaces.
    Operator,
}

/// `qd serve …`
#[derive(Clone, Debug, Subcommand)]
pub enum ServeCommand {
    /// Say what is wrong with the configuration, and which rights and parts are missing
    Check(CheckArgs),
    /// The people who may come in, and their tokens
    #[command(subcommand)]
    Token(TokenCommand),
}

/// `qd serve check`
#[derive(Clone, Debug, Default, Args)]
pub struct CheckArgs {
    /// Look at the operator's rights in these namespaces too, with commas, beside those that have workspaces
    #[arg(long, short, value_name = "NAME", value_delimiter = ',')]
    pub namespace: Vec<String>,
}

/// `qd serve token …`
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Give somebody a token: it is printed once, and only its digest is kept
    Add(TokenAdd),
    /// People, roles and tokens, without the tokens themselves
    List,
    /// Take a token away by its id, or all of somebody by their name: what they have open ends at once
    Revoke {
        /// Id of a token, or name of a person
        #[arg(value_name = "ID|NAME")]
        what: String,
    },
}

/// `qd serve token add`
#[derive(Clone, Debug, Args)]
pub struct TokenAdd {
    /// Name of the person: the owner that their workspaces have
    pub name: String,
    /// Role: `viewer`, `developer`, `admin`, or one that Grants name; may be said several times
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Organisation
    #[arg(long, default_value = "", hide_default_value = true)]
    pub org: String,
    /// Days until it ends
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
    /// User that API servers are told, where it is not the prefix and the name
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Group that API servers are told, beside those of roles and organisation; may be said several times
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
}

pub(super) const EXAMPLES: &str = "Examples:
  qd serve token add ada --role developer --org lab
  qd serve check --config qd.toml               what is wrong or missing
  qd serve --config qd.toml                     the gateway
  qd serve --insecure-http                      on loopback, to try it
  qd serve --roles console,operator --yes       keep workspaces, too";
