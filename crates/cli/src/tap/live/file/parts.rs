//! The file of a tap, or the files in turn (`--rotate`): `shop.pcapng` is `shop-0001.pcapng`, `shop-0002.pcapng`, … then,
//! and of more than are kept the oldest is deleted. Their manifests are one chain.

use crate::error::Error;
use crate::grammar::tap::Rotate;
use crate::tap::drain::{Drain, Place};
use crate::tap::s3::{self, Object, S3};
use crate::tap::verify;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Where packets go.
pub(super) struct Parts {
    path: PathBuf,
    rotate: Option<Rotate>,
    /// `None` only while one is exchanged for the next.
    drain: Option<Drain>,
    /// Files that are there, oldest first.
    files: VecDeque<PathBuf>,
    begun: u64,
    /// Bytes of the files before.
    before: u64,
    /// The oldest makes room on a full disk.
    drops: bool,
    s3: S3,
}

impl Parts {
    pub(super) fn create(path: &Path, rotate: Option<Rotate>, drops: bool, s3: &S3) -> Result<Self, Error> {
        let rotate = rotate.filter(|_| path.as_os_str() != "-");
        let (path, files) = (path.to_owned(), VecDeque::new());
        let mut this = Self { path, rotate, drain: None, files, begun: 0, before: 0, drops, s3: s3.clone() };
        this.next()?;
        Ok(this)
    }

    /// Ends the file and begins the next.
    pub(super) fn next(&mut self) -> Result<(), Error> {
        let mut link = None;
        if let Some(drain) = self.drain.take() {
            self.before += drain.written();
            link = drain.end()?;
        }
        self.begun += 1;
        let path = if self.rotate.is_some() { numbered(&self.path, self.begun) } else { self.path.clone() };
        self.drain = Some(Drain::create(&path, link, Place { s3: &self.s3, alone: false })?);
        self.files.push_back(path);
        while self.rotate.and_then(|rotate| rotate.count).is_some_and(|count| self.files.len() > count) {
            self.drop_oldest();
        }
        Ok(())
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.files.pop_front() else { return };
        if s3::is_object(&oldest) {
            if let Err(error) = Object::of(&oldest, &self.s3).and_then(|object| object.delete()) {
                eprintln!("qd: {} stays: {error}", oldest.display());
            }
            return;
        }
        for file in [verify::beside(&oldest), oldest] {
            if let Err(error) = std::fs::remove_file(&file) {
                eprintln!("qd: {} stays: {error}", file.display());
            }
        }
    }

    /// With so many bytes more it is time for the next.
    pub(super) fn is_full(&self, more: u64) -> bool {
        let written = self.drain.as_ref().map_or(0, Drain::written);
        self.rotate.is_some_and(|rotate| written + more >= rotate.size)
    }

    pub(super) fn write(&mut self, blocks: &[u8]) -> Result<(), Error> {
        let Some(drain) = &mut self.drain else { return Ok(()) };
        let (before, mut result) = (drain.written(), drain.write(blocks));
        // The file that is written now stays.
        while result.is_err() && self.drops && self.is_disk_full() && self.files.len() > 1 {
            self.drop_oldest();
            let Some(drain) = &mut self.drain else { return result };
            result = if drain.written() == before { drain.write(blocks) } else { drain.settle() };
        }
        result
    }

    /// What failed last did so for want of room.
    pub(super) fn is_disk_full(&self) -> bool {
        self.drain.as_ref().is_some_and(Drain::is_full)
    }

    /// Bytes of all files.
    pub(super) fn written(&self) -> u64 {
        self.before + self.drain.as_ref().map_or(0, Drain::written)
    }

    pub(super) fn is_file(&self) -> bool {
        self.drain.as_ref().is_some_and(Drain::is_file)
    }

    pub(super) fn end(self) -> Result<(), Error> {
        self.drain.map_or(Ok(()), |drain| drain.end().map(drop))
    }
}

/// `shop.pcapng` as `shop-0007.pcapng`.
fn numbered(path: &Path, number: u64) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number:04}{end}"))
}
