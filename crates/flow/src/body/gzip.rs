//! The head and the tail of a gzip member (RFC 1952), which may come in pieces.

/// Where in a member the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// So many bytes of the fixed head are read.
    Fixed(u8),
    /// So many bytes of the length of the extra field.
    ExtraLength(u8, u16),
    /// So many bytes of it are left.
    Extra(u16),
    /// In a text that a zero ends; so many more follow.
    Text(u8),
    /// So many bytes of the head's checksum are left.
    Checksum(u8),
    /// In the compressed data.
    Data,
    /// So many bytes of the tail are left.
    Tail(u8),
}

/// A member with the flags of its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gzip {
    pub(super) at: Member,
    flags: u8,
}

/// It is not gzip.
#[derive(Debug)]
pub(super) struct NotGzip;

impl Gzip {
    pub(super) fn new() -> Self {
        Self { at: Member::Fixed(0), flags: 0 }
    }

    /// Takes bytes up to the compressed data, or through the tail to the next member's. Returns what is left of them.
    pub(super) fn skip<'b>(&mut self, mut bytes: &'b [u8]) -> Result<&'b [u8], NotGzip> {
        while self.at != Member::Data {
            let Some((byte, rest)) = bytes.split_first() else { break };
            self.byte(*byte)?;
            bytes = rest;
        }
        Ok(bytes)
    }

    fn byte(&mut self, byte: u8) -> Result<(), NotGzip> {
        self.at = match self.at {
            Member::Fixed(0) if byte == 0x1f => Member::Fixed(1),
            Member::Fixed(1) if byte == 0x8b => Member::Fixed(2),
            Member::Fixed(2) if byte == 8 => Member::Fixed(3),
            Member::Fixed(0..=2) => return Err(NotGzip),
            Member::Fixed(3) if byte & 0xe0 != 0 => return Err(NotGzip),
            Member::Fixed(3) => {
                self.flags = byte;
                Member::Fixed(4)
            }
            Member::Fixed(read) if read < 9 => Member::Fixed(read + 1),
            Member::Fixed(_) if self.flags & EXTRA != 0 => Member::ExtraLength(0, 0),
            Member::Fixed(_) => self.texts(),
            Member::ExtraLength(0, _) => Member::ExtraLength(1, u16::from(byte)),
            Member::ExtraLength(_, low) => match low | u16::from(byte) << 8 {
                0 => self.texts(),
                len => Member::Extra(len),
            },
            Member::Extra(1) => self.texts(),
            Member::Extra(left) => Member::Extra(left.saturating_sub(1)),
            Member::Text(more) if byte == 0 && more > 0 => Member::Text(more - 1),
            Member::Text(_) if byte == 0 => self.checksum(),
            Member::Text(more) => Member::Text(more),
            Member::Checksum(1) => Member::Data,
            Member::Checksum(left) => Member::Checksum(left.saturating_sub(1)),
            Member::Tail(1) => Member::Fixed(0),
            Member::Tail(left) => Member::Tail(left.saturating_sub(1)),
            Member::Data => Member::Data,
        };
        Ok(())
    }

    /// What follows the extra field: name, comment, checksum, data.
    fn texts(self) -> Member {
        match (self.flags & NAME != 0, self.flags & COMMENT != 0) {
            (true, true) => Member::Text(1),
            (false, false) => self.checksum(),
            _ => Member::Text(0),
        }
    }

    fn checksum(self) -> Member {
        if self.flags & CHECKSUM != 0 { Member::Checksum(2) } else { Member::Data }
    }
}

const CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
