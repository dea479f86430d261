//! HPACK (RFC 7541) for an observer: header blocks of one direction to fields, with what is not known said so.
//!
//! Called by the HTTP/2 parser, once for each complete header block, in order. Unlike an endpoint's decoder it may begin in
//! the middle of a connection and may lose blocks: then entries of the dynamic table are unknown, and a field that refers
//! to one has no name or no value. It never gives a field that the sender did not send. Memory is bounded by
//! [`MOST_TABLE`], work by the length of the block.

mod decoder;
mod entries;
mod huffman;
mod statics;

#[cfg(test)]
pub(crate) mod encode;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Field};
pub use entries::MOST_TABLE;
pub use huffman::decode as huffman;

/// The block cannot be HPACK, or not with the table that is known completely: nothing of the table is to be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It ends inside a field.
    Cut,
    /// A number does not fit 28 bits.
    Number,
    /// Index 0, or one behind the end of the table.
    Index,
    /// A string's Huffman code is not one.
    Huffman,
    /// A table size in the middle of a block.
    Size,
}
