//! One message in the making: its fragments, its text.

use super::frame::{CLOSE, TEXT, opcode_name};
use crate::record::WsRecord;
use crate::redact::{Spans, Why};
use crate::{Context, Marks, Record, Side};

/// A message of one direction. Kept after use for the next.
#[derive(Default)]
pub(super) struct Message {
    pub(super) opcode: u8,
    pub(super) is_compressed: bool,
    pub(super) fragments: u64,
    /// Bytes of its payload on the wire.
    pub(super) len: u64,
    /// Its begin, unmasked and decompressed.
    text: Vec<u8>,
    /// Where the pieces of the text stand in the connection: offset in it, in the connection, length.
    pieces: Vec<(usize, u64, usize)>,
    shown: Vec<u8>,
    pub(super) is_truncated: bool,
    /// Bytes of it are missing.
    pub(super) has_gap: bool,
    /// Its begin was not seen.
    pub(super) is_headless: bool,
    /// It cannot be decompressed, because a message before it is missing.
    pub(super) is_unreadable: bool,
    pub(super) is_damaged: bool,
    /// Bytes of text that decompression gave.
    pub(super) inflated: u64,
    pub(super) first_us: i64,
}

impl Message {
    pub(super) fn begin(&mut self, opcode: u8, is_compressed: bool, first_us: i64) {
        self.text.clear();
        self.pieces.clear();
        (self.opcode, self.is_compressed, self.first_us) = (opcode, is_compressed, first_us);
        (self.fragments, self.len, self.inflated) = (0, 0, 0);
        (self.is_truncated, self.has_gap, self.is_headless) = (false, false, false);
        (self.is_unreadable, self.is_damaged) = (false, false);
    }

    /// More text. `offset`: where it stands in the connection, unless it was decompressed.
    pub(super) fn push(&mut self, bytes: &[u8], offset: Option<u64>, most: usize) {
        if self.has_gap {
            return;
        }
        let room = most.saturating_sub(self.text.len()).min(bytes.len());
        self.is_truncated |= room < bytes.len();
        if let Some(offset) = offset.filter(|_| room > 0 && self.pieces.len() < MOST_PIECES) {
            self.pieces.push((self.text.len(), offset, room));
        }
        self.text.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    /// Where bytes stand that were decompressed: all of them are masked when the text has a secret.
    pub(super) fn place(&mut self, offset: u64, len: usize) {
        if self.pieces.len() < MOST_PIECES {
            self.pieces.push((0, offset, len));
        }
    }

    /// Sends its record.
    pub(super) fn emit(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        let mut marks = Marks::default();
        let is_hidden = self.hide(from, &mut marks, cx);
        let text = if is_hidden { &self.shown } else { &self.text };
        let close = (self.opcode == CLOSE).then(|| text.first_chunk().map(|code| u16::from_be_bytes(*code))).flatten();
        let record = WsRecord {
            from: if from == Side::Client { "client" } else { "server" },
            opcode: opcode_name(self.opcode),
            len: self.len,
            is_text: matches!(self.opcode, TEXT | CLOSE),
            body: match close {
                _ if self.is_unreadable => &[],
                Some(_) => text.get(2..).unwrap_or_default(),
                None => text,
            },
            fragments: self.fragments,
            compressed: self.is_compressed,
            close_code: close,
            http: cx.facts.upgrade.as_ref().map(|upgrade| upgrade.record),
        };
        if self.has_gap {
            marks.partial.add("gap");
        }
        if self.is_headless {
            marks.partial.add("head");
        }
        if self.is_unreadable {
            marks.partial.add("compression");
        }
        if self.is_truncated {
            marks.truncated.add("body");
        }
        if self.is_damaged {
            marks.anomaly.add("ws_compression");
        }
        cx.facts.transactions += 1;
        cx.emit(self.first_us, &marks, &Record::Ws(&record));
    }

    pub(super) fn heap(&self) -> usize {
        self.text.capacity() + self.shown.capacity() + self.pieces.capacity() * size_of::<(usize, u64, usize)>()
    }

    /// Where its first piece stands.
    pub(super) fn place_of_begin(&self) -> Option<u64> {
        self.pieces.first().map(|(_, offset, _)| *offset)
    }

    /// Reports what was looked at. Where it was cut a secret may have begun, so its end does not count; of a compressed
    /// message all was looked at or nothing.
    fn clear(&self, is_harmless: bool, from: Side, cx: &mut Context<'_, '_>) {
        let is_cut = self.is_truncated || self.has_gap || self.is_headless;
        if self.is_compressed {
            let is_whole = is_harmless && !is_cut && !self.is_damaged && !self.is_unreadable;
            let pieces = self.pieces.iter().filter(|_| is_whole);
            return pieces.for_each(|(_, offset, len)| cx.clear(from, *offset, *len as u64));
        }
        let shown = self.text.len().saturating_sub(if is_cut { SHORT } else { 0 });
        for (at, offset, len) in &self.pieces {
            cx.clear(from, *offset, shown.saturating_sub(*at).min(*len) as u64);
        }
    }

    /// Replaces secrets in the text, and reports where they stand.
    fn hide(&mut self, from: Side, marks: &mut Marks, cx: &mut Context<'_, '_>) -> bool {
        if !cx.redaction.is_on() || self.text.is_empty() {
            return false;
        }
        let mut spans = Spans::new();
        cx.redaction.body(b"", &self.text, &mut spans);
        self.clear(spans.is_empty(), from, cx);
        if spans.is_empty() {
            return false;
        }
        self.shown.clear();
        cx.redaction.write(&self.text, &spans, &mut self.shown);
        Why::ALL.iter().filter(|why| spans.why() & why.bit() != 0).for_each(|why| marks.redacted.add(why.text()));
        for (at, offset, len) in &self.pieces {
            if self.is_compressed {
                cx.mask(from, *offset, u32::try_from(*len).unwrap_or(u32::MAX));
                continue;
            }
            for span in spans.iter() {
                let (low, high) = (span.start.max(*at), span.end.min(at + len));
                if low < high {
                    cx.mask(from, offset + (low - at) as u64, (high - low) as u32);
                }
            }
        }
        true
    }
}

/// A secret whose begin is shorter than this may not be known as one.
const SHORT: usize = 24;
/// Pieces of a text whose places are kept.
const MOST_PIECES: usize = 4096;
