//! Commands and replies as text: words as they are, anything else in quotes.

use crate::redact::{LengthClass, Mark, Redaction, Spans, Why};
use crate::{Context, Side};

/// Text that stops at a limit.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// Something did not fit.
    pub(super) cut: bool,
    /// The rules that hid something, as [`Why::bit`]s.
    pub(super) why: u16,
}

impl Text {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        (self.cut, self.why) = (false, 0);
    }

    /// Appends something that is no secret.
    pub(super) fn plain(&mut self, text: &[u8], most: usize) {
        if self.bytes.len() >= most {
            self.cut = true;
            return;
        }
        let room = most - self.bytes.len();
        self.cut |= text.len() > room;
        self.bytes.extend_from_slice(text.get(..room).unwrap_or(text));
    }

    /// Appends a value of `len` bytes, of which `head` is there. Secrets known by their shape are hidden.
    pub(super) fn value(&mut self, head: &[u8], len: u64, most: usize, redaction: &Redaction, spans: &mut Spans) {
        spans.clear();
        redaction.body(b"", head, spans);
        if self.bytes.len() >= most {
            self.cut = true;
            return;
        }
        let bare = !head.is_empty()
            && head.iter().all(|byte| {
                byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',' | b'[' | b']' | b'{' | b'}')
            });
        if spans.is_empty() {
            if bare {
                self.plain(head, most);
            } else {
                self.quoted(head, most);
            }
        } else {
            self.why |= spans.why();
            let mut shown = Vec::with_capacity(head.len() + 64);
            redaction.write(head, spans, &mut shown);
            if bare {
                self.plain(&shown, most)
            } else {
                self.quoted(&shown, most)
            };
        }
        if len > head.len() as u64 {
            self.cut = true;
            self.bytes.extend_from_slice("…".as_bytes());
        }
    }

    /// Appends the mark of a secret of `len` bytes, of which `head` is there.
    pub(super) fn secret(&mut self, head: &[u8], len: u64, why: Why, most: usize, redaction: &Redaction) {
        self.why |= why.bit();
        if self.bytes.len() >= most {
            self.cut = true;
            return;
        }
        let class = LengthClass::of(usize::try_from(len).unwrap_or(usize::MAX));
        Mark { class, hash: redaction.mark(head).hash }.write(&mut self.bytes);
    }

    fn quoted(&mut self, text: &[u8], most: usize) {
        self.bytes.push(b'"');
        for byte in text {
            if self.bytes.len() >= most {
                self.cut = true;
                break;
            }
            if matches!(byte, b'"' | b'\\') {
                self.bytes.push(b'\\');
            }
            self.bytes.push(*byte);
        }
        self.bytes.push(b'"');
    }
}

/// Reports stream bytes as secret, however many they are.
pub(crate) fn mask(cx: &mut Context<'_, '_>, side: Side, offset: u64, len: u64) {
    let (mut offset, mut left) = (offset, len);
    while left > 0 {
        let part = u32::try_from(left).unwrap_or(u32::MAX);
        cx.mask(side, offset, part);
        offset += u64::from(part);
        left -= u64::from(part);
    }
}

/// Room that is kept for the next text.
const KEPT: usize = 512;
