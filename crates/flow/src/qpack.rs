//! QPACK (RFC 9204) for an observer: field sections of one direction to fields, with what is not known said so.
//!
//! Called by the HTTP/3 parser: [`Decoder::inserts`] with the bytes of the direction's encoder stream, [`Decoder::section`]
//! with each field section, on whatever stream it came. A section that needs entries that did not come yet has to wait;
//! when they do not come at all, what refers to them has no name or no value. It never gives a field that the sender did
//! not send. Memory is bounded by [`MOST_TABLE`], work by the length of what comes and [`MOST_SECTION`].

mod cursor;
mod decoder;
mod statics;
mod table;

#[cfg(test)]
pub(crate) mod encode;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, MOST_SECTION, Section};
pub use table::MOST_TABLE;

/// The bytes cannot be QPACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A section ends inside a field.
    Cut,
    /// A number does not fit 62 bits.
    Number,
    /// An index, a count or a base that nothing can have.
    Index,
    /// A string's Huffman code is not one.
    Huffman,
    /// More than any reader would take.
    Long,
}
