//! What an expression may name.

use std::sync::Arc;

/// How a field compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Characters; a status by its text.
    Text,
    /// A number; literals may be quantities (`100m`, `1Gi`), ratios (`1/2`) or per cent (`50%`).
    Number,
    /// A short length of time as a number of microseconds; literals have units (`200ms`, `1.5s`) or are microseconds.
    Micros,
    /// A moment or a length of time: compares with durations (`age > 5m`).
    Time,
    /// True or false.
    Bool,
    /// Texts by key (`labels.app = "x"`, `labels has app`).
    Map,
    /// Texts separated by commas (`roles has worker`).
    List,
}

/// A field that an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as [`crate::Filter::canonical`] prints it.
    pub name: Arc<str>,
    /// How it compares.
    pub ty: FieldType,
    /// The caller's number for it: what [`crate::Record::value`] is asked for.
    pub id: u16,
}

/// The fields of a kind of record.
pub trait Schema {
    /// The field with this name. For a map this is called with the part before the first dot.
    fn field(&self, name: &str) -> Option<Field>;

    /// Every name, for the error that suggests the nearest ones.
    fn names(&self) -> Vec<String>;

    /// The texts that say whose a record is: what `/regex/` is asked of. None: every visible text.
    fn whose(&self) -> Vec<Field> {
        Vec::new()
    }
}
