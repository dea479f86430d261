//! Messages as JSON by their descriptors, in the mapping of proto3: names as the descriptor has them, 64-bit numbers as
//! text, bytes in base64. A field that the descriptor does not know has its number and the name of its wire type.

use super::wire::{Fields, Value, messages, varint};
use super::{Body, Field, Message, Protos};
use crate::json::{Array, Object, Place, write_array};
use crate::redact::{Redaction, Spans, Why};
use hashbrown::HashMap;

/// Shows messages.
pub(super) struct Show<'a> {
    pub(super) protos: &'a Protos,
    pub(super) redaction: &'a Redaction,
}

/// `FieldDescriptorProto.Type`, of those that matter here.
mod kind {
    pub(super) const DOUBLE: u8 = 1;
    pub(super) const FLOAT: u8 = 2;
    pub(super) const INT64: u8 = 3;
    pub(super) const INT32: u8 = 5;
    pub(super) const FIXED64: u8 = 6;
    pub(super) const FIXED32: u8 = 7;
    pub(super) const BOOL: u8 = 8;
    pub(super) const STRING: u8 = 9;
    pub(super) const MESSAGE: u8 = 11;
    pub(super) const BYTES: u8 = 12;
    pub(super) const UINT32: u8 = 13;
    pub(super) const ENUM: u8 = 14;
    pub(super) const SFIXED32: u8 = 15;
    pub(super) const SFIXED64: u8 = 16;
    pub(super) const SINT32: u8 = 17;
    pub(super) const SINT64: u8 = 18;
}

impl Show<'_> {
    /// The messages of a body as a list.
    pub(super) fn list(&self, body: Body<'_>, name: &str, why: &mut u16) -> Vec<u8> {
        let (mut out, mut count) = (Vec::new(), 0);
        let Some(message) = self.protos.messages.get(name) else { return out };
        write_array(&mut out, |mut list| {
            messages(body, |bytes| {
                count += 1;
                if count <= MOST {
                    self.message(bytes, message, &mut list.object(), 0, why);
                }
            });
        });
        out
    }

    fn message(&self, bytes: &[u8], message: &Message, object: &mut Object<'_>, depth: u8, why: &mut u16) {
        // In the order of their first values.
        let mut first = HashMap::new();
        let place = |(at, (number, value))| (*first.entry(number).or_insert(at), number, value);
        let mut all: Vec<(usize, u32, Value<'_>)> = Fields::of(bytes).take(VALUES).enumerate().map(place).collect();
        all.sort_by_key(|(first, ..)| *first);
        for same in all.chunk_by(|(one, ..), (two, ..)| one == two) {
            let Some((_, number, value)) = same.last().copied() else { continue };
            let same = || same.iter().map(|(.., value)| *value);
            let Some(field) = message.fields.get(&number) else {
                unknown(number, same(), object, self, why);
                continue;
            };
            let name = field.name.as_bytes();
            if self.redaction.secret_key(name) {
                *why |= Why::Key.bit();
                object.member(name).bytes(&self.mark(value));
            } else if let Some(entry) = self.protos.messages.get(&field.of).filter(|of| of.is_entry) {
                let mut map = object.member(name).object();
                same().for_each(|value| self.entry(value, entry, &mut map, depth, why));
            } else if field.is_repeated {
                let mut list = object.member(name).array();
                same().for_each(|value| self.elements(value, field, &mut list, depth, why));
            } else {
                // Of several the last counts.
                self.value(value, field, object.member(name), depth, why);
            }
        }
    }

    /// An entry of a map: a message of a key and a value.
    fn entry(&self, value: Value<'_>, entry: &Message, map: &mut Object<'_>, depth: u8, why: &mut u16) {
        let (Value::Bytes(bytes), Some(of)) = (value, entry.fields.get(&2)) else { return };
        let find = |number| Fields::of(bytes).filter(|(own, _)| *own == number).map(|(_, value)| value).last();
        let key = match find(1) {
            Some(Value::Bytes(text)) => text.to_vec(),
            Some(Value::Varint(number)) => {
                let signed = entry.fields.get(&1).is_some_and(|key| matches!(key.kind, kind::SINT32 | kind::SINT64));
                let number = if signed { zigzag(number) } else { number as i64 };
                number.to_string().into_bytes()
            }
            Some(Value::Fixed32(number)) => number.to_string().into_bytes(),
            Some(Value::Fixed64(number)) => number.to_string().into_bytes(),
            None => Vec::new(),
        };
        if self.redaction.secret_key(&key) {
            *why |= Why::Key.bit();
            return map.member(&key).bytes(&find(2).map(|value| self.mark(value)).unwrap_or_default());
        }
        let value = find(2).unwrap_or(match of.kind {
            kind::STRING | kind::BYTES | kind::MESSAGE => Value::Bytes(&[]),
            _ => Value::Varint(0),
        });
        self.value(value, of, map.member(&key), depth, why);
    }

    /// One element of a list, or many packed.
    fn elements(&self, value: Value<'_>, field: &Field, list: &mut Array<'_>, depth: u8, why: &mut u16) {
        let Value::Bytes(mut rest) = value else {
            return self.value(value, field, list.element(), depth, why);
        };
        if matches!(field.kind, kind::STRING | kind::BYTES | kind::MESSAGE) {
            return self.value(value, field, list.element(), depth, why);
        }
        while !rest.is_empty() {
            let one = match field.kind {
                kind::DOUBLE | kind::FIXED64 | kind::SFIXED64 => rest.split_first_chunk().map(|(eight, after)| {
                    rest = after;
                    Value::Fixed64(u64::from_le_bytes(*eight))
                }),
                kind::FLOAT | kind::FIXED32 | kind::SFIXED32 => rest.split_first_chunk().map(|(four, after)| {
                    rest = after;
                    Value::Fixed32(u32::from_le_bytes(*four))
                }),
                _ => varint(&mut rest).map(Value::Varint),
            };
            let Some(one) = one else { return };
            self.value(one, field, list.element(), depth, why);
        }
    }

    fn value(&self, value: Value<'_>, field: &Field, place: Place<'_>, depth: u8, why: &mut u16) {
        match (value, field.kind) {
            (Value::Bytes(bytes), kind::MESSAGE) => match self.protos.messages.get(&field.of) {
                Some(of) if depth < DEEPEST => self.message(bytes, of, &mut place.object(), depth + 1, why),
                _ => place.base64(bytes),
            },
            (Value::Bytes(bytes), kind::STRING) => place.bytes(&self.text(bytes, why)),
            (Value::Bytes(bytes), _) => place.base64(bytes),
            (Value::Varint(number), kind::ENUM) => {
                let name = self.protos.enums.get(&field.of).and_then(|own| own.names.get(&(number as i32)));
                match name {
                    Some(name) => place.bytes(name.as_bytes()),
                    None => place.raw((number as i32).to_string().as_bytes()),
                }
            }
            (Value::Varint(number), kind::BOOL) => place.raw(if number == 0 { b"false" } else { b"true" }),
            (Value::Varint(number), kind::INT32) => place.raw((number as i32).to_string().as_bytes()),
            (Value::Varint(number), kind::UINT32) => place.raw((number as u32).to_string().as_bytes()),
            (Value::Varint(number), kind::SINT32) => place.raw((zigzag(number) as i32).to_string().as_bytes()),
            (Value::Varint(number), kind::SINT64) => self.long(&zigzag(number).to_string(), place, why),
            (Value::Varint(number), kind::INT64) => self.long(&(number as i64).to_string(), place, why),
            (Value::Varint(number), _) => self.long(&number.to_string(), place, why),
            (Value::Fixed32(bits), kind::FLOAT) => real(f64::from(f32::from_bits(bits)), f32::from_bits(bits), place),
            (Value::Fixed32(bits), kind::SFIXED32) => place.raw((bits as i32).to_string().as_bytes()),
            (Value::Fixed32(bits), _) => place.raw(bits.to_string().as_bytes()),
            (Value::Fixed64(bits), kind::DOUBLE) => real(f64::from_bits(bits), f64::from_bits(bits), place),
            (Value::Fixed64(bits), kind::SFIXED64) => self.long(&(bits as i64).to_string(), place, why),
            (Value::Fixed64(bits), _) => self.long(&bits.to_string(), place, why),
        }
    }

    /// A number of 64 bits: text, as in JSON numbers are not so exact everywhere.
    fn long(&self, number: &str, place: Place<'_>, why: &mut u16) {
        place.bytes(&self.text(number.as_bytes(), why));
    }

    /// Text without its secrets.
    fn text(&self, text: &[u8], why: &mut u16) -> Vec<u8> {
        let mut spans = Spans::new();
        self.redaction.body(b"", text, &mut spans);
        *why |= spans.why();
        let mut out = Vec::with_capacity(text.len());
        self.redaction.write(text, &spans, &mut out);
        out
    }

    fn mark(&self, value: Value<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        let number;
        let secret = match value {
            Value::Bytes(bytes) => bytes,
            Value::Varint(bits) | Value::Fixed64(bits) => {
                number = bits.to_string();
                number.as_bytes()
            }
            Value::Fixed32(bits) => {
                number = bits.to_string();
                number.as_bytes()
            }
        };
        self.redaction.mark(secret).write(&mut out);
        out
    }
}

/// A field that no descriptor knows.
fn unknown<'v>(
    number: u32,
    values: impl Iterator<Item = Value<'v>>,
    object: &mut Object<'_>,
    show: &Show<'_>,
    why: &mut u16,
) {
    let mut list = object.member(number.to_string().as_bytes()).array();
    for value in values {
        let mut one = list.object();
        match value {
            Value::Varint(value) => one.bytes("varint", &show.text(value.to_string().as_bytes(), why)),
            Value::Fixed64(value) => one.bytes("fixed64", &show.text(value.to_string().as_bytes(), why)),
            Value::Fixed32(value) => one.uint("fixed32", u64::from(value)),
            Value::Bytes(bytes) if std::str::from_utf8(bytes).is_ok() => one.bytes("text", &show.text(bytes, why)),
            Value::Bytes(bytes) => one.base64("bytes", bytes),
        }
    }
}

/// A number with a point. What JSON cannot say is text.
fn real(value: f64, shown: impl std::fmt::Display, place: Place<'_>) {
    if value.is_finite() {
        place.raw(shown.to_string().as_bytes());
    } else {
        place.bytes(if value.is_nan() {
            b"NaN"
        } else if value > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        });
    }
}

fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Messages that are shown of each direction.
const MOST: usize = 64;
/// Values that are shown of one message; many numbers in one field come as one.
const VALUES: usize = 20_000;
/// Messages inside each other.
const DEEPEST: u8 = 16;
