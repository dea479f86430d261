//! One direction: bytes to frames, frames to messages.

use super::frame::{Bad, CONTINUATION, FrameHead, MOST_HEAD};
use super::inflate::{Inflate, TAIL};
use super::message::Message;
use super::resync::{Found, search};
use crate::{AfterGap, Chunk, Context, Gap, Side, Step};

/// The framing of one direction.
#[derive(Default)]
pub(super) struct Lane {
    /// Where frames begin is not known.
    is_lost: bool,
    open: Option<Open>,
    message: Message,
    /// A message is begun and not ended.
    is_inside: bool,
    control: Message,
    compression: Compression,
    /// Stream offset behind what was used.
    next: Option<u64>,
    strikes: u8,
    plain: Vec<u8>,
}

/// A frame whose payload is passing.
#[derive(Clone, Copy, Debug)]
struct Open {
    head: FrameHead,
    left: u64,
}

/// What is known of the sender's compression.
#[derive(Default)]
enum Compression {
    /// Nothing was agreed, or it is not known.
    #[default]
    None,
    /// Agreed, and no compressed message came yet.
    Agreed { keeps: bool },
    /// In use.
    Open { keeps: bool, inflate: Inflate },
    /// A message is missing that later ones refer to.
    Lost,
}

impl Lane {
    pub(super) fn agree(&mut self, is_agreed: bool, keeps: bool) {
        if is_agreed {
            self.compression = Compression::Agreed { keeps };
        }
    }

    pub(super) fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut at = 0;
        while let Some(rest) = chunk.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.is_lost {
                match search(rest, from, cx.limits.head.saturating_sub(MOST_HEAD)) {
                    Found::Frame(skipped) => {
                        self.is_lost = false;
                        at += skipped;
                    }
                    Found::Wait(skipped) => {
                        at += skipped;
                        break;
                    }
                }
                continue;
            }
            let first_us = if at == 0 { chunk.first_ts_us } else { chunk.ts_us };
            match self.open {
                Some(open) => at += self.payload(open, from, rest, chunk.offset + at as u64, cx),
                None => match FrameHead::read(rest) {
                    Ok(None) => break,
                    Ok(Some(head)) if self.is_allowed(&head, from) => {
                        cx.clear(from, chunk.offset + at as u64, head.size as u64);
                        at += head.size;
                        self.begin(&head, first_us, from, cx);
                        self.end_if_whole(from, cx);
                    }
                    Ok(Some(_)) | Err(Bad) => {
                        if at > 0 {
                            break;
                        }
                        self.strikes = self.strikes.saturating_add(1);
                        self.lose(from, cx);
                        return Step::Violation("ws_frame");
                    }
                },
            }
        }
        self.next = Some(chunk.offset + at as u64);
        Step::Consumed(at)
    }

    pub(super) fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        let end = gap.offset + gap.len;
        let lost = self.next.replace(end).map(|next| end.saturating_sub(next));
        if let (false, Some(lost)) = (self.is_lost, lost) {
            if lost == 0 {
                return AfterGap::Continue;
            }
            if let Some(mut open) = self.open.filter(|open| lost <= open.left) {
                open.left -= lost;
                self.open = Some(open);
                let message = if open.head.is_control() { &mut self.control } else { &mut self.message };
                message.has_gap = true;
                message.len += lost;
                if message.is_compressed {
                    self.lose_window();
                }
                self.end_if_whole(from, cx);
                return AfterGap::Continue;
            }
        }
        self.lose(from, cx);
        AfterGap::Resync
    }

    /// The first offset of which secrets of a message are still to be told.
    pub(super) fn pending(&self) -> Option<u64> {
        let control = self.open.filter(|open| open.head.is_control()).and_then(|_| self.control.place_of_begin());
        let message = if self.is_inside { self.message.place_of_begin() } else { None };
        control.into_iter().chain(message).min()
    }

    /// Nothing more comes: a message that is begun goes out as it is.
    pub(super) fn end(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        self.cut_short(from, cx);
        self.open = None;
    }

    pub(super) fn heap(&self) -> usize {
        let window = match &self.compression {
            Compression::Open { inflate, .. } => inflate.heap(),
            _ => 0,
        };
        self.message.heap() + self.control.heap() + self.plain.capacity() + window
    }

    /// What the protocol allows beyond the head itself. The mask bit tells the sides apart.
    fn is_allowed(&self, head: &FrameHead, from: Side) -> bool {
        let may_compress = !matches!(self.compression, Compression::None) && head.opcode != CONTINUATION;
        head.mask.is_some() == (from == Side::Client) && (!head.is_compressed || may_compress)
    }

    fn begin(&mut self, head: &FrameHead, first_us: i64, from: Side, cx: &mut Context<'_, '_>) {
        if head.is_control() {
            self.control.begin(head.opcode, false, first_us);
            self.control.fragments = 1;
        } else {
            let continues = head.opcode == CONTINUATION;
            if !continues || !self.is_inside {
                self.cut_short(from, cx);
                self.message.begin(head.opcode, head.is_compressed, first_us);
                // Whether it is compressed was said in the frame that is missing.
                self.message.is_headless = continues;
                self.message.is_unreadable = continues && !matches!(self.compression, Compression::None);
                if head.is_compressed {
                    self.open_window();
                }
            }
            self.message.fragments += 1;
            self.is_inside = true;
        }
        self.open = Some(Open { head: *head, left: head.len });
    }

    fn open_window(&mut self) {
        match &mut self.compression {
            Compression::Agreed { keeps } => {
                self.compression = Compression::Open { keeps: *keeps, inflate: Inflate::new() };
            }
            Compression::Open { keeps: false, inflate } => inflate.forget(),
            Compression::Open { .. } => {}
            Compression::None | Compression::Lost => self.message.is_unreadable = true,
        }
    }

    /// A part of a compressed message is missing: what refers to it cannot be read.
    fn lose_window(&mut self) {
        self.compression = match std::mem::take(&mut self.compression) {
            Compression::None => Compression::None,
            Compression::Agreed { keeps: false } | Compression::Open { keeps: false, .. } => {
                Compression::Agreed { keeps: false }
            }
            _ => Compression::Lost,
        };
    }

    /// The message that is begun will not be ended.
    fn cut_short(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        if std::mem::take(&mut self.is_inside) {
            self.message.has_gap = true;
            self.message.emit(from, cx);
        }
    }

    /// Bytes of the open frame; says how many it used.
    fn payload(&mut self, mut open: Open, from: Side, rest: &[u8], offset: u64, cx: &mut Context<'_, '_>) -> usize {
        let used = usize::try_from(open.left).unwrap_or(usize::MAX).min(rest.len());
        let coded = rest.get(..used).unwrap_or_default();
        let most = cx.limits.body;
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        let is_control = open.head.is_control();
        let message = if is_control { &mut self.control } else { &mut self.message };
        let wants = message.is_compressed || !message.is_truncated;
        if let (Some(mask), true) = (open.head.mask, wants) {
            let phase = (open.head.len - open.left) as usize;
            plain.extend(coded.iter().zip(mask.iter().cycle().skip(phase % 4)).map(|(byte, mask)| byte ^ mask));
        }
        let bytes = if open.head.mask.is_some() && wants { &plain[..] } else { coded };
        message.len += used as u64;
        if is_control || !message.is_compressed {
            message.push(bytes, Some(offset), most);
        } else {
            message.place(offset, used);
            inflate(&mut self.compression, message, bytes, most);
        }
        self.plain = plain;
        open.left -= used as u64;
        self.open = Some(open);
        self.end_if_whole(from, cx);
        used
    }

    fn end_if_whole(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        let Some(open) = self.open.filter(|open| open.left == 0) else { return };
        self.open = None;
        if open.head.is_control() {
            return self.control.emit(from, cx);
        }
        if open.head.is_final {
            if self.message.is_compressed {
                inflate(&mut self.compression, &mut self.message, &TAIL, cx.limits.body);
            }
            self.is_inside = false;
            self.message.emit(from, cx);
        }
    }

    /// Where frames begin is not known any more.
    fn lose(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        self.cut_short(from, cx);
        self.is_lost = true;
        self.open = None;
        self.lose_window();
    }
}

/// Decompresses a piece of a message into its text.
fn inflate(compression: &mut Compression, message: &mut Message, bytes: &[u8], most: usize) {
    let Compression::Open { inflate, .. } = compression else { return };
    if message.is_unreadable || message.is_damaged {
        return;
    }
    let most_text = message.len.saturating_mul(MOST_RATIO).max(LEAST_TEXT).saturating_sub(message.inflated);
    let pushed = inflate.push(bytes, most_text, &mut |text| {
        message.inflated += text.len() as u64;
        message.push(text, None, most);
    });
    if pushed.is_err() {
        (message.is_damaged, message.is_truncated) = (true, true);
        *compression = Compression::Lost;
    }
}

/// Text for each byte of a compressed message, at most: more is a bomb.
const MOST_RATIO: u64 = 100;
/// Text that any message may give: a few bytes may stand for a line repeated.
const LEAST_TEXT: u64 = 64 << 10;
