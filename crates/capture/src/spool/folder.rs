//! The folder of this process's spools. A process that was killed leaves its own; the next one erases it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that is locked as long as this lives, and erased at its end.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held locked: nobody else erases the folder.
    _lock: File,
}

impl Folder {
    /// Makes one under `parent`, and erases those that nobody holds any more.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn make(parent: &Path, name: &str) -> io::Result<Self> {
        private_folder(parent)?;
        for entry in fs::read_dir(parent)?.flatten() {
            let old = entry.path();
            let free = File::open(old.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
            if free && let Err(error) = fs::remove_dir_all(&old) {
                tracing::warn!(%error, "packets of an earlier tap cannot be erased");
            }
        }
        let path = parent.join(name);
        private_folder(&path)?;
        let lock = private_file(&path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// A place in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, "packets of taps cannot be erased");
        }
    }
}

/// A folder for its owner alone, and those above it.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A new file for its owner alone.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const LOCK: &str = "lock";
