//! Files that are watched: told when any of them may have changed. Their folders are watched, since files are replaced, and
//! what Kubernetes mounts is changed by turning one link.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::unix::AsyncFd;

/// Tells of changes in the folders of some files.
pub(crate) struct Files(AsyncFd<OwnedFd>);

impl Files {
    /// Watches the folders of these files.
    pub(crate) fn watch<'a>(files: impl Iterator<Item = &'a Path>) -> io::Result<Self> {
        let folder = |file: &Path| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Self::inside(&files.map(folder).collect())
    }

    /// Watches what is in these folders.
    pub(crate) fn inside(folders: &BTreeSet<PathBuf>) -> io::Result<Self> {
        let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let changes = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::CREATE | WatchFlags::DELETE;
        for folder in folders {
            inotify::add_watch(&fd, folder, changes)?;
        }
        #[expect(deprecated, reason = "the descriptor is owned, and open as long as this is")]
        let fd = AsyncFd::new(fd)?;
        Ok(Self(fd))
    }

    /// Waits until something has changed, and a moment longer: files come in pairs.
    pub(crate) async fn changed(&self) -> io::Result<()> {
        self.0.readable().await?.clear_ready();
        tokio::time::sleep(TOGETHER).await;
        let mut buffer = [0_u8; 4096];
        // As much as is told by now; what comes later makes it readable again.
        while matches!(rustix::io::read(self.0.get_ref(), &mut buffer), Ok(1..)) {}
        Ok(())
    }
}

const TOGETHER: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::Files;
    use std::time::Duration;

    #[tokio::test]
    async fn a_file_that_is_written_or_replaced_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (file, fresh) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&file, "1").unwrap();
        let files = Files::watch([file.as_path()].into_iter()).unwrap();
        let soon = || tokio::time::timeout(Duration::from_secs(5), files.changed());
        assert!(tokio::time::timeout(Duration::from_millis(100), files.changed()).await.is_err(), "nothing happened");
        std::fs::write(&file, "2").unwrap();
        soon().await.expect("told").unwrap();
        std::fs::write(&fresh, "3").unwrap();
        soon().await.expect("told").unwrap();
        std::fs::rename(&fresh, &file).unwrap();
        soon().await.expect("told").unwrap();
    }
}
