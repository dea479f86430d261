//! MySQL and MariaDB: log-in, text queries, prepared statements, result sets.
//!
//! ```text
//! client packets ─ command ─ Ask (query, prepare, execute, …) ─▶ queue ─┐
//! server packets ─ outcome ─ columns, rows, OK, error ───────────────────┴─▶ sql record
//! ```
//!
//! What proves who somebody is, is never shown. A switch to TLS is followed; a compressed connection says so and is left
//! alone.

mod command;
mod emit;
mod login;
mod looks;
mod outcome;
mod packets;
mod params;
mod parser;
mod pending;

#[cfg(test)]
mod tests;

pub use looks::looks;
pub use parser::Mysql;
