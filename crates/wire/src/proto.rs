//! Reads protobuf records (<https://protobuf.dev/programming-guides/encoding>) from bytes, without copying.

use crate::error::Error;

/// What is wrong with the bytes of a message; small, because every record read may return it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Truncated,
    /// A field number of zero or over 32 bits.
    Number,
    WireType,
    /// A number of more than ten bytes.
    Varint,
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Self {
        match damage {
            Damage::Truncated => Self::Truncated,
            Damage::Number => Self::malformed("a field number out of range"),
            Damage::WireType => Self::malformed("an unknown wire type"),
            Damage::Varint => Self::malformed("a number of more than ten bytes"),
        }
    }
}

/// One record of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
}

/// The value of a record, by wire type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// No field of the tables is 32 bits wide: only skipped.
    Fixed32,
}

impl<'a> Value<'a> {
    pub(crate) const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) const fn varint(self) -> Option<u64> {
        match self {
            Self::Varint(number) => Some(number),
            _ => None,
        }
    }
}

/// Walks the records of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is not read yet; before a record is read this starts with its tag.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Option<Record<'a>>, Damage> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| Damage::Number)?;
        if number == 0 {
            return Err(Damage::Number);
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| Damage::Truncated)?;
                Value::Bytes(self.take(len)?)
            }
            5 => {
                self.take(4)?;
                Value::Fixed32
            }
            _ => return Err(Damage::WireType),
        };
        Ok(Some(Record { number, value }))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Damage> {
        if let Some((&first, rest)) = self.rest.split_first() {
            if first < 0x80 {
                self.rest = rest;
                return Ok(u64::from(first));
            }
            if let Some((&second, rest)) = rest.split_first()
                && second < 0x80
            {
                self.rest = rest;
                return Ok(u64::from(first & 0x7f) | u64::from(second) << 7);
            }
        }
        self.long_varint()
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64, Damage> {
        let mut value = 0_u64;
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { Damage::Truncated } else { Damage::Varint })
    }

    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Damage::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Damage::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }
}

/// The last length-delimited value of field `number`, if the message can be read that far.
pub(crate) fn bytes_of(message: &[u8], number: u32) -> Option<&[u8]> {
    let mut records = Records::new(message);
    let mut found = None;
    while let Ok(Some(record)) = records.next() {
        if record.number == number {
            found = record.value.bytes().or(found);
        }
    }
    found
}

/// The last varint of field `number`.
pub(crate) fn varint_of(message: &[u8], number: u32) -> Option<u64> {
    let mut records = Records::new(message);
    let mut found = None;
    while let Ok(Some(record)) = records.next() {
        if record.number == number {
            found = record.value.varint().or(found);
        }
    }
    found
}
