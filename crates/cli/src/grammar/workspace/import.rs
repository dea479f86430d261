//! The grammar of `qd ws import`.

use clap::Args;
use std::path::PathBuf;

/// `qd ws import`
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportArgs {
    /// Files of objects, or of a provisioner's configuration, YAML or JSON; - is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whose the workspaces become, and who is granted what capabilities allow; else you
    #[arg(long, value_name = "USER")]
    pub owner: Option<String>,
    /// Organization of the workspaces
    #[arg(long, default_value = "default")]
    pub org: String,
    /// Namespace of what is made; else that of each old object
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// Make nothing: print the objects, with what was changed or left out on stderr
    #[arg(long)]
    pub dry_run: bool,
}

const EXAMPLES: &str = "Examples:
  kubectl get workspaces.guildnet.io,capabilities.guildnet.io -A -o yaml | qd ws import --dry-run -
  qd ws import old.yaml --owner dev1 --org acme -n team-a
  qd ws import provisioner.yaml > config.toml";
