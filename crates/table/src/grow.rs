//! Vectors that grow by an eighth: a table of 150,000 rows must not pay for the doubling of each of its columns.

/// Pushes with little slack.
pub(crate) fn push<T>(vec: &mut Vec<T>, value: T) {
    reserve(vec, 1);
    vec.push(value);
}

/// Makes room for `more` values with little slack.
pub(crate) fn reserve<T>(vec: &mut Vec<T>, more: usize) {
    if vec.capacity() - vec.len() < more {
        vec.reserve_exact(more.max(vec.len() / 8).max(16));
    }
}

/// Gives memory back when over half of it is unused.
pub(crate) fn trim<T>(vec: &mut Vec<T>) {
    if vec.capacity() > 64 && vec.len() < vec.capacity() / 2 {
        vec.shrink_to(vec.len() + vec.len() / 8);
    }
}

pub(crate) fn heap<T>(vec: &Vec<T>) -> usize {
    vec.capacity() * size_of::<T>()
}
