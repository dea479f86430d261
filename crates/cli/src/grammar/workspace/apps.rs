//! The grammar of `qd ws apps`.

use super::NameArgs;
use clap::{Args, ValueEnum};

/// `qd ws apps`
#[derive(Clone, Debug, Args)]
pub struct AppsArgs {
    /// Which
    #[command(flatten)]
    pub which: NameArgs,
    /// What is done; else all apps are listed
    #[arg(requires = "app")]
    pub act: Option<AppWord>,
    /// The app's key in the blueprint
    pub app: Option<String>,
    /// Install whether its program is there or not
    #[arg(long)]
    pub force: bool,
    /// Go on with the lines of its log as they come
    #[arg(long, short)]
    pub follow: bool,
    /// Lines of its log at most
    #[arg(long, default_value_t = 200)]
    pub tail: u32,
}

/// What can be done with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AppWord {
    /// Installs it where its program is missing
    Install,
    /// Starts it
    Start,
    /// Ends it
    Stop,
    /// Ends it and starts it
    Restart,
    /// Prints the last lines of its output and of its installation
    Logs,
}

pub(super) const EX_APPS: &str = "Examples:
  qd ws apps api
  qd ws apps api start ide
  qd ws apps api logs ide --follow";
