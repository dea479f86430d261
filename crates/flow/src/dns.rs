//! DNS over UDP and TCP: messages, and the table that makes transactions of them.
//!
//! ```text
//! datagram or length-prefixed message ─ Dns (framing) ─▶ Table ─┬─ waiting ── answer, or 5 s ─▶ dns record
//!                                                                ├─ held NXDOMAIN ── next of a search list: one row
//!                                                                └─ answers ─▶ Names: ip -> name
//! ```
//!
//! The engine owns the one [`Table`], because retries and search lists use new ports and so cross flows; [`Dns`] is the
//! parser of one flow. Everything read from the wire is bounded by the length of its message.

mod cursor;
mod edns;
mod entry;
mod kinds;
mod message;
mod name;
mod names;
mod rdata;
mod search;
mod stream;
mod svcb;
mod table;

#[cfg(test)]
mod tests;

pub use edns::Edns;
pub(crate) use kinds::A;
pub use kinds::{flags, opcode_name, rcode_name, type_name};
pub use message::{Message, Question, Resource, Resources, Section};
pub use name::name;
pub use rdata::data_text;
pub use stream::{Dns, looks, looks_framed};
pub use table::Table;
