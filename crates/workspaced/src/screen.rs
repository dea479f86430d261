//! What a terminal shows: its state and the lines before, from which any viewer's terminal is made alike.
//!
//! Output is passed on only up to the last place where no sequence of control bytes and no character is cut, so that a
//! viewer may join between two pieces.

use std::num::NonZeroU16;

use proto::workspace::Size;

/// The state of one terminal.
pub(crate) struct Screen {
    parser: vt100::Parser,
    /// A sequence or character that is not whole yet.
    cut: Vec<u8>,
}

impl Screen {
    pub(crate) fn new(size: Size) -> Self {
        let (rows, cols) = bounds(size);
        let kept = (MAX_KEPT_CELLS / usize::from(cols.get())).min(MAX_KEPT_LINES);
        Self { parser: vt100::Parser::new(rows, cols, kept), cut: Vec::new() }
    }

    /// Takes output; what may be passed on now.
    pub(crate) fn process(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.cut.extend_from_slice(bytes);
        let whole = whole(&self.cut);
        let rest = self.cut.split_off(whole);
        let now = std::mem::replace(&mut self.cut, rest);
        self.parser.process(&now);
        now
    }

    /// What never became whole: at the end of the output.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let rest = std::mem::take(&mut self.cut);
        self.parser.process(&rest);
        rest
    }

    pub(crate) fn resize(&mut self, size: Size) {
        let (rows, cols) = bounds(size);
        self.parser.screen_mut().set_size(rows, cols);
    }

    pub(crate) fn size(&self) -> Size {
        let (rows, cols) = self.parser.screen().size();
        Size { rows: rows.get().into(), cols: cols.get().into() }
    }

    /// Bytes that make an empty terminal of this size show the same, with the lines before it.
    pub(crate) fn restore(&mut self) -> Vec<u8> {
        let alternate = self.parser.screen().alternate_screen();
        let mut out = String::from("\x1b[m\x1b[H\x1b[2J");
        if alternate {
            // the screen behind it stands untouched while this looks at it
            self.parser.process(LEAVE);
        }
        self.lines_before(&mut out);
        out.push_str(&self.parser.screen().contents_formatted());
        if alternate {
            self.parser.process(ENTER);
            out.push_str("\x1b[?1049h");
            out.push_str(&self.parser.screen().contents_formatted());
        }
        out.push_str(&self.parser.screen().input_mode_formatted());
        out.into_bytes()
    }

    /// The same as text that ends on a line of its own, without what programs set for keys: for who comes when it is over.
    pub(crate) fn last(&mut self) -> String {
        let mut out = String::from("\x1b[m\x1b[H\x1b[2J");
        if !self.parser.screen().alternate_screen() {
            self.lines_before(&mut out);
        }
        out.push_str(&self.parser.screen().contents_formatted());
        // what is said next stands below what was shown, and pushes no more of it away than it has to
        let (_, cols) = self.parser.screen().size();
        let rows = self.parser.screen().rows(0, cols.get());
        let last = rows.enumerate().filter(|(_, row)| !row.trim().is_empty()).last().map_or(1, |(at, _)| at + 1);
        out.push_str(&format!("\x1b[m\x1b[?25h\x1b[{last};1H\r\n"));
        out
    }

    fn lines_before(&mut self, out: &mut String) {
        let (rows, cols) = self.parser.screen().size();
        let screen = self.parser.screen_mut();
        let total = screen.scrollback_len();
        let mut left = total;
        while left > 0 {
            screen.set_scrollback(left);
            let page = left.min(rows.get().into());
            let lines: Vec<String> = screen.rows_formatted(0, cols.get()).take(page).collect();
            for line in lines {
                out.push_str(&line);
                out.push_str("\x1b[m\r\n");
            }
            left -= page;
        }
        screen.set_scrollback(0);
        if total > 0 {
            // pushes the last of them off the screen, which is drawn next
            out.push_str(&"\r\n".repeat(usize::from(rows.get()).saturating_sub(1)));
        }
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// What a terminal can be: nothing that a caller asks for costs more memory than this.
fn bounds(size: Size) -> (NonZeroU16, NonZeroU16) {
    let within = |asked: u32, usual: u16, most: u16| {
        let asked = u16::try_from(asked).unwrap_or(u16::MAX);
        let number = if asked == 0 { usual } else { asked.clamp(2, most) };
        NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN)
    };
    (within(size.rows, 24, MAX_ROWS), within(size.cols, 80, MAX_COLS))
}

/// How many of these bytes hold neither a cut sequence nor a cut character at their end.
fn whole(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(MAX_CUT);
    let tail = bytes.get(from..).unwrap_or_default();
    let escape = tail.iter().rposition(|byte| *byte == 0x1b);
    if let Some(at) = escape
        && !closed(tail.get(at + 1..).unwrap_or_default())
    {
        return from + at;
    }
    // the last character: its first byte says how long it is
    let lead = tail.iter().rev().take(4).position(|byte| byte & 0xc0 != 0x80);
    if let Some(back) = lead {
        let at = tail.len() - 1 - back;
        let long = match tail.get(at) {
            Some(0xc2..=0xdf) => 2,
            Some(0xe0..=0xef) => 3,
            Some(0xf0..=0xf4) => 4,
            _ => 1,
        };
        if tail.len() - at < long {
            return from + at;
        }
    }
    bytes.len()
}

/// Whether a sequence is whole, from what follows its escape.
fn closed(rest: &[u8]) -> bool {
    match rest {
        [] => false,
        [b'[', more @ ..] => more.iter().any(|byte| (0x40..=0x7e).contains(byte)),
        [b']' | b'P' | b'X' | b'^' | b'_', more @ ..] => more.contains(&0x07),
        [0x20..=0x2f, more @ ..] => more.iter().any(|byte| (0x30..=0x7e).contains(byte)),
        _ => true,
    }
}

const MAX_ROWS: u16 = 500;
const MAX_COLS: u16 = 1000;
const MAX_KEPT_LINES: usize = 1000;
const MAX_KEPT_CELLS: usize = 120_000;
/// A longer sequence is passed on in pieces.
const MAX_CUT: usize = 4 << 10;
const LEAVE: &[u8] = b"\x1b[?47l";
const ENTER: &[u8] = b"\x1b[?47h";

#[cfg(test)]
mod tests;
