//! Errors repeat values of the statement: which part of their text that is.

/// The part of a PostgreSQL message that may be a value: what stands in quotes in errors about data and syntax.
pub(crate) fn hidden_postgres(state: &[u8], text: &[u8]) -> Option<(usize, usize)> {
    if state.starts_with(b"22") || state == b"42601" || state == b"42846" { between(text, b'"') } else { None }
}

/// The part of a MySQL message that may be a value.
pub(crate) fn hidden_mysql(code: u16, text: &[u8]) -> Option<(usize, usize)> {
    match code {
        // A duplicate entry: the key's name stands behind the value.
        1062 | 1586 => {
            let from = memchr::memchr(b'\'', text)? + 1;
            let to = memchr::memmem::rfind(text, b"' for key").unwrap_or(text.len());
            (from < to).then_some((from, to))
        }
        1064 | 1149 | 1292 | 1365..=1367 | 1411 | 1525 | 1690 | 1210 | 3140 | 3141 | 4038 => between(text, b'\''),
        _ => None,
    }
}

/// From behind the first quote to the last.
fn between(text: &[u8], quote: u8) -> Option<(usize, usize)> {
    let from = memchr::memchr(quote, text)? + 1;
    let to = memchr::memrchr(quote, text).filter(|to| *to > from).unwrap_or(text.len());
    (from < to).then_some((from, to))
}
