//! Packets of SFTP version 3, as a client makes and reads them.

use super::{Attributes, FileError, Wrong};
use crate::Error;

/// A request that is made. The first four bytes are its length, written at the end.
#[derive(Clone, Debug)]
pub(super) struct Ask(Vec<u8>);

impl Ask {
    pub(super) fn new(kind: u8, id: u32) -> Self {
        Self(vec![0, 0, 0, 0, kind]).number(id)
    }

    pub(super) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let mut ask = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        ask.0.extend_from_slice(bytes);
        ask
    }

    pub(super) fn attributes(self, attributes: Attributes) -> Self {
        let Attributes { size, owner: _, mode, times } = attributes;
        let flag = |there: bool, flag: u32| if there { flag } else { 0 };
        let flags = flag(size.is_some(), SIZE) | flag(mode.is_some(), MODE) | flag(times.is_some(), TIMES);
        let mut ask = self.number(flags);
        if let Some(size) = size {
            ask = ask.long(size);
        }
        if let Some(mode) = mode {
            ask = ask.number(mode);
        }
        if let Some((access, change)) = times {
            ask = ask.number(access).number(change);
        }
        ask
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let len = u32::try_from(self.0.len().saturating_sub(4)).unwrap_or(u32::MAX);
        if let Some(head) = self.0.first_chunk_mut() {
            *head = len.to_be_bytes();
        }
        self.0
    }
}

/// Takes fields of a reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, FileError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u32, FileError> {
        self.array().map(u32::from_be_bytes)
    }

    fn long(&mut self) -> Result<u64, FileError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], FileError> {
        let len = self.number()? as usize;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or_else(broken)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn attributes(&mut self) -> Result<Attributes, FileError> {
        let flags = self.number()?;
        let mut read = Attributes::default();
        if flags & SIZE != 0 {
            read.size = Some(self.long()?);
        }
        if flags & OWNER != 0 {
            read.owner = Some((self.number()?, self.number()?));
        }
        if flags & MODE != 0 {
            read.mode = Some(self.number()?);
        }
        if flags & TIMES != 0 {
            read.times = Some((self.number()?, self.number()?));
        }
        // What follows is no member of ours, and the entries behind it could not be found.
        if flags & !(SIZE | OWNER | MODE | TIMES) != 0 {
            return Err(broken());
        }
        Ok(read)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

/// Whole replies out of a stream of bytes.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    bytes: Vec<u8>,
    at: usize,
}

impl Cutter {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole reply, without its length.
    pub(super) fn next_reply(&mut self) -> Result<Option<&[u8]>, FileError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((head, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let len = u32::from_be_bytes(*head) as usize;
        if len == 0 || len > MAX_REPLY {
            return Err(broken());
        }
        if rest.len() < len {
            return Ok(None);
        }
        let from = self.at + 4;
        self.at = from + len;
        Ok(self.bytes.get(from..self.at))
    }
}

/// What a status says that is not "done" and not "the end".
pub(super) fn refusal(code: u32, words: &[u8]) -> FileError {
    let words: String =
        String::from_utf8_lossy(words).chars().filter(|one| !one.is_control()).take(MOST_WORDS).collect();
    let number = words.rsplit_once("(os error ").and_then(|(_, rest)| rest.strip_suffix(')')?.parse().ok());
    let wrong = match (code, number.unwrap_or(0)) {
        (1, _) => Wrong::End,
        (2, _) => Wrong::NotFound,
        (3, _) => Wrong::Denied,
        (_, 17) => Wrong::Exists,
        (_, 20) => Wrong::NotFolder,
        (_, 21) => Wrong::IsFolder,
        (_, 28 | 122) => Wrong::Full,
        (_, 39) => Wrong::NotEmpty,
        _ if words == "entity already exists" => Wrong::Exists,
        _ => Wrong::Other,
    };
    FileError::Refused { wrong, words }
}

pub(super) fn broken() -> FileError {
    FileError::Link(Error::Protocol(proto::workspace::Error::Malformed))
}

pub(super) const INIT: u8 = 1;
pub(super) const VERSION: u8 = 2;
pub(super) const OPEN: u8 = 3;
pub(super) const CLOSE: u8 = 4;
pub(super) const READ: u8 = 5;
pub(super) const WRITE: u8 = 6;
pub(super) const LSTAT: u8 = 7;
pub(super) const SETSTAT: u8 = 9;
pub(super) const FSETSTAT: u8 = 10;
pub(super) const OPENDIR: u8 = 11;
pub(super) const READDIR: u8 = 12;
pub(super) const REMOVE: u8 = 13;
pub(super) const MKDIR: u8 = 14;
pub(super) const RMDIR: u8 = 15;
pub(super) const REALPATH: u8 = 16;
pub(super) const STAT: u8 = 17;
pub(super) const RENAME: u8 = 18;
pub(super) const READLINK: u8 = 19;
pub(super) const SYMLINK: u8 = 20;
pub(super) const STATUS: u8 = 101;
pub(super) const HANDLE: u8 = 102;
pub(super) const DATA: u8 = 103;
pub(super) const NAME: u8 = 104;
pub(super) const ATTRS: u8 = 105;
pub(super) const EXTENDED: u8 = 200;

const SIZE: u32 = 1;
const OWNER: u32 = 2;
const MODE: u32 = 4;
const TIMES: u32 = 8;
const MAX_REPLY: usize = 512 << 10;
const MOST_WORDS: usize = 300;
