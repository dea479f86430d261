//! A node as the JSON that the API server would send for it.

use crate::node::read::{element, field_of};
use crate::node::{Node, Repr, encode};
use crate::proto::Value as Wire;
use crate::proto::bytes_of;
use crate::schema::{Cardinality, Field, Message, Type};
use serde_json::{Map, Number, Value};

/// The JSON of a node, without `metadata.managedFields`, which are not read anywhere.
#[must_use]
pub fn to_json(node: Node<'_>) -> Value {
    value(node, 0)
}

/// Deeper than any object that an API server accepts.
const MAX_DEPTH: usize = 200;

fn value(node: Node<'_>, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    match node.0 {
        Repr::Message { bytes, message } => {
            let mut out = Map::new();
            if let Some((api_version, kind)) = message.kind() {
                out.insert("apiVersion".to_owned(), api_version.into());
                out.insert("kind".to_owned(), kind.into());
            }
            members(bytes, message, &mut out, depth);
            Value::Object(out)
        }
        Repr::Many { field, .. } if field.cardinality() == Cardinality::Map => {
            Value::Object(node.entries().map(|(key, entry)| (key.into_owned(), value(entry, depth + 1))).collect())
        }
        Repr::Many { .. } | Repr::Strings(_) => Value::Array(node.items().map(|item| value(item, depth + 1)).collect()),
        Repr::Str(text) => text.into(),
        Repr::Broken(bytes) => String::from_utf8_lossy(bytes).into(),
        Repr::Bytes(bytes) => encode(bytes).into(),
        Repr::Int(number) => number.into(),
        Repr::Double(number) => double(number),
        Repr::Bool(value) => value.into(),
        Repr::Time { seconds, nanos, micro } => crate::time::format(seconds, nanos, micro).into(),
        Repr::Duration(nanos) => crate::time::duration(nanos).into(),
        Repr::Json(json) => {
            let mut whole: Value = serde_json::from_str(json.exact()).unwrap_or(Value::Null);
            if depth == 0
                && let Some(Value::Object(metadata)) = whole.get_mut("metadata")
            {
                metadata.remove("managedFields");
            }
            whole
        }
    }
}

/// The fields of a message, and of those that are inlined in it.
fn members(bytes: &[u8], message: &'static Message, out: &mut Map<String, Value>, depth: usize) {
    for field in message.fields() {
        if field.is_inline() {
            if let (Some(inner), Some(inlined)) = (field.message(), bytes_of(bytes, field.number())) {
                members(inlined, inner, out, depth);
            }
        } else if !is_managed_fields(message, field)
            && let Some(member) = member(bytes, field, depth)
        {
            out.insert(field.name().to_owned(), member);
        }
    }
}

/// What JSON has for a field; `None` where it leaves the field out.
fn member(bytes: &[u8], field: &'static Field, depth: usize) -> Option<Value> {
    if let Some(node) = field_of(bytes, field) {
        let json = value(node, depth + 1);
        let empty = match &json {
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty() && field.cardinality() == Cardinality::Map,
            _ => false,
        };
        return (!(empty && field.omit_empty())).then_some(json);
    }
    if field.omit_zero() || (field.omit_empty() && !always_written(field)) {
        return None;
    }
    // Go writes null for a nil list, map or pointer and for a zero moment, and the zero value of anything else.
    Some(match (field.cardinality(), field.ty()) {
        _ if field.is_pointer() => Value::Null,
        (Cardinality::One, Type::Str) => "".into(),
        (Cardinality::One, Type::Int) => 0.into(),
        (Cardinality::One, Type::Bool) => false.into(),
        (Cardinality::One, Type::Double) => double(0.0),
        (Cardinality::One, Type::Message | Type::OrBool) => Value::Object(Map::new()),
        (Cardinality::One, Type::Quantity | Type::Duration | Type::IntOrString) => {
            element(Wire::Bytes(&[]), field).map_or(Value::Null, |node| value(node, depth + 1))
        }
        _ => Value::Null,
    })
}

/// `omitempty` does nothing for a Go struct that is not a pointer.
fn always_written(field: &Field) -> bool {
    let is_struct = matches!(
        field.ty(),
        Type::Message | Type::Time | Type::MicroTime | Type::Duration | Type::Quantity | Type::IntOrString | Type::Raw
    );
    field.cardinality() == Cardinality::One && is_struct && !field.is_pointer()
}

fn is_managed_fields(message: &Message, field: &Field) -> bool {
    message.name() == "ObjectMeta" && field.name() == "managedFields"
}

/// Go writes a whole float without a fraction.
fn double(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked: no fraction, and in range")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return (number as i64).into();
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests;
