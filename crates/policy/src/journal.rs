//! The port to the journal: a push that may refuse, and a receipt to wait on.

use base::{Code, Coded};
use evidence::Draft;
use tokio::sync::watch;

/// Takes entries. Implemented by the store's writer and, for tests, by memory.
pub trait Journal: Send + Sync + 'static {
    /// Takes an entry; it is written soon. Never waits.
    ///
    /// # Errors
    /// When the queue is full or the store has been lost for a minute: the caller must not do what the entry is about.
    fn append(&self, draft: Draft) -> Result<Receipt, AuditUnavailable>;

    /// Takes the entry that says how something permitted ended. What it tells of has happened, so this has room
    /// beyond the queue; when that is full too the entry is lost, and the implementation says so in the log.
    fn append_ending(&self, draft: Draft);
}

/// The journal cannot take an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal cannot be written, so nothing was done: check the disk of the state folder, then try again")]
pub struct AuditUnavailable;

impl Coded for AuditUnavailable {
    fn code(&self) -> Code {
        Code::AuditUnavailable
    }
}

/// How far a journal's writer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Entries with a ticket up to this are on disk.
    pub settled: u64,
    /// The last attempt to write failed; it is being retried.
    pub failing: bool,
}

/// Given for an entry that was taken.
#[derive(Clone, Debug)]
pub struct Receipt {
    ticket: u64,
    progress: watch::Receiver<Progress>,
}

impl Receipt {
    /// A receipt for the entry with this ticket (from 1 up, in the order of the queue).
    #[must_use]
    pub const fn new(ticket: u64, progress: watch::Receiver<Progress>) -> Self {
        Self { ticket, progress }
    }

    /// Waits until the entry is on disk.
    ///
    /// # Errors
    /// When writing fails, or the writer has ended. The entry may still be written later: what it allows must then
    /// not have been done.
    pub async fn settled(&self) -> Result<(), AuditUnavailable> {
        let mut progress = self.progress.clone();
        loop {
            let now = *progress.borrow_and_update();
            if now.settled >= self.ticket {
                return Ok(());
            }
            if now.failing {
                return Err(AuditUnavailable);
            }
            progress.changed().await.map_err(|_| AuditUnavailable)?;
        }
    }
}
