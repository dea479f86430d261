//! Records as lines of JSON: their members are found without a tree, and the product's expressions are asked of them.
//!
//! The owner of a tap reads them, and the agent itself, where packets leave only when a record says so.

pub mod choice;
mod cost;
pub mod json;

pub use choice::Choice;
