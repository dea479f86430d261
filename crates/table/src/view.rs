//! A list over any number of tables and clusters: merges their runs and finds a window of the merged order.

use crate::error::Error;
use crate::order;
use crate::run::{Run, SharedRun};
use crate::scope::Scope;
use crate::select;
use crate::table::{RowId, SharedTable, Table};
use api::socket::{Column, SourceState};
use api::{Cell, ColumnType};
use base::ClusterName;
use parking_lot::{MutexGuard, RwLock, RwLockReadGuard};
use std::sync::Arc;

/// Where some rows of a view come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The cluster.
    pub cluster: ClusterName,
    /// Its rows.
    pub table: SharedTable,
    /// Their order under the view's scope, filter and sort.
    pub run: SharedRun,
    /// How fresh they are.
    pub state: Arc<RwLock<SourceState>>,
}

/// A merged list. Its columns are `cluster` when there are several, `namespace` unless one namespace was asked for,
/// `name`, then those of the tables; a column of the tables with one of these ids stands for it.
#[derive(Debug)]
pub struct View {
    sources: Vec<Source>,
    /// What each source is asked for.
    scopes: Vec<Scope>,
    columns: Vec<Column>,
    /// What each column shows, for each source.
    shows: Vec<Vec<Shows>>,
    /// Place of each source's cluster name among the others'.
    cluster_places: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    Cluster,
    Namespace,
    Name,
    Cell(usize),
    Nothing,
}

/// A row of a view while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of its source.
    pub source: usize,
    /// Its row there.
    pub row: RowId,
}

impl View {
    /// A view of these sources. `one_namespace` tells that a single namespace was asked for.
    #[must_use]
    pub fn new(mut sources: Vec<Source>, one_namespace: bool) -> Self {
        let mut seen = Vec::new();
        // a run is locked once, so it may stand here once
        sources.retain(|source| {
            let run = Arc::as_ptr(&source.run);
            !seen.contains(&run) && {
                seen.push(run);
                true
            }
        });
        let schemas: Vec<_> = sources.iter().map(|source| Arc::clone(source.table.read_recursive().schema())).collect();
        let own = schemas.iter().find(|schema| !schema.columns().is_empty()).or(schemas.first());
        let mut names: Vec<&ClusterName> = sources.iter().map(|source| &source.cluster).collect();
        names.sort_unstable();
        names.dedup();
        let mut columns = Vec::new();
        let has = |id: &str| own.is_some_and(|schema| schema.columns().iter().any(|column| column.id == id));
        let namespaced = own.is_some_and(|schema| schema.namespaced());
        if names.len() > 1 && !has("cluster") {
            columns.push(identity("cluster", "Cluster", 16));
        }
        if namespaced && !one_namespace && !has("namespace") {
            columns.push(identity("namespace", "Namespace", 18));
        }
        if !has("name") {
            columns.push(identity("name", "Name", 32));
        }
        let added = columns.len();
        columns.extend(own.into_iter().flat_map(|schema| schema.columns().iter().cloned()));
        let shows = schemas
            .iter()
            .map(|schema| {
                let of = |(at, column): (usize, &Column)| match column.id.as_str() {
                    "cluster" if at < added => Shows::Cluster,
                    "namespace" if at < added => Shows::Namespace,
                    "name" if at < added => Shows::Name,
                    id => {
                        let found = schema.columns().iter().position(|own| own.id == id && own.ty == column.ty);
                        found.map_or(Shows::Nothing, Shows::Cell)
                    }
                };
                columns.iter().enumerate().map(of).collect()
            })
            .collect();
        let place = |source: &Source| names.iter().position(|name| **name == source.cluster).unwrap_or(0);
        let cluster_places = sources.iter().map(place).collect();
        let scopes = sources.iter().map(|source| source.run.lock().scope().clone()).collect();
        Self { sources, scopes, columns, shows, cluster_places }
    }

    /// The columns, in the order of every row's cells.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The sources, in the order that [`Place::source`] counts.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The sources and their states, for the wire.
    #[must_use]
    pub fn states(&self) -> Vec<api::socket::Source> {
        let wire = |(source, scope): (&Source, &Scope)| api::socket::Source {
            cluster: source.cluster.clone(),
            state: source.state.read().clone(),
            notes: source.table.read_recursive().notes_of(scope),
        };
        self.sources.iter().zip(&self.scopes).map(wire).collect()
    }

    /// Catches up with the tables and shows the list to `read`. The tables stay locked for reading that long.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when a filter takes too long.
    pub fn read<T>(&self, now_ms: i64, read: impl FnOnce(&Reading<'_>) -> T) -> Result<T, Error> {
        // each alone first: the long part of catching up then holds one table at a time
        if self.sources.len() > 1 {
            for source in &self.sources {
                source.run.lock().catch_up(&source.table.read_recursive(), now_ms)?;
            }
        }
        let tables: Vec<_> = self.sources.iter().map(|source| source.table.read_recursive()).collect();
        // runs are locked in one order everywhere, so that two views never wait for each other
        let mut order: Vec<usize> = (0..self.sources.len()).collect();
        order.sort_unstable_by_key(|&at| self.sources.get(at).map(|source| Arc::as_ptr(&source.run).addr()));
        let mut locked: Vec<(usize, MutexGuard<'_, Run>)> =
            order.into_iter().filter_map(|at| Some((at, self.sources.get(at)?.run.lock()))).collect();
        locked.sort_unstable_by_key(|(at, _)| *at);
        let mut parts = Vec::with_capacity(tables.len());
        for (table, (_, mut run)) in tables.into_iter().zip(locked) {
            run.catch_up(&table, now_ms)?;
            parts.push(Part { table, run });
        }
        Ok(read(&Reading { view: self, parts }))
    }
}

fn identity(id: &str, title: &str, width: u16) -> Column {
    Column {
        id: id.to_owned(),
        title: title.to_owned(),
        ty: ColumnType::Text,
        wide: false,
        extra: id == "cluster",
        absent: String::new(),
        width,
        help: String::new(),
    }
}

/// A view whose tables stand still.
pub struct Reading<'v> {
    view: &'v View,
    parts: Vec<Part<'v>>,
}

struct Part<'v> {
    table: RwLockReadGuard<'v, Table>,
    run: MutexGuard<'v, Run>,
}

impl Reading<'_> {
    /// Rows in the whole list.
    #[must_use]
    pub fn total(&self) -> usize {
        self.parts.iter().map(|part| part.run.rows().len()).sum()
    }

    /// The rows from `at` on, at most `len` of them, in order.
    #[must_use]
    pub fn window(&self, at: usize, len: usize) -> Vec<Place> {
        let mut out = Vec::new();
        self.window_into(at, len, &mut out);
        out
    }

    /// The same, into memory that is there.
    pub fn window_into(&self, at: usize, len: usize, out: &mut Vec<Place>) {
        out.clear();
        if let [only] = self.parts.as_slice() {
            let rows = only.run.rows().get(at..).unwrap_or(&[]);
            out.extend(rows.iter().take(len).map(|&row| Place { source: 0, row }));
            return;
        }
        let lists: Vec<&[RowId]> = self.parts.iter().map(|part| part.run.rows()).collect();
        select::window(&lists, at, len, |a, b| self.before(a, b), out);
    }

    /// A cell by the index of its column in [`View::columns`].
    #[must_use]
    pub fn cell(&self, place: Place, column: usize) -> Cell<'_> {
        let Some(part) = self.parts.get(place.source) else { return Cell::Absent };
        match self.shows(place.source, column) {
            Shows::Cluster => {
                self.view.sources.get(place.source).map_or(Cell::Absent, |source| Cell::Text(source.cluster.as_str()))
            }
            Shows::Namespace => Cell::Text(part.table.namespace(place.row)),
            Shows::Name => Cell::Text(part.table.name(place.row)),
            Shows::Cell(col) => part.table.cell(place.row, col),
            Shows::Nothing => Cell::Absent,
        }
    }

    /// The table of a source.
    #[must_use]
    pub fn table(&self, source: usize) -> Option<&Table> {
        self.parts.get(source).map(|part| &*part.table)
    }

    /// The row's key; 0 for a place that is not there.
    #[must_use]
    pub fn key(&self, place: Place) -> u64 {
        self.table(place.source).map_or(0, |table| table.key(place.row))
    }

    /// The row's namespace.
    #[must_use]
    pub fn namespace(&self, place: Place) -> &str {
        self.table(place.source).map_or("", |table| table.namespace(place.row))
    }

    /// The row's name.
    #[must_use]
    pub fn name(&self, place: Place) -> &str {
        self.table(place.source).map_or("", |table| table.name(place.row))
    }

    /// When to read again although no table changed, in epoch milliseconds.
    #[must_use]
    pub fn stale_at(&self) -> Option<i64> {
        self.parts.iter().filter_map(|part| part.run.stale_at()).min()
    }

    /// Rows that were looked at to build runs anew, all told.
    pub(crate) fn work(&self) -> u64 {
        self.parts.iter().map(|part| part.run.work()).sum()
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.parts.iter().map(|part| &*part.table)
    }

    pub(crate) fn shows(&self, source: usize, column: usize) -> Shows {
        let of = self.view.shows.get(source).and_then(|shows| shows.get(column));
        of.copied().unwrap_or(Shows::Nothing)
    }

    pub(crate) fn width(&self) -> usize {
        self.view.columns.len()
    }

    /// Place `a` stands before place `b`. Rows that are equal in everything stand in the order of their sources.
    fn before(&self, a: Place, b: Place) -> bool {
        let stand = |place: Place| {
            let part = self.parts.get(place.source)?;
            let mut stand = part.run.stand(&part.table, place.row);
            stand.cluster = self.view.cluster_places.get(place.source).copied().unwrap_or(0);
            Some(stand)
        };
        let (Some(left), Some(right)) = (stand(a), stand(b)) else { return a.source < b.source };
        order::compare(left, right).then(a.source.cmp(&b.source)).is_lt()
    }
}

#[cfg(test)]
pub(crate) mod tests;
