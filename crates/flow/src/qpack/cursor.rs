//! Numbers and strings, as they stand in sections and instructions (RFC 9204 section 4.1).

use std::ops::Range;

use super::Broken;
use crate::hpack::huffman;

/// A place in bytes.
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    pub(super) at: usize,
}

/// A string: where it stands in the bytes, or decoded in the buffer of plain ones.
pub(super) struct Text {
    range: Range<usize>,
    is_decoded: bool,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next octet, which stays.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// A number whose first octet has `prefix` bits of it.
    pub(super) fn number(&mut self, prefix: u32) -> Result<u64, Broken> {
        let mask = (1_u64 << prefix) - 1;
        let mut number = u64::from(self.octet()?) & mask;
        if number < mask {
            return Ok(number);
        }
        for shift in (0..62).step_by(7) {
            let octet = self.octet()?;
            number += u64::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                return if number >> 62 == 0 { Ok(number) } else { Err(Broken::Number) };
            }
        }
        Err(Broken::Number)
    }

    /// A string whose length has `prefix` bits of its first octet, below the bit that says whether it is coded.
    pub(super) fn text(&mut self, prefix: u32, plain: &mut Vec<u8>) -> Result<Text, Broken> {
        let is_coded = self.peek().ok_or(Broken::Cut)? >> prefix & 1 == 1;
        let len = usize::try_from(self.number(prefix)?).map_err(|_| Broken::Number)?;
        let end = self.at.checked_add(len).ok_or(Broken::Number)?;
        let bytes = self.bytes.get(self.at..end).ok_or(Broken::Cut)?;
        let mut range = self.at..end;
        self.at = end;
        if is_coded {
            let from = plain.len();
            huffman(bytes, plain).map_err(|_| Broken::Huffman)?;
            range = from..plain.len();
        }
        Ok(Text { range, is_decoded: is_coded })
    }

    pub(super) fn get<'a>(&'a self, text: &Text, plain: &'a [u8]) -> &'a [u8] {
        let from = if text.is_decoded { plain } else { self.bytes };
        from.get(text.range.clone()).unwrap_or_default()
    }

    fn octet(&mut self) -> Result<u8, Broken> {
        let octet = self.peek().ok_or(Broken::Cut)?;
        self.at += 1;
        Ok(octet)
    }
}
