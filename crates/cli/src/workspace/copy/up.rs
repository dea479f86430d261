//! Into a workspace.

use super::{Work, here, join, of, shown, wrong};
use crate::error::Error;
use link::files::{Attributes, FileError, Open, Writing, Wrong};
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use workspace::files::FilesError;

/// Copies what is `here` to `there`, or into it.
pub(super) async fn into(work: &mut Work<'_>, from: &Path, to: &[u8]) -> Result<(), Error> {
    // What is named is followed, what is found in it is not.
    let meta = fs::metadata(from).map_err(|error| here(from, &error))?;
    let target = match work.files.stat(to).await {
        Ok(there) if there.is_folder() => {
            let whole = fs::canonicalize(from).map_err(|error| here(from, &error))?;
            let name = whole.file_name().map(OsStrExt::as_bytes).unwrap_or_default().to_vec();
            if name.is_empty() { to.to_vec() } else { join(to, &name) }
        }
        Err(FileError::Link(error)) => return Err(wrong(error.into())),
        Ok(_) | Err(_) => to.to_vec(),
    };
    if !meta.is_dir() {
        return one(work, from, &target, &meta).await;
    }
    // Each folder is set up again behind what it holds, which changes its time.
    let mut left = vec![(from.to_path_buf(), target, meta, false)];
    while let Some((path, target, meta, filled)) = left.pop() {
        if meta.is_symlink() {
            link(work, &path, &target).await?;
        } else if meta.is_dir() && filled {
            work.files.set(&target, attributes(&meta)).await.map_err(|error| named(&target, error))?;
        } else if meta.is_dir() {
            folder(work, &target).await?;
            let held = entries(&path, &target)?;
            left.push((path, target, meta, true));
            left.extend(held);
        } else if meta.is_file() {
            one(work, &path, &target, &meta).await?;
        } else {
            eprintln!("qd: {}: neither a file nor a folder, left out", path.display());
        }
    }
    Ok(())
}

type Waiting = (PathBuf, Vec<u8>, Metadata, bool);

fn entries(path: &Path, target: &[u8]) -> Result<Vec<Waiting>, Error> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| here(path, &error))? {
        let entry = entry.map_err(|error| here(path, &error))?;
        let own = entry.path();
        let meta = fs::symlink_metadata(&own).map_err(|error| here(&own, &error))?;
        all.push((own, join(target, entry.file_name().as_bytes()), meta, false));
    }
    Ok(all)
}

async fn folder(work: &mut Work<'_>, target: &[u8]) -> Result<(), Error> {
    match work.files.make_folder(target, 0o700).await {
        Ok(()) => Ok(()),
        Err(error) if error.wrong() == Some(Wrong::Exists) => {
            let there = work.files.stat(target).await.map_err(|error| named(target, error))?;
            if there.is_folder() { Ok(()) } else { Err(named(target, error)) }
        }
        Err(error) => Err(named(target, error)),
    }
}

async fn link(work: &mut Work<'_>, path: &Path, target: &[u8]) -> Result<(), Error> {
    let leads = fs::read_link(path).map_err(|error| here(path, &error))?;
    match work.files.link_to(leads.as_os_str().as_bytes(), target).await {
        Err(error) if error.wrong() == Some(Wrong::Exists) => {
            work.files.remove(target).await.map_err(|error| named(target, error))?;
            let made = work.files.link_to(leads.as_os_str().as_bytes(), target).await;
            made.map_err(|error| named(target, error))
        }
        made => made.map_err(|error| named(target, error)),
    }?;
    work.told.file();
    Ok(())
}

async fn one(work: &mut Work<'_>, path: &Path, target: &[u8], meta: &Metadata) -> Result<(), Error> {
    let mut file = fs::File::open(path).map_err(|error| here(path, &error))?;
    let at = target.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let mut beside = target.get(..at).unwrap_or_default().to_vec();
    beside.extend_from_slice(format!(".qd-{}.part", work.permit.decision_id()).as_bytes());
    let handle = work.files.open_file(&beside, Open::Anew, 0o600).await.map_err(|error| named(target, error))?;
    work.begun = Some(beside.clone());
    let mut writing = Writing::new(handle, 0);
    let mut piece = vec![0; PIECE];
    loop {
        // Files of this machine are at hand: what waits is the workspace.
        let count = file.read(&mut piece).map_err(|error| here(path, &error))?;
        if count == 0 {
            break;
        }
        let bytes = piece.get(..count).unwrap_or_default();
        work.files.write(&mut writing, bytes).await.map_err(|error| named(target, error))?;
        work.told.bytes(count);
    }
    let done = async {
        work.files.written(&mut writing).await?;
        work.files.set_on(writing.handle(), attributes(meta)).await?;
        work.files.close(writing.into_handle()).await?;
        work.files.rename(&beside, target, true).await
    };
    done.await.map_err(|error| named(target, error))?;
    work.begun = None;
    work.told.file();
    Ok(())
}

fn attributes(meta: &Metadata) -> Attributes {
    let time = |seconds: i64| u32::try_from(seconds).unwrap_or(0);
    let times = Some((time(meta.atime()), time(meta.mtime())));
    Attributes { size: None, owner: None, mode: Some(meta.mode() & 0o777), times }
}

fn named(path: &[u8], error: FileError) -> Error {
    of(shown(path), &FilesError::from(error))
}

const PIECE: usize = 256 << 10;
