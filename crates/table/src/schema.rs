//! The columns of a table, and the names under which sorting and filters know them.

use api::ColumnType;
use api::socket::Column;
use query::{Field, FieldType};
use std::sync::Arc;

/// The columns of one table. Identity (cluster, namespace, name, uid, labels) is no column: every row has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    columns: Vec<Column>,
    namespaced: bool,
    /// Columns that say whose a row is.
    whose: Vec<u16>,
}

/// Field ids of the identity, above every column index.
pub(crate) mod identity {
    pub(crate) const NAME: u16 = u16::MAX;
    pub(crate) const NAMESPACE: u16 = u16::MAX - 1;
    pub(crate) const LABELS: u16 = u16::MAX - 2;
}

/// The most columns that a table keeps; further ones are dropped.
pub const MAX_COLUMNS: usize = 256;

impl Schema {
    /// The schema with these columns. `namespaced` tells whether the objects live in namespaces.
    #[must_use]
    pub fn new(mut columns: Vec<Column>, namespaced: bool) -> Arc<Self> {
        columns.truncate(MAX_COLUMNS);
        Arc::new(Self { columns, namespaced, whose: Vec::new() })
    }

    /// The same where some columns say whose a row is: `/regex/` in a filter is asked of these alone.
    #[must_use]
    pub fn with_whose(columns: Vec<Column>, namespaced: bool, whose: &[usize]) -> Arc<Self> {
        let whose = whose.iter().filter_map(|col| u16::try_from(*col).ok()).collect();
        let plain = Arc::unwrap_or_clone(Self::new(columns, namespaced));
        Arc::new(Self { whose, ..plain })
    }

    /// The columns in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether the objects live in namespaces.
    #[must_use]
    pub const fn namespaced(&self) -> bool {
        self.namespaced
    }

    /// Index of the column with this id, or with this title in any case.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        let by_id = self.columns.iter().position(|column| column.id == name);
        by_id.or_else(|| {
            self.columns
                .iter()
                .position(|column| column.id.eq_ignore_ascii_case(name) || column.title.eq_ignore_ascii_case(name))
        })
    }

    pub(crate) fn ty(&self, col: usize) -> ColumnType {
        self.columns.get(col).map_or(ColumnType::Text, |column| column.ty)
    }
}

impl query::Schema for Schema {
    fn field(&self, name: &str) -> Option<Field> {
        let fixed = |id, ty| Some(Field { name: name.to_ascii_lowercase().into(), ty, id });
        if let Some(index) = self.index(name) {
            let column = self.columns.get(index)?;
            return Some(Field {
                name: column.id.as_str().into(),
                ty: field_type(column.ty),
                id: u16::try_from(index).ok()?,
            });
        }
        match name.to_ascii_lowercase().as_str() {
            "name" => fixed(identity::NAME, FieldType::Text),
            "namespace" if self.namespaced => fixed(identity::NAMESPACE, FieldType::Text),
            "labels" | "label" => Some(Field { name: "labels".into(), ty: FieldType::Map, id: identity::LABELS }),
            _ => None,
        }
    }

    fn whose(&self) -> Vec<Field> {
        let field = |id: &u16| {
            let column = self.columns.get(usize::from(*id))?;
            Some(Field { name: column.id.as_str().into(), ty: field_type(column.ty), id: *id })
        };
        self.whose.iter().filter_map(field).collect()
    }

    fn names(&self) -> Vec<String> {
        let own = self.columns.iter().map(|column| column.id.clone());
        let namespace = self.namespaced.then(|| "namespace".to_owned());
        own.chain(["name".to_owned(), "labels".to_owned()]).chain(namespace).collect()
    }
}

const fn field_type(ty: ColumnType) -> FieldType {
    match ty {
        ColumnType::Text | ColumnType::Status => FieldType::Text,
        ColumnType::Int
        | ColumnType::Ratio
        | ColumnType::Restarts
        | ColumnType::Bytes
        | ColumnType::MilliCpu
        | ColumnType::Percent => FieldType::Number,
        ColumnType::Micros => FieldType::Micros,
        ColumnType::Age | ColumnType::Clock | ColumnType::Span => FieldType::Time,
        ColumnType::Bool => FieldType::Bool,
    }
}
