//! The runs of one table, so that equal views share one.

use crate::order::SortKey;
use crate::run::{Run, SharedRun};
use crate::scope::Scope;
use parking_lot::Mutex;
use query::Filter;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// Runs by what they show. A run lives as long as some view holds it.
#[derive(Debug, Default)]
pub struct Runs {
    runs: HashMap<(Scope, String, Vec<SortKey>), Weak<Mutex<Run>>>,
}

impl Runs {
    /// The run with this scope, filter and sort: one that is there, or a new one.
    pub fn get(&mut self, scope: Scope, filter: Option<Arc<Filter>>, sort: Vec<SortKey>) -> SharedRun {
        let canonical = filter.as_ref().filter(|filter| !filter.is_empty()).map(|filter| filter.canonical());
        let key = (scope.clone(), canonical.unwrap_or_default(), sort.clone());
        if let Some(run) = self.runs.get(&key).and_then(Weak::upgrade) {
            return run;
        }
        self.runs.retain(|_, run| run.strong_count() > 0);
        let run = Run::shared(scope, filter, sort);
        self.runs.insert(key, Arc::downgrade(&run));
        run
    }

    /// Runs that some view holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.values().filter(|run| run.strong_count() > 0).count()
    }

    /// No view holds a run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
