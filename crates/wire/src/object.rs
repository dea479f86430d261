//! From the bytes of a response to the node of its object.

use crate::error::Error;
use crate::node::{Node, Repr};
use crate::proto::{Records, bytes_of};
use crate::schema::Message;
use crate::text::Json;

/// How an object's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `application/vnd.kubernetes.protobuf`: built-in kinds.
    Protobuf,
    /// `application/json`: every kind.
    Json,
}

impl Format {
    /// The media type to ask for a single object or a list.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
            Self::Json => "application/json",
        }
    }
}

/// How much is read of what an API server sends.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes of one object.
    pub object: usize,
    /// Bytes of one list.
    pub list: usize,
}

impl Default for Budget {
    /// 8 MB for an object: etcd takes 1.5 MB of protobuf, JSON of it is larger. 1 GB for a list: 500 of the largest.
    fn default() -> Self {
        Self { object: 8 << 20, list: 1 << 30 }
    }
}

/// What stands in front of every protobuf object.
pub const MAGIC: &[u8; 4] = b"k8s\0";

/// An object on its own: the answer to a GET, or the object of a watch event.
///
/// JSON is checked as a whole here. Protobuf is only unwrapped: damage inside it shows where it is read
/// ([`crate::Extract::run`] reports it).
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Malformed`], [`Error::Truncated`], and [`Error::UnknownKind`] for protobuf of a kind
/// without a table.
pub fn object<'a>(format: Format, bytes: &'a [u8], budget: &Budget) -> Result<Node<'a>, Error> {
    within(bytes.len(), budget.object)?;
    match format {
        Format::Json => json(bytes),
        Format::Protobuf => {
            let envelope = Envelope::open(bytes)?;
            let message = Message::of(envelope.api_version, envelope.kind)
                .ok_or_else(|| unknown(envelope.api_version, envelope.kind))?;
            Ok(Node(Repr::Message { bytes: envelope.raw, message }))
        }
    }
}

/// `runtime.Unknown`: type and bytes of a protobuf object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or(Error::malformed("it does not start as a protobuf object"))?;
        let (mut type_meta, mut raw) = (&b""[..], &b""[..]);
        let mut records = Records::new(bytes);
        while let Some(record) = records.next()? {
            match (record.number, record.value.bytes()) {
                (1, Some(value)) => type_meta = value,
                (2, Some(value)) => raw = value,
                _ => {}
            }
        }
        let text = |number| {
            std::str::from_utf8(bytes_of(type_meta, number).unwrap_or_default())
                .map_err(|_| Error::malformed("its type is not text"))
        };
        Ok(Self { api_version: text(1)?, kind: text(2)?, raw })
    }
}

/// Checks JSON as a whole.
pub(crate) fn json(bytes: &[u8]) -> Result<Node<'_>, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("it is not UTF-8"))?;
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map_err(|error| if error.is_eof() { Error::Truncated } else { Error::malformed("it is not JSON") })?;
    Ok(Node(Repr::Json(Json::new(text))))
}

pub(crate) fn within(bytes: usize, limit: usize) -> Result<(), Error> {
    if bytes > limit { Err(Error::TooLarge { bytes, limit }) } else { Ok(()) }
}

pub(crate) fn unknown(api_version: &str, kind: &str) -> Error {
    Error::UnknownKind { api_version: api_version.to_owned(), kind: kind.to_owned() }
}

#[cfg(test)]
mod tests;
