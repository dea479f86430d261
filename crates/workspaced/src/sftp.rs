//! `sftp-server`: files by SFTP version 3 over standard streams, as whoever runs it. The daemon starts it as the user.
//!
//! One request at a time, in order. What a client may ask for is bounded: packets, handles, and what one answer holds.

mod attributes;
mod packet;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use attributes::Attributes;
use packet::{Broken, Reader, Reply};

use crate::Error;

/// Serves until the other end closes.
///
/// # Errors
/// When the other end breaks the protocol.
pub(crate) fn run() -> Result<(), Error> {
    let wrong = || Error::system("files are served no longer".to_owned());
    let mut from = BufReader::new(io::stdin().lock());
    let mut to = BufWriter::new(io::stdout().lock());
    let mut server = Server::default();
    while let Some(packet) = packet::read(&mut from).map_err(wrong())? {
        let reply = server.answer(&packet).map_err(|Broken| io::ErrorKind::InvalidData.into()).map_err(wrong())?;
        to.write_all(&reply.finish()).and_then(|()| to.flush()).map_err(wrong())?;
    }
    Ok(())
}

#[derive(Default)]
struct Server {
    open: HashMap<u32, Handle>,
    last: u32,
}

enum Handle {
    File(File),
    Folder { path: PathBuf, entries: fs::ReadDir, dots: bool },
}

/// What a request comes to.
enum Done {
    Ok,
    End,
    Handle(u32),
    Data(Vec<u8>),
    Attributes(Attributes),
    Names(Vec<(Vec<u8>, String, Attributes)>),
}

impl Server {
    fn answer(&mut self, packet: &[u8]) -> Result<Reply, Broken> {
        let mut reader = Reader(packet);
        let kind = reader.byte()?;
        if kind == INIT {
            let mut reply = Reply::new(VERSION);
            reply.number(3);
            for (name, version) in
                [("posix-rename@openssh.com", "1"), ("fsync@openssh.com", "1"), ("hardlink@openssh.com", "1")]
            {
                reply.bytes(name.as_bytes());
                reply.bytes(version.as_bytes());
            }
            return Ok(reply);
        }
        let id = reader.number()?;
        Ok(match self.carry_out(kind, &mut reader)? {
            Ok(done) => said(id, done),
            Err(error) => refused(id, &error),
        })
    }

    fn carry_out(&mut self, kind: u8, reader: &mut Reader<'_>) -> Result<io::Result<Done>, Broken> {
        Ok(match kind {
            OPEN => {
                let (path, flags) = (reader.path()?, reader.number()?);
                let attributes = Attributes::read(reader)?;
                open(&path, flags, &attributes).and_then(|file| self.keep(Handle::File(file)))
            }
            OPENDIR => {
                let path = reader.path()?;
                fs::read_dir(&path).and_then(|entries| self.keep(Handle::Folder { path, entries, dots: true }))
            }
            CLOSE => {
                let handle = reader.handle()?;
                self.open.remove(&handle).map(|_| Done::Ok).ok_or_else(gone)
            }
            READ => {
                let (handle, at, len) = (reader.handle()?, reader.long()?, reader.number()?);
                self.file(handle).and_then(|file| read(file, at, len))
            }
            WRITE => {
                let (handle, at) = (reader.handle()?, reader.long()?);
                let bytes = reader.bytes()?;
                self.file(handle).and_then(|file| file.write_all_at(bytes, at)).map(|()| Done::Ok)
            }
            READDIR => {
                let handle = reader.handle()?;
                self.list(handle)
            }
            FSTAT => {
                let handle = reader.handle()?;
                self.file(handle).and_then(File::metadata).map(|meta| Done::Attributes(Attributes::of(&meta)))
            }
            FSETSTAT => {
                let handle = reader.handle()?;
                let attributes = Attributes::read(reader)?;
                self.file(handle).and_then(|file| attributes.set_on(file)).map(|()| Done::Ok)
            }
            EXTENDED => return self.extended(reader),
            _ => return by_path(kind, reader),
        })
    }

    fn extended(&mut self, reader: &mut Reader<'_>) -> Result<io::Result<Done>, Broken> {
        Ok(match reader.bytes()? {
            b"posix-rename@openssh.com" => fs::rename(reader.path()?, reader.path()?).map(|()| Done::Ok),
            b"hardlink@openssh.com" => fs::hard_link(reader.path()?, reader.path()?).map(|()| Done::Ok),
            b"fsync@openssh.com" => {
                let handle = reader.handle()?;
                self.file(handle).and_then(File::sync_all).map(|()| Done::Ok)
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        })
    }

    fn keep(&mut self, handle: Handle) -> io::Result<Done> {
        if self.open.len() >= MAX_HANDLES {
            return Err(io::Error::other("too many files are open"));
        }
        self.last = self.last.wrapping_add(1);
        self.open.insert(self.last, handle);
        Ok(Done::Handle(self.last))
    }

    fn file(&self, handle: u32) -> io::Result<&File> {
        match self.open.get(&handle) {
            Some(Handle::File(file)) => Ok(file),
            _ => Err(gone()),
        }
    }

    fn list(&mut self, handle: u32) -> io::Result<Done> {
        let Some(Handle::Folder { path, entries, dots }) = self.open.get_mut(&handle) else { return Err(gone()) };
        let mut names = Vec::new();
        if std::mem::take(dots) {
            for name in [".", ".."] {
                let meta = fs::symlink_metadata(path.join(name))?;
                names.push((name.as_bytes().to_vec(), attributes::line(name, &meta), Attributes::of(&meta)));
            }
        }
        for entry in entries.by_ref().take(MAX_NAMES) {
            let entry = entry?;
            // one that is gone meanwhile is not told
            let Ok(meta) = entry.metadata() else { continue };
            let name = entry.file_name();
            let line = attributes::line(&name.to_string_lossy(), &meta);
            names.push((name.into_vec(), line, Attributes::of(&meta)));
        }
        Ok(if names.is_empty() { Done::End } else { Done::Names(names) })
    }
}

fn by_path(kind: u8, reader: &mut Reader<'_>) -> Result<io::Result<Done>, Broken> {
    let path = reader.path()?;
    Ok(match kind {
        STAT => fs::metadata(path).map(|meta| Done::Attributes(Attributes::of(&meta))),
        LSTAT => fs::symlink_metadata(path).map(|meta| Done::Attributes(Attributes::of(&meta))),
        SETSTAT => {
            let attributes = Attributes::read(reader)?;
            attributes.set(&path).map(|()| Done::Ok)
        }
        REMOVE => fs::remove_file(path).map(|()| Done::Ok),
        RMDIR => fs::remove_dir(path).map(|()| Done::Ok),
        MKDIR => {
            let mode = Attributes::read(reader)?.mode.unwrap_or(0o777);
            fs::DirBuilder::new().mode(mode & 0o7777).create(path).map(|()| Done::Ok)
        }
        REALPATH => whole(&path).map(|path| one(&path)),
        READLINK => fs::read_link(path).map(|path| one(&path)),
        RENAME => {
            let to = reader.path()?;
            // this version's rename replaces nothing
            match fs::symlink_metadata(&to) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => fs::rename(path, to).map(|()| Done::Ok),
            }
        }
        // what is written everywhere: the target comes first
        SYMLINK => symlink(path, reader.path()?).map(|()| Done::Ok),
        _ => Err(io::ErrorKind::Unsupported.into()),
    })
}

fn open(path: &Path, flags: u32, attributes: &Attributes) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(flags & 0x01 != 0)
        .write(flags & 0x02 != 0)
        .append(flags & 0x04 != 0)
        .create(flags & 0x08 != 0)
        .truncate(flags & 0x10 != 0)
        .create_new(flags & 0x28 == 0x28)
        .mode(attributes.mode.unwrap_or(0o666) & 0o7777);
    options.open(path)
}

fn read(file: &File, at: u64, len: u32) -> io::Result<Done> {
    let mut bytes = vec![0; (len as usize).min(MAX_READ)];
    let got = file.read_at(&mut bytes, at)?;
    bytes.truncate(got);
    Ok(if got == 0 && len > 0 { Done::End } else { Done::Data(bytes) })
}

/// The path without dots and links, as far as it is there.
fn whole(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(if path.as_os_str().is_empty() { Path::new(".") } else { path })?;
    match fs::canonicalize(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path),
        done => done,
    }
}

fn one(path: &Path) -> Done {
    let name = path.as_os_str().as_bytes().to_vec();
    Done::Names(vec![(name, path.display().to_string(), Attributes::default())])
}

fn said(id: u32, done: Done) -> Reply {
    match done {
        Done::Ok => status(id, 0, "done"),
        Done::End => status(id, 1, "the end"),
        Done::Handle(handle) => {
            let mut reply = Reply::about(HANDLE, id);
            reply.bytes(&handle.to_be_bytes());
            reply
        }
        Done::Data(bytes) => {
            let mut reply = Reply::about(DATA, id);
            reply.bytes(&bytes);
            reply
        }
        Done::Attributes(attributes) => {
            let mut reply = Reply::about(ATTRS, id);
            attributes.write(&mut reply);
            reply
        }
        Done::Names(names) => {
            let mut reply = Reply::about(NAME, id);
            reply.number(names.len() as u32);
            for (name, line, attributes) in names {
                reply.bytes(&name);
                reply.bytes(line.as_bytes());
                attributes.write(&mut reply);
            }
            reply
        }
    }
}

fn refused(id: u32, error: &io::Error) -> Reply {
    let code = match error.kind() {
        io::ErrorKind::NotFound => 2,
        io::ErrorKind::PermissionDenied => 3,
        io::ErrorKind::Unsupported => 8,
        _ => 4,
    };
    status(id, code, &error.to_string())
}

fn status(id: u32, code: u32, words: &str) -> Reply {
    let mut reply = Reply::about(STATUS, id);
    reply.number(code);
    reply.bytes(words.as_bytes());
    reply.bytes(b"en");
    reply
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no such handle")
}

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const LSTAT: u8 = 7;
const FSTAT: u8 = 8;
const SETSTAT: u8 = 9;
const FSETSTAT: u8 = 10;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const REMOVE: u8 = 13;
const MKDIR: u8 = 14;
const RMDIR: u8 = 15;
const REALPATH: u8 = 16;
const STAT: u8 = 17;
const RENAME: u8 = 18;
const READLINK: u8 = 19;
const SYMLINK: u8 = 20;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;
const EXTENDED: u8 = 200;

const MAX_HANDLES: usize = 256;
const MAX_NAMES: usize = 128;
const MAX_READ: usize = 128 << 10;

#[cfg(test)]
mod tests;
