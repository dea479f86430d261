//! What an action does to a cluster, as a type: what is made from a permit has write methods by this alone.

mod sealed {
    pub trait Sealed {}
}

/// Reads, tries or changes. The list is closed.
pub trait Effect: sealed::Sealed + Send + Sync + 'static {
    /// Denied under `--read-only`.
    const CHANGES: bool;
}

/// Reads, and nothing else.
#[derive(Debug)]
pub enum Reads {}

/// Asks the API server to try changes (dry-run), and makes none.
#[derive(Debug)]
pub enum Tries {}

/// Changes things.
#[derive(Debug)]
pub enum Changes {}

impl sealed::Sealed for Reads {}
impl sealed::Sealed for Tries {}
impl sealed::Sealed for Changes {}

impl Effect for Reads {
    const CHANGES: bool = false;
}

impl Effect for Tries {
    const CHANGES: bool = true;
}

impl Effect for Changes {
    const CHANGES: bool = true;
}
