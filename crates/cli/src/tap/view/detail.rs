//! One record in full: what it says, headers as they were sent, the preview of a body; behind that whose it is.

use super::text::{Line, Tone};
use crate::tap::table;
use capture::line::json;

/// The lines of a record.
pub(super) fn lines(record: &[u8], width: usize) -> Vec<Line> {
    let width = width.max(20);
    let mut lines = Line::of(Tone::Strong, &table::comment(record)).wrapped(width);
    let behind = |name: &[u8]| BEHIND.contains(&name);
    object(json::members(record).filter(|(name, _)| !behind(name)), 0, width, &mut lines);
    object(json::members(record).filter(|(name, _)| behind(name)), 0, width, &mut lines);
    lines
}

fn object<'a>(members: impl Iterator<Item = (&'a [u8], &'a [u8])>, depth: usize, width: usize, lines: &mut Vec<Line>) {
    for (name, value) in members {
        let name = String::from_utf8_lossy(name);
        match value.first() {
            Some(b'{') => {
                lines.push(named(&name, depth));
                // by its type, or each depth would be a type of its own
                let inner: Box<dyn Iterator<Item = _>> = Box::new(json::members(value));
                object(inner, depth + 1, width, lines);
            }
            // names and values, in pairs: headers
            Some(b'[') if value.starts_with(b"[[") => {
                lines.push(named(&name, depth));
                for pair in json::elements(value) {
                    let mut parts = json::elements(pair).map(text);
                    let (name, value) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>().join(" "));
                    let mut line = indented(depth + 1);
                    line.push(Tone::Info, &name);
                    line.push(Tone::Plain, &format!(": {value}"));
                    wrap(&line, width, lines);
                }
            }
            _ => {
                let text = text(value);
                let mut parts = text.split('\n').map(|part| part.trim_end_matches('\r'));
                let mut line = named(&name, depth);
                line.push(Tone::Plain, &format!("  {}", parts.next().unwrap_or_default()));
                wrap(&line, width, lines);
                for part in parts.take(MOST_LINES) {
                    let mut line = indented(depth + 1);
                    line.push(Tone::Plain, part);
                    wrap(&line, width, lines);
                }
            }
        }
    }
}

/// A line that is too long goes on in the next ones.
fn wrap(line: &Line, width: usize, lines: &mut Vec<Line>) {
    lines.extend(line.wrapped(width));
}

fn named(name: &str, depth: usize) -> Line {
    let mut line = indented(depth);
    line.push(Tone::Dim, name);
    line
}

fn indented(depth: usize) -> Line {
    Line::of(Tone::Plain, &"  ".repeat(depth))
}

fn text(value: &[u8]) -> String {
    let mut out = String::new();
    json::text(value, &mut out);
    out
}

/// What says whose a record is, and not what it is.
const BEHIND: &[&[u8]] =
    &[b"pod", b"v", b"kind", b"id", b"seq", b"ts", b"flow", b"if", b"src", b"dst", b"vantage", b"partial"];

/// Lines of one text that are shown.
const MOST_LINES: usize = 2_000;

#[cfg(test)]
mod tests;
