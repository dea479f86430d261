//! Which rows a reader may see or asked for: part of what tells runs apart.

use crate::table::{RowId, Table};
use crate::texts::TextId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Namespaces and names that a run is confined to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Namespaces; `None` is all of them.
    pub namespaces: Option<BTreeSet<Arc<str>>>,
    /// Names; `None` is all of them.
    pub names: Option<BTreeSet<Arc<str>>>,
}

impl Scope {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// These namespaces; none given is all of them.
    pub fn namespaces<N: Into<Arc<str>>>(namespaces: impl IntoIterator<Item = N>) -> Self {
        let set: BTreeSet<Arc<str>> = namespaces.into_iter().map(Into::into).collect();
        Self { namespaces: (!set.is_empty()).then_some(set), names: None }
    }

    /// Only these names.
    #[must_use]
    pub fn with_names<N: Into<Arc<str>>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self { names: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// One namespace alone.
    #[must_use]
    pub fn is_one_namespace(&self) -> bool {
        self.namespaces.as_ref().is_some_and(|set| set.len() == 1)
    }

    /// The scope in the text ids of a table, for as long as the table is locked.
    pub(crate) fn resolve(&self, table: &Table) -> Resolved {
        let ids = |set: &Option<BTreeSet<Arc<str>>>| {
            set.as_ref().map(|set| {
                let mut ids: Vec<TextId> = set.iter().filter_map(|text| table.texts.find(text)).collect();
                ids.sort_unstable();
                ids
            })
        };
        Resolved { namespaces: ids(&self.namespaces), names: ids(&self.names) }
    }
}

/// A scope by text ids.
pub(crate) struct Resolved {
    namespaces: Option<Vec<TextId>>,
    names: Option<Vec<TextId>>,
}

impl Resolved {
    pub(crate) fn has(&self, table: &Table, row: RowId) -> bool {
        let within = |ids: &Option<Vec<TextId>>, id| ids.as_ref().is_none_or(|ids| ids.binary_search(&id).is_ok());
        within(&self.namespaces, table.rows.namespace(row)) && within(&self.names, table.rows.name(row))
    }
}
