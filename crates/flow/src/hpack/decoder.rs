//! Header blocks to fields.

use std::ops::Range;

use super::Broken;
use super::entries::{Entries, Found};
use super::huffman;

/// One direction's decoder. Blocks must come in the order they were sent; after one that was not seen, [`Self::lose`].
#[derive(Debug, Default)]
pub struct Decoder {
    entries: Entries,
    /// Strings of the current field that were Huffman-coded.
    plain: Vec<u8>,
}

/// One field of a block. Borrowed for the time of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name; none when it stands in an entry that is not known.
    pub name: Option<&'a [u8]>,
    /// The value; none when it stands in an entry that is not known.
    pub value: Option<&'a [u8]>,
    /// Where the value's bytes stand in the block; empty when they stand in a table.
    pub wire: Range<usize>,
}

impl Decoder {
    /// A decoder that begins in the middle of a connection.
    #[must_use]
    pub fn midway() -> Self {
        let mut decoder = Self::default();
        decoder.lose();
        decoder
    }

    /// A block was not seen, wholly or in part: nothing is known about the table.
    pub fn lose(&mut self) {
        self.entries.lose();
    }

    /// Whether the whole table is known, so that every field of the next block will be.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.entries.is_complete()
    }

    /// Decodes a complete block and hands over its fields in order. After an error nothing of the table is known; fields
    /// handed over before it are real.
    pub fn block(&mut self, block: &[u8], each: &mut impl FnMut(&Field<'_>)) -> Result<(), Broken> {
        let done = self.fields(block, each);
        if done.is_err() {
            self.lose();
        }
        done
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.entries.heap() + self.plain.capacity()
    }

    fn fields(&mut self, block: &[u8], each: &mut impl FnMut(&Field<'_>)) -> Result<(), Broken> {
        let mut cursor = Cursor { block, at: 0 };
        let mut begin = true;
        while let Some(first) = block.get(cursor.at).copied() {
            if first & 0x80 != 0 {
                let index = cursor.number(7)?;
                match self.entries.get(index) {
                    Found::Field(name, value) => each(&Field { name, value: Some(value), wire: 0..0 }),
                    Found::Unknown => each(&Field { name: None, value: None, wire: 0..0 }),
                    Found::None => return Err(Broken::Index),
                }
            } else if first & 0x40 != 0 {
                self.literal(&mut cursor, 6, true, each)?;
            } else if first & 0x20 != 0 {
                if !begin {
                    return Err(Broken::Size);
                }
                self.entries.resize(cursor.number(5)?);
                continue;
            } else {
                self.literal(&mut cursor, 4, false, each)?;
            }
            begin = false;
        }
        Ok(())
    }

    fn literal(
        &mut self,
        cursor: &mut Cursor<'_>,
        prefix: u32,
        insert: bool,
        each: &mut impl FnMut(&Field<'_>),
    ) -> Result<(), Broken> {
        self.plain.clear();
        let index = cursor.number(prefix)?;
        let named = if index == 0 { Some(cursor.text(&mut self.plain)?) } else { None };
        let value = cursor.text(&mut self.plain)?;
        let wire = cursor.at - value.coded..cursor.at;
        let value = value.get(cursor.block, &self.plain);
        let name = match &named {
            Some(name) => Some(name.get(cursor.block, &self.plain)),
            None => match self.entries.get(index) {
                Found::Field(name, _) => name,
                Found::Unknown => None,
                Found::None => return Err(Broken::Index),
            },
        };
        each(&Field { name, value: Some(value), wire });
        match (insert, named) {
            (false, _) => {}
            (true, Some(name)) => self.entries.insert(Some(name.get(cursor.block, &self.plain)), value),
            (true, None) => self.entries.insert_named(index, value),
        }
        Ok(())
    }
}

/// A place in a block.
struct Cursor<'b> {
    block: &'b [u8],
    at: usize,
}

/// A string: where it stands in the block, or decoded in the buffer of plain ones.
struct Text {
    range: Range<usize>,
    is_decoded: bool,
    /// Bytes in the block.
    coded: usize,
}

impl Cursor<'_> {
    /// A number whose first octet has `prefix` bits of it (RFC 7541 section 5.1).
    fn number(&mut self, prefix: u32) -> Result<usize, Broken> {
        let mask = (1u32 << prefix) - 1;
        let mut number = u32::from(self.octet()?) & mask;
        if number < mask {
            return Ok(number as usize);
        }
        for shift in [0, 7, 14, 21] {
            let octet = self.octet()?;
            number += u32::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                return Ok(number as usize);
            }
        }
        Err(Broken::Number)
    }

    /// A string (RFC 7541 section 5.2).
    fn text(&mut self, plain: &mut Vec<u8>) -> Result<Text, Broken> {
        let is_coded = self.block.get(self.at).ok_or(Broken::Cut)? & 0x80 != 0;
        let coded = self.number(7)?;
        let end = self.at.checked_add(coded).ok_or(Broken::Number)?;
        let bytes = self.block.get(self.at..end).ok_or(Broken::Cut)?;
        let mut range = self.at..end;
        self.at = end;
        if is_coded {
            let from = plain.len();
            huffman::decode(bytes, plain)?;
            range = from..plain.len();
        }
        Ok(Text { range, is_decoded: is_coded, coded })
    }

    fn octet(&mut self) -> Result<u8, Broken> {
        let octet = self.block.get(self.at).copied().ok_or(Broken::Cut)?;
        self.at += 1;
        Ok(octet)
    }
}

impl Text {
    fn get<'a>(&self, block: &'a [u8], plain: &'a [u8]) -> &'a [u8] {
        let from = if self.is_decoded { plain } else { block };
        from.get(self.range.clone()).unwrap_or_default()
    }
}
