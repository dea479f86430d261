//! Text for a terminal: pieces with a tone, cut to a width, without anything that a terminal would obey.

use unicode_width::UnicodeWidthChar;

/// How a piece looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tap) enum Tone {
    Plain,
    Dim,
    Strong,
    Good,
    Info,
    Warn,
    Bad,
}

/// One line of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pieces: Vec<(Tone, String)>,
    width: usize,
    /// Drawn in reverse: a bar, or the row that is chosen.
    pub(super) reverse: bool,
}

impl Line {
    /// A line of one piece.
    pub(super) fn of(tone: Tone, text: &str) -> Self {
        let mut line = Self::default();
        line.push(tone, text);
        line
    }

    /// The pieces, in their order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.pieces.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// Adds a text, cleaned.
    pub(super) fn push(&mut self, tone: Tone, text: &str) {
        self.fit(tone, text, usize::MAX);
    }

    /// Adds a text as a column: cut to the width, then filled to it, and a blank behind it.
    pub(super) fn column(&mut self, tone: Tone, text: &str, width: usize) {
        if width == 0 {
            return;
        }
        let before = self.width;
        self.fit(tone, text, width);
        let fill = width.saturating_sub(self.width - before) + 1;
        self.pieces.push((Tone::Plain, " ".repeat(fill)));
        self.width += fill;
    }

    /// Cuts or fills the line to the width of the screen.
    pub(super) fn to(mut self, width: usize) -> Self {
        let pieces = std::mem::take(&mut self.pieces);
        self.width = 0;
        for (tone, text) in pieces {
            self.fit(tone, &text, width.saturating_sub(self.width));
        }
        let fill = width.saturating_sub(self.width);
        if self.reverse && fill > 0 {
            self.pieces.push((Tone::Plain, " ".repeat(fill)));
            self.width = width;
        }
        self
    }

    /// The line as several, none wider than this.
    pub(super) fn wrapped(&self, width: usize) -> Vec<Self> {
        let mut lines = vec![Self::default()];
        for (tone, text) in self.pieces() {
            for char in text.chars() {
                let cells = char.width().unwrap_or(0);
                if lines.last().is_some_and(|line| line.width + cells > width) {
                    lines.push(Self::default());
                }
                let Some(line) = lines.last_mut() else { continue };
                line.width += cells;
                match line.pieces.last_mut() {
                    Some((last, text)) if *last == tone => text.push(char),
                    _ => line.pieces.push((tone, char.to_string())),
                }
            }
        }
        lines
    }

    /// Adds what fits; a text that does not ends in `…`.
    fn fit(&mut self, tone: Tone, text: &str, room: usize) {
        let mut piece = String::new();
        let (mut used, mut last) = (0, 0);
        for char in text.chars().flat_map(clean) {
            let width = char.width().unwrap_or(0);
            if used + width > room {
                if room > 0 {
                    // the mark takes the place of what stood in the last cell
                    piece.truncate(last);
                    piece.push('…');
                    used = room;
                }
                break;
            }
            if used + width < room {
                last = piece.len() + char.len_utf8();
            }
            piece.push(char);
            used += width;
        }
        self.width += used;
        if !piece.is_empty() {
            self.pieces.push((tone, piece));
        }
    }

    /// The text alone.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// A character as it may stand on a screen: controls and what turns the direction of text come as their escapes.
pub(in crate::tap) fn clean(char: char) -> impl Iterator<Item = char> {
    let turns = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let harmful = turns || char.is_control();
    let escaped = harmful.then(|| char.escape_default());
    (!harmful).then_some(char).into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests;
