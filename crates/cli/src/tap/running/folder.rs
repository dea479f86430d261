//! The folder of this user's taps, which nobody else may look into.

use super::record::{self, Agent, Record};
use capture::Owner;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// A tap that neither its process nor its guard looks after.
#[derive(Debug)]
pub(crate) struct Orphan {
    pub(crate) record: Record,
    pub(crate) agents: Vec<Agent>,
    file: PathBuf,
}

impl Folder {
    /// Makes it, if it is not there.
    pub(crate) fn open(state: &Path) -> io::Result<Self> {
        let folder = state.join("taps");
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// The one that another process has made.
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The key of this user's agents.
    pub(crate) fn owner(&self) -> io::Result<Owner> {
        Owner::kept(&self.0.join("owner.key"))
    }

    /// Where files are that are to be kept; it is made, if it is not there.
    pub(crate) fn kept(&self) -> io::Result<PathBuf> {
        let folder = self.0.join(capture::KEPT);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(folder)
    }

    pub(super) fn socket(&self, id: &str) -> PathBuf {
        self.0.join(format!("{}.sock", record::short(id)))
    }

    /// The file of a tap, made and locked.
    pub(super) fn create(&self, id: &str) -> io::Result<(PathBuf, File)> {
        let path = self.0.join(format!("{id}.jsonl"));
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        file.lock()?;
        Ok((path, file))
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|own| own == extension))
            .collect();
        files.sort();
        files
    }

    pub(super) fn sockets(&self) -> Vec<PathBuf> {
        self.files("sock")
    }

    /// Taps of which a file is left that nobody holds. One without agents is removed.
    pub(crate) fn orphans(&self) -> Vec<Orphan> {
        self.files("jsonl").into_iter().filter_map(orphan).collect()
    }
}

fn orphan(path: PathBuf) -> Option<Orphan> {
    let mut file = File::open(&path).ok()?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return None,
        Err(TryLockError::Error(error)) => {
            tracing::debug!(%error, "a tap's file cannot be locked");
            return None;
        }
    }
    let mut text = String::new();
    Read::by_ref(&mut file).take(LONGEST).read_to_string(&mut text).ok()?;
    match record::read(&text) {
        (Some(record), agents) if !agents.is_empty() => Some(Orphan { record, agents, file: path }),
        _ => {
            let _ = std::fs::remove_file(path);
            None
        }
    }
}

impl Orphan {
    /// Nothing of it is left.
    pub(crate) fn forget(self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::debug!(%error, "the file of a tap was gone already");
        }
    }
}

/// A tap of many pods for a long time writes less.
const LONGEST: u64 = 16 << 20;
