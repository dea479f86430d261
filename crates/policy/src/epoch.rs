//! Revocation: a token per principal that every permit of theirs carries.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Ends permits: of one principal, or all. Clones share.
#[derive(Clone, Debug, Default)]
pub struct Epochs(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    all: CancellationToken,
    /// The current epoch of each principal: a token that ends when the epoch does.
    current: Mutex<HashMap<String, CancellationToken>>,
}

impl Epochs {
    /// Ends every permit that this principal holds; those given later belong to the next epoch.
    pub fn revoke(&self, principal: &str) {
        if let Some(token) = self.0.current.lock().remove(principal) {
            token.cancel();
        }
    }

    /// Ends every permit there is and gives no more: the process shuts down or is locked.
    pub fn close(&self) {
        self.0.all.cancel();
    }

    /// Whether [`Epochs::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.all.is_cancelled()
    }

    /// The token of a principal's current epoch. Taken before deciding: a revocation during the decision ends the
    /// permit that comes of it.
    pub(crate) fn current(&self, principal: &str) -> CancellationToken {
        let mut current = self.0.current.lock();
        if let Some(token) = current.get(principal) {
            return token.clone();
        }
        let token = self.0.all.child_token();
        current.insert(principal.to_owned(), token.clone());
        token
    }
}
