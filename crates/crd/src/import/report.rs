//! What became of each field of an object that was imported.

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It means here what it meant.
    Taken,
    /// It is there, in other words or with another value.
    Changed,
    /// It has no place here, and is left out.
    Unsupported,
}

impl Fate {
    /// In words of a table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Changed => "changed",
            Self::Unsupported => "not supported",
        }
    }
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The field, with points between its parts: `spec.env`.
    pub field: String,
    /// What became of it.
    pub fate: Fate,
    /// In words; empty where it was taken.
    pub why: String,
}

/// The lines of one object. A field that was changed in part is no longer told as taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Line>);

impl Report {
    /// A field was taken.
    pub fn taken(&mut self, field: impl Into<String>) {
        let field = field.into();
        if !self.0.iter().any(|line| line.field == field) {
            self.0.push(Line { field, fate: Fate::Taken, why: String::new() });
        }
    }

    /// A field was changed, or a part of it left out.
    pub fn changed(&mut self, field: impl Into<String>, why: impl Into<String>) {
        self.put(Line { field: field.into(), fate: Fate::Changed, why: why.into() });
    }

    /// A field has no place here.
    pub fn unsupported(&mut self, field: impl Into<String>, why: impl Into<String>) {
        self.put(Line { field: field.into(), fate: Fate::Unsupported, why: why.into() });
    }

    fn put(&mut self, line: Line) {
        match self.0.iter_mut().find(|one| one.field == line.field && one.fate == Fate::Taken) {
            Some(taken) => *taken = line,
            None => self.0.push(line),
        }
    }

    /// Each of them.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// What was changed or left out, in words.
    #[must_use]
    pub fn notes(&self) -> Vec<&str> {
        self.0.iter().filter(|line| line.fate != Fate::Taken).map(|line| line.why.as_str()).collect()
    }
}
