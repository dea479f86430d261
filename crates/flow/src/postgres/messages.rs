//! The fields of messages.

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
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..)?.get(..len)?;
        self.at += len;
        Some(bytes)
    }

    /// Up to the next NUL.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let end = memchr::memchr(0, rest)?;
        self.at += end + 1;
        rest.get(..end)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

/// The type and the length of the message that begins here, without its type byte. None when there are fewer than five
/// bytes.
pub(super) fn head(bytes: &[u8]) -> Option<(u8, u64)> {
    let [kind, a, b, c, d] = *bytes.first_chunk::<5>()?;
    Some((kind, u64::from(u32::from_be_bytes([a, b, c, d]))))
}

/// SQLSTATE and text of an error, and where the text stands.
pub(super) fn error(body: &[u8]) -> (&[u8], &[u8], usize) {
    let mut fields = Fields::new(body);
    let (mut state, mut text, mut place) = (&[][..], &[][..], 0);
    while let Some(kind) = fields.u8().filter(|kind| *kind != 0) {
        let at = fields.at;
        let Some(value) = fields.text() else { break };
        match kind {
            b'C' => state = value,
            b'M' => (text, place) = (value, at),
            _ => {}
        }
    }
    (state, text, place)
}

/// Rows that a command changed, from its tag.
pub(super) fn affected(tag: &[u8]) -> Option<u64> {
    let mut words = tag.split(|byte| *byte == b' ');
    let verb = words.next()?;
    if !matches!(verb, b"INSERT" | b"UPDATE" | b"DELETE" | b"MERGE" | b"COPY") {
        return None;
    }
    let digits = words.next_back()?;
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Codes in the place of a version.
pub(super) const SSL_REQUEST: u32 = 80_877_103;
pub(super) const GSSENC_REQUEST: u32 = 80_877_104;
pub(super) const CANCEL_REQUEST: u32 = 80_877_102;
/// Messages longer than this are shown by their head.
pub(super) const HEAD: usize = 16 << 10;
