//! The user's account in the image's own files: group, user, shell, home, and leave to become root where it is given.
//!
//! Only the owner's capability to change owners is needed: the files belong to root, and a home is filled before it is
//! handed over. What another program wrote stays as it is, line by line.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use proto::workspace::User;

use crate::Error;
use crate::log::Log;

/// An account that is there, with what the image really has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) shell: String,
    pub(crate) home: PathBuf,
}

/// Makes the account under `root`, which is `/` but for tests.
///
/// # Errors
/// When the image's files cannot be written.
pub(crate) fn make(root: &Path, user: &User, log: &Log) -> Result<Account, Error> {
    let account = found(root, user, log);
    let put = |file: &str, line: &str, add: Add| {
        let path = root.join("etc").join(file);
        edit(&path, line, add).map_err(Error::system(format!("cannot write {}", path.display())))
    };
    put("group", &format!("{}:x:{}:", user.name, user.gid), Add::Always)?;
    let home = user.home();
    let whole = format!("{}:x:{}:{}:{}:{home}:{}", user.name, user.uid, user.gid, user.full_name, account.shell);
    put("passwd", &whole, Add::Always)?;
    put("shadow", &format!("{}:!:::::::", user.name), Add::WhereThere)?;
    if user.sudo {
        sudo(root, &user.name).map_err(Error::system("cannot let the user become root".to_owned()))?;
    }
    let home = root.join(home.trim_start_matches('/'));
    hand_over(root, &home, user.uid, user.gid)
        .map_err(Error::system(format!("cannot make the home {}", home.display())))?;
    Ok(account)
}

/// The account as it stands, without making anything: where the daemon is not root.
pub(crate) fn found(root: &Path, user: &User, log: &Log) -> Account {
    let shells = [user.shell.as_str(), "/bin/bash", "/bin/sh"];
    let there = shells.iter().find(|shell| root.join(shell.trim_start_matches('/')).exists());
    let shell = (*there.unwrap_or(&"/bin/sh")).to_owned();
    if shell != user.shell {
        log.warn("accounts", format!("the image has no {}: the shell is {shell}", user.shell));
    }
    Account { name: user.name.clone(), uid: user.uid, gid: user.gid, shell, home: user.home().into() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Add {
    Always,
    WhereThere,
}

/// Puts the line at the head of the file in place of an older one of the same name: who looks for the number finds it
/// before others that share it.
fn edit(path: &Path, line: &str, add: Add) -> io::Result<()> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && add == Add::Always => String::new(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // readable by nobody: no password is looked up there
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && add == Add::WhereThere => return Ok(()),
        other => other?,
    };
    let name = line.split(':').next().unwrap_or_default();
    let others = text.lines().filter(|old| old.split(':').next() != Some(name));
    let lines: Vec<&str> = std::iter::once(line).chain(others).collect();
    let new = lines.join("\n") + "\n";
    if new == text {
        return Ok(());
    }
    let mode = fs::metadata(path).map_or(0o644, |meta| meta.permissions().mode() & 0o777);
    let owner = fs::metadata(path).map_or((0, 0), |meta| (meta.uid(), meta.gid()));
    let partial = path.with_extension("qd-new");
    let _ = fs::remove_file(&partial);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(new.as_bytes())?;
    chown(&partial, Some(owner.0), Some(owner.1))?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    drop(file);
    // a file that was mounted cannot be replaced, but written
    fs::rename(&partial, path).or_else(|_| fs::remove_file(&partial).and_then(|()| fs::write(path, new)))
}

fn sudo(root: &Path, name: &str) -> io::Result<()> {
    let folder = root.join("etc/sudoers.d");
    if !folder.is_dir() {
        return Ok(()); // an image without sudo has nothing to be allowed
    }
    let path = folder.join("quarterdeck");
    let _ = fs::remove_file(&path);
    fs::write(&path, format!("{name} ALL=(ALL:ALL) NOPASSWD:ALL\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440))
}

/// Makes the home, fills an empty one from the image's skeleton, and gives it to the user.
fn hand_over(root: &Path, home: &Path, uid: u32, gid: u32) -> io::Result<()> {
    if !home.exists() {
        if let Some(parent) = home.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(home)?;
    }
    let meta = fs::metadata(home)?;
    if meta.uid() == uid {
        return Ok(());
    }
    if meta.uid() != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("it belongs to the user number {}", meta.uid()),
        ));
    }
    let empty = fs::read_dir(home)?.flatten().all(|entry| entry.file_name() == "lost+found");
    let skeleton = root.join("etc/skel");
    if empty && skeleton.is_dir() {
        for entry in fs::read_dir(skeleton)?.flatten() {
            let to = home.join(entry.file_name());
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), &to)?;
                chown(&to, Some(uid), Some(gid))?;
            }
        }
    }
    fs::set_permissions(home, fs::Permissions::from_mode(0o750))?;
    chown(home, Some(uid), Some(gid))
}

#[cfg(test)]
mod tests;
