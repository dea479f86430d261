//! Where files of packets go: a file, stdout or a pipe. What is in it is whole blocks, always, and beside a file stands
//! its manifest.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use pcap::manifest::{Ledger, Link};

use super::error::{TapError, called};
use super::s3::{self, Object, S3, Upload};
use super::verify;
use crate::error::Error;

/// A destination that is being written.
pub(super) struct Drain {
    to: To,
    name: String,
    /// It is no pipe: it can be cut back to whole blocks when the disk is full.
    is_file: bool,
    written: u64,
    manifest: Option<Manifest>,
    /// The disk has no room for what was to be written last.
    full: bool,
}

enum To {
    File(File),
    /// An object of a store, which is there when it is whole.
    Object(Box<Upload>),
}

/// What is known of places that are no files.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) s3: &'a S3,
    /// Nobody else in this process obeys signals: Ctrl-C leaves no parts of an object.
    pub(super) alone: bool,
}

/// What is told of it beside it.
struct Manifest {
    /// Of an object it is kept until that is whole.
    to: Option<File>,
    path: PathBuf,
    ledger: Ledger,
    lines: Vec<u8>,
    written: u64,
}

impl Drain {
    /// Opens it; `-` is stdout. `before` is the last link of the file that this one continues.
    pub(super) fn create(path: &Path, before: Option<Link>, place: Place<'_>) -> Result<Self, Error> {
        if s3::is_object(path) {
            let object = Object::of(path, place.s3)?;
            let to = To::Object(Box::new(Upload::begin(object, place.alone)?));
            let manifest = Some(Manifest::begin(path, before, None)?);
            return Ok(Self { to, name: called(path), is_file: false, written: 0, manifest, full: false });
        }
        if path.as_os_str() == "-" {
            // the descriptor itself: nothing of packets stays in a buffer of lines
            let to = To::File(std::io::stdout().as_fd().try_clone_to_owned()?.into());
            return Ok(Self { to, name: "stdout".to_owned(), is_file: false, written: 0, manifest: None, full: false });
        }
        let name = called(path);
        let failed = |source| Error::of(TapError::Write { file: name.clone(), source });
        let to = create(path).map_err(failed)?;
        let is_file = to.metadata().is_ok_and(|about| about.is_file());
        let manifest = is_file.then(|| Manifest::create(path, before)).transpose()?;
        Ok(Self { to: To::File(to), name, is_file, written: 0, manifest, full: false })
    }

    /// Writes whole blocks. On failure a file is cut back to those that were written before.
    pub(super) fn write(&mut self, blocks: &[u8]) -> Result<(), Error> {
        if blocks.is_empty() {
            return Ok(());
        }
        self.full = false;
        let to = match &mut self.to {
            To::File(file) => file,
            To::Object(upload) => {
                upload.write(blocks)?;
                self.written += blocks.len() as u64;
                if let Some(manifest) = &mut self.manifest {
                    manifest.ledger.bytes(blocks, &mut manifest.lines);
                }
                return Ok(());
            }
        };
        match to.write_all(blocks) {
            Ok(()) => {
                self.written += blocks.len() as u64;
                if let Some(manifest) = &mut self.manifest {
                    manifest.ledger.bytes(blocks, &mut manifest.lines);
                }
                self.settle()
            }
            // the reader went away, which ends the output as `| head` does
            Err(source) if source.kind() == ErrorKind::BrokenPipe => Err(Error::Output(source)),
            Err(source) => {
                self.full = is_full(&source);
                let cut = |to: &mut File| to.set_len(self.written).and_then(|()| to.seek(SeekFrom::End(0)));
                if self.is_file
                    && let Err(error) = cut(to)
                {
                    tracing::warn!(%error, "cannot cut {} back to whole blocks", self.name);
                }
                Err(Error::of(TapError::Write { file: self.name.clone(), source }))
            }
        }
    }

    /// Writes what of the manifest is not written yet.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        let Some(manifest) = &mut self.manifest else { return Ok(()) };
        manifest.write().map_err(|source| {
            self.full = is_full(&source);
            Error::of(TapError::Write { file: called(&manifest.path), source })
        })
    }

    /// What failed last did so for want of room.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Bytes so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// It is a file, and nobody waits for what is in it.
    pub(super) fn is_file(&self) -> bool {
        self.is_file || matches!(self.to, To::Object(_))
    }

    /// Nothing follows; the last link of its manifest.
    pub(super) fn end(self) -> Result<Option<Link>, Error> {
        let Some(mut manifest) = self.manifest else { return Ok(None) };
        if let To::Object(upload) = self.to {
            let link = manifest.ledger.end(&mut manifest.lines);
            upload.end(manifest.lines)?;
            return Ok(Some(link));
        }
        let file = called(&manifest.path);
        let link = manifest.end().map_err(|source| Error::of(TapError::Write { file, source }))?;
        Ok(Some(link))
    }
}

impl Manifest {
    fn create(file: &Path, before: Option<Link>) -> Result<Self, Error> {
        let path = verify::beside(file);
        let to = create(&path).map_err(|source| Error::of(TapError::Write { file: called(&path), source }))?;
        Self::begin(file, before, Some(to))
    }

    fn begin(file: &Path, before: Option<Link>, to: Option<File>) -> Result<Self, Error> {
        let path = verify::beside(file);
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut lines = Vec::new();
        let ledger = Ledger::begin(&name, before, &mut lines);
        let mut this = Self { to, path, ledger, lines, written: 0 };
        this.write().map_err(|source| Error::of(TapError::Write { file: called(&this.path), source }))?;
        Ok(this)
    }

    fn end(mut self) -> std::io::Result<Link> {
        let link = self.ledger.clone().end(&mut self.lines);
        self.write()?;
        Ok(link)
    }

    /// Writes the lines that wait. What fails is cut back, and waits on.
    fn write(&mut self) -> std::io::Result<()> {
        let Some(to) = self.to.as_mut().filter(|_| !self.lines.is_empty()) else { return Ok(()) };
        if let Err(source) = to.write_all(&self.lines) {
            if let Err(error) = to.set_len(self.written).and_then(|()| to.seek(SeekFrom::End(0))) {
                tracing::warn!(%error, "cannot cut a manifest back to whole lines");
            }
            return Err(source);
        }
        self.written += self.lines.len() as u64;
        self.lines.clear();
        Ok(())
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// What is captured is for its owner alone, unless the file was there before.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}
