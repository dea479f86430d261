//! JSON straight into a string.

use api::Cell;
use serde::Serialize;
use std::fmt::Write;

/// Appends a quoted string.
pub(crate) fn text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (clean, tail) = rest.split_at(at);
        out.push_str(clean);
        let mut chars = tail.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\t') => out.push_str("\\t"),
            Some('\r') => out.push_str("\\r"),
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends a number.
pub(crate) fn number(out: &mut String, number: impl std::fmt::Display) {
    // writing to a string cannot fail
    let _ = write!(out, "{number}");
}

/// Appends a cell in the form that [`Cell`] serializes to.
pub(crate) fn cell(out: &mut String, cell: Cell<'_>) {
    match cell {
        Cell::Absent => out.push_str("null"),
        Cell::Text(value) => text(out, value),
        Cell::Int(value) | Cell::Age(value) => number(out, value),
        Cell::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Cell::Ratio(have, want) => pair(out, have, Some(want)),
        Cell::Restarts(count, last) => pair(out, count, last),
        Cell::Span(start, end) => pair(out, start, end),
        Cell::Status(value, level) => {
            out.push('[');
            text(out, value);
            out.push(',');
            number(out, level as u8);
            out.push(']');
        }
    }
}

fn pair(out: &mut String, first: impl std::fmt::Display, second: Option<impl std::fmt::Display>) {
    out.push('[');
    number(out, first);
    out.push(',');
    match second {
        Some(second) => number(out, second),
        None => out.push_str("null"),
    }
    out.push(']');
}

/// Appends a value of the protocol.
pub(crate) fn value(out: &mut String, value: &impl Serialize) {
    // the protocol's types have string keys and no failing serializer
    out.push_str(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
}

/// Appends `items`, separated by commas, in square brackets.
pub(crate) fn array<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    out.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}
