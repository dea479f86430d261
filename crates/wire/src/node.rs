//! A value inside an object, read where it lies: protobuf or JSON, with one meaning.
//!
//! A node is what the API server's JSON would hold at that place. Protobuf writes many empty fields that JSON leaves
//! out; those read as absent here too. A node borrows the object's bytes, is `Copy`, and allocates nothing.

pub(crate) mod read;
mod walk;

use crate::schema::{Cardinality, Field, Message};
use crate::text::Json;
use base::quantity;
use std::borrow::Cow;
pub use walk::{Entries, Items};

/// A value inside an object.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(pub(crate) Repr<'a>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Repr<'a> {
    /// A message.
    Message {
        bytes: &'a [u8],
        message: &'static Message,
    },
    /// The values of a repeated field or a map: all records of that number in `bytes`.
    Many {
        bytes: &'a [u8],
        field: &'static Field,
    },
    /// A list of strings that is a message of its own: all records of number 1.
    Strings(&'a [u8]),
    Str(&'a str),
    /// Text that is not UTF-8.
    Broken(&'a [u8]),
    Bytes(&'a [u8]),
    Int(i64),
    Double(f64),
    Bool(bool),
    Time {
        seconds: i64,
        nanos: u32,
        micro: bool,
    },
    Duration(i64),
    Json(Json<'a>),
}

impl<'a> Node<'a> {
    /// A member of an object or a map; `None` when it is absent or null.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Self> {
        match self.0 {
            Repr::Message { bytes, message } => read::member(bytes, message, name),
            Repr::Many { field, .. } if field.cardinality() == Cardinality::Map => {
                self.entries().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            Repr::Json(json) => json.get(name).filter(|value| !value.is_null()).map(|value| Node(Repr::Json(value))),
            _ => None,
        }
    }

    /// The node at the end of a path of members.
    #[must_use]
    pub fn path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The elements of a list; none for anything else.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        Items::of(self)
    }

    /// Key and value of each entry of a map or object; for a message, its fields that are present.
    #[must_use]
    pub fn entries(self) -> Entries<'a> {
        Entries::of(self)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        match self.0 {
            Repr::Str(text) => Some(Cow::Borrowed(text)),
            Repr::Broken(bytes) => Some(String::from_utf8_lossy(bytes)),
            Repr::Json(json) => json.string(),
            _ => None,
        }
    }

    /// Text of a string, number or boolean: what a reader would print for it.
    #[must_use]
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        match self.0 {
            Repr::Int(number) => Some(Cow::Owned(number.to_string())),
            Repr::Double(number) => Some(Cow::Owned(number.to_string())),
            Repr::Bool(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            Repr::Time { seconds, nanos, micro } => Some(Cow::Owned(crate::time::format(seconds, nanos, micro))),
            Repr::Duration(nanos) => Some(Cow::Owned(crate::time::duration(nanos))),
            Repr::Bytes(bytes) => Some(Cow::Owned(encode(bytes))),
            Repr::Json(json) => json.bare().map(Cow::Borrowed).or_else(|| json.string()),
            _ => self.as_str(),
        }
    }

    /// A whole number.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Repr::Int(number) => Some(number),
            Repr::Json(json) => {
                let text = json.bare()?;
                text.parse().ok().or_else(|| {
                    let number: f64 = text.parse().ok()?;
                    #[expect(clippy::cast_possible_truncation, reason = "checked: no fraction, and in range")]
                    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
                })
            }
            _ => None,
        }
    }

    /// A number.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self.0 {
            #[expect(clippy::cast_precision_loss, reason = "a float is what is asked for")]
            Repr::Int(number) => Some(number as f64),
            Repr::Double(number) => Some(number),
            Repr::Json(json) => json.bare()?.parse().ok(),
            _ => None,
        }
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            Repr::Bool(value) => Some(value),
            Repr::Json(json) => match json.bare()? {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A moment in epoch milliseconds.
    #[must_use]
    pub fn as_time_ms(self) -> Option<i64> {
        let (seconds, nanos) = match self.0 {
            Repr::Time { seconds, nanos, .. } => (seconds, nanos),
            Repr::Str(text) => crate::time::parse(text)?,
            Repr::Json(json) => crate::time::parse(&json.string()?)?,
            _ => return None,
        };
        seconds.checked_mul(1000)?.checked_add(i64::from(nanos / 1_000_000))
    }

    /// A quantity in thousandths.
    #[must_use]
    pub fn as_quantity_milli(self) -> Option<i128> {
        quantity::milli(&self.as_text()?)
    }

    /// The decoded length of a field of bytes (base64 in JSON).
    #[must_use]
    pub fn as_bytes_len(self) -> Option<usize> {
        match self.0 {
            Repr::Bytes(bytes) => Some(bytes.len()),
            Repr::Json(json) => {
                let text = json.string()?;
                let padding = text.len() - text.trim_end_matches('=').len();
                Some((text.len() / 4 * 3).saturating_sub(padding))
            }
            _ => None,
        }
    }

    /// A list (also an empty one).
    #[must_use]
    pub fn is_list(self) -> bool {
        match self.0 {
            Repr::Many { field, .. } => field.cardinality() == Cardinality::Many,
            Repr::Strings(_) => true,
            Repr::Json(json) => json.first() == b'[',
            _ => false,
        }
    }

    /// An object or a map.
    #[must_use]
    pub fn is_object(self) -> bool {
        match self.0 {
            Repr::Message { .. } => true,
            Repr::Many { .. } => !self.is_list(),
            Repr::Json(json) => json.first() == b'{',
            _ => false,
        }
    }

    /// How many elements or entries.
    #[must_use]
    pub fn count(self) -> usize {
        if self.is_list() { self.items().count() } else { self.entries().count() }
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests;
