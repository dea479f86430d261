//! Packets of SFTP: a length, a kind, and fields.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A packet that cannot be read: the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The next packet; `None` at the end.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    if let Err(error) = from.read_exact(&mut head) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let len = u32::from_be_bytes(head) as usize;
    if len == 0 || len > MAX_PACKET {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a packet is longer than allowed"));
    }
    let mut packet = vec![0; len];
    from.read_exact(&mut packet)?;
    Ok(Some(packet))
}

/// Takes fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, Broken> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn number(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u64, Broken> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let len = self.number()? as usize;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Broken)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn path(&mut self) -> Result<PathBuf, Broken> {
        self.bytes().map(|bytes| OsString::from_vec(bytes.to_vec()).into())
    }

    pub(super) fn handle(&mut self) -> Result<u32, Broken> {
        // what is no handle of ours names no open file
        self.bytes().map(|bytes| bytes.try_into().map_or(0, u32::from_be_bytes))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Broken)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

/// A packet that is made.
#[derive(Clone, Debug)]
pub(super) struct Reply(Vec<u8>);

impl Reply {
    pub(super) fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    pub(super) fn about(kind: u8, id: u32) -> Self {
        let mut reply = Self::new(kind);
        reply.number(id);
        reply
    }

    pub(super) fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let len = (self.0.len() - 4) as u32;
        if let Some(head) = self.0.first_chunk_mut() {
            *head = len.to_be_bytes();
        }
        self.0
    }
}

const MAX_PACKET: usize = 256 << 10;
