//! What every other crate may lean on: ids, secrets, clocks, error codes and the display of ages and quantities.
//!
//! ```text
//! code      one table of stable error codes (snake_case, HTTP status, exit code)
//! secret    Secret<T>: a value that never prints itself
//! clock     Clock: wall time in epoch milliseconds, real or set by hand
//! age       ages and durations in kubectl's form
//! exposition  figures in Prometheus' text format
//! quantity  Kubernetes quantities as exact numbers
//! security  what Pod Security lets containers have
//! shell     words of a POSIX shell
//! span      lengths of time
//! ```
//!
//! Pure: no IO, no async runtime.

pub mod age;
pub mod clock;
pub mod code;
mod exposition;
mod glob;
pub mod id;
pub mod quantity;
pub mod secret;
pub mod security;
pub mod shell;
pub mod span;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::{Code, Coded};
pub use exposition::Exposition;
pub use glob::glob;
pub use id::ClusterName;
#[cfg(not(target_arch = "wasm32"))]
pub use id::RequestId;
pub use secret::Secret;
