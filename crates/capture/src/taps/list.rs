//! A list that views show: its table, the runs that equal views share, and what tells that it moved.

use super::TapsError;
use api::socket::{ListQuery, Sort, SourceState};
use base::ClusterName;
use mirror::{Changed, Opened};
use parking_lot::{Mutex, RwLock};
use policy::{Action, Permit};
use query::Filter;
use std::sync::{Arc, Weak};
use table::{Rows, Runs, Schema, Scope, SharedTable, Source, Table, Tallied, Tally, View};
use tokio::sync::watch;

/// A live list.
pub(super) struct List {
    cluster: ClusterName,
    pub(super) table: SharedTable,
    runs: Mutex<Runs>,
    /// The tally that was asked for last, by its filters: consoles ask for the same.
    tally: Mutex<(Vec<String>, Weak<Mutex<Tally>>)>,
    state: Arc<RwLock<SourceState>>,
    moved: watch::Sender<u64>,
    /// The order in which it is shown when nobody asks for another.
    order: Sort,
}

impl List {
    pub(super) fn new(cluster: ClusterName, schema: Arc<Schema>, order: &str, descending: bool) -> Self {
        Self {
            cluster,
            table: Table::shared(schema),
            runs: Mutex::default(),
            tally: Mutex::default(),
            state: Arc::new(RwLock::new(SourceState::Live)),
            moved: watch::channel(0).0,
            order: Sort { column: order.to_owned(), descending },
        }
    }

    /// Tells everybody who looks that something moved.
    pub(super) fn publish(&self) {
        self.moved.send_modify(|seq| *seq = seq.wrapping_add(1));
    }

    /// The list is there no more: its rows go, and views say why.
    pub(super) fn close(&self, error: api::ErrorBody) {
        self.table.write().clear();
        *self.state.write() = SourceState::Unreachable { error };
        self.publish();
    }

    /// A view of it. The permit is held as long as the rows are.
    pub(super) fn open<A: Action>(&self, permit: Permit<A>, query: &ListQuery) -> Result<Opened, TapsError> {
        let schema = self.table.read().schema().clone();
        let filter = Filter::parse(&query.filter, &*schema)?;
        let order = [self.order.clone()];
        let sort = schema.sort_keys(if query.sort.is_empty() { &order } else { &query.sort })?;
        let run = self.runs.lock().get(Scope::all(), Some(Arc::new(filter)), sort);
        let source =
            Source { cluster: self.cluster.clone(), table: self.table.clone(), run, state: self.state.clone() };
        let mut changed = Changed::default();
        changed.add(self.moved.subscribe());
        // Its own columns say the namespace where it matters.
        Ok(Opened { rows: Rows::new(View::new(vec![source], true), permit), changed })
    }

    /// Counts of its rows by filter. The permit is held as long as they are.
    pub(super) fn tally<A: Action>(
        &self,
        permit: Permit<A>,
        texts: Vec<String>,
    ) -> Result<(Tallied, Changed), TapsError> {
        let schema = self.table.read().schema().clone();
        let mut filters = Vec::with_capacity(texts.len());
        for text in &texts {
            let filter = Filter::parse(text, &*schema)?;
            if filter.is_timed() {
                return Err(TapsError::Request(format!("what changes with time alone is not counted: {text}")));
            }
            filters.push(filter);
        }
        let tally = {
            let mut last = self.tally.lock();
            match last.1.upgrade().filter(|_| last.0 == texts) {
                Some(tally) => tally,
                None => {
                    let tally = Arc::new(Mutex::new(Tally::new(filters)));
                    *last = (texts.clone(), Arc::downgrade(&tally));
                    tally
                }
            }
        };
        let mut changed = Changed::default();
        changed.add(self.moved.subscribe());
        Ok((Tallied::new(self.table.clone(), tally, texts, permit), changed))
    }
}
