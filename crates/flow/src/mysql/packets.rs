//! Packets and their fields, little endian.

/// Reads one field after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    /// How far it has read.
    pub(super) at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Fields<'a> {
        Fields { bytes, at: 0 }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = *self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(bytes)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..)?.get(..len)?;
        self.at += len;
        Some(bytes)
    }

    /// Up to the next NUL.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let end = memchr::memchr(0, rest)?;
        self.at += end + 1;
        rest.get(..end)
    }

    /// A number of one to nine bytes.
    pub(super) fn number(&mut self) -> Option<u64> {
        Some(match self.u8()? {
            first @ 0..=0xfa => u64::from(first),
            0xfc => u64::from(self.u16()?),
            0xfd => {
                let [a, b, c] = self.array()?;
                u64::from(u32::from_le_bytes([a, b, c, 0]))
            }
            0xfe => u64::from_le_bytes(self.array()?),
            _ => return None,
        })
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

/// The length of a packet's body and its number. None when there are fewer than four bytes.
pub(super) fn head(bytes: &[u8]) -> Option<(usize, u8)> {
    let [a, b, c, number] = *bytes.first_chunk::<4>()?;
    Some((u32::from_le_bytes([a, b, c, 0]) as usize, number))
}

/// What `OK` says: rows changed, the server's state.
pub(super) fn ok(body: &[u8]) -> Option<(u64, u16)> {
    let mut fields = Fields::new(body.get(1..)?);
    let affected = fields.number()?;
    fields.number()?;
    Some((affected, fields.u16()?))
}

/// Number, SQLSTATE and text of an error, and where the text stands.
pub(super) fn error(body: &[u8]) -> Option<(u16, &[u8], &[u8], usize)> {
    let mut fields = Fields::new(body);
    fields.u8()?;
    let code = fields.u16()?;
    let state = match fields.rest() {
        [b'#', a, b, c, d, e, ..] if [a, b, c, d, e].iter().all(|byte| byte.is_ascii_alphanumeric()) => {
            fields.take(1)?;
            fields.take(5)?
        }
        _ => b"",
    };
    Some((code, state, fields.rest(), fields.at))
}

pub(super) const LONG_FLAG_COMPRESS: u32 = 0x20;
pub(super) const CONNECT_WITH_DB: u32 = 0x8;
pub(super) const PROTOCOL_41: u32 = 0x200;
pub(super) const SSL: u32 = 0x800;
pub(super) const SECURE_CONNECTION: u32 = 0x8000;
pub(super) const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
pub(super) const ZSTD: u32 = 1 << 26;

/// The server is in a transaction; more results follow; rows wait behind a cursor.
pub(super) const IN_TRANSACTION: u16 = 1;
pub(super) const MORE_RESULTS: u16 = 8;
pub(super) const CURSOR: u16 = 0x40;

/// A body of this length goes on in the next packet.
pub(super) const FULL: usize = 0xff_ffff;
/// Commands longer than this are shown by their head.
pub(super) const HEAD: usize = 16 << 10;
