//! The terminal socket, `/api/v1/workspaces/{namespace}/{name}/interactive?cluster=…`, subprotocol [`PROTOCOL`].
//!
//! Frames are binary; the first byte is the channel, the rest is its. Numbers are big-endian.
//!
//! ```text
//!        client → server                                    server → client
//! 0 in     bytes that were typed
//! 1 out                                                       bytes for the screen
//! 2 resize u16 columns, u16 rows
//! 3 cwd    empty: where is the shell now?                     its folder, in UTF-8; empty when that is not known
//! 4 error                                                     the error body, as JSON; the socket closes then
//! 5 ping   up to 125 bytes                                    the same bytes
//! 6 credit u32 more bytes of `out`                            u32 more bytes of `in`
//! 7 about                                                     [`TerminalSay`], as JSON
//! ```
//!
//! The first frame of the server is an `about` that names the shell: whoever opens the socket with `shell=` comes back to it, and
//! its screen comes first. Before any credit [`OUT_WINDOW`] bytes may come and [`IN_WINDOW`] may go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The subprotocol.
pub const PROTOCOL: &str = "qd.term.v1";
/// Bytes of `out` that come before any credit.
pub const OUT_WINDOW: u32 = 256 << 10;
/// Bytes of `in` that may be sent before any credit.
pub const IN_WINDOW: u32 = 64 << 10;

/// What the server says of the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum TerminalSay {
    /// The shell is here. What comes next begins on an empty screen.
    Open {
        /// Its id: whoever names it comes back to it.
        shell: String,
        /// Input is taken.
        writes: bool,
        /// It was there before.
        attached: bool,
    },
    /// Whether input is taken has changed: somebody else took it, or gave it back.
    Writes {
        /// Input is taken.
        writes: bool,
    },
    /// The connection to the workspace is lost; the server tries to come back to the same shell.
    Lost {
        /// What is wrong.
        message: String,
    },
    /// The program ended, and the socket with it.
    Exit {
        /// What it returned.
        code: i32,
        /// The signal that ended it, without `SIG`; empty when none did.
        signal: String,
    },
    /// The shell runs on without this viewer: its keys for that were typed, or somebody else said so.
    Detached,
}

/// `GET /api/v1/workspaces/{namespace}/{name}/shells?cluster=`: the shells of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceShells {
    /// The oldest first.
    pub shells: Vec<WorkspaceShell>,
}

/// One shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceShell {
    /// Its id.
    pub id: String,
    /// `ACTIVE`, `DETACHED` or `STOPPED`.
    pub state: String,
    /// What runs on it.
    pub command: String,
    /// Who opened it.
    pub principal: String,
    /// When, epoch milliseconds.
    #[ts(type = "number")]
    pub created_ms: u64,
    /// How many look at it.
    pub viewers: u32,
    /// Since when nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub detached_ms: Option<u64>,
    /// When it is ended unless somebody comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub ends_ms: Option<u64>,
    /// When the workspace was stopped, and it with it: whoever comes to it sees its last screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub stopped_ms: Option<u64>,
    /// Where its program worked then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub folder: String,
    /// What ran in it then, as it is typed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub resume: String,
}
