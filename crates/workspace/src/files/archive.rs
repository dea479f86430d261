//! A folder as a zip archive, written while it is fetched.
//!
//! Names begin with that of the folder. Links stand in it as links, and are not followed; sockets and devices are left out. What cannot be
//! read is named in `NOT-IN-THIS-ARCHIVE.txt` at its end, so that nobody takes the archive for whole.

use super::zip::{Head, Zip};
use super::{FilesError, MOST_ENTRIES, Opened, join};
use link::files::{Attributes, Entry, FileError, Files, Open, Reading, Wrong};
use policy::action::WorkspaceFiles;
use policy::{Outcome, Permit};

/// An archive that is fetched.
#[derive(Debug)]
pub struct Archive {
    permit: Option<Permit<WorkspaceFiles>>,
    files: Files,
    zip: Zip,
    /// The folder's own name.
    pub name: String,
    /// Folders and files that wait, the next one last: the path, the name in the archive, what is known.
    left: Vec<(Vec<u8>, Vec<u8>, Attributes)>,
    reading: Option<(Reading, Vec<u8>)>,
    lost: Vec<u8>,
    count: u64,
    bytes: u64,
    ended: bool,
}

impl Opened {
    /// The folder as an archive.
    ///
    /// # Errors
    /// As [`FilesError`] says.
    pub async fn zip(mut self) -> Result<Archive, FilesError> {
        let found = async {
            let path = self.path()?;
            let path = self.files.real(&path).await?;
            let about = self.files.stat(&path).await?;
            if !about.is_folder() {
                let words = "only a folder is fetched as an archive".to_owned();
                return Err(FileError::Refused { wrong: Wrong::NotFolder, words }.into());
            }
            // That it cannot be read is told before any byte of it.
            self.files.list(&path, MOST_ENTRIES).await?;
            Ok((path, about))
        };
        match found.await {
            Ok((path, about)) => {
                let last = path.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty()).unwrap_or(b"root");
                let name = String::from_utf8_lossy(last).into_owned();
                let left = vec![(path.clone(), last.to_vec(), about)];
                let Self { permit, files } = self;
                let (zip, reading, lost) = (Zip::default(), None, Vec::new());
                Ok(Archive {
                    permit: Some(permit),
                    files,
                    zip,
                    name,
                    left,
                    reading,
                    lost,
                    count: 0,
                    bytes: 0,
                    ended: false,
                })
            }
            Err(error) => {
                self.end(Err(&error));
                Err(error)
            }
        }
    }
}

impl Archive {
    /// The next bytes; `None` when all came.
    ///
    /// # Errors
    /// When the workspace is gone: what came is no archive then.
    pub async fn next_bytes(&mut self) -> Result<Option<Vec<u8>>, FilesError> {
        let made = loop {
            let Some(permit) = &self.permit else { return Ok(None) };
            let end = permit.end_token();
            let made = tokio::select! {
                made = self.step() => made,
                () = end.cancelled() => Err(FilesError::Revoked),
            };
            match made {
                Ok(Some(bytes)) if bytes.is_empty() => {}
                made => break made,
            }
        };
        match &made {
            Ok(Some(bytes)) => {
                self.bytes += bytes.len() as u64;
                if let Some(permit) = &self.permit {
                    permit.count_bytes(bytes.len() as u64);
                }
            }
            Ok(None) => {
                let message = format!("{} files and folders in {} bytes of archive", self.count, self.bytes);
                self.end(Outcome::Done { message });
            }
            Err(error) => self.end(super::failed(error)),
        }
        made
    }

    /// A little more of it; empty when there is nothing to give yet.
    async fn step(&mut self) -> Result<Option<Vec<u8>>, FilesError> {
        if let Some((reading, name)) = &mut self.reading {
            return match self.files.read(reading).await {
                Ok(Some(bytes)) => Ok(Some(self.zip.data(&bytes).map_err(wrong)?)),
                Ok(None) => self.close().await.map(Some),
                Err(FileError::Link(error)) => Err(FileError::Link(error).into()),
                Err(error) => {
                    let name = std::mem::take(name);
                    self.lose(&name, &error);
                    self.close().await.map(Some)
                }
            };
        }
        let Some((path, name, about)) = self.left.pop() else { return self.finish() };
        if about.is_folder() {
            return self.folder(&path, name, about).await.map(Some);
        }
        let (mode, changed) = (about.mode.unwrap_or(0o100_644), about.times.map_or(0, |(_, changed)| changed));
        if about.is_link() {
            return match self.files.read_link(&path).await {
                Ok(target) => {
                    let head = Head { name, mode, changed, size: target.len() as u64 };
                    self.whole(head, &target).map(Some)
                }
                Err(error) => self.lost(&name, error).map(Some),
            };
        }
        if !about.is_file() {
            return Ok(Some(Vec::new()));
        }
        match self.files.open_file(&path, Open::Read, 0).await {
            Ok(handle) => {
                let size = about.size.unwrap_or(0);
                self.reading = Some((Reading::new(handle, 0, size), name.clone()));
                self.count += 1;
                Ok(Some(self.zip.begin(Head { name, mode, changed, size })))
            }
            Err(error) => self.lost(&name, error).map(Some),
        }
    }

    async fn folder(&mut self, path: &[u8], name: Vec<u8>, about: Attributes) -> Result<Vec<u8>, FilesError> {
        let held: Vec<Entry> = match self.files.list(path, MOST_ENTRIES).await {
            Ok(held) => held,
            Err(error @ FileError::Many(_)) => {
                self.lose(&name, &error);
                Vec::new()
            }
            Err(error) => return self.lost(&name, error),
        };
        if self.left.len() + held.len() > super::MOST_LEFT {
            return Err(FileError::Many(super::MOST_LEFT).into());
        }
        self.left
            .extend(held.into_iter().rev().map(|one| (join(path, &one.name), join(&name, &one.name), one.attributes)));
        let (mode, changed) = (about.mode.unwrap_or(0o040_755), about.times.map_or(0, |(_, changed)| changed));
        let name = [name.as_slice(), b"/"].concat();
        self.whole(Head { name, mode, changed, size: 0 }, b"")
    }

    fn whole(&mut self, head: Head, bytes: &[u8]) -> Result<Vec<u8>, FilesError> {
        self.count += 1;
        let mut out = self.zip.begin(head);
        out.extend(self.zip.data(bytes).map_err(wrong)?);
        out.extend(self.zip.end().map_err(wrong)?);
        Ok(out)
    }

    async fn close(&mut self) -> Result<Vec<u8>, FilesError> {
        if let Some((reading, _)) = self.reading.take() {
            self.files.close(reading.into_handle()).await?;
        }
        self.zip.end().map_err(wrong)
    }

    fn lost(&mut self, name: &[u8], error: FileError) -> Result<Vec<u8>, FilesError> {
        match error {
            FileError::Link(error) => Err(FileError::Link(error).into()),
            error => {
                self.lose(name, &error);
                Ok(Vec::new())
            }
        }
    }

    fn lose(&mut self, name: &[u8], error: &FileError) {
        if self.lost.len() < MOST_LOST {
            self.lost.extend_from_slice(name);
            self.lost.extend_from_slice(format!(": {error}\n").as_bytes());
        }
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>, FilesError> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        let mut out = Vec::new();
        let lost = std::mem::take(&mut self.lost);
        if !lost.is_empty() {
            let changed = jiff::Timestamp::now().as_second();
            let changed = u32::try_from(changed).unwrap_or(0);
            let head = Head { name: NOT_HERE.to_vec(), mode: 0o100_644, changed, size: lost.len() as u64 };
            out = self.whole(head, &lost)?;
        }
        out.extend(std::mem::take(&mut self.zip).finish());
        Ok(Some(out))
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(permit) = self.permit.take() {
            permit.finish(outcome);
        }
    }
}

fn wrong(error: std::io::Error) -> FilesError {
    FileError::Refused { wrong: Wrong::Other, words: error.to_string() }.into()
}

const NOT_HERE: &[u8] = b"NOT-IN-THIS-ARCHIVE.txt";
/// Bytes of the list of what could not be read.
const MOST_LOST: usize = 1 << 20;
