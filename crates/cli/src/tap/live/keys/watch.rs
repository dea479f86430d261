//! Tells when a file has changed, or another one stands in its place. It need not be there yet: its folder is watched.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use tokio::net::unix::pipe::Receiver;

/// A watch on a file.
pub(super) struct Watch {
    /// Read as a pipe is.
    events: Receiver,
    name: OsString,
}

impl Watch {
    /// Watches the folder of this file.
    ///
    /// # Errors
    /// When there is no such folder, or no more watches are to be had.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let changes = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
        inotify::add_watch(&fd, folder, changes | WatchFlags::ONLYDIR)?;
        Ok(Self { events: Receiver::from_owned_fd_unchecked(fd)?, name })
    }

    /// Waits until something has happened to the file. What others do in its folder is passed over.
    pub(super) async fn changed(&mut self) {
        let mut buffer = [0; 4_096];
        loop {
            // It is looked at now and then anyway.
            if self.events.readable().await.is_err() {
                return std::future::pending().await;
            }
            match self.events.try_read(&mut buffer) {
                Ok(count) if tells(buffer.get(..count).unwrap_or_default(), &self.name) => return,
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => return std::future::pending().await,
            }
        }
    }
}

/// Whether any of these events (`struct inotify_event`) is of this file, or says that some were lost.
fn tells(mut events: &[u8], name: &OsStr) -> bool {
    while let Some((head, rest)) = events.split_first_chunk::<EVENT>() {
        let [.., a, b, c, d] = *head;
        let Some((padded, rest)) = rest.split_at_checked(u32::from_ne_bytes([a, b, c, d]) as usize) else {
            return true;
        };
        let own = padded.split(|byte| *byte == 0).next().unwrap_or_default();
        if own.is_empty() || own == name.as_bytes() {
            return true;
        }
        events = rest;
    }
    false
}

/// Bytes of an event before its name: watch, kind, cookie, length of the name.
const EVENT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    async fn soon(watch: &mut Watch) -> bool {
        tokio::time::timeout(Duration::from_secs(30), watch.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn cap_n_20r_a_key_log_that_comes_grows_or_is_replaced_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.log");
        let mut watch = Watch::of(&path).unwrap();
        fs::write(folder.path().join("other"), "x").unwrap();
        let quiet = tokio::time::timeout(Duration::from_millis(200), watch.changed()).await;
        assert!(quiet.is_err(), "another file is none of its changes");
        fs::write(&path, "one\n").unwrap();
        assert!(soon(&mut watch).await);
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, b"two\n").unwrap();
        assert!(soon(&mut watch).await);
        let next = folder.path().join("next");
        fs::write(&next, "three\n").unwrap();
        fs::rename(&next, &path).unwrap();
        assert!(soon(&mut watch).await);
        assert!(Watch::of(&folder.path().join("none").join("keys.log")).is_err());
    }
}
