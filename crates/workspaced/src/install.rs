//! `qd-agent install DIR`: the program copies itself to where the workspace's containers find it, with its other names.
//!
//! The copy is whole or not there: an init container that is run again, or killed, leaves nothing half written.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

use crate::Error;

/// Copies the running program to `DIR/qd-agent` and links the other names in `DIR/bin` to it.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn install(dir: &Path) -> Result<(), Error> {
    copy(dir).map_err(Error::system(format!("cannot install to {}", dir.display())))
}

fn copy(dir: &Path) -> io::Result<()> {
    let bin = dir.join("bin");
    fs::create_dir_all(&bin)?;
    let partial = dir.join(".qd-agent.new");
    let mut from = File::open("/proc/self/exe")?;
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut to = File::options().write(true).create_new(true).mode(0o755).open(&partial)?;
    io::copy(&mut from, &mut to)?;
    // the mask of whoever runs this does not count
    to.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    // not synced: after a failure of the node the pod starts anew, and this with it
    drop(to);
    fs::rename(&partial, dir.join("qd-agent"))?;
    for name in NAMES {
        let link = bin.join(name);
        match symlink("../qd-agent", &link) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&link)?;
                symlink("../qd-agent", &link)?;
            }
            other => other?,
        }
    }
    Ok(())
}

/// The other names of the program: what it does under each is said by [`crate::run_as`].
const NAMES: [&str; 9] = [
    "qd-agent",
    "kbox",
    "sftp-server",
    "uptime",
    "last",
    "shutdown",
    "git-credential-quarterdeck",
    "docker-credential-quarterdeck",
    "kubectl-credential-quarterdeck",
];
