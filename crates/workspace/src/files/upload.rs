//! A file that comes: beside its place first, in its place at once when it is whole.
//!
//! A part that has a name of its own (an upload id, chosen by the caller) stays when the connection breaks, and is gone on with: whoever
//! comes back is told how much is there. A part without one goes with its request.

use super::{FilesError, Opened, failed, join};
use link::files::{Attributes, FileError, Files, Handle, Open, Writing, Wrong};
use policy::action::WorkspaceFiles;
use policy::{Outcome, Permit};

/// Which part of an upload comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The upload, to go on with it later; empty for none.
    pub upload: String,
    /// The first byte that comes.
    pub at: u64,
    /// So many bytes make the file; unknown while `None`, then the end of this part is the end.
    pub total: Option<u64>,
    /// Permission bits; those that the file has, or the user's default, when `None`.
    pub mode: Option<u32>,
    /// When it was changed, epoch seconds; now when `None`.
    pub changed: Option<u32>,
    /// A file that is there is replaced.
    pub replace: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Bytes that are there.
    pub have: u64,
    /// It is whole, and in its place.
    pub whole: bool,
}

/// An upload that is being written.
#[derive(Debug)]
pub struct Upload {
    permit: Permit<WorkspaceFiles>,
    files: Files,
    writing: Writing,
    part: Part,
    /// Where it is written.
    beside: Vec<u8>,
    to: Vec<u8>,
}

impl Part {
    /// Whether an upload may be called so.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (8..=64).contains(&text.len()) && text.bytes().all(fits)
    }
}

impl Opened {
    /// How much of an upload is there.
    ///
    /// # Errors
    /// As [`FilesError`] says.
    pub async fn have(mut self, upload: &str) -> Result<Received, FilesError> {
        let have = async {
            let (_, beside) = self.places(upload).await?;
            size(&mut self.files, &beside).await
        }
        .await;
        self.end(have.as_ref().map(|have| format!("{have} bytes are there")));
        have.map(|have| Received { have, whole: false })
    }

    /// Takes what comes.
    ///
    /// # Errors
    /// As [`FilesError`] says: [`FilesError::Elsewhere`] when another part has to come.
    pub async fn put(mut self, part: Part) -> Result<Upload, FilesError> {
        let begun = self.begun(&part).await;
        match begun {
            Ok((to, beside, handle)) => {
                let Self { permit, files } = self;
                Ok(Upload { permit, files, writing: Writing::new(handle, part.at), part, beside, to })
            }
            Err(error) => {
                self.end(Err(&error));
                Err(error)
            }
        }
    }

    async fn begun(&mut self, part: &Part) -> Result<(Vec<u8>, Vec<u8>, Handle), FilesError> {
        let once = self.permit.decision_id().to_string();
        let (to, beside) = self.places(if part.upload.is_empty() { &once } else { &part.upload }).await?;
        match self.files.stat(&to).await {
            Ok(there) if there.is_folder() => {
                let words = "there is a folder of this name".to_owned();
                return Err(FileError::Refused { wrong: Wrong::IsFolder, words }.into());
            }
            Ok(_) if !part.replace => {
                let words = "there is a file of this name".to_owned();
                return Err(FileError::Refused { wrong: Wrong::Exists, words }.into());
            }
            Err(FileError::Link(error)) => return Err(FileError::Link(error).into()),
            Ok(_) | Err(_) => {}
        }
        let have = size(&mut self.files, &beside).await?;
        // From the first byte on is anew, whatever was there.
        if part.at > 0 && have != part.at {
            return Err(FilesError::Elsewhere { have });
        }
        let what = if part.at == 0 { Open::Anew } else { Open::More };
        let handle = self.files.open_file(&beside, what, 0o600).await?;
        Ok((to, beside, handle))
    }

    /// Where the file shall be, and where it is until then.
    async fn places(&mut self, upload: &str) -> Result<(Vec<u8>, Vec<u8>), FilesError> {
        let path = self.path()?;
        if path.ends_with(b"/") || path == b"." {
            return Err(FilesError::Path("a file needs a name"));
        }
        // A link is written through.
        let to = self.files.real(&path).await?;
        let at = to.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let folder = to.get(..at.max(1)).unwrap_or(b"/");
        Ok((to.clone(), join(folder, format!(".qd-{upload}.part").as_bytes())))
    }
}

impl Upload {
    /// Bytes that are there, with those on the way.
    #[must_use]
    pub fn have(&self) -> u64 {
        self.writing.at()
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// As [`FilesError`] says; [`Upload::fail`] ends it then.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        let then = self.writing.at().saturating_add(bytes.len() as u64);
        if self.part.total.is_some_and(|total| then > total) {
            return Err(FilesError::Long);
        }
        tokio::select! {
            written = self.files.write(&mut self.writing, bytes) => Ok(written?),
            () = self.permit.ended() => Err(FilesError::Revoked),
        }
    }

    /// All of this part came.
    ///
    /// # Errors
    /// As [`FilesError`] says.
    pub async fn finish(mut self) -> Result<Received, FilesError> {
        match self.finished().await {
            Ok(received) => {
                let Received { have, whole } = received;
                let message = if whole { format!("{have} bytes written") } else { format!("{have} bytes are there") };
                self.permit.finish(Outcome::Done { message });
                Ok(received)
            }
            Err(error) => {
                self.fail(&error).await;
                Err(error)
            }
        }
    }

    async fn finished(&mut self) -> Result<Received, FilesError> {
        self.files.written(&mut self.writing).await?;
        let have = self.writing.at();
        if let Some(total) = self.part.total.filter(|total| have < *total) {
            return if self.part.upload.is_empty() {
                Err(FilesError::Short { have, total })
            } else {
                Ok(Received { have, whole: false })
            };
        }
        let there = match self.files.stat(&self.to).await {
            Ok(there) => Some(there),
            Err(FileError::Link(error)) => return Err(FileError::Link(error).into()),
            Err(_) => None,
        };
        let mode = self.part.mode.or(there.and_then(|there| there.mode)).unwrap_or(0o644) & 0o7777;
        let times = self.part.changed.map(|changed| (changed, changed));
        // Of what stood there longer than this part, nothing is left behind its end.
        let size = Some(have);
        self.files.set_on(self.writing.handle(), Attributes { size, owner: None, mode: Some(mode), times }).await?;
        self.files.sync(self.writing.handle()).await?;
        self.files.rename(&self.beside, &self.to, self.part.replace).await?;
        Ok(Received { have, whole: true })
    }

    /// It ends here: what came is kept if it can be gone on with.
    pub async fn fail(mut self, error: &FilesError) {
        if self.part.upload.is_empty() && !matches!(error, FilesError::File(FileError::Link(_))) {
            // Where that cannot be done either there is nobody to tell.
            let _ = self.files.remove(&self.beside).await;
        } else {
            let _ = self.files.written(&mut self.writing).await; // whoever goes on asks how much is there
        }
        self.permit.finish(failed(error));
    }
}

async fn size(files: &mut Files, path: &[u8]) -> Result<u64, FilesError> {
    match files.lstat(path).await {
        Ok(there) if there.is_file() => Ok(there.size.unwrap_or(0)),
        Ok(_) => Err(FilesError::Odd),
        Err(error) if error.wrong() == Some(Wrong::NotFound) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
