//! What an expression is matched against.

/// The value of a field in one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not there. Only `!=`, `!~` and `not` hold for it.
    Absent,
    /// Characters.
    Text(&'a str),
    /// A number in whole units: cores, bytes; per cent as 0 to 100.
    Number(f64),
    /// A moment, in epoch milliseconds; compares by its age.
    Time(i64),
    /// A length of time from a start to an end, or to now; epoch milliseconds.
    Span(i64, Option<i64>),
    /// True or false.
    Bool(bool),
}

/// One record: a table's row.
pub trait Record {
    /// The value of the field with this id.
    fn value(&self, id: u16) -> Value<'_>;

    /// The value under `key` of the map with this id.
    fn map(&self, id: u16, key: &str) -> Value<'_>;

    /// Shows each visible text to `test`, the name first, until it returns true; tells whether one did.
    ///
    /// `term` numbers the term of the filter that asks: within one filter, equal `term` and equal text give an equal
    /// answer, so that a table may remember the answer of a text that many rows share.
    fn words(&self, term: u16, test: &mut dyn FnMut(&str) -> bool) -> bool;

    /// The name alone.
    fn name(&self) -> &str;
}
