//! Bytes of files, several requests at a time.

use super::packet::{self, broken};
use super::{AHEAD, FileError, Files, Handle, Wrong};
use std::collections::VecDeque;

impl Files {
    /// The next bytes of a file; `None` at its end, or that of what is read.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn read(&mut self, reading: &mut Reading) -> Result<Option<Vec<u8>>, FileError> {
        loop {
            while reading.asked.len() < AHEAD && reading.at < reading.end {
                let len = u32::try_from((reading.end - reading.at).min(PIECE as u64)).unwrap_or(u32::MAX);
                let at = reading.at;
                let id = self.ask(packet::READ, |ask| ask.bytes(&reading.handle.0).long(at).number(len)).await?;
                reading.asked.push_back((id, at, len));
                reading.at += u64::from(len);
            }
            let Some((id, at, len)) = reading.asked.pop_front() else { return Ok(None) };
            match self.answer(id, packet::DATA, |fields| Ok(fields.bytes()?.to_vec())).await {
                Ok(bytes) if bytes.len() > len as usize || bytes.is_empty() => return Err(broken()),
                Ok(bytes) => {
                    if bytes.len() < len as usize {
                        // Less than was asked for: what is on the way is for further on, and is asked for again.
                        reading.asked.clear();
                        reading.at = at + bytes.len() as u64;
                    }
                    return Ok(Some(bytes));
                }
                Err(error) if error.wrong() == Some(Wrong::End) => {
                    reading.asked.clear();
                    reading.end = at;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the next bytes; that they are written is known after [`Files::written`].
    ///
    /// # Errors
    /// As [`Files::real`]; of earlier bytes too.
    pub async fn write(&mut self, writing: &mut Writing, bytes: &[u8]) -> Result<(), FileError> {
        for piece in bytes.chunks(PIECE) {
            if writing.asked.len() >= AHEAD
                && let Some(id) = writing.asked.pop_front()
            {
                self.done(id).await?;
            }
            let at = writing.at;
            let id = self.ask(packet::WRITE, |ask| ask.bytes(&writing.handle.0).long(at).bytes(piece)).await?;
            writing.asked.push_back(id);
            writing.at += piece.len() as u64;
        }
        Ok(())
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn written(&mut self, writing: &mut Writing) -> Result<(), FileError> {
        while let Some(id) = writing.asked.pop_front() {
            self.done(id).await?;
        }
        Ok(())
    }
}

/// A file that is read from some place on, with requests on the way.
#[derive(Debug)]
pub struct Reading {
    handle: Handle,
    at: u64,
    end: u64,
    asked: VecDeque<(u32, u64, u32)>,
}

impl Reading {
    /// The bytes from `at` to before `end`, as far as there are any.
    #[must_use]
    pub fn new(handle: Handle, at: u64, end: u64) -> Self {
        Self { handle, at, end, asked: VecDeque::new() }
    }

    /// The file, to close it.
    #[must_use]
    pub fn into_handle(self) -> Handle {
        self.handle
    }
}

/// A file that is written from some place on.
#[derive(Debug)]
pub struct Writing {
    handle: Handle,
    at: u64,
    asked: VecDeque<u32>,
}

impl Writing {
    /// From this byte on.
    #[must_use]
    pub fn new(handle: Handle, at: u64) -> Self {
        Self { handle, at, asked: VecDeque::new() }
    }

    /// Where the next byte goes.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The file.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The file, to close it.
    #[must_use]
    pub fn into_handle(self) -> Handle {
        self.handle
    }
}

/// Bytes of one request to read or write.
const PIECE: usize = 64 << 10;
