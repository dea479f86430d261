//! Walks the body of a list, item by item.

use crate::error::Error;
use crate::node::{Node, Repr};
use crate::object::{Budget, Envelope, Format, json, unknown, within};
use crate::proto::{Records, bytes_of, varint_of};
use crate::schema::Message;
use crate::text;
use std::borrow::Cow;

/// A list's body: `PodList` and the like.
#[derive(Clone, Debug)]
pub struct List<'a> {
    body: Body<'a>,
    object_limit: usize,
}

#[derive(Clone, Debug)]
enum Body<'a> {
    Proto { bytes: &'a [u8], metadata: &'a [u8], item: &'static Message },
    Json(Node<'a>),
}

impl<'a> List<'a> {
    /// Opens a body.
    ///
    /// # Errors
    /// As for [`crate::object`].
    pub fn open(format: Format, bytes: &'a [u8], budget: &Budget) -> Result<Self, Error> {
        within(bytes.len(), budget.list)?;
        let body = match format {
            Format::Json => Body::Json(json(bytes)?),
            Format::Protobuf => {
                let envelope = Envelope::open(bytes)?;
                let kind = envelope.kind.strip_suffix("List").ok_or(Error::malformed("it is not a list"))?;
                let item = Message::of(envelope.api_version, kind)
                    .ok_or_else(|| unknown(envelope.api_version, envelope.kind))?;
                Body::Proto { bytes: envelope.raw, metadata: bytes_of(envelope.raw, 1).unwrap_or_default(), item }
            }
        };
        Ok(Self { body, object_limit: budget.object })
    }

    /// Where the next page starts; empty at the end.
    #[must_use]
    pub fn continue_token(&self) -> Cow<'a, str> {
        self.metadata(3, "continue")
    }

    /// The version that the list was made at.
    #[must_use]
    pub fn resource_version(&self) -> Cow<'a, str> {
        self.metadata(2, "resourceVersion")
    }

    /// How many items follow on later pages, if the server counted them.
    #[must_use]
    pub fn remaining(&self) -> Option<i64> {
        match &self.body {
            Body::Proto { metadata, .. } => varint_of(metadata, 4).map(u64::cast_signed),
            Body::Json(node) => node.path(&["metadata", "remainingItemCount"])?.as_i64(),
        }
    }

    /// The items; of a table (`as=Table`) its rows. One that is over the budget is an error in its place, and the walk goes on; after damage to the
    /// list itself it ends.
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        let inner = match &self.body {
            Body::Proto { bytes, item, .. } => Inner::Proto { records: Records::new(bytes), item },
            Body::Json(node) => match node.get("items").or_else(|| node.get("rows")).map(|items| items.0) {
                Some(Repr::Json(items)) => Inner::Json(items.items()),
                _ => Inner::End,
            },
        };
        Items { inner, object_limit: self.object_limit }
    }

    fn metadata(&self, number: u32, name: &str) -> Cow<'a, str> {
        match &self.body {
            Body::Proto { metadata, .. } => String::from_utf8_lossy(bytes_of(metadata, number).unwrap_or_default()),
            Body::Json(node) => node.path(&["metadata", name]).and_then(Node::as_str).unwrap_or_default(),
        }
    }
}

/// The items of a list.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    inner: Inner<'a>,
    object_limit: usize,
}

#[derive(Clone, Debug)]
enum Inner<'a> {
    Proto { records: Records<'a>, item: &'static Message },
    Json(text::Items<'a>),
    End,
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Node<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (node, len) = match &mut self.inner {
            Inner::End => return None,
            Inner::Json(items) => {
                let item = items.next()?;
                (Node(Repr::Json(item)), item.exact().len())
            }
            Inner::Proto { records, item } => loop {
                match records.next() {
                    Ok(None) => return None,
                    Ok(Some(record)) => {
                        if let (2, Some(bytes)) = (record.number, record.value.bytes()) {
                            break (Node(Repr::Message { bytes, message: item }), bytes.len());
                        }
                    }
                    Err(damage) => {
                        self.inner = Inner::End;
                        return Some(Err(damage.into()));
                    }
                }
            },
        };
        Some(within(len, self.object_limit).map(|()| node))
    }
}

#[cfg(test)]
mod tests;
