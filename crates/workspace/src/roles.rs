//! Who has which roles, where somebody knows: quotas and grants may be for a role.

use std::fmt;
use std::sync::Arc;
use tokio::sync::Notify;

/// Tells the roles of people, and when they may be others. The default knows nobody's.
#[derive(Clone, Default)]
pub struct Roles {
    of: Option<Arc<Of>>,
    changed: Arc<Notify>,
}

type Of = dyn Fn(&str) -> Vec<String> + Send + Sync;

impl Roles {
    /// As this says of a person by their name.
    #[must_use]
    pub fn new(of: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self { of: Some(Arc::new(of)), changed: Arc::default() }
    }

    /// Somebody may have others by now.
    pub fn change(&self) {
        self.changed.notify_one();
    }

    /// Those of a person.
    pub(crate) fn of(&self, person: &str) -> Vec<String> {
        self.of.as_ref().map(|of| of(person)).unwrap_or_default()
    }

    /// Whether anybody says who has which.
    pub(crate) const fn are_known(&self) -> bool {
        self.of.is_some()
    }

    /// Returns when somebody may have others.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roles").field("are_known", &self.are_known()).finish()
    }
}
