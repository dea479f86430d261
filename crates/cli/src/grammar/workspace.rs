//! The grammar of `qd ws`.

mod apps;
mod connect;
mod copy;
mod forward;
mod import;

pub use apps::{AppWord, AppsArgs};
pub use connect::{ExecArgs, ReachArgs, ShellArgs};
pub use copy::{CopyArgs, CopyEnd};
pub use forward::{Forward, ForwardArgs, Place};
pub use import::ImportArgs;

use apps::EX_APPS;
use connect::{EX_EXEC, EX_SHELL};
use copy::EX_COPY;
use forward::EX_FORWARD;

use clap::{Args, Subcommand};

/// `qd ws`
#[derive(Clone, Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// List workspaces
    List(ListArgs),
    /// Make a workspace, and wait until it is ready
    #[command(after_help = EX_CREATE)]
    Create(CreateArgs),
    /// Change what a workspace asks for; with nothing said, make its pod anew of what it asks for by now
    #[command(after_help = EX_UPDATE)]
    Update(UpdateArgs),
    /// Show a workspace: where it is, what it is made of
    Show(NameArgs),
    /// Start a stopped workspace, and wait until it is ready
    Start(WaitArgs),
    /// Stop a workspace: its pod goes, all else stays
    Stop(WaitArgs),
    /// Delete a workspace; its storage goes as it says itself
    Delete(DeleteArgs),
    /// Delete all workspaces of somebody, or stop them and keep them for a week
    DeleteAll(DeleteAllArgs),
    /// Open a shell in a workspace, or come back to one
    #[command(after_help = EX_SHELL)]
    Shell(ShellArgs),
    /// List the shells and other streams of a workspace
    Shells(NameArgs),
    /// Run a program in a workspace
    #[command(after_help = EX_EXEC)]
    Exec(ExecArgs),
    /// List the apps of a workspace; install, start or stop one, read its log
    #[command(after_help = EX_APPS)]
    Apps(AppsArgs),
    /// List every port that somebody in a workspace listens on
    Ports(NameArgs),
    /// Carry ports and unix sockets of a workspace here, or of here there
    #[command(after_help = EX_FORWARD)]
    Forward(ForwardArgs),
    /// Copy files and folders into a workspace, or out of it
    #[command(name = "cp", after_help = EX_COPY)]
    Copy(CopyArgs),
    /// Say why a workspace is as it is: what stopped it, what it waits for, what is wrong
    Why(NameArgs),
    /// Show what happened to a workspace
    Events(NameArgs),
    /// Show the last lines of a workspace's main container
    Logs(LogsArgs),
    /// Read objects of an older group and make workspaces of them
    Import(ImportArgs),
}

impl WorkspaceCommand {
    /// It runs a program in a workspace, whose exit code it ends with, or goes on until a signal.
    #[must_use]
    pub const fn is_program(&self) -> bool {
        matches!(self, Self::Shell(_) | Self::Exec(_) | Self::Forward(_))
    }
}

/// Where workspaces are looked for.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Namespace; else that of the context
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// All namespaces
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub all_namespaces: bool,
}

/// Which workspace.
#[derive(Clone, Debug, Args)]
pub struct NameArgs {
    /// Its name, or a user string
    pub name: String,
    /// Namespace; else that of the context
    #[arg(long, short)]
    pub namespace: Option<String>,
}

/// Which workspace, and whether to wait.
#[derive(Clone, Debug, Args)]
pub struct WaitArgs {
    /// Which
    #[command(flatten)]
    pub which: NameArgs,
    /// Do not wait until it is done
    #[arg(long)]
    pub no_wait: bool,
    /// Seconds to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub timeout: u64,
}

/// `qd ws delete`
#[derive(Clone, Debug, Args)]
pub struct DeleteArgs {
    /// Which, and whether to wait
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Its own volumes go too, whatever it says of them
    #[arg(long)]
    pub purge: bool,
}

/// `qd ws delete-all`
#[derive(Clone, Debug, Args)]
pub struct DeleteAllArgs {
    /// Whose
    pub user: String,
    /// Where
    #[command(flatten)]
    pub list: ListArgs,
    /// Only those of this organization
    #[arg(long)]
    pub org: Option<String>,
    /// Stop them, and have them deleted after a week
    #[arg(long)]
    pub preserve: bool,
    /// Do not wait until it is done
    #[arg(long)]
    pub no_wait: bool,
    /// Seconds to wait at most, for each
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub timeout: u64,
}

/// `qd ws create`
#[derive(Clone, Debug, Args)]
pub struct CreateArgs {
    /// Which, and whether to wait
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Image of its main container
    #[arg(long)]
    pub image: Option<String>,
    /// Blueprint: NAME of the cluster, or NAMESPACE's own with --own-blueprint
    #[arg(long)]
    pub blueprint: Option<String>,
    /// The blueprint is one of the namespace
    #[arg(long, requires = "blueprint")]
    pub own_blueprint: bool,
    /// Whose it is; else yours
    #[arg(long)]
    pub owner: Option<String>,
    /// Organization
    #[arg(long, default_value = "default")]
    pub org: String,
    /// A parameter of the blueprint: NAME=VALUE
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// A preset of the blueprint's parameters
    #[arg(long)]
    pub preset: Option<String>,
    /// Your dotfiles, applied after the init scripts: a git repository (https://host/owner/dotfiles#ref) or a folder in the
    /// workspace (~/dotfiles)
    #[arg(long, value_name = "ADDRESS")]
    pub dotfiles: Option<String>,
    /// A variable: NAME=VALUE
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    pub env: Vec<(String, String)>,
    /// Cores, at most: 500m, 2
    #[arg(long)]
    pub cpu: Option<String>,
    /// Memory, at most: 512Mi, 4Gi
    #[arg(long)]
    pub memory: Option<String>,
    /// What people should know about it
    #[arg(long)]
    pub notes: Option<String>,
    /// Make it without starting it
    #[arg(long)]
    pub stopped: bool,
}

/// `qd ws update`
#[derive(Clone, Debug, Args)]
pub struct UpdateArgs {
    /// Which, and whether to wait
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Image of its main container
    #[arg(long)]
    pub image: Option<String>,
    /// A parameter of the blueprint: NAME=VALUE
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Cores, at most: 500m, 2
    #[arg(long)]
    pub cpu: Option<String>,
    /// Memory, at most: 512Mi, 4Gi
    #[arg(long)]
    pub memory: Option<String>,
    /// What people should know about it
    #[arg(long)]
    pub notes: Option<String>,
    /// A JSON merge patch of its spec
    #[arg(long, value_name = "JSON")]
    pub patch: Option<String>,
    /// Make its pod anew though it runs as it asks for
    #[arg(long)]
    pub force: bool,
}

/// `qd ws logs`
#[derive(Clone, Debug, Args)]
pub struct LogsArgs {
    /// Which
    #[command(flatten)]
    pub which: NameArgs,
    /// Container
    #[arg(long, short, default_value = "main")]
    pub container: String,
    /// Lines at most
    #[arg(long, default_value_t = 200)]
    pub tail: u32,
    /// Of the run before this one
    #[arg(long)]
    pub previous: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "the form is NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

const EX_CREATE: &str = "Examples:
  qd ws create scratch --image images.example/shell:1
  qd ws create api --blueprint rust --param CPU=4 -n team-a
  qd ws create ada~rust --cpu 2
  qd ws create later --blueprint shell --stopped --no-wait";

const EX_UPDATE: &str = "Examples:
  qd ws update api --memory 4Gi
  qd ws update api
  qd ws update api --param CPU=8 --no-wait
  qd ws update api --patch '{\"lifecycle\":{\"idleTimeout\":\"4h\"}}'";
