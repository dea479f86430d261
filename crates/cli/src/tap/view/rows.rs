//! The records that the view keeps, which of them are shown, and where one looks.

use capture::line::Choice;
use std::collections::VecDeque;

/// Records, newest last.
#[derive(Default)]
pub(super) struct Rows {
    kept: VecDeque<Box<[u8]>>,
    /// The number of the oldest that is kept.
    first: u64,
    bytes: usize,
    /// Numbers of those that the filter takes.
    shown: VecDeque<u64>,
    choice: Option<Choice>,
    /// Only rows before this one are shown.
    paused: Option<u64>,
    /// The row that is chosen; the newest without.
    cursor: Option<u64>,
    /// The row at the top, while one is chosen.
    top: u64,
}

impl Rows {
    /// A record comes.
    pub(super) fn push(&mut self, line: &[u8]) {
        let number = self.first + self.kept.len() as u64;
        if self.choice.as_mut().is_none_or(|choice| choice.holds(line)) {
            self.shown.push_back(number);
        }
        self.bytes += line.len();
        self.kept.push_back(line.into());
        while self.kept.len() > MOST || self.bytes > MOST_BYTES {
            let Some(old) = self.kept.pop_front() else { break };
            self.bytes -= old.len();
            if self.shown.front() == Some(&self.first) {
                self.shown.pop_front();
            }
            self.first += 1;
        }
    }

    /// Shows only records for which this holds; all without.
    pub(super) fn choose(&mut self, choice: Option<Choice>) {
        self.choice = choice;
        self.shown.clear();
        for (number, line) in (self.first..).zip(&self.kept) {
            if self.choice.as_mut().is_none_or(|choice| choice.holds(line)) {
                self.shown.push_back(number);
            }
        }
    }

    /// Stops or goes on showing what comes.
    pub(super) fn pause(&mut self) {
        self.paused = match self.paused {
            Some(_) => None,
            None => Some(self.first + self.kept.len() as u64),
        };
    }

    /// Whether what comes is not shown.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Whether the newest is in view, always.
    pub(super) fn follows(&self) -> bool {
        self.cursor.is_none()
    }

    /// How many rows the filter takes, of how many.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.shown.len(), self.kept.len())
    }

    /// Rows behind the last one that is shown while paused.
    pub(super) fn news(&self) -> usize {
        self.shown.len() - self.end()
    }

    /// Rows that are shown at all: the place behind the last.
    fn end(&self) -> usize {
        self.paused.map_or(self.shown.len(), |before| self.shown.partition_point(|number| *number < before))
    }

    fn place(&self, number: u64) -> usize {
        self.shown.partition_point(|have| *have < number).min(self.end().saturating_sub(1))
    }

    fn at(&self, place: usize) -> Option<u64> {
        self.shown.get(place).copied()
    }

    /// The newest row is chosen and stays so.
    pub(super) fn follow(&mut self) {
        self.cursor = None;
    }

    /// What is chosen stays so, whatever comes.
    pub(super) fn hold(&mut self) {
        if let (None, Some(last)) = (self.cursor, self.end().checked_sub(1)) {
            self.cursor = self.at(last);
        }
    }

    /// Chooses another row, so many further down.
    pub(super) fn go(&mut self, by: isize) {
        let Some(last) = self.end().checked_sub(1) else { return };
        let from = self.cursor.map_or(last, |number| self.place(number));
        let to = from.saturating_add_signed(by).min(last);
        // Going down from the last row is following again.
        self.cursor = if by > 0 && to == last && from == last { None } else { self.at(to) };
    }

    /// The row that is chosen.
    pub(super) fn chosen(&self) -> Option<&[u8]> {
        let last = self.end().checked_sub(1)?;
        self.line(self.cursor.map_or(last, |number| self.place(number)))
    }

    fn line(&self, place: usize) -> Option<&[u8]> {
        let at = usize::try_from(self.at(place)?.checked_sub(self.first)?).ok()?;
        self.kept.get(at).map(AsRef::as_ref)
    }

    /// The rows of a window of so many lines, and which of them is chosen.
    pub(super) fn window(&mut self, height: usize) -> (Vec<&[u8]>, Option<usize>) {
        let end = self.end();
        let (top, chosen) = match self.cursor {
            None => (end.saturating_sub(height), end.checked_sub(1)),
            Some(number) => {
                let cursor = self.place(number);
                let most = end.saturating_sub(height);
                let top = self.place(self.top).clamp((cursor + 1).saturating_sub(height.max(1)), cursor).min(most);
                (top, Some(cursor))
            }
        };
        self.top = self.at(top).unwrap_or(self.first);
        let rows = (top..end.min(top + height)).filter_map(|place| self.line(place)).collect();
        (rows, chosen.and_then(|chosen| chosen.checked_sub(top)))
    }
}

/// Records that are kept, at most.
const MOST: usize = 20_000;
/// And their bytes.
const MOST_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests;
