//! The message tables of the built-in kinds: number, JSON name and type of every field, written by `gen`.
//!
//! The tables are static arrays; a message is a range of the field array, sorted by number, a kind is found by binary
//! search. Nothing is built at start.

#[path = "schema/fields.rs"]
mod fields;
#[path = "schema/kinds.rs"]
mod kinds;
#[path = "schema/messages.rs"]
mod messages;

/// A protobuf message type.
#[derive(Debug)]
pub struct Message {
    name: &'static str,
    first: u16,
    len: u16,
    /// Its place in the table of kinds, if it is an object of its own.
    kind: Option<u16>,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    name: &'static str,
    number: u16,
    cardinality: Cardinality,
    ty: Type,
    flags: u8,
    message: u16,
}

/// How often a field stands in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    One,
    Many,
    Map,
}

/// What a field holds, by how the API server writes it in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Str,
    Bytes,
    Int,
    Bool,
    Double,
    Message,
    Time,
    MicroTime,
    Duration,
    Quantity,
    IntOrString,
    /// A message around JSON text.
    Raw,
    /// A message around a list of strings.
    WrappedStr,
    /// `JSONSchemaPropsOrBool`.
    OrBool,
    /// `JSONSchemaPropsOrArray` and `…OrStringArray`.
    OrList,
}

const OMIT_EMPTY: u8 = 1;
const OMIT_ZERO: u8 = 2;
const POINTER: u8 = 4;
const INLINE: u8 = 8;

impl Message {
    /// The message of a kind: `("apps/v1", "Deployment")`.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<&'static Self> {
        let at = kinds::KINDS.binary_search_by(|&(v, k, _)| (v, k).cmp(&(api_version, kind))).ok()?;
        messages::MESSAGES.get(usize::from(kinds::KINDS.get(at)?.2))
    }

    /// Every kind with a table: apiVersion and kind, sorted.
    pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        kinds::KINDS.iter().map(|&(api_version, kind, _)| (api_version, kind))
    }

    /// The Go type's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The type that a path of field names leads to: through lists and maps to the type of their values.
    #[must_use]
    pub fn at(&'static self, path: &[&str]) -> Option<&'static Self> {
        path.iter().try_fold(self, |message, name| message.find(name).and_then(|(_, field)| field.message()))
    }

    /// Whether objects of this type can have a value at a path. Below a map any one more name will do.
    #[must_use]
    pub fn has(&'static self, path: &[&str]) -> bool {
        let Some((name, rest)) = path.split_first() else { return true };
        let Some((_, field)) = self.find(name) else { return false };
        let rest = match (field.cardinality, rest) {
            (Cardinality::Map, [_, below @ ..]) => below,
            (_, rest) => rest,
        };
        rest.is_empty() || field.message().is_some_and(|message| message.has(rest))
    }

    /// apiVersion and kind, if objects of this type stand alone.
    pub(crate) fn kind(&self) -> Option<(&'static str, &'static str)> {
        kinds::KINDS.get(usize::from(self.kind?)).map(|&(api_version, kind, _)| (api_version, kind))
    }

    pub(crate) fn fields(&self) -> &'static [Field] {
        let first = usize::from(self.first);
        fields::FIELDS.get(first..first + usize::from(self.len)).unwrap_or_default()
    }

    pub(crate) fn by_number(&self, number: u32) -> Option<&'static Field> {
        let fields = self.fields();
        let at = fields.binary_search_by(|field| u32::from(field.number).cmp(&number)).ok()?;
        fields.get(at)
    }

    /// A field by its JSON name. With the field of the inlined message to look in, if it is not one of this message.
    pub(crate) fn find(&self, name: &str) -> Option<(Option<&'static Field>, &'static Field)> {
        let fields = self.fields();
        if let Some(own) = fields.iter().find(|field| field.name == name && !field.is_inline()) {
            return Some((None, own));
        }
        fields.iter().filter(|field| field.is_inline()).find_map(|outer| {
            let (_, inner) = outer.message()?.find(name)?;
            Some((Some(outer), inner))
        })
    }
}

impl Field {
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn number(&self) -> u32 {
        u32::from(self.number)
    }

    pub(crate) const fn cardinality(&self) -> Cardinality {
        self.cardinality
    }

    pub(crate) const fn ty(&self) -> Type {
        self.ty
    }

    pub(crate) fn message(&self) -> Option<&'static Message> {
        match self.ty {
            Type::Message | Type::OrBool | Type::OrList => messages::MESSAGES.get(usize::from(self.message)),
            _ => None,
        }
    }

    /// Left out of JSON when it is empty.
    pub(crate) const fn omit_empty(&self) -> bool {
        self.flags & OMIT_EMPTY != 0
    }

    /// Left out of JSON when it is the zero value of its type.
    pub(crate) const fn omit_zero(&self) -> bool {
        self.flags & OMIT_ZERO != 0
    }

    /// An empty value differs from an absent one.
    pub(crate) const fn is_pointer(&self) -> bool {
        self.flags & POINTER != 0
    }

    /// Its fields stand in the message around it.
    pub(crate) const fn is_inline(&self) -> bool {
        self.flags & INLINE != 0
    }
}

const fn f(name: &'static str, number: u16, cardinality: Cardinality, ty: Type, flags: u8, message: u16) -> Field {
    Field { name, number, cardinality, ty, flags, message }
}

const fn m(name: &'static str, first: u16, len: u16, kind: Option<u16>) -> Message {
    Message { name, first, len, kind }
}

#[cfg(test)]
mod tests;
