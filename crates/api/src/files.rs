//! Bodies of `/api/v1/workspaces/{namespace}/{name}/files…`.
//!
//! Paths begin in the home of the workspace's user, or with `/`. Names that are no UTF-8 are shown with marks in place of what cannot be
//! read, and cannot be asked for.

use crate::rest::Answers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET …/files/list?cluster=&path=&hidden=`: what a folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct FileList {
    /// The folder's whole path, without dots and links.
    pub path: String,
    /// Where the user is at home.
    pub home: String,
    /// By their names.
    pub entries: Vec<FileEntry>,
    /// Those that begin with a dot and were not asked for.
    pub hidden: u32,
}

/// One of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct FileEntry {
    /// Without the folder.
    pub name: String,
    /// Whole.
    pub path: String,
    /// In bytes; of a link, of what it leads to.
    #[ts(type = "number")]
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// A folder, or a link to one.
    pub dir: bool,
    /// A symbolic link.
    pub link: bool,
    /// Neither folder nor file: a socket, a device, a link that leads nowhere.
    pub odd: bool,
    /// When it was changed, epoch milliseconds.
    #[ts(type = "number")]
    pub mtime_ms: u64,
}

/// `POST …/files/mkdir?cluster=`: makes a folder.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct FileFolder {
    /// Where.
    pub path: String,
    /// With those above it that are not there.
    #[serde(default)]
    pub parents: bool,
    /// Answers to what the policy needs.
    #[serde(default)]
    pub answers: Answers,
}

/// `POST …/files/rename?cluster=`: gives a file or folder another place.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct FileRename {
    /// Where it is.
    pub from: String,
    /// Where it shall be.
    pub to: String,
    /// What is there is replaced.
    #[serde(default)]
    pub replace: bool,
    /// Answers to what the policy needs.
    #[serde(default)]
    pub answers: Answers,
}

/// What was done with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct FileDone {
    /// How many.
    #[ts(type = "number")]
    pub count: u64,
}

/// `PUT …/files?cluster=&path=&upload=`: what is there of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct FileReceived {
    /// Bytes that are there.
    #[ts(type = "number")]
    pub have: u64,
    /// It is whole, and in its place.
    pub whole: bool,
}
