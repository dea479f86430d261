//! What SQL protocols share: statements with their literals taken out, and what is kept of them.
//!
//! [`tokens`] splits a statement without knowing its grammar; [`Statement`] is what is shown of one. Work is linear in
//! the bytes at hand, depth is a number, and a statement may be cut anywhere.

mod errors;
mod statement;
mod store;
mod tokens;

#[cfg(test)]
mod tests;

pub(crate) use errors::{hidden_mysql, hidden_postgres};
pub(crate) use statement::{Statement, UNKNOWN};
pub(crate) use store::Store;
pub(crate) use tokens::Dialect;
