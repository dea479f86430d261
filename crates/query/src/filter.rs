//! A checked filter.
/// A filter.
#[derive(Debug)]
pub struct Filter;
