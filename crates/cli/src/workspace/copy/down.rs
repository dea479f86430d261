//! Out of a workspace. What it says is believed no more than its programs are: a name with a slash in it is none.

use super::{Work, here, join, of, shown};
use crate::error::Error;
use link::files::{Attributes, FileError, Open, Reading};
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use workspace::files::FilesError;

/// Copies what is `from` there to `to` here, or into it.
pub(super) async fn out(work: &mut Work<'_>, from: &[u8], to: &Path) -> Result<(), Error> {
    let about = work.files.stat(from).await.map_err(|error| named(from, error))?;
    let target = if to.is_dir() {
        let whole = work.files.real(from).await.map_err(|error| named(from, error))?;
        let name = whole.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        if name.is_empty() { to.to_path_buf() } else { inside(to, name).ok_or_else(|| odd(name))? }
    } else {
        to.to_path_buf()
    };
    if about.is_file() {
        return one(work, from, &target, about).await;
    }
    if !about.is_folder() {
        return Err(of(shown(from), &FilesError::Odd));
    }
    // Each folder is set up again behind what it holds, which changes its time.
    let mut left = vec![(from.to_vec(), target, about, false)];
    while let Some((path, target, about, filled)) = left.pop() {
        if about.is_folder() && filled {
            set(&File::open(&target).map_err(|error| here(&target, &error))?, about)
                .map_err(|error| here(&target, &error))?;
        } else if about.is_folder() {
            folder(&target).map_err(|error| here(&target, &error))?;
            let held = work.files.list(&path, MOST).await.map_err(|error| named(&path, error))?;
            left.push((path.clone(), target.clone(), about, true));
            for entry in held {
                let own = inside(&target, &entry.name).ok_or_else(|| odd(&entry.name))?;
                left.push((join(&path, &entry.name), own, entry.attributes, false));
            }
        } else if about.is_link() {
            let leads = work.files.read_link(&path).await.map_err(|error| named(&path, error))?;
            link(&leads, &target).map_err(|error| here(&target, &error))?;
            work.told.file();
        } else if about.is_file() {
            one(work, &path, &target, about).await?;
        } else {
            eprintln!("qd: {}: neither a file nor a folder, left out", shown(&path));
        }
    }
    Ok(())
}

/// A name in a folder; nothing when it would lead elsewhere.
fn inside(folder: &Path, name: &[u8]) -> Option<PathBuf> {
    let fits = !name.is_empty() && name != b"." && name != b".." && !name.iter().any(|byte| matches!(byte, b'/' | 0));
    fits.then(|| folder.join(OsStr::from_bytes(name)))
}

fn folder(target: &Path) -> io::Result<()> {
    match fs::create_dir(target) {
        // A link to a folder would lead what follows elsewhere.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && fs::symlink_metadata(target)?.is_dir() => Ok(()),
        made => made,
    }
}

fn link(leads: &[u8], target: &Path) -> io::Result<()> {
    let leads = OsStr::from_bytes(leads);
    match symlink(leads, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(target)?;
            symlink(leads, target)
        }
        made => made,
    }
}

async fn one(work: &mut Work<'_>, path: &[u8], target: &Path, about: Attributes) -> Result<(), Error> {
    let wrong = |error: io::Error| here(target, &error);
    let name = target.file_name().ok_or_else(|| odd(path))?;
    let mut beside = OsStr::new(".qd-").to_owned();
    beside.push(work.permit.decision_id().to_string());
    beside.push(".part");
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let handle = work.files.open_file(path, Open::Read, 0).await.map_err(|error| named(path, error))?;
    let mut part = Part::new(folder.join(beside)).map_err(wrong)?;
    let mut reading = Reading::new(handle, 0, u64::MAX);
    while let Some(bytes) = work.files.read(&mut reading).await.map_err(|error| named(path, error))? {
        part.file.write_all(&bytes).map_err(wrong)?;
        work.permit.count_bytes(bytes.len() as u64);
        work.told.bytes(bytes.len());
    }
    work.files.close(reading.into_handle()).await.map_err(|error| named(path, error))?;
    set(&part.file, about).map_err(wrong)?;
    part.place(&folder.join(name)).map_err(wrong)?;
    work.told.file();
    Ok(())
}

/// A file that has its place not yet: gone unless it gets there.
struct Part {
    file: File,
    path: Option<PathBuf>,
}

impl Part {
    fn new(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { file, path: Some(path) })
    }

    fn place(mut self, target: &Path) -> io::Result<()> {
        let Some(path) = self.path.take() else { return Ok(()) };
        fs::rename(&path, target).inspect_err(|_| drop(fs::remove_file(&path)))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path); // nobody could do more
        }
    }
}

fn set(file: &File, about: Attributes) -> io::Result<()> {
    if let Some(mode) = about.mode {
        file.set_permissions(Permissions::from_mode(mode & 0o777))?;
    }
    if let Some((access, change)) = about.times {
        let at = |seconds: u32| UNIX_EPOCH + Duration::from_secs(seconds.into());
        file.set_times(FileTimes::new().set_accessed(at(access)).set_modified(at(change)))?;
    }
    Ok(())
}

fn odd(name: &[u8]) -> Error {
    let words = format!("the workspace names a file {:?}, which is no name", shown(name));
    here(Path::new("."), &io::Error::other(words))
}

fn named(path: &[u8], error: FileError) -> Error {
    of(shown(path), &FilesError::from(error))
}

/// Entries of one folder.
const MOST: usize = 1_000_000;

#[cfg(test)]
mod tests;
