//! One reply or push as it comes in, item by item, and its text: `OK`, `42`, `[a, "b c", nil]`, `{k: v}`.

use crate::redact::{Spans, Why};
use crate::{Context, Side};

use super::decoder::{Item, Step};
use super::secrets::names_secret;
use super::text::{Text, mask};

/// The value at hand of the server's side.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// Offset of its first byte.
    pub(super) start: u64,
    pub(super) text: Text,
    /// Open containers: type, items so far.
    open: Vec<(u8, u64)>,
    /// The type byte of the value.
    pub(super) kind: u8,
    /// Items of the outermost container.
    pub(super) count: u64,
    /// The first strings inside the outermost container, each to 64 bytes.
    heads: [Head; 3],
    pub(super) size: u64,
    /// Strings are secret.
    pub(super) hide: bool,
    /// The last string is the name of a secret.
    after_name: bool,
    /// A long string whose rest is still to come.
    pub(super) gap: bool,
    spans: Spans,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    bytes: [u8; 64],
    len: usize,
}

impl Default for Head {
    fn default() -> Head {
        Head { bytes: [0; 64], len: 0 }
    }
}

impl Reply {
    pub(super) fn begin(&mut self, start: u64, hide: bool) {
        self.text.clear();
        self.open.clear();
        (self.start, self.hide, self.kind, self.count, self.size) = (start, hide, 0, 0, 0);
        (self.after_name, self.gap) = (false, false);
        self.heads.iter_mut().for_each(|head| head.len = 0);
    }

    /// One of the first strings inside.
    pub(super) fn head(&self, at: usize) -> &[u8] {
        self.heads.get(at).and_then(|head| head.bytes.get(..head.len)).unwrap_or_default()
    }

    pub(super) fn is_error(&self) -> bool {
        matches!(self.kind, b'-' | b'!')
    }

    pub(super) fn heap(&self) -> usize {
        self.text.bytes.capacity() + self.open.capacity() * 16
    }

    /// The next item, whose first byte is at `offset`.
    pub(super) fn item(&mut self, step: &Step<'_>, offset: u64, cx: &mut Context<'_, '_>) {
        self.size += step.used as u64 + step.skip;
        if step.attribute {
            return;
        }
        if let Item::Tail = step.item {
            return self.close(step.closed, cx.limits.body);
        }
        self.note(step.item);
        let most = cx.limits.body;
        self.separate(most);
        match step.item {
            Item::Line(kind, line) => self.line(kind, line, offset + 1, cx),
            Item::Bulk(kind, head, len) => {
                let tail = if step.skip > 0 { 0 } else { 2 };
                let at = offset + (step.used - head.len() - tail) as u64;
                self.bulk(kind, head, len, at, cx);
            }
            Item::Nil => self.text.plain(b"nil", most),
            Item::Open(kind, count) => {
                self.after_name = false;
                self.text.plain(if kind == b'%' { b"{" } else { b"[" }, most);
                if count == 0 {
                    self.text.plain(if kind == b'%' { b"}" } else { b"]" }, most);
                } else {
                    self.open.push((kind, 0));
                }
            }
            Item::Tail => {}
        }
        self.close(step.closed, most);
    }

    /// Remembers what the value is and how it begins.
    fn note(&mut self, item: Item<'_>) {
        match (self.open.as_slice(), item) {
            ([], Item::Line(kind, _) | Item::Bulk(kind, ..)) => self.kind = kind,
            ([], Item::Open(kind, count)) => (self.kind, self.count) = (kind, count),
            ([], _) => self.kind = b'_',
            ([(_, at)], Item::Bulk(_, text, _) | Item::Line(b'+', text)) => {
                if let Some(head) = usize::try_from(*at).ok().and_then(|at| self.heads.get_mut(at)) {
                    head.len = text.len().min(64);
                    head.bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
                }
            }
            _ => {}
        }
    }

    fn separate(&mut self, most: usize) {
        if let Some((kind, at)) = self.open.last_mut() {
            if *at > 0 {
                self.text.plain(if *kind == b'%' && *at % 2 == 1 { b": " } else { b", " }, most);
            }
            *at += 1;
        }
    }

    fn close(&mut self, levels: usize, most: usize) {
        for _ in 0..levels {
            if let Some((kind, _)) = self.open.pop() {
                self.text.plain(if kind == b'%' { b"}" } else { b"]" }, most);
            }
        }
    }

    fn line(&mut self, kind: u8, line: &[u8], offset: u64, cx: &mut Context<'_, '_>) {
        let (most, redaction) = (cx.limits.body, cx.redaction);
        self.after_name = false;
        match kind {
            b'#' => self.text.plain(if line == b"t" { b"true" } else { b"false" }, most),
            b':' | b',' | b'(' => self.text.plain(line, most),
            _ => {
                let shown = if kind == b'-' && redaction.is_on() { without_args(line) } else { line };
                self.shaped(shown, offset, redaction.is_on(), cx);
                if shown.len() < line.len() {
                    let (rest, at) = (line.get(shown.len()..).unwrap_or_default(), offset + shown.len() as u64);
                    mask(cx, Side::Server, at, rest.len() as u64);
                    self.text.secret(rest, rest.len() as u64, Why::Redis, most, redaction);
                }
            }
        }
    }

    /// A line as it is, but for secrets known by their shape.
    fn shaped(&mut self, line: &[u8], offset: u64, on: bool, cx: &mut Context<'_, '_>) {
        self.spans.clear();
        if on {
            cx.redaction.text(line, &mut self.spans);
        }
        if self.spans.is_empty() {
            return self.text.plain(line, cx.limits.body);
        }
        let mut out = Vec::new();
        cx.redaction.write(line, &self.spans, &mut out);
        self.text.why |= self.spans.why();
        self.text.plain(&out, cx.limits.body);
        self.masks(offset, cx);
    }

    fn bulk(&mut self, kind: u8, head: &[u8], len: u64, offset: u64, cx: &mut Context<'_, '_>) {
        let (most, redaction) = (cx.limits.body, cx.redaction);
        if kind == b'!' {
            return self.shaped(head, offset, redaction.is_on(), cx);
        }
        let hide = self.hide || self.after_name;
        self.after_name = !hide && !self.open.is_empty() && redaction.is_on() && names_secret(head, redaction);
        if hide {
            mask(cx, Side::Server, offset, len);
            return self.text.secret(head, len, Why::Redis, most, redaction);
        }
        // A verbatim string says its format first.
        let (lead, text) = if kind == b'=' { head.split_at_checked(4).unwrap_or((&[], head)) } else { (&[][..], head) };
        self.text.value(text, len - lead.len() as u64, most, redaction, &mut self.spans);
        self.masks(offset + lead.len() as u64, cx);
    }

    fn masks(&self, offset: u64, cx: &mut Context<'_, '_>) {
        for span in self.spans.iter() {
            mask(cx, Side::Server, offset + span.start as u64, (span.end - span.start) as u64);
        }
    }
}

/// An error about an unknown command repeats its arguments, which may be a password behind a misspelt word.
fn without_args(line: &[u8]) -> &[u8] {
    const ARGS: &[u8] = b"with args beginning with: ";
    match memchr::memmem::find(line, ARGS) {
        Some(at) => line.get(..at + ARGS.len()).unwrap_or(line),
        None => line,
    }
}
