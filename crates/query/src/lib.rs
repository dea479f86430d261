//! The filter expression language: parse, check against a schema, match rows.
//!
//! ```text
//! text ── lex ──▶ tokens ── parse ──▶ terms ── check (Schema) ──▶ Filter ── matches(Record) ──▶ bool
//! ```
//!
//! One parser serves the filter box, the command line and every later door. [`Filter::parse`] reads what a person
//! types into the filter box; [`Filter::where_expr`] reads a bare expression (`restarts > 3 and age < 1h`).
//! Parsing and matching take linear time; texts, nesting and regular expressions have budgets. Pure: no IO.

mod error;
mod expr;
mod filter;
mod lex;
mod literal;
mod needle;
mod parse;
mod pattern;
mod record;
mod schema;
mod suggest;
mod terms;

pub use error::Error;
pub use filter::Filter;
pub use record::{Record, Value};
pub use schema::{Field, FieldType, Schema};
