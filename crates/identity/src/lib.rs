//! Who the people of a team are: the file that names them and their tokens, and who shows one.
//!
//! ```text
//! tokens.toml ──► File (people, digests of tokens) ──► People: token ─► Known { principal, end }
//!     ▲ qd serve token add, list, revoke                  │ a token that is gone or has ended: its end comes,
//!     └─ watched by app, read anew                        └─ and the permits of its person are over
//! ```
//!
//! A service: doors ask it who somebody is. Invariants: a token is kept by its SHA-256 digest alone; what was taken away ends
//! at once what it had let in.

mod file;
mod people;
mod token;

pub use file::{Entry, File, FileError, Person};
pub use people::{Known, Naming, People};
pub use token::Token;
