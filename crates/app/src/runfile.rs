//! The state file of a running console: where it listens and its run token, readable by its owner alone (mode 0600).
//! `qd url` reads it to ask the console for another one-time URL.

use base::Secret;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What the file holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) pid: u32,
    pub(crate) port: u16,
    token: String,
}

impl Record {
    pub(crate) fn token(&self) -> Secret<String> {
        Secret::new(self.token.clone())
    }
}

/// The file, removed when this is dropped.
pub(crate) struct RunFile(PathBuf);

impl RunFile {
    /// Writes the file of the console on `port`.
    pub(crate) fn write(dir: &Path, port: u16, token: &Secret<String>) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join(format!("console-{port}.json"));
        let fresh = dir.join(format!("console-{port}.json.{}", std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        let record = Record { pid: std::process::id(), port, token: token.expose().clone() };
        file.write_all(&serde_json::to_vec(&record)?)?;
        std::fs::rename(&fresh, &path)?;
        Ok(Self(path))
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::debug!(%error, "the state file was gone already");
        }
    }
}

/// The consoles whose processes are still there, newest first.
pub(crate) fn running(dir: &Path) -> Vec<Record> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("console-"))
        .filter_map(|entry| {
            let changed = entry.metadata().and_then(|meta| meta.modified()).ok()?;
            let record: Record = serde_json::from_slice(&std::fs::read(entry.path()).ok()?).ok()?;
            alive(record.pid).then_some((changed, record))
        })
        .collect();
    found.sort_by_key(|(changed, _)| std::cmp::Reverse(*changed));
    found.into_iter().map(|(_, record)| record).collect()
}

fn alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    // EPERM would mean that it lives and is somebody else's; the file is ours, so it is not that process any more.
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}
