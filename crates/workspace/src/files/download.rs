//! The bytes of one file, or of a part of it.

use super::{FilesError, Opened};
use link::files::{Files, Open, Reading};
use policy::action::WorkspaceFiles;
use policy::{Outcome, Permit};

/// Which bytes of a file are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// From this byte to before that one.
    Part(u64, u64),
    /// From this byte on.
    From(u64),
    /// So many at the end.
    Last(u64),
}

impl Range {
    /// The first byte, and the one behind the last, in a file of this size; `None` when there are none.
    #[must_use]
    pub fn within(self, size: u64) -> Option<(u64, u64)> {
        let (first, end) = match self {
            Self::Part(first, end) => (first, end.min(size)),
            Self::From(first) => (first, size),
            Self::Last(many) => (size.saturating_sub(many), size),
        };
        (first < end).then_some((first, end))
    }
}

/// A file that is fetched.
#[derive(Debug)]
pub struct Download {
    permit: Option<Permit<WorkspaceFiles>>,
    files: Files,
    reading: Reading,
    /// Of the whole file.
    pub size: u64,
    /// Epoch seconds.
    pub changed: u32,
    /// Whole, without dots and links.
    pub path: Vec<u8>,
    first: u64,
    end: u64,
    at: u64,
}

impl Opened {
    /// The file as it is now, and its bytes as they are asked for.
    ///
    /// # Errors
    /// As [`FilesError`] says.
    pub async fn get(mut self) -> Result<Download, FilesError> {
        let found = async {
            let path = self.path()?;
            let path = self.files.real(&path).await?;
            let about = self.files.stat(&path).await?;
            if about.is_folder() {
                return Err(FilesError::Folder);
            }
            if !about.is_file() {
                return Err(FilesError::Odd);
            }
            let handle = self.files.open_file(&path, Open::Read, 0).await?;
            Ok((path, about, handle))
        };
        match found.await {
            Ok((path, about, handle)) => {
                let size = about.size.unwrap_or(0);
                let changed = about.times.map_or(0, |(_, changed)| changed);
                let reading = Reading::new(handle, 0, size);
                let Self { permit, files } = self;
                Ok(Download { permit: Some(permit), files, reading, size, changed, path, first: 0, end: size, at: 0 })
            }
            Err(error) => {
                self.end(Err(&error));
                Err(error)
            }
        }
    }
}

impl Download {
    /// Only these bytes, from the first to before the end. Asked for before any came.
    #[must_use]
    pub fn only(self, first: u64, end: u64) -> Self {
        let reading = Reading::new(self.reading.into_handle(), first, end);
        Self { reading, first, end, at: first, ..self }
    }

    /// The next bytes; `None` when all came.
    ///
    /// # Errors
    /// When they cannot be read any more, or the file has become shorter.
    pub async fn next_bytes(&mut self) -> Result<Option<Vec<u8>>, FilesError> {
        let read = self.read().await;
        let Some(permit) = &self.permit else { return read };
        match &read {
            Ok(Some(bytes)) => permit.count_bytes(bytes.len() as u64),
            Ok(None) => self.end(Outcome::Done { message: format!("{} bytes fetched", self.end - self.first) }),
            Err(error) => self.end(super::failed(error)),
        }
        read
    }

    async fn read(&mut self) -> Result<Option<Vec<u8>>, FilesError> {
        let Some(permit) = &self.permit else { return Ok(None) };
        let read = tokio::select! {
            read = self.files.read(&mut self.reading) => read?,
            () = permit.ended() => return Err(FilesError::Revoked),
        };
        match &read {
            Some(bytes) => self.at += bytes.len() as u64,
            None if self.at < self.end => {
                return Err(FilesError::Short { have: self.at - self.first, total: self.end - self.first });
            }
            None => {}
        }
        Ok(read)
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(permit) = self.permit.take() {
            permit.finish(outcome);
        }
    }
}
