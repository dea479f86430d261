//! A statement as words, literals, comments and signs.

use memchr::{memchr, memmem};

/// How literals and comments are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `"` quotes names; `$tag$` quotes literals; comments nest.
    Postgres,
    /// `"` quotes literals, `\` escapes; a backtick quotes names; `#` begins a comment.
    Mysql,
}

/// What some bytes of a statement are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Blanks and line ends.
    Space,
    /// A string or a number.
    Literal,
    /// A keyword or name.
    Word,
    /// A name in quotes.
    Name,
    /// `?` or `$1`.
    Placeholder,
    /// A comment.
    Comment,
    /// One sign.
    Sign,
}

/// Every token with where it begins and ends. One that is cut ends with the text.
pub(crate) fn tokens(text: &[u8], dialect: Dialect) -> impl Iterator<Item = (Token, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let first = *rest.first()?;
        let (token, len) = next(first, rest, dialect);
        let from = at;
        at = (at + len.max(1)).min(text.len());
        Some((token, from, at))
    })
}

fn next(first: u8, rest: &[u8], dialect: Dialect) -> (Token, usize) {
    let second = rest.get(1).copied().unwrap_or(0);
    let mysql = dialect == Dialect::Mysql;
    match first {
        b'\'' => (Token::Literal, quoted(rest, 0, b'\'', mysql)),
        b'"' if mysql => (Token::Literal, quoted(rest, 0, b'"', true)),
        b'"' => (Token::Name, quoted(rest, 0, b'"', false)),
        b'`' if mysql => (Token::Name, quoted(rest, 0, b'`', false)),
        b'$' if !mysql => dollar(rest),
        b'?' => (Token::Placeholder, 1),
        b'-' if second == b'-' => (Token::Comment, line_end(rest)),
        b'#' if mysql => (Token::Comment, line_end(rest)),
        b'/' if second == b'*' => (Token::Comment, comment(rest, !mysql)),
        b'0'..=b'9' => (Token::Literal, numeral(rest)),
        b'.' if second.is_ascii_digit() => (Token::Literal, numeral(rest)),
        _ if first.is_ascii_whitespace() || first == 0 => {
            (Token::Space, rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0).count())
        }
        _ if is_word(first) => word(rest, mysql),
        _ => (Token::Sign, 1),
    }
}

/// A word; or a literal with a letter before its quote.
fn word(rest: &[u8], mysql: bool) -> (Token, usize) {
    let len = rest.iter().take_while(|byte| is_word(**byte) || byte.is_ascii_digit() || **byte == b'$').count();
    let prefix = rest.get(..len).unwrap_or_default();
    match rest.get(len) {
        Some(b'\'') if matches!(prefix, [b'e' | b'E']) => (Token::Literal, quoted(rest, len, b'\'', true)),
        Some(b'\'') if matches!(prefix, [b'b' | b'B' | b'x' | b'X' | b'n' | b'N']) => {
            (Token::Literal, quoted(rest, len, b'\'', mysql))
        }
        // A character set before a string.
        Some(quote @ (b'\'' | b'"')) if mysql && prefix.first() == Some(&b'_') => {
            (Token::Literal, quoted(rest, len, *quote, true))
        }
        Some(b'&') if !mysql && matches!(prefix, [b'u' | b'U']) && rest.get(len + 1) == Some(&b'\'') => {
            (Token::Literal, quoted(rest, len + 1, b'\'', false))
        }
        _ => (Token::Word, len),
    }
}

/// The length up to the closing quote, when the opening one is at `open`. A doubled quote is one inside.
fn quoted(rest: &[u8], open: usize, quote: u8, backslash: bool) -> usize {
    let mut at = open + 1;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr::memchr2(quote, b'\\', rest)) {
        at += found;
        match rest.get(at) {
            Some(b'\\') if backslash => at += 2,
            Some(b'\\') => at += 1,
            _ if rest.get(at + 1) == Some(&quote) => at += 2,
            _ => return at + 1,
        }
    }
    rest.len()
}

/// `$1`, or a literal between two `$tag$`.
fn dollar(rest: &[u8]) -> (Token, usize) {
    let after = rest.get(1..).unwrap_or_default();
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 {
        return (Token::Placeholder, digits + 1);
    }
    let tag = after.iter().take_while(|byte| is_word(**byte) || byte.is_ascii_digit()).count();
    if after.get(tag) != Some(&b'$') {
        return (Token::Sign, 1);
    }
    let open = rest.get(..tag + 2).unwrap_or_default();
    let body = rest.get(open.len()..).unwrap_or_default();
    let end = memmem::find(body, open).map_or(rest.len(), |at| open.len() + at + open.len());
    (Token::Literal, end)
}

fn comment(rest: &[u8], nested: bool) -> usize {
    let mut depth = 1_usize;
    let mut at = 2;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr::memchr2(b'*', b'/', rest)) {
        at += found;
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            (Some(b'/'), Some(b'*')) if nested => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn line_end(rest: &[u8]) -> usize {
    memchr(b'\n', rest).unwrap_or(rest.len())
}

fn numeral(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        let sign = matches!(byte, b'+' | b'-')
            && at > 0
            && matches!(rest.get(at - 1), Some(b'e' | b'E'))
            && !matches!(rest.get(1), Some(b'x' | b'X'));
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || sign) {
            break;
        }
        at += 1;
    }
    at
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@') || byte >= 0x80
}
