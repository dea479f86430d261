//! What is given to the user that others made: the folders of volumes, and the container engine's socket.
//!
//! The user may write where these stand, so that each is opened first, looked at, and given by what was opened: no link leads
//! to a file of another.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid};
use tokio::net::unix::pipe;

use crate::daemon::Daemon;
use crate::start;

/// Gives folders of volumes that are root's to their accounts.
pub(crate) fn folders(daemon: &Daemon) {
    for one in &daemon.config.volumes {
        if let Err(error) = give(Path::new(&one.path), FileType::Directory, one.uid, one.gid) {
            daemon.log.warn("volumes", format!("{} cannot be given to its user: {error}", one.path));
        }
    }
}

/// Gives the engine's socket to the user whenever there is a new one.
pub(crate) async fn socket(daemon: Arc<Daemon>) {
    let path = Path::new(&daemon.config.engine_socket);
    let Some(folder) = path.parent().filter(|_| path.is_absolute()) else { return };
    if let Err(error) = keep(&daemon, path, folder).await {
        daemon.log.warn("engine", format!("{} cannot be watched: {error}", folder.display()));
    }
}

async fn keep(daemon: &Daemon, path: &Path, folder: &Path) -> io::Result<()> {
    let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    inotify::add_watch(&events, folder, WatchFlags::CREATE | WatchFlags::MOVED_TO)?;
    // they are waited for as a pipe is
    let events = pipe::Receiver::from_owned_fd_unchecked(events)?;
    let mut buffer = [0u8; 4096];
    loop {
        match give(path, FileType::Socket, Some(daemon.account.uid), Some(daemon.account.gid)) {
            Ok(true) => daemon.log.info("engine", format!("{} is the user's", path.display())),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => daemon.log.warn("engine", format!("{} cannot be given: {error}", path.display())),
        }
        if open_to_all(path) {
            // the mode is the owner's to change, who is the user by now
            let words = start::this(&["close", &daemon.config.engine_socket]);
            if let Err(error) = start::output(daemon, &words, 0).await {
                daemon.log.warn("engine", format!("{} stays open to everybody: {error}", path.display()));
            }
        }
        events.readable().await?;
        // what happened does not count: the folder is looked at again
        let _ = events.try_read(&mut buffer);
    }
}

/// Whether others than its owner and group get through a socket, or those two do not.
fn open_to_all(path: &Path) -> bool {
    let meta = fs::symlink_metadata(path);
    meta.is_ok_and(|meta| meta.file_type().is_socket() && meta.permissions().mode() & 0o777 != MODE)
}

/// `qd-agent workspaced close PATH`: a socket of the user is for its owner and group, run as the user.
pub(crate) fn close_by_words(words: &[OsString]) -> ExitCode {
    let [path] = words else { return ExitCode::FAILURE };
    let path = Path::new(path);
    if !open_to_all(path) {
        return ExitCode::SUCCESS;
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(MODE)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Of the engine's socket: whoever speaks to it may do all that the engine may.
const MODE: u32 = 0o660;

/// Whether it was given: what is another's already, and not root's or the engine's, stays.
fn give(path: &Path, kind: FileType, uid: Option<u32>, gid: Option<u32>) -> io::Result<bool> {
    let file: OwnedFd = rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let meta = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(meta.st_mode) != kind {
        return Err(io::Error::other("it is something else"));
    }
    if uid.is_none_or(|uid| meta.st_uid == uid) && gid.is_none_or(|gid| meta.st_gid == gid)
        || (kind == FileType::Directory && meta.st_uid != 0)
    {
        return Ok(false);
    }
    rustix::fs::chownat(&file, "", uid.map(Uid::from_raw), gid.map(Gid::from_raw), AtFlags::EMPTY_PATH)?;
    Ok(true)
}
