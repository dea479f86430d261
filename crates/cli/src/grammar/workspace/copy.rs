//! The grammar of `qd ws cp`.

use super::ReachArgs;
use clap::Args;

/// `qd ws cp`
#[derive(Clone, Debug, Args)]
pub struct CopyArgs {
    /// What to copy: a file or folder here, or NAME:PATH in a workspace
    #[arg(value_name = "SRC")]
    pub from: String,
    /// Where to: the other of the two. Into it when it is a folder, else as it
    #[arg(value_name = "DST")]
    pub to: String,
    /// Namespace; else that of the context
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// When it does not run
    #[command(flatten)]
    pub reach: ReachArgs,
    /// Say nothing on the way
    #[arg(long, short)]
    pub quiet: bool,
}

/// One end of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyEnd {
    /// A path of this machine.
    Here(String),
    /// A path in a workspace.
    There {
        /// The name or user string.
        workspace: String,
        /// From its home on, or whole.
        path: String,
    },
}

impl CopyEnd {
    /// A colon before any slash divides a workspace from a path in it; `./a:b` is a file here.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text.split_once(':') {
            Some((workspace, path)) if !workspace.is_empty() && !workspace.contains(['/', '.']) => {
                Self::There { workspace: workspace.to_owned(), path: path.to_owned() }
            }
            _ => Self::Here(text.to_owned()),
        }
    }
}

pub(super) const EX_COPY: &str = "Folders are copied with all that they hold; modes, times and links are kept. A file takes its place at once when it is whole.

Examples:
  qd ws cp notes.txt api:               into the home
  qd ws cp src api:work                 a folder
  qd ws cp api:work/out ./out           back
  qd ws cp api:/var/log/app.log .";

#[cfg(test)]
mod tests;
