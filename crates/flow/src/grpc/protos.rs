//! What messages of gRPC are made of: descriptors that the user gave, or that a server sent about itself.
//!
//! A descriptor is a message of Protocol Buffers itself (`google/protobuf/descriptor.proto`), so that the reader of
//! messages reads descriptors too. Called by the HTTP parsers when a call is told. Memory is bounded: what is too much is
//! left out, and its fields then have numbers instead of names.

mod read;
mod show;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

use hashbrown::HashMap;

use crate::Context;
use crate::record::http::{Grpc, Message as Said};
use crate::redact::Why;

use super::Kind;

/// Messages, enumerations and methods by their full names.
#[derive(Debug, Default)]
pub struct Protos {
    messages: HashMap<Box<str>, Message>,
    enums: HashMap<Box<str>, Enum>,
    /// Of `package.Service/Method`.
    methods: HashMap<Box<str>, Method>,
    /// Bytes of names and tables.
    heap: usize,
}

/// Where a descriptor is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The user gave it.
    File,
    /// The server sent it to somebody who asked.
    Reflection,
}

#[derive(Debug)]
struct Method {
    asks: Box<str>,
    answers: Box<str>,
    by: Source,
}

#[derive(Debug)]
struct Message {
    /// By number.
    fields: HashMap<u32, Field>,
    /// It is an entry of a map.
    is_entry: bool,
    by: Source,
}

#[derive(Debug)]
struct Enum {
    /// By number.
    names: HashMap<i32, Box<str>>,
    by: Source,
}

#[derive(Debug)]
struct Field {
    name: Box<str>,
    /// `FieldDescriptorProto.Type`.
    kind: u8,
    is_repeated: bool,
    /// Of messages and enumerations.
    of: Box<str>,
}

/// Both directions of a call as lists of JSON objects. Empty where nothing is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) requests: Vec<u8>,
    pub(crate) responses: Vec<u8>,
    pub(crate) by: &'static str,
    /// The rules that hid something.
    pub(crate) why: u16,
}

/// The begin of a body of messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Body<'a> {
    pub(crate) bytes: &'a [u8],
    /// The coding of its messages.
    pub(crate) coding: &'a [u8],
}

impl Source {
    /// What is from here does not replace what is from there: what the user gave stands.
    fn yields(self, there: Option<Self>) -> bool {
        self == Self::Reflection && there == Some(Self::File)
    }
}

impl Shown {
    /// What a call says, with its messages.
    pub(crate) fn add<'a>(&'a self, call: Grpc<'a>) -> Grpc<'a> {
        Grpc { schema: self.by, requests: &self.requests, responses: &self.responses, ..call }
    }

    /// A message without its body, where names tell that there are secrets in it: of bytes alone nobody knew.
    pub(crate) fn hide<'a>(&self, said: Said<'a>) -> Said<'a> {
        if self.why & Why::Key.bit() == 0 { said } else { Said { body: &[], ..said } }
    }
}

impl Protos {
    /// Takes a `FileDescriptorSet`. False when it is none, or there is too much of it.
    pub fn add(&mut self, set: &[u8]) -> bool {
        read::set(self, set, Source::File)
    }

    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.methods.is_empty()
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.heap
    }

    /// Shows the messages of a call, where its method is known.
    pub(crate) fn show(
        kind: Kind,
        (service, method): (&[u8], &[u8]),
        [asked, answered]: [Body<'_>; 2],
        cx: &mut Context<'_, '_>,
    ) -> Option<Shown> {
        if kind == Kind::WebText {
            return None;
        }
        if service.starts_with(REFLECTION) {
            read::reflected(cx.protos, answered);
        }
        if cx.protos.is_empty() {
            return None;
        }
        let name = [service, b"/", method].concat();
        let method = cx.protos.methods.get(std::str::from_utf8(&name).ok()?)?;
        let by = match method.by {
            Source::File => "file",
            Source::Reflection => "reflection",
        };
        let mut shown = Shown { by, ..Shown::default() };
        let show = show::Show { protos: cx.protos, redaction: cx.redaction };
        shown.requests = show.list(asked, &method.asks, &mut shown.why);
        shown.responses = show.list(answered, &method.answers, &mut shown.why);
        Some(shown)
    }
}

/// What begins the name of every version of the service.
const REFLECTION: &[u8] = b"grpc.reflection.v1";
/// Bytes of names and tables.
const MOST: usize = 4 << 20;
