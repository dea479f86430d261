//! The grammar of `qd ws import`.

use clap::Args;
use std::path::PathBuf;

/// `qd ws import`
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportArgs {
    /// Files of objects, blueprints, a repository (.k8shell.yaml) or a provisioner's configuration, YAML or JSON; folders of
    /// blueprints; - is the standard input, for objects
    #[arg(required = true, value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Whose the workspaces become, and who is granted what capabilities allow; else you
    #[arg(long, value_name = "USER")]
    pub owner: Option<String>,
    /// Organization of the workspaces
    #[arg(long, default_value = "default")]
    pub org: String,
    /// Namespace of what is made; else that of each old object, and blueprints of files are the platform's
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// What the repository of a .k8shell.yaml is called; else the folders above it
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo_name: Option<String>,
    /// Make nothing: print the objects, with what becomes of each field on stderr
    #[arg(long)]
    pub dry_run: bool,
}

const EXAMPLES: &str = "Examples:
  kubectl get workspaces.guildnet.io,capabilities.guildnet.io -A -o yaml | qd ws import --dry-run -
  qd ws import old.yaml --owner dev1 --org acme -n team-a
  qd ws import blueprints/ --dry-run                 a tree of blueprints, as ClusterBlueprints
  qd ws import .k8shell.yaml -n team-a --repo-name acme/shop
  qd ws import provisioner.yaml > config.toml";
