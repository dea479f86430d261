//! JSON pointers (RFC 6901).

use std::fmt;

/// A path from the root of a blueprint to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer; a missing first `/` is forgiven, as people type them.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('/').unwrap_or(text);
        if text.is_empty() {
            return Self::default();
        }
        Self(text.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect())
    }

    /// The segments, from the root.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// This pointer and one segment more.
    #[must_use]
    pub fn join(&self, segment: impl fmt::Display) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment.to_string());
        Self(segments)
    }

    /// Whether a pattern whose `*` stands for any one segment says this path or one above it.
    #[must_use]
    pub fn is_under(&self, pattern: &Pointer) -> bool {
        pattern.0.len() <= self.0.len() && pattern.0.iter().zip(&self.0).all(|(want, have)| want == "*" || want == have)
    }

    /// The same, for this path alone.
    #[must_use]
    pub fn matches(&self, pattern: &Pointer) -> bool {
        pattern.0.len() == self.0.len() && self.is_under(pattern)
    }
}

/// A way from the root down, while it is walked: nothing is made of it until somebody is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    /// The root.
    Root,
    /// A key of what is above.
    Key(&'a Path<'a>, &'a str),
    /// An item of what is above.
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The same as a pointer.
    pub(crate) fn pointer(&self) -> Pointer {
        match self {
            Path::Root => Pointer::default(),
            Path::Key(above, key) => above.pointer().join(key),
            Path::Item(above, index) => above.pointer().join(index),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pointer().fmt(f)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            write!(f, "/{}", segment.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}
