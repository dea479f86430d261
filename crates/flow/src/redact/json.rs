//! Secrets in JSON: the values of members with secret names, found without building a tree.
//!
//! The text may be cut anywhere and need not be valid; every byte is looked at once, and depth is a number.

use memchr::{memchr, memchr2};

use super::{Redaction, Spans, Why};

impl Redaction {
    /// Values of secret members, tokens and card numbers in JSON text, or in its head.
    pub fn json(&self, bytes: &[u8], spans: &mut Spans) {
        if !self.rules.on {
            return;
        }
        self.text(bytes, spans);
        if self.rules.keys.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) {
            let open = at + found;
            let end = string_end(bytes, open + 1);
            at = end + 1;
            let colon = skip_blank(bytes, at);
            if bytes.get(colon) != Some(&b':') {
                continue;
            }
            at = colon + 1;
            if self.keys.matches(bytes.get(open + 1..end).unwrap_or_default()) {
                at = secret_value(bytes, skip_blank(bytes, at), spans);
            }
        }
    }
}

/// Hides the value that starts at `at`; of an object or array every string and number inside. Returns what follows it.
fn secret_value(bytes: &[u8], at: usize, spans: &mut Spans) -> usize {
    let mut at = at;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = string_end(bytes, at + 1);
                let member = depth > 0 && bytes.get(skip_blank(bytes, end + 1)) == Some(&b':');
                if !member {
                    spans.add(at + 1, end, Why::Key);
                }
                at = end + 1;
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            _ => {
                let end = find(bytes, at, |byte| {
                    matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | b'"' | b':')
                })
                .unwrap_or(bytes.len());
                let word = bytes.get(at..end).unwrap_or_default();
                if !matches!(word, b"null" | b"true" | b"false") {
                    spans.add(at, end, Why::Key);
                }
                at = end;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// Where the closing quote of a string stands, or the end of the text.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        if bytes.get(at + found) == Some(&b'"') {
            return at + found;
        }
        at += found + 2;
    }
    bytes.len()
}

fn skip_blank(bytes: &[u8], from: usize) -> usize {
    find(bytes, from, |byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len())
}

fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| wanted(*byte)).map(|at| from + at)
}
