//! Protocol Buffers on the wire: fields of a message, and messages of a body.

use super::Body;
use crate::body::{Coding, Preview};

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    /// Text, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Numbers and values of a message's fields, up to its end or to what is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// What came so far is no message.
    pub(super) is_bad: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_bad: false }
    }

    fn read(&mut self) -> Option<(u32, Value<'a>)> {
        let tag = varint(&mut self.rest)?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number))?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Fixed64(u64::from_le_bytes(*take(&mut self.rest, 8)?.first_chunk()?)),
            2 => {
                let len = usize::try_from(varint(&mut self.rest)?).ok()?;
                Value::Bytes(take(&mut self.rest, len)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(*take(&mut self.rest, 4)?.first_chunk()?)),
            // Groups are of an age before gRPC.
            _ => return None,
        };
        Some((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let next = self.read();
        if next.is_none() {
            (self.rest, self.is_bad) = (&[], true);
        }
        next
    }
}

/// A number of up to ten bytes.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let byte = *rest.get(at)?;
        value |= u64::from(byte & 0x7f).checked_shl(at as u32 * 7)?;
        if byte & 0x80 == 0 {
            *rest = rest.get(at + 1..)?;
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(head)
}

/// Shows each message of a body without its prefix and coding, the last one perhaps cut.
pub(super) fn messages(body: Body<'_>, mut show: impl FnMut(&[u8])) {
    let mut rest = body.bytes;
    while let Some(([flags, length @ ..], after)) = rest.split_first_chunk::<5>() {
        let len = u32::from_be_bytes(*length) as usize;
        let (message, next) = after.split_at_checked(len).unwrap_or((after, &[]));
        match flags {
            0 => show(message),
            1 => {
                let mut preview = Preview::default();
                preview.start(Coding::of(Some(body.coding)), MOST);
                preview.push(message);
                preview.end();
                show(preview.bytes());
            }
            // Trailers of gRPC-Web.
            _ => {}
        }
        rest = next;
    }
}

/// Bytes of a message whose coding was removed.
const MOST: usize = 64 << 10;
