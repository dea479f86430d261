//! Every kind: heading, columns, status rules, acts; and the program that writes its rows.
//!
//! ```text
//! discovery + CRDs ── kinds ─→ [Kind] ── resolve("po") ─→ Kind ── compile ─→ Program
//!                                                                             │ run(wire::Node)
//!                                              builtin/*: kubectl's columns   ▼
//!                                              printer:   CRD columns        Cells ─→ a row of a table
//! ```
//!
//! One table drives the console, the command line and whatever else lists objects. Built-in kinds print what
//! `kubectl get -o wide` prints; custom resources what their definition says; anything else its name and age.
//! Relations between objects (owners, selectors) are read here only as far as a column shows them.
//! Pure: no IO, no async runtime.

mod builtin;
mod cells;
mod column;
mod crd;
mod format;
mod jsonpath;
mod kind;
mod kinds;
mod printer;
mod program;
mod resolve;
mod served;

pub mod secret;

pub use cells::{Cells, Labels};
pub use crd::{Crd, PrinterColumn};
pub use kind::{Act, Kind, Section, ServedResource};
pub use kinds::kinds;
pub use program::{Partial, Program, compile};
pub use resolve::{Error, resolve};
pub use served::ServedColumn;
