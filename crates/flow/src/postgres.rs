//! PostgreSQL, version 3 of its protocol: log-in, simple and extended queries, COPY, cancellation.
//!
//! ```text
//! client messages ─ frontend ─ Item (query, parse, bind, execute, sync, …) ─▶ queue ─┐
//! server messages ─ backend ─ rows, tags, errors, ready ──────────────────────────────┴─▶ sql record
//! ```
//!
//! Every reply belongs to the oldest item that can have it; `ReadyForQuery` ends a unit. What proves who somebody is, is
//! never shown. A request for TLS is followed.

mod backend;
mod emit;
mod frontend;
mod item;
mod looks;
mod messages;
mod parser;

#[cfg(test)]
mod tests;

pub use looks::looks;
pub use parser::Postgres;
