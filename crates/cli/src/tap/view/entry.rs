//! A line that is typed.

/// The text, and where the next character goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    text: Vec<char>,
    at: usize,
    /// What is wrong with it, and where.
    pub(super) wrong: Option<(String, usize)>,
}

impl Entry {
    /// One that has this text already.
    pub(super) fn of(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        Self { at: text.len(), text, wrong: None }
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Characters before the place.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn put(&mut self, char: char) {
        if self.text.len() < LONGEST {
            self.wrong = None;
            self.text.insert(self.at, char);
            self.at += 1;
        }
    }

    /// Takes the character before the place.
    pub(super) fn rub(&mut self) {
        if self.at > 0 {
            self.wrong = None;
            self.at -= 1;
            self.text.remove(self.at);
        }
    }

    pub(super) fn go(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.text.len());
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Characters of a line.
const LONGEST: usize = 4_096;
