//! Finding a text inside another without regard to case.

/// A text to look for, in lower case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Needle {
    text: Box<str>,
    ascii: bool,
}

impl Needle {
    pub(crate) fn new(text: &str) -> Self {
        Self { ascii: text.is_ascii(), text: text.to_lowercase().into() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The needle stands somewhere in `text`.
    pub(crate) fn inside(&self, text: &str) -> bool {
        let needle = self.text.as_bytes();
        if !self.ascii || !text.is_ascii() {
            return text.to_lowercase().contains(&*self.text);
        }
        let Some((&first, rest)) = needle.split_first() else { return true };
        let hay = text.as_bytes();
        if hay.len() < needle.len() {
            return false;
        }
        let starts = hay.get(..=hay.len() - needle.len()).unwrap_or(hay);
        memchr::memchr2_iter(first, first.to_ascii_uppercase(), starts)
            .any(|at| hay.get(at + 1..at + needle.len()).is_some_and(|tail| tail.eq_ignore_ascii_case(rest)))
    }

    /// The needle's characters stand in `text` in this order, with others between them.
    pub(crate) fn scattered(&self, text: &str) -> bool {
        let mut left = self.text.chars().peekable();
        for c in text.chars().flat_map(char::to_lowercase) {
            if left.peek() == Some(&c) {
                left.next();
            }
        }
        left.peek().is_none()
    }
}
