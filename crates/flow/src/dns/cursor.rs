//! Reads the fields of a record's data one after the other.

use super::name;

/// A place inside the data of one record. Names may point anywhere into the message.
pub(super) struct Cursor<'a> {
    message: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(message: &'a [u8], at: usize, end: usize) -> Cursor<'a> {
        Cursor { message, at, end: end.min(message.len()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = *self.message.get(self.at..self.end)?.first_chunk::<N>()?;
        self.at += N;
        Some(bytes)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.message.get(self.at..self.end)?.get(..len)?;
        self.at += len;
        Some(bytes)
    }

    /// One byte of length and as many bytes.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.take(usize::from(len))
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        let bytes = self.message.get(self.at..self.end).unwrap_or_default();
        self.at = self.end;
        bytes
    }

    pub(super) fn name(&mut self, out: &mut String) -> Option<()> {
        let after = name::name(self.message, self.at, out)?;
        self.at = after;
        (after <= self.end).then_some(())
    }
}
