//! Rows on stdout: aligned columns, CSV and JSON lines. stdout is data; everything else goes to stderr.

use std::io::{self, Write};

/// Text cells, laid one behind the other, so that thousands of rows are a few allocations.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    text: String,
    /// End of each cell in `text`, row after row.
    ends: Vec<u32>,
    columns: usize,
}

impl Grid {
    /// A grid of so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        Self { text: String::new(), ends: Vec::new(), columns: columns.max(1) }
    }

    /// Adds a cell, in reading order.
    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    /// Rows in reading order; each yields its cells.
    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        let mut start = 0_usize;
        self.ends.chunks(self.columns).map(move |ends| {
            let mut from = start;
            start = ends.last().map_or(start, |end| *end as usize);
            ends.iter().map(move |end| {
                let cell = self.text.get(from..*end as usize).unwrap_or_default();
                from = *end as usize;
                cell
            })
        })
    }

    /// Prints the columns aligned, three blanks between them, as kubectl does.
    pub(crate) fn aligned(&self, out: &mut impl Write) -> io::Result<()> {
        let mut widths = vec![0_usize; self.columns];
        for row in self.rows() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut line = String::new();
        for row in self.rows() {
            line.clear();
            for (at, (cell, width)) in row.zip(&widths).enumerate() {
                printable(cell, &mut line);
                if at + 1 < self.columns {
                    let pad = width + 3 - cell.chars().count().min(*width);
                    line.extend(std::iter::repeat_n(' ', pad));
                }
            }
            line.push('\n');
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    /// Prints CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets a quote before it.
    pub(crate) fn csv(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line = String::new();
        for row in self.rows() {
            line.clear();
            for (at, cell) in row.enumerate() {
                if at > 0 {
                    line.push(',');
                }
                let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
                if formula || cell.contains([',', '"', '\n', '\r']) {
                    line.push('"');
                    line.push_str(if formula { "'" } else { "" });
                    line.push_str(&cell.replace('"', "\"\""));
                    line.push('"');
                } else {
                    line.push_str(cell);
                }
            }
            line.push_str("\r\n");
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// Text of objects must not steer the terminal: control characters are shown as escapes.
fn printable(cell: &str, line: &mut String) {
    if cell.chars().any(char::is_control) {
        line.extend(cell.chars().flat_map(|c| {
            let (plain, escaped) = if c.is_control() { (None, Some(c.escape_default())) } else { (Some(c), None) };
            plain.into_iter().chain(escaped.into_iter().flatten())
        }));
    } else {
        line.push_str(cell);
    }
}

#[cfg(test)]
mod tests;
