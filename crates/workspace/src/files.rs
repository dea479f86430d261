//! Files of a workspace for doors: each request under a permit of its own, over the daemon, as the workspace's user.
//!
//! ```text
//! Permit<WorkspaceFiles> ─▶ Opened ─ list, make_folder, rename, delete ─▶ done
//!                                  ├ get ─▶ Download ─ next ─▶ bytes        (a range of a file)
//!                                  ├ zip ─▶ Archive  ─ next ─▶ bytes        (a folder whole)
//!                                  └ put ─▶ Upload   ◀ write ─ bytes        (beside the file, then in its place at once)
//! ```
//!
//! Nothing is held whole: a download, an archive and an upload are as fast as their other end. Bytes are counted, never kept.

mod archive;
mod download;
mod error;
mod path;
mod upload;
mod zip;

use crate::acts::ActError;
use crate::calling::Calling;
use crate::reach::ReachError;
use base::Coded;
use cluster::Cluster;
use link::files::{Attributes, Entry, FileError, Files, Wrong};
use policy::action::WorkspaceFiles;
use policy::{Outcome, Permit};

pub use archive::Archive;
pub use download::{Download, Range};
pub use error::FilesError;
pub use path::FilePath;
pub use upload::{Part, Received, Upload};

/// One request about files, with its permit and its connection.
#[derive(Debug)]
pub struct Opened {
    permit: Permit<WorkspaceFiles>,
    files: Files,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its whole path.
    pub path: Vec<u8>,
    /// Where the user is at home.
    pub home: Vec<u8>,
    /// By their names. Of links that lead somewhere: `to`.
    pub entries: Vec<Listed>,
}

/// One of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Itself.
    pub entry: Entry,
    /// What a link leads to; nothing of what is no link, and of a link that leads nowhere.
    pub to: Option<Attributes>,
}

/// Comes to the files of the workspace that the permit names.
///
/// # Errors
/// As [`FilesError`] says; the outcome is journalled then.
pub async fn open(calling: &Calling, cluster: &Cluster, permit: Permit<WorkspaceFiles>) -> Result<Opened, FilesError> {
    let opened = async {
        FilePath::parse(&permit.target().path)?;
        permit.settled().await.map_err(|error| ReachError::from(ActError::from(error)))?;
        let link = Box::pin(calling.reach(cluster, &permit)).await?;
        let session = link.files().await.map_err(ReachError::from)?;
        Ok(Files::open(session).await?)
    };
    match opened.await {
        Ok(files) => Ok(Opened { permit, files }),
        Err(error) => {
            permit.finish(failed(&error));
            Err(error)
        }
    }
}

impl Opened {
    /// Where the permit leads.
    fn path(&self) -> Result<Vec<u8>, FilesError> {
        Ok(FilePath::parse(&self.permit.target().path)?.into_bytes())
    }

    /// What the folder holds.
    ///
    /// # Errors
    /// As [`FilesError`] says; so do all that follow.
    pub async fn list(mut self) -> Result<Folder, FilesError> {
        let listed = self.listed().await;
        self.end(listed.as_ref().map(|folder| format!("{} entries", folder.entries.len())));
        listed
    }

    async fn listed(&mut self) -> Result<Folder, FilesError> {
        let path = self.path()?;
        let home = self.files.real(b".").await?;
        let path = self.files.real(&path).await?;
        let mut entries = Vec::new();
        let mut links = 0;
        for entry in self.files.list(&path, MOST_ENTRIES).await? {
            let mut to = None;
            if entry.attributes.is_link() && links < MOST_LINKS {
                links += 1;
                to = match self.files.stat(&join(&path, &entry.name)).await {
                    Ok(attributes) => Some(attributes),
                    Err(FileError::Link(error)) => return Err(FileError::Link(error).into()),
                    Err(_) => None, // leads nowhere, or where the user may not look
                };
            }
            entries.push(Listed { entry, to });
        }
        entries.sort_by(|one, other| one.entry.name.cmp(&other.entry.name));
        Ok(Folder { path, home, entries })
    }

    /// Makes the folder; with all above it that are not there, if asked.
    ///
    /// # Errors
    /// As [`Opened::list`].
    pub async fn make_folder(mut self, above: bool) -> Result<(), FilesError> {
        let made = self.made(above).await;
        self.end(made.as_ref().map(|()| "made".to_owned()));
        made
    }

    async fn made(&mut self, above: bool) -> Result<(), FilesError> {
        let path = self.path()?;
        if above {
            let ends = path.iter().enumerate().filter(|(at, byte)| **byte == b'/' && *at > 0).map(|(at, _)| at);
            for end in ends.take(MOST_DEEP) {
                let one = path.get(..end).unwrap_or_default();
                // Those that are there, or not ours to make, are passed over: the last one tells.
                if let Err(FileError::Link(error)) = self.files.make_folder(one, 0o777).await {
                    return Err(FileError::Link(error).into());
                }
            }
        }
        Ok(self.files.make_folder(&path, 0o777).await?)
    }

    /// Gives the file or folder another place. What is there already is in the way unless it is to be replaced.
    ///
    /// # Errors
    /// As [`Opened::list`].
    pub async fn rename(mut self, to: &FilePath, replace: bool) -> Result<(), FilesError> {
        let moved = async {
            let from = self.path()?;
            Ok(self.files.rename(&from, to.as_bytes(), replace).await?)
        }
        .await;
        self.end(moved.as_ref().map(|()| format!("now {}", to.text())));
        moved
    }

    /// Removes the file, or the folder: with what it holds only if asked. Links are removed, never what they lead to.
    ///
    /// # Errors
    /// As [`Opened::list`]; what was removed by then is gone.
    pub async fn delete(mut self, recursive: bool) -> Result<u64, FilesError> {
        let removed = self.removed(recursive).await;
        self.end(removed.as_ref().map(|count| format!("{count} removed")));
        removed
    }

    async fn removed(&mut self, recursive: bool) -> Result<u64, FilesError> {
        let path = self.path()?;
        let attributes = self.files.lstat(&path).await?;
        if !attributes.is_folder() {
            self.files.remove(&path).await?;
            return Ok(1);
        }
        let (home, whole) = (self.files.real(b".").await?, self.files.real(&path).await?);
        if home.starts_with(&whole)
            && (home.len() == whole.len() || whole == b"/" || home.get(whole.len()) == Some(&b'/'))
        {
            return Err(FilesError::Home);
        }
        if !recursive {
            self.files.remove_folder(&path).await?;
            return Ok(1);
        }
        let mut count = 0;
        // A folder stands below what it holds, and is removed when it is met again.
        let mut left = vec![(whole, true, false)];
        while let Some((path, folder, emptied)) = left.pop() {
            if folder && !emptied {
                let held = self.files.list(&path, MOST_ENTRIES).await?;
                if left.len() + held.len() > MOST_LEFT {
                    return Err(FileError::Many(MOST_LEFT).into());
                }
                let held = held.into_iter().map(|one| (join(&path, &one.name), one.attributes.is_folder(), false));
                let held: Vec<_> = held.collect();
                left.push((path, true, true));
                left.extend(held);
                continue;
            }
            let removed = if folder { self.files.remove_folder(&path).await } else { self.files.remove(&path).await };
            match removed {
                Ok(()) => count += 1,
                Err(error) if error.wrong() == Some(Wrong::NotFound) => {} // somebody else did
                Err(error) => return Err(error.into()),
            }
        }
        Ok(count)
    }

    fn end(self, done: Result<String, &FilesError>) {
        self.permit.finish(match done {
            Ok(message) => Outcome::Done { message },
            Err(error) => failed(error),
        });
    }
}

fn failed(error: &FilesError) -> Outcome {
    Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() }
}

/// The path of something in a folder.
fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let between: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, between, name].concat()
}

/// Entries of one folder.
const MOST_ENTRIES: usize = 100_000;
/// Links of a folder that are followed.
const MOST_LINKS: usize = 1000;
/// Folders made at once.
const MOST_DEEP: usize = 64;
/// What waits to be removed.
const MOST_LEFT: usize = 1_000_000;

#[cfg(test)]
mod tests;
