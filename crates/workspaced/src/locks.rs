//! Named locks of callers: one holder each, as long as its channel is open.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::log::now_ms;

/// Who holds what.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<BTreeMap<String, Holder>>);

#[derive(Debug)]
struct Holder {
    principal: String,
    since_ms: u64,
}

/// A lock that is held; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    all: &'a Locks,
    name: String,
}

/// Why a lock is not given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("a lock is named by up to 64 letters, digits, dots, dashes and underscores")]
    Name,
    #[error("{MAX_LOCKS} locks are held, which is the limit")]
    TooMany,
    #[error("{principal} has held it for {seconds} s")]
    Held { principal: String, seconds: u64 },
}

impl Refusal {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Name => "bad_request",
            Self::TooMany => "too_many",
            Self::Held { .. } => "conflict",
        }
    }
}

impl Locks {
    /// Takes the lock for this principal.
    pub(crate) fn take(&self, name: &str, principal: &str) -> Result<Held<'_>, Refusal> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
            return Err(Refusal::Name);
        }
        let mut all = self.0.lock();
        if let Some(holder) = all.get(name) {
            let principal = if holder.principal.is_empty() { "another caller" } else { &holder.principal };
            let seconds = now_ms().saturating_sub(holder.since_ms) / 1000;
            return Err(Refusal::Held { principal: principal.to_owned(), seconds });
        }
        if all.len() >= MAX_LOCKS {
            return Err(Refusal::TooMany);
        }
        all.insert(name.to_owned(), Holder { principal: principal.to_owned(), since_ms: now_ms() });
        Ok(Held { all: self, name: name.to_owned() })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.name);
    }
}

const MAX_LOCKS: usize = 64;
