//! GraphQL over HTTP: which operation a request asks for. Reads the preview of the body, which may be cut.
//!
//! A body is taken for GraphQL when it is a JSON object with a `query` that reads like a document, or has the media type
//! of one. Nothing is kept; a loop passes each byte once or twice.

use crate::record::http::Graphql;

/// What a request body of this media type asks for.
#[must_use]
pub fn of<'a>(media_type: &[u8], body: &'a [u8]) -> Option<Graphql<'a>> {
    if media_type.eq_ignore_ascii_case(b"application/graphql") {
        return operation(body, None);
    }
    let is_json = media_type.eq_ignore_ascii_case(b"application/json")
        || media_type.eq_ignore_ascii_case(b"application/graphql+json");
    if !is_json {
        return None;
    }
    let (query, name) = members(body)?;
    operation(query, name.filter(|name| !name.is_empty()))
}

/// `query` and `operationName` of a JSON object, or of the first in an array: their text as it stands between the quotes.
fn members(body: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut rest = body.trim_ascii_start();
    if let Some(inside) = rest.strip_prefix(b"[") {
        rest = inside.trim_ascii_start();
    }
    rest = rest.strip_prefix(b"{")?;
    let (mut query, mut name) = (None, None);
    for _ in 0..MOST_MEMBERS {
        rest = rest.trim_ascii_start();
        let Some(begin) = rest.strip_prefix(b"\"") else { break };
        let (key, after) = string(begin);
        let Some(value) = after.trim_ascii_start().strip_prefix(b":") else { break };
        let value = value.trim_ascii_start();
        let after = match value.strip_prefix(b"\"") {
            Some(begin) => {
                let (text, after) = string(begin);
                match key {
                    b"query" => query = Some(text),
                    b"operationName" => name = Some(text),
                    _ => {}
                }
                after
            }
            None => skip_value(value),
        };
        match after.trim_ascii_start().strip_prefix(b",") {
            Some(next) => rest = next,
            None => break,
        }
    }
    Some((query?, name))
}

/// The text up to the closing quote, or to the end of a body that is cut; and what follows the quote.
fn string(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(hit) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        let end = at + hit;
        if bytes.get(end) == Some(&b'"') {
            let (text, after) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            return (text, after.get(1..).unwrap_or_default());
        }
        at = end + 2;
    }
    (bytes, &[])
}

/// What follows a value that is no string: its brackets are counted, texts inside are passed over.
fn skip_value(bytes: &[u8]) -> &[u8] {
    let (mut rest, mut depth) = (bytes, 0_usize);
    loop {
        match rest.first() {
            None => return rest,
            Some(b'"') => {
                rest = string(rest.get(1..).unwrap_or_default()).1;
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']' | b',') if depth == 0 => return rest,
            Some(b'}' | b']') => depth -= 1,
            Some(_) => {}
        }
        rest = rest.get(1..).unwrap_or_default();
    }
}

/// The operation of that name, else the first of a document. Escapes of JSON may stand in it.
fn operation<'a>(document: &'a [u8], wanted: Option<&[u8]>) -> Option<Graphql<'a>> {
    let mut rest = document;
    let mut first = None;
    while let Some((token, after)) = token(rest) {
        let op = match token {
            b"{" if self::token(after).is_some_and(|(word, _)| is_name(word) || word == b".") => "query",
            b"query" => "query",
            b"mutation" => "mutation",
            b"subscription" => "subscription",
            b"fragment" => {
                rest = behind_selection(after);
                continue;
            }
            _ => break,
        };
        let name = self::token(after).map(|(word, _)| word).filter(|word| token != b"{" && is_name(word));
        let found = Graphql { op, name };
        if wanted.is_none() || name == wanted {
            return Some(found);
        }
        first.get_or_insert(found);
        rest = behind_selection(rest);
    }
    first
}

/// What follows the next pair of braces.
fn behind_selection(bytes: &[u8]) -> &[u8] {
    let (mut rest, mut depth) = (bytes, 0_usize);
    while let Some((token, after)) = token(rest) {
        rest = after;
        match token {
            b"{" => depth += 1,
            b"}" if depth <= 1 => return rest,
            b"}" => depth -= 1,
            _ => {}
        }
    }
    &[]
}

/// The next name or sign, over blanks, commas, comments and JSON's escapes of them.
fn token(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | b',', after @ ..] => after,
            [b'\\', b'n' | b't' | b'r', after @ ..] => after,
            [0xef, 0xbb, 0xbf, after @ ..] => after,
            [b'#', after @ ..] => comment(after),
            _ => break,
        };
    }
    let len = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if rest.is_empty() { None } else { rest.split_at_checked(len.max(1)) }
}

/// What follows a comment: its line ends as it is, or as JSON writes it.
fn comment(bytes: &[u8]) -> &[u8] {
    let plain = memchr::memchr2(b'\n', b'\r', bytes);
    let escaped = memchr::memmem::find(bytes, b"\\n");
    match plain.into_iter().chain(escaped).min() {
        Some(end) => bytes.get(end..).unwrap_or_default(),
        None => &[],
    }
}

fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
}

/// Members of the object that are looked at.
const MOST_MEMBERS: usize = 64;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::of;
    use proptest::prelude::*;

    fn json(body: &str) -> Option<(String, Option<String>)> {
        let found = of(b"application/json", body.as_bytes())?;
        Some((found.op.to_owned(), found.name.map(|name| String::from_utf8(name.to_vec()).unwrap())))
    }

    fn named(op: &str, name: &str) -> Option<(String, Option<String>)> {
        Some((op.to_owned(), Some(name.to_owned())))
    }

    #[test]
    fn cap_n_01k_operation_and_name_are_read_from_the_document() {
        let anonymous = |op: &str| Some((op.to_owned(), None));
        assert_eq!(json(r#"{"query":"query Cart($id: ID!) { cart(id: $id) { total } }"}"#), named("query", "Cart"));
        assert_eq!(json(r#"{"variables":{"query":"}\""},"query":"mutation\n\tPay {pay}"}"#), named("mutation", "Pay"));
        assert_eq!(json(r#"[{"query":"subscription S{a}"},{"query":"{b}"}]"#), named("subscription", "S"));
        assert_eq!(json(r#"{"query":"{ a { b } }"}"#), anonymous("query"));
        assert_eq!(json(r##"{"query":"# who\n  query Q { a }"}"##), named("query", "Q"));
        assert_eq!(json(r#"{"query":"query ($a: Int) { x }"}"#), anonymous("query"));
        assert_eq!(of(b"application/graphql", b"mutation M{x}").unwrap().name, Some(&b"M"[..]));
    }

    #[test]
    fn cap_n_01l_of_several_operations_the_one_that_is_named_counts() {
        let two = r#"{"operationName":"B","query":"fragment F on T { a { b } } query A { ...F } mutation B { c }"}"#;
        assert_eq!(json(two), named("mutation", "B"));
        let unknown = r#"{"operationName":"C","query":"query A { a }"}"#;
        assert_eq!(json(unknown), named("query", "A"));
    }

    #[test]
    fn other_bodies_are_not_graphql() {
        for body in [r#"{"query":"select 1"}"#, r#"{"q":"query A {b}"}"#, "", "{", "[]", r#"{"query":1}"#] {
            assert_eq!(json(body), None, "{body}");
        }
        assert_eq!(of(b"text/plain", br#"{"query":"{a}"}"#), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = of(b"application/json", &body);
            let _ = of(b"application/graphql", &body);
        }

        #[test]
        fn a_cut_body_never_names_something_else(cut in 0_usize..90) {
            let body = br#"{"operationName":"Cart","query":"query Cart($id: ID!) { cart(id: $id) { total } }"}"#;
            let part = &body[..cut.min(body.len())];
            if let Some(found) = of(b"application/json", part) {
                prop_assert!(found.name.is_none_or(|name| b"Cart".starts_with(name)));
            }
        }
    }
}
