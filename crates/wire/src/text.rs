//! Walks JSON text in place. The text was checked as JSON before it gets here (`object::json`), so that walking needs
//! no second set of errors: anything unexpected reads as absent.

use std::borrow::Cow;

/// A JSON value: text that starts with it, and may go on behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// A value at the start of checked text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.trim_ascii_start())
    }

    pub(crate) fn first(self) -> u8 {
        self.0.as_bytes().first().copied().unwrap_or(0)
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self.first(), b'n' | 0)
    }

    /// The text of exactly this value.
    pub(crate) fn exact(self) -> &'a str {
        self.0.get(..skip(self.0.as_bytes())).unwrap_or_default()
    }

    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        (self.first() == b'"').then(|| unquote(self.exact()))?
    }

    /// A number, `true` or `false` as it is written.
    pub(crate) fn bare(self) -> Option<&'a str> {
        (!matches!(self.first(), b'"' | b'{' | b'[' | b'n' | 0)).then(|| self.exact())
    }

    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.entries().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    /// Members of an object.
    pub(crate) fn entries(self) -> Entries<'a> {
        Entries(if self.first() == b'{' { self.0.get(1..).unwrap_or_default() } else { "" })
    }

    /// Elements of an array.
    pub(crate) fn items(self) -> Items<'a> {
        Items(if self.first() == b'[' { self.0.get(1..).unwrap_or_default() } else { "" })
    }
}

/// Members of an object.
#[derive(Clone, Debug)]
pub(crate) struct Entries<'a>(&'a str);

impl<'a> Iterator for Entries<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = separator(self.0);
        if !text.starts_with('"') {
            self.0 = "";
            return None;
        }
        let (key, rest) = text.split_at_checked(skip(text.as_bytes()))?;
        let value = rest.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
        self.0 = value.get(skip(value.as_bytes())..).unwrap_or_default();
        Some((unquote(key)?, Json(value)))
    }
}

/// Elements of an array.
#[derive(Clone, Debug)]
pub(crate) struct Items<'a>(&'a str);

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = separator(self.0);
        if text.is_empty() || text.starts_with(']') {
            self.0 = "";
            return None;
        }
        self.0 = text.get(skip(text.as_bytes()).max(1)..).unwrap_or_default();
        Some(Json(text))
    }
}

fn separator(text: &str) -> &str {
    let text = text.trim_ascii_start();
    text.strip_prefix(',').map_or(text, str::trim_ascii_start)
}

/// The length of the value at the start of `text`.
fn skip(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => string_end(text, 1),
        Some(b'{' | b'[') => {
            let mut depth = 0_usize;
            let mut at = 0;
            while let Some(byte) = text.get(at) {
                at += 1;
                match byte {
                    b'"' => at = string_end(text, at),
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at;
                        }
                    }
                    _ => {}
                }
            }
            text.len()
        }
        _ => text
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))
            .unwrap_or(text.len()),
    }
}

/// Where the string ends whose opening quote is just before `at`.
fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// The string that a quoted text stands for.
fn unquote(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(quoted).ok().map(Cow::Owned)
}
