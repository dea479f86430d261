//! Protobuf values as nodes.

use super::{Node, Repr};
use crate::proto::{Record, Records, Value, bytes_of, varint_of};
use crate::schema::{Cardinality, Field, Message, Type};
use crate::text::Json;

/// A member of a message, by its JSON name.
pub(super) fn member<'a>(bytes: &'a [u8], message: &'static Message, name: &str) -> Option<Node<'a>> {
    match message.find(name) {
        Some((Some(outer), _)) => {
            let inner = bytes_of(bytes, outer.number())?;
            member(inner, outer.message()?, name)
        }
        Some((None, field)) => field_of(bytes, field),
        None => {
            let (api_version, kind) = message.kind()?;
            match name {
                "apiVersion" => Some(Node(Repr::Str(api_version))),
                "kind" => Some(Node(Repr::Str(kind))),
                _ => None,
            }
        }
    }
}

/// The value of a field; the last one if there are several records of a single field.
pub(crate) fn field_of<'a>(bytes: &'a [u8], field: &'static Field) -> Option<Node<'a>> {
    let mut records = Records::new(bytes);
    let mut found = None;
    loop {
        let before = records.rest();
        let Ok(Some(record)) = records.next() else { return found.and_then(|record| single(record, field)) };
        if record.number != field.number() {
            continue;
        }
        if field.cardinality() != Cardinality::One {
            return Some(Node(Repr::Many { bytes: before, field }));
        }
        found = Some(record.value);
    }
}

/// A single field's value, `None` where JSON would have nothing or null.
#[inline]
pub(crate) fn single<'a>(value: Value<'a>, field: &'static Field) -> Option<Node<'a>> {
    let node = element(value, field)?;
    if field.is_pointer() || !field.omit_empty() {
        return Some(node);
    }
    let empty = match node.0 {
        Repr::Str(text) => text.is_empty(),
        Repr::Broken(bytes) | Repr::Bytes(bytes) => bytes.is_empty(),
        Repr::Int(number) => number == 0 && field.ty() == Type::Int,
        Repr::Bool(value) => !value,
        Repr::Double(number) => number == 0.0,
        _ => false,
    };
    // A quantity is a struct in Go: never empty.
    (!empty || field.ty() == Type::Quantity).then_some(node)
}

/// One value of a field, whether it is single, an element of a list or the value of a map's entry.
#[inline]
pub(crate) fn element<'a>(value: Value<'a>, field: &'static Field) -> Option<Node<'a>> {
    let repr = match (field.ty(), value) {
        (Type::Str, Value::Bytes(bytes)) => text(bytes),
        (Type::Bytes, Value::Bytes(bytes)) => Repr::Bytes(bytes),
        (Type::Int, Value::Varint(number)) => Repr::Int(number.cast_signed()),
        (Type::Bool, Value::Varint(number)) => Repr::Bool(number != 0),
        (Type::Double, Value::Fixed64(bits)) => Repr::Double(f64::from_bits(bits)),
        (Type::Message, Value::Bytes(bytes)) => Repr::Message { bytes, message: field.message()? },
        (Type::Time | Type::MicroTime, Value::Bytes(bytes)) => {
            if bytes.is_empty() {
                return None;
            }
            let micro = field.ty() == Type::MicroTime;
            let nanos = u32::try_from(varint_of(bytes, 2).unwrap_or(0)).unwrap_or(0).min(999_999_999);
            let seconds = varint_of(bytes, 1).unwrap_or(0).cast_signed();
            Repr::Time { seconds, nanos: if micro { nanos } else { 0 }, micro }
        }
        (Type::Duration, Value::Bytes(bytes)) => Repr::Duration(varint_of(bytes, 1).unwrap_or(0).cast_signed()),
        (Type::Quantity, Value::Bytes(bytes)) => match text(bytes_of(bytes, 1).unwrap_or_default()) {
            Repr::Str("") => Repr::Str("0"),
            other => other,
        },
        (Type::IntOrString, Value::Bytes(bytes)) => {
            if varint_of(bytes, 1).unwrap_or(0) == 0 {
                Repr::Int(varint_of(bytes, 2).unwrap_or(0).cast_signed())
            } else {
                text(bytes_of(bytes, 3).unwrap_or_default())
            }
        }
        (Type::Raw, Value::Bytes(bytes)) => embedded(bytes_of(bytes, 1).unwrap_or_default())?,
        (Type::WrappedStr, Value::Bytes(bytes)) => Repr::Strings(bytes),
        (Type::OrBool, Value::Bytes(bytes)) => match bytes_of(bytes, 2) {
            Some(schema) => Repr::Message { bytes: schema, message: field.message()?.at(&["schema"])? },
            None => Repr::Bool(varint_of(bytes, 1).unwrap_or(0) != 0),
        },
        (Type::OrList, Value::Bytes(bytes)) => {
            let message = field.message()?;
            match bytes_of(bytes, 1).and_then(|schema| Some((schema, message.by_number(1)?.message()?))) {
                Some((schema, message)) => Repr::Message { bytes: schema, message },
                None => Repr::Many { bytes, field: message.by_number(2)? },
            }
        }
        _ => return None,
    };
    Some(Node(repr))
}

/// Key and value of a map's entry.
pub(super) fn entry<'a>(record: Record<'a>, field: &'static Field) -> Option<(&'a str, Node<'a>)> {
    let bytes = record.value.bytes()?;
    let (mut key, mut value) = (&b""[..], None);
    let mut records = Records::new(bytes);
    while let Ok(Some(record)) = records.next() {
        match record.number {
            1 => key = record.value.bytes()?,
            2 => value = Some(record.value),
            _ => {}
        }
    }
    let value = match value {
        Some(value) => element(value, field)?,
        None => element(Value::Bytes(b""), field)?,
    };
    Some((std::str::from_utf8(key).ok()?, value))
}

pub(super) fn text(bytes: &[u8]) -> Repr<'_> {
    std::str::from_utf8(bytes).map_or(Repr::Broken(bytes), Repr::Str)
}

/// JSON inside protobuf: extensions, CRD defaults, revisions.
fn embedded(bytes: &[u8]) -> Option<Repr<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let json = Json::new(text);
    (!json.is_null()).then_some(Repr::Json(json))
}
