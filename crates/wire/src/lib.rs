//! One [`Node`] interface over Kubernetes protobuf and JSON bytes; it knows no columns.
//!
//! ```text
//! bytes of a watch ── watch::FrameReader ─→ Event ─┐
//! bytes of a list ─── list::List ───────────────── ┼─→ Node ── Extract ─→ Slots   (rows: one pass, nothing copied)
//! bytes of a GET ──── object ──────────────────────┘     └── to_json ─→ Value     (details)
//! ```
//!
//! Protobuf is read with the message tables ([`Message`]), which `gen` writes from the published Go types; both formats mean
//! the same afterwards. Every reader has a budget; bytes that were cut or made up give an [`Error`], never a panic.
//! Pure: no IO, no async runtime.

mod error;
mod extract;
mod json;
mod node;
mod object;
mod proto;
#[cfg(test)]
mod sample;
mod schema;
mod text;
mod time;

pub mod list;
pub mod watch;

pub use error::Error;
pub use extract::{Extract, Slots};
pub use json::to_json;
pub use node::{Entries, Items, Node};
pub use object::{Budget, Format, MAGIC, object};
pub use schema::Message;
