//! The grammar of `qd ws shell`, `shells` and `exec`.

use super::NameArgs;
use clap::Args;

/// What becomes of a workspace that does not run.
#[derive(Clone, Debug, Args)]
pub struct ReachArgs {
    /// Start the workspace when it is stopped
    #[arg(long)]
    pub start: bool,
    /// Seconds to wait at most until it is ready
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub timeout: u64,
}

/// `qd ws shell`
#[derive(Clone, Debug, Args)]
pub struct ShellArgs {
    /// Which
    #[command(flatten)]
    pub which: NameArgs,
    /// When it does not run
    #[command(flatten)]
    pub reach: ReachArgs,
    /// Come back to a shell; without ID to the one that was left last
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", conflicts_with = "command")]
    pub attach: Option<String>,
    /// Write though somebody else does, who looks on from then
    #[arg(long, requires = "attach")]
    pub take: bool,
    /// Look on only
    #[arg(long, requires = "attach", conflicts_with = "take")]
    pub view_only: bool,
    /// A program instead of the user's shell
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// `qd ws exec`
#[derive(Clone, Debug, Args)]
pub struct ExecArgs {
    /// Which
    #[command(flatten)]
    pub which: NameArgs,
    /// When it does not run
    #[command(flatten)]
    pub reach: ReachArgs,
    /// Pass stdin on
    #[arg(long, short = 'i')]
    pub stdin: bool,
    /// With a terminal of its own
    #[arg(long, short = 't', requires = "stdin")]
    pub tty: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
}

pub(super) const EX_SHELL: &str = "Control-A, then D (a capital one), leaves the shell running.

Examples:
  qd ws shell api                       the user's shell; it outlives the connection
  qd ws shell api -- htop               a program on a terminal
  qd ws shell api --attach              back to the shell that was left last
  qd ws shell later --start             start the workspace first";

pub(super) const EX_EXEC: &str = "The exit code is that of the program.

Examples:
  qd ws exec api -- make test
  tar c src | qd ws exec api -i -- tar x
  qd ws exec api -it -- vi notes";

#[cfg(test)]
mod tests;
