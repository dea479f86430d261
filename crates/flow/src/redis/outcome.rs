//! What a reply means for the commands that wait, and the records of both.

use crate::record::redis::{Keys, RedisRecord};
use crate::{Context, Marks, Record, Side, Step};

use super::decoder::{Decoder, Item};
use super::pairing::Pair;
use super::parser::{Redis, words};
use super::pending::{Pending, Special};

impl Redis {
    pub(super) fn is_lost(&self, side: Side) -> bool {
        self.lost.get(side.index()).copied().unwrap_or(false)
    }

    /// The start of a message of a side that was lost.
    pub(super) fn found(&mut self, side: Side) {
        if let Some(lost) = self.lost.get_mut(side.index()) {
            *lost = false;
        }
        self.decoder(side).reset();
        if side == Side::Server {
            self.in_reply = false;
        }
    }

    pub(super) fn decoder(&mut self, side: Side) -> &mut Decoder {
        let [client, server] = &mut self.decoders;
        if side == Side::Client { client } else { server }
    }

    pub(super) fn skip(&mut self, side: Side, from: u64, used: usize, skip: u64) -> Step {
        if let Some(to) = self.skip_to.get_mut(side.index()) {
            *to = from.saturating_add(skip);
        }
        Step::Skip { used, skip }
    }

    /// The bytes that come next may be anything.
    pub(super) fn resync(&mut self, from: Side, ts_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(lost) = self.lost.get_mut(from.index()) {
            *lost = true;
        }
        self.decoder(from).reset();
        match from {
            Side::Client => self.command.clear(),
            Side::Server => self.in_reply = false,
        }
        self.pairing.gap(ts_us);
        self.queue.forget_beyond();
        if self.pairing.hopeless() || self.queue.len() > 1 {
            self.give_up(cx);
        }
    }

    /// No command that waits gets a reply any more.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_, '_>) {
        while let Some(pending) = self.queue.pop() {
            self.alone(pending, cx);
        }
    }

    /// A command whose reply was not seen.
    pub(super) fn alone(&mut self, pending: Pending, cx: &mut Context<'_, '_>) {
        let mut marks = Marks::default();
        marks.partial.add("reply");
        self.emit(&pending, None, None, marks, cx);
        self.queue.give(pending);
    }

    /// A command that the server runs for somebody, where the client watches. True when the item is one.
    pub(super) fn monitored(&mut self, item: &Item<'_>, at: u64, ts_us: i64, cx: &mut Context<'_, '_>) -> bool {
        let Item::Line(b'+', line) = *item else { return false };
        let Some(end) = self.monitoring.then(|| monitor_head(line)).flatten() else { return false };
        let mut pending = self.queue.take();
        self.watched.clear();
        self.watched.by_server = true;
        let text = line.get(end..).unwrap_or_default();
        let offset = at + 1 + end as u64;
        words(text, |from, word| self.watched.arg(word, word.len() as u64, offset + from as u64, cx));
        self.watched.finish(&mut pending, cx);
        pending.ts_us = ts_us;
        pending.size = line.len() as u64 + 3;
        self.emit(&pending, None, Some(b"monitor"), Marks::default(), cx);
        self.queue.give(pending);
        true
    }

    /// Of a published message the channel decides whether it is shown.
    pub(super) fn subscription(&mut self, cx: &Context<'_, '_>) {
        let channel = match self.reply.head(0) {
            b"message" | b"smessage" => self.reply.head(1),
            b"pmessage" => self.reply.head(2),
            _ => return,
        };
        if !channel.is_empty() && (self.reply.kind == b'>' || self.subscribed || self.queue.len() == 0) {
            self.reply.hide = cx.redaction.redis_key(channel);
        }
    }

    /// A value of the server is whole.
    pub(super) fn replied(&mut self, ts_us: i64, cx: &mut Context<'_, '_>) {
        let confirms = CONFIRMATIONS.contains(&self.reply.head(0)) && self.reply.count == 3;
        let published = match (self.reply.head(0), self.reply.count) {
            (b"message" | b"smessage", 3) | (b"pmessage", 4) => self.subscribed || self.queue.len() == 0,
            _ => false,
        };
        let wanted = confirms
            && self.queue.front().is_some_and(|first| {
                first.special == Special::Subscribe && first.name().eq_ignore_ascii_case(self.reply.head(0))
            });
        let is_push = self.reply.kind == b'>' || self.reply.kind == b'*' && (published || confirms && self.subscribed);
        if wanted {
            self.subscribed = true;
            if let Some(first) = self.queue.front_mut() {
                first.size += self.reply.size;
                first.expect = first.expect.saturating_sub(1);
                if first.expect > 0 {
                    return;
                }
                first.size -= self.reply.size;
            }
        } else if is_push {
            let mut kind = [0; 64];
            let head = self.reply.head(0);
            let len = head.len();
            kind.iter_mut().zip(head).for_each(|(to, from)| *to = *from);
            let unnamed = Pending { ts_us, ..Pending::default() };
            let kind = kind.get(..len).filter(|kind| !kind.is_empty()).unwrap_or(b"push");
            return self.emit(&unnamed, Some(ts_us), Some(kind), Marks::default(), cx);
        }
        self.pair(ts_us, cx);
    }

    /// A reply that is no push: whose is it?
    fn pair(&mut self, ts_us: i64, cx: &mut Context<'_, '_>) {
        loop {
            let acked = self.queue.front().map(|first| first.acked);
            match self.pairing.judge(acked, self.reply.start) {
                Pair::Yes => {
                    let Some(pending) = self.queue.pop() else { return };
                    self.answered(pending, ts_us, cx);
                    return;
                }
                Pair::NotThis => {
                    let Some(pending) = self.queue.pop() else { return };
                    self.alone(pending, cx);
                }
                Pair::None => {
                    let mut marks = Marks::default();
                    if self.queue.pop_beyond() {
                        marks.truncated.add("commands");
                    }
                    marks.partial.add("request");
                    let unknown = Pending { ts_us, ..Pending::default() };
                    return self.emit(&unknown, Some(ts_us), None, marks, cx);
                }
            }
        }
    }

    fn answered(&mut self, pending: Pending, ts_us: i64, cx: &mut Context<'_, '_>) {
        let error = self.reply.is_error();
        self.emit(&pending, Some(ts_us), None, Marks::default(), cx);
        match pending.special {
            Special::Multi | Special::Exec | Special::Discard => {
                self.queued.clear();
                self.queued_secret = false;
            }
            Special::Monitor if !error => self.monitoring = true,
            Special::Replica if !error => self.passive = true,
            Special::Reset if !error => (self.monitoring, self.subscribed) = (false, false),
            _ if self.reply.kind == b'+' && self.reply.text.bytes == b"QUEUED" => {
                self.queued_secret |= pending.hide_reply;
                if self.queued.len() < MOST_QUEUED {
                    self.queued.extend_from_slice(pending.name());
                    self.queued.push(b'\n');
                }
            }
            _ => {}
        }
        self.queue.give(pending);
    }

    /// Sends a record. `replied`: when its reply came, which is the one at hand.
    pub(super) fn emit(
        &mut self,
        pending: &Pending,
        replied: Option<i64>,
        push: Option<&[u8]>,
        marks: Marks,
        cx: &mut Context<'_, '_>,
    ) {
        let mut marks = marks;
        let known = pending.name_end > 0;
        let text = replied.map(|_| self.reply.text.bytes.as_slice());
        let error = replied.is_some() && self.reply.is_error();
        let mut why = pending.why;
        if pending.cut {
            marks.truncated.add("args");
        }
        if replied.is_some() {
            why |= self.reply.text.why;
            if self.reply.text.cut {
                marks.truncated.add("reply");
            }
            if self.reply.gap {
                marks.partial.add("gap");
            }
        }
        let mut hidden = Vec::new();
        let args = pending.args();
        if error && cx.redaction.is_on() && !args.is_empty() && self.reply.text.bytes.starts_with(UNKNOWN) {
            // A misspelt `AUTH` is an unknown command too.
            cx.redaction.mark(args).write(&mut hidden);
            why |= crate::redact::Why::Redis.bit();
        }
        let args = if hidden.is_empty() { args } else { &hidden };
        let command = known.then(|| pending.name());
        crate::redact::Why::words(why, &mut marks.redacted);
        let record = RedisRecord {
            command,
            queued: if pending.special == Special::Exec { &self.queued } else { b"" },
            keys: Keys { bytes: &pending.text, start: pending.args_end, ends: &pending.key_ends },
            args: command.map(|_| args).filter(|args| !args.is_empty()),
            reply: text.filter(|_| !error),
            error: text.filter(|_| error),
            push,
            index: (known && push.is_none()).then_some(pending.index),
            latency_us: replied.filter(|_| known).and_then(|at| u64::try_from(at - pending.ts_us).ok()),
            bytes: pending.size + if replied.is_some() { self.reply.size } else { 0 },
        };
        if push.is_none() {
            cx.facts.transactions += 1;
        }
        cx.emit(pending.ts_us, &marks, &Record::Redis(&record));
    }
}

/// Where the command begins in `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`.
fn monitor_head(line: &[u8]) -> Option<usize> {
    let digits = |from: usize| line.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let part = digits(whole + 1);
    let after = whole + 1 + part;
    if whole == 0 || part == 0 || line.get(whole) != Some(&b'.') || line.get(after..after + 2) != Some(b" [") {
        return None;
    }
    let end = memchr::memmem::find(line.get(after..)?, b"] \"")?;
    Some(after + end + 2)
}

const CONFIRMATIONS: &[&[u8]] =
    &[b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"];
/// How the error about a command that does not exist begins.
const UNKNOWN: &[u8] = b"ERR unknown command";
const MOST_QUEUED: usize = 4096;
