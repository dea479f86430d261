//! What a service's `open(permit, query)` returns.

use crate::view::View;
use std::any::Any;
use std::fmt;

/// A view, and what must live as long as it is shown: the permit, the claim on the feeds.
pub struct Rows {
    view: View,
    _guard: Box<dyn Any + Send>,
}

impl Rows {
    /// A view that holds `guard` for life.
    pub fn new(view: View, guard: impl Any + Send) -> Self {
        Self { view, _guard: Box::new(guard) }
    }

    /// The view.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("view", &self.view).finish_non_exhaustive()
    }
}
