//! Redis: commands and replies in RESP2 and RESP3, pushes, and what of them may be shown.
//!
//! ```text
//! client bytes ─ Decoder ─ Command (name, keys, secrets) ─▶ Queue ─┐
//! server bytes ─ Decoder ─ Reply (text, pushes) ────────────────────┴─▶ redis record
//! ```
//!
//! Replies come in the order of their commands; pushes stand outside of it. After a gap order alone proves nothing:
//! [`pairing`] says what does. Values of any size pass in bounded memory.

mod command;
mod decoder;
mod keys;
mod looks;
mod outcome;
pub(crate) mod pairing;
mod parser;
mod pending;
mod reply;
mod secrets;
mod text;

#[cfg(test)]
mod tests;

pub use looks::looks;
pub use parser::Redis;

pub(crate) use text::mask;
