//! The terminal: taken on the way in, given back on every way out, and drawn line by line where lines changed.

use super::said;
use super::text::{Line, Tone};
use crate::terminal::{self, Taken};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use std::io::{self, Write};
use std::sync::Once;

/// The terminal, while it is ours.
pub(super) struct Screen {
    /// What stands there.
    drawn: Vec<Line>,
    size: (u16, u16),
    /// Gives it back when it is dropped.
    _taken: Taken,
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                terminal::give_back();
                said::give_back();
                before(panic);
            }));
        });
        let taken = Taken::take()?;
        let mut undo = Vec::new();
        queue!(undo, EndSynchronizedUpdate, ResetColor, Show, LeaveAlternateScreen)?;
        taken.undo(undo);
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(Self { drawn: Vec::new(), size: (0, 0), _taken: taken })
    }

    /// Columns and lines.
    pub(super) fn size(&self) -> (usize, usize) {
        let (columns, lines) = crossterm::terminal::size().unwrap_or((80, 24));
        (usize::from(columns.max(1)), usize::from(lines.max(1)))
    }

    /// Everything is drawn anew the next time.
    pub(super) fn forget(&mut self) {
        self.size = (0, 0);
    }

    /// Draws what is different from what stands there.
    pub(super) fn draw(&mut self, lines: Vec<Line>) -> io::Result<()> {
        let size = crossterm::terminal::size().unwrap_or((80, 24));
        let mut out = io::BufWriter::new(io::stdout().lock());
        queue!(out, BeginSynchronizedUpdate)?;
        if self.size != size {
            self.size = size;
            self.drawn.clear();
            queue!(out, Clear(ClearType::All))?;
        }
        for (at, line) in (0..size.1).zip(&lines) {
            if self.drawn.get(usize::from(at)) != Some(line) {
                queue!(out, MoveTo(0, at))?;
                put(line, &mut out)?;
            }
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()?;
        self.drawn = lines;
        Ok(())
    }
}

fn put(line: &Line, out: &mut impl Write) -> io::Result<()> {
    for (tone, text) in line.pieces() {
        if line.reverse {
            queue!(out, SetAttribute(Attribute::Reverse))?;
        }
        match tone {
            Tone::Plain => {}
            Tone::Dim => queue!(out, SetAttribute(Attribute::Dim))?,
            Tone::Strong => queue!(out, SetAttribute(Attribute::Bold))?,
            Tone::Good => queue!(out, SetForegroundColor(Color::DarkGreen))?,
            Tone::Info => queue!(out, SetForegroundColor(Color::DarkCyan))?,
            Tone::Warn => queue!(out, SetForegroundColor(Color::DarkYellow))?,
            Tone::Bad => queue!(out, SetForegroundColor(Color::DarkRed))?,
        }
        queue!(out, Print(text), SetAttribute(Attribute::Reset))?;
    }
    queue!(out, Clear(ClearType::UntilNewLine))
}

#[cfg(test)]
mod tests;
