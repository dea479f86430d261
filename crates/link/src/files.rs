//! Files of the workspace's user: a client of SFTP version 3 over a channel of files.
//!
//! ```text
//! Files ─ request, request, … ─▶ sftp-server of the daemon, as the user
//!       ◀─ reply, reply, … ──── in the order of the requests
//! ```
//!
//! Paths are bytes, and begin in the user's home unless they begin with `/`. Reading and writing keep several requests on the way
//! ([`Reading`], [`Writing`]); nothing is held beyond them. Whoever gives up in the middle of a request gives up the channel.

mod packet;
mod transfer;

use crate::{Error, Event, Session, Writer};
use packet::{Ask, Cutter, Fields, broken, refusal};
pub use transfer::{Reading, Writing};

/// What is wrong with a request for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is no such file or folder.
    NotFound,
    /// The user may not.
    Denied,
    /// There is one.
    Exists,
    /// A folder that holds something.
    NotEmpty,
    /// A folder is needed.
    NotFolder,
    /// It is a folder.
    IsFolder,
    /// Nothing more follows.
    End,
    /// No room is left.
    Full,
    /// What the words say.
    Other,
}

/// Why a request for a file was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The connection, or the other end, is no good any more.
    #[error(transparent)]
    Link(#[from] Error),
    /// The workspace's system says no.
    #[error("{words}")]
    Refused {
        /// What is wrong.
        wrong: Wrong,
        /// In the system's words.
        words: String,
    },
    /// More entries than are read.
    #[error("the folder has more than {0} entries")]
    Many(usize),
}

impl FileError {
    /// What the system says is wrong.
    #[must_use]
    pub fn wrong(&self) -> Option<Wrong> {
        if let Self::Refused { wrong, .. } = self { Some(*wrong) } else { None }
    }
}

/// What is known of a file, or to be set of it: each member is there or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// In bytes.
    pub size: Option<u64>,
    /// User and group. Never set.
    pub owner: Option<(u32, u32)>,
    /// With the bits of its kind.
    pub mode: Option<u32>,
    /// Of access and of change, epoch seconds.
    pub times: Option<(u32, u32)>,
}

impl Attributes {
    /// It is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind() == 0o040_000
    }

    /// It is a symbolic link.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.kind() == 0o120_000
    }

    /// It is a file with bytes, not a socket or a device.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind() == 0o100_000
    }

    fn kind(&self) -> u32 {
        self.mode.unwrap_or(0) & 0o170_000
    }
}

/// One of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Without the folder.
    pub name: Vec<u8>,
    /// Of a link, its own.
    pub attributes: Attributes,
}

/// An open file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle(Vec<u8>);

/// For what a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// To read.
    Read,
    /// To write, from its beginning; made if it is not there.
    Anew,
    /// To write more; made if it is not there.
    More,
}

/// A client; one request at a time.
#[derive(Debug)]
pub struct Files {
    session: Session,
    input: Writer,
    cutter: Cutter,
    last: u32,
    /// A request is being sent: whoever finds it so finds half of one before.
    sending: bool,
}

impl Files {
    /// Says hello over a channel of [`crate::Link::files`].
    ///
    /// # Errors
    /// When the other end is no SFTP server, or is gone.
    pub async fn open(session: Session) -> Result<Self, FileError> {
        let input = session.input();
        let mut files = Self { session, input, cutter: Cutter::default(), last: 0, sending: false };
        files.send(Ask::new(packet::INIT, 3)).await?;
        loop {
            if let Some(reply) = files.cutter.next_reply()? {
                let mut fields = Fields(reply);
                return if fields.byte()? == packet::VERSION && fields.number()? == 3 {
                    Ok(files)
                } else {
                    Err(broken())
                };
            }
            files.more().await?;
        }
    }

    /// The whole path, without dots and links as far as it is there.
    ///
    /// # Errors
    /// As [`FileError`] says; so do all that follow.
    pub async fn real(&mut self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        self.name(packet::REALPATH, path).await
    }

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn read_link(&mut self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        self.name(packet::READLINK, path).await
    }

    /// What is known of a file; of a link, of where it leads.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn stat(&mut self, path: &[u8]) -> Result<Attributes, FileError> {
        let id = self.ask(packet::STAT, |ask| ask.bytes(path)).await?;
        self.answer(id, packet::ATTRS, |fields| fields.attributes()).await
    }

    /// What is known of a file, or of the link itself.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn lstat(&mut self, path: &[u8]) -> Result<Attributes, FileError> {
        let id = self.ask(packet::LSTAT, |ask| ask.bytes(path)).await?;
        self.answer(id, packet::ATTRS, |fields| fields.attributes()).await
    }

    /// Sets attributes.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn set(&mut self, path: &[u8], attributes: Attributes) -> Result<(), FileError> {
        let id = self.ask(packet::SETSTAT, |ask| ask.bytes(path).attributes(attributes)).await?;
        self.done(id).await
    }

    /// Sets attributes of an open file.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn set_on(&mut self, handle: &Handle, attributes: Attributes) -> Result<(), FileError> {
        let id = self.ask(packet::FSETSTAT, |ask| ask.bytes(&handle.0).attributes(attributes)).await?;
        self.done(id).await
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn make_folder(&mut self, path: &[u8], mode: u32) -> Result<(), FileError> {
        let attributes = Attributes { mode: Some(mode), ..Attributes::default() };
        let id = self.ask(packet::MKDIR, |ask| ask.bytes(path).attributes(attributes)).await?;
        self.done(id).await
    }

    /// Removes what is no folder.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn remove(&mut self, path: &[u8]) -> Result<(), FileError> {
        let id = self.ask(packet::REMOVE, |ask| ask.bytes(path)).await?;
        self.done(id).await
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn remove_folder(&mut self, path: &[u8]) -> Result<(), FileError> {
        let id = self.ask(packet::RMDIR, |ask| ask.bytes(path)).await?;
        self.done(id).await
    }

    /// Gives another name; what has it is replaced at once, or in the way.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn rename(&mut self, from: &[u8], to: &[u8], replace: bool) -> Result<(), FileError> {
        let id = if replace {
            self.ask(packet::EXTENDED, |ask| ask.bytes(b"posix-rename@openssh.com").bytes(from).bytes(to)).await?
        } else {
            self.ask(packet::RENAME, |ask| ask.bytes(from).bytes(to)).await?
        };
        self.done(id).await
    }

    /// Makes a symbolic link at `path` that leads to `target`.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn link_to(&mut self, target: &[u8], path: &[u8]) -> Result<(), FileError> {
        let id = self.ask(packet::SYMLINK, |ask| ask.bytes(target).bytes(path)).await?;
        self.done(id).await
    }

    /// What a folder holds, without `.` and `..`.
    ///
    /// # Errors
    /// As [`Files::real`], and when it is more than `most`.
    pub async fn list(&mut self, path: &[u8], most: usize) -> Result<Vec<Entry>, FileError> {
        let id = self.ask(packet::OPENDIR, |ask| ask.bytes(path)).await?;
        let handle = self.handle(id).await?;
        let mut all = Vec::new();
        let listed = loop {
            let id = self.ask(packet::READDIR, |ask| ask.bytes(&handle.0)).await?;
            match self.answer(id, packet::NAME, entries).await {
                Ok(some) => all.extend(some.into_iter().filter(|one| one.name != b"." && one.name != b"..")),
                Err(error) if error.wrong() == Some(Wrong::End) => break Ok(()),
                Err(error) => break Err(error),
            }
            if all.len() > most {
                break Err(FileError::Many(most));
            }
        };
        if !matches!(listed, Err(FileError::Link(_))) {
            self.close(handle).await?;
        }
        listed.map(|()| all)
    }

    /// Opens a file; `mode` is for one that is made.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn open_file(&mut self, path: &[u8], what: Open, mode: u32) -> Result<Handle, FileError> {
        let flags = match what {
            Open::Read => 0x01,
            Open::Anew => 0x02 | 0x08 | 0x10,
            Open::More => 0x02 | 0x08,
        };
        let attributes = Attributes { mode: Some(mode), ..Attributes::default() };
        let id = self.ask(packet::OPEN, |ask| ask.bytes(path).number(flags).attributes(attributes)).await?;
        self.handle(id).await
    }

    /// Has what was written stand on the disk.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn sync(&mut self, handle: &Handle) -> Result<(), FileError> {
        let id = self.ask(packet::EXTENDED, |ask| ask.bytes(b"fsync@openssh.com").bytes(&handle.0)).await?;
        self.done(id).await
    }

    /// Closes a file.
    ///
    /// # Errors
    /// As [`Files::real`].
    pub async fn close(&mut self, handle: Handle) -> Result<(), FileError> {
        let id = self.ask(packet::CLOSE, |ask| ask.bytes(&handle.0)).await?;
        self.done(id).await
    }

    async fn name(&mut self, kind: u8, path: &[u8]) -> Result<Vec<u8>, FileError> {
        let id = self.ask(kind, |ask| ask.bytes(path)).await?;
        let name = self.answer(id, packet::NAME, entries).await?.into_iter().next();
        name.map(|one| one.name).ok_or_else(broken)
    }

    async fn handle(&mut self, id: u32) -> Result<Handle, FileError> {
        self.answer(id, packet::HANDLE, |fields| Ok(Handle(fields.bytes()?.to_vec()))).await
    }

    async fn done(&mut self, id: u32) -> Result<(), FileError> {
        self.answer(id, packet::STATUS, |_| Ok(())).await
    }

    async fn ask(&mut self, kind: u8, fields: impl FnOnce(Ask) -> Ask) -> Result<u32, FileError> {
        self.last = self.last.wrapping_add(1);
        self.send(fields(Ask::new(kind, self.last))).await?;
        Ok(self.last)
    }

    async fn send(&mut self, ask: Ask) -> Result<(), FileError> {
        if std::mem::replace(&mut self.sending, true) {
            return Err(broken());
        }
        self.input.send(&ask.finish()).await?;
        self.sending = false;
        Ok(())
    }

    /// The reply to a request; those before it, which nobody waits for any more, are passed over.
    async fn answer<T>(
        &mut self,
        id: u32,
        kind: u8,
        read: impl FnOnce(&mut Fields<'_>) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        loop {
            while let Some(reply) = self.cutter.next_reply()? {
                let mut fields = Fields(reply);
                let (said, about) = (fields.byte()?, fields.number()?);
                if about != id {
                    // In the order of the requests: it is older, or the other end is confused.
                    if id.wrapping_sub(about) < AHEAD as u32 * 4 { continue } else { return Err(broken()) }
                }
                if said == packet::STATUS {
                    return match (fields.number()?, fields.bytes()?) {
                        (0, _) if kind == packet::STATUS => read(&mut fields),
                        (0, _) => Err(broken()),
                        (code, words) => Err(refusal(code, words)),
                    };
                }
                return if said == kind { read(&mut fields) } else { Err(broken()) };
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), FileError> {
        loop {
            match self.session.next().await? {
                Some(Event::Output { stream: proto::workspace::OUT, bytes }) => {
                    self.cutter.feed(&bytes);
                    return Ok(());
                }
                Some(Event::Exit(_) | Event::Closed(_)) | None => return Err(Error::Closed.into()),
                Some(_) => {}
            }
        }
    }
}

fn entries(fields: &mut Fields<'_>) -> Result<Vec<Entry>, FileError> {
    let count = fields.number()?;
    let mut all = Vec::new();
    for _ in 0..count.min(MOST_AT_ONCE) {
        let name = fields.bytes()?.to_vec();
        fields.bytes()?;
        all.push(Entry { name, attributes: fields.attributes()? });
    }
    Ok(all)
}

/// Requests on the way.
const AHEAD: usize = 4;
const MOST_AT_ONCE: u32 = 4096;

#[cfg(test)]
mod tests;
