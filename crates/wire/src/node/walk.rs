//! Iterators over lists, maps and messages.

use super::read::{element, entry, field_of, text};
use super::{Node, Repr};
use crate::proto::{Records, bytes_of};
use crate::schema::{Cardinality, Field, Message};
use crate::text as json;
use smallvec::SmallVec;
use std::borrow::Cow;

/// The elements of a list.
#[derive(Clone, Debug)]
pub struct Items<'a>(Inner<'a>);

#[derive(Clone, Debug)]
enum Inner<'a> {
    None,
    Proto { records: Records<'a>, field: &'static Field },
    Strings(Records<'a>),
    Json(json::Items<'a>),
}

impl<'a> Items<'a> {
    pub(super) fn of(node: Node<'a>) -> Self {
        Self(match node.0 {
            Repr::Many { bytes, field } if field.cardinality() != Cardinality::Map => {
                Inner::Proto { records: Records::new(bytes), field }
            }
            Repr::Strings(bytes) => Inner::Strings(Records::new(bytes)),
            Repr::Json(json) => Inner::Json(json.items()),
            _ => Inner::None,
        })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        match &mut self.0 {
            Inner::None => None,
            Inner::Json(items) => items.next().map(|json| Node(Repr::Json(json))),
            Inner::Strings(records) => loop {
                let record = records.next().ok()??;
                if let (1, Some(bytes)) = (record.number, record.value.bytes()) {
                    return Some(Node(text(bytes)));
                }
            },
            Inner::Proto { records, field } => loop {
                let record = records.next().ok()??;
                if record.number == field.number()
                    && let Some(node) = element(record.value, field)
                {
                    return Some(node);
                }
            },
        }
    }
}

/// Key and value of each entry.
#[derive(Clone, Debug)]
pub struct Entries<'a>(Members<'a>);

#[derive(Clone, Debug)]
enum Members<'a> {
    None,
    Map {
        records: Records<'a>,
        field: &'static Field,
    },
    /// Fields of a message in the order of their numbers; `outer` holds what is left of the messages around an
    /// inlined one.
    Message {
        now: Part<'a>,
        outer: SmallVec<[Part<'a>; 2]>,
    },
    Json(json::Entries<'a>),
}

#[derive(Clone, Debug)]
struct Part<'a> {
    bytes: &'a [u8],
    fields: std::slice::Iter<'static, Field>,
}

impl<'a> Part<'a> {
    fn new(bytes: &'a [u8], message: &'static Message) -> Self {
        Self { bytes, fields: message.fields().iter() }
    }
}

impl<'a> Entries<'a> {
    pub(super) fn of(node: Node<'a>) -> Self {
        Self(match node.0 {
            Repr::Many { bytes, field } if field.cardinality() == Cardinality::Map => {
                Members::Map { records: Records::new(bytes), field }
            }
            Repr::Message { bytes, message } => {
                Members::Message { now: Part::new(bytes, message), outer: SmallVec::new() }
            }
            Repr::Json(json) => Members::Json(json.entries()),
            _ => Members::None,
        })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Cow<'a, str>, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Members::None => None,
            Members::Json(entries) => entries.next().map(|(key, json)| (key, Node(Repr::Json(json)))),
            Members::Map { records, field } => loop {
                let record = records.next().ok()??;
                if record.number == field.number()
                    && let Some((key, value)) = entry(record, field)
                {
                    return Some((Cow::Borrowed(key), value));
                }
            },
            Members::Message { now, outer } => loop {
                let Some(field) = now.fields.next() else {
                    *now = outer.pop()?;
                    continue;
                };
                if field.is_inline() {
                    if let (Some(message), Some(inner)) = (field.message(), bytes_of(now.bytes, field.number())) {
                        outer.push(std::mem::replace(now, Part::new(inner, message)));
                    }
                    continue;
                }
                if let Some(node) = field_of(now.bytes, field) {
                    return Some((Cow::Borrowed(field.name()), node));
                }
            },
        }
    }
}
