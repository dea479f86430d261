//! The parser of one connection: commands wait in a queue until their replies come.

use crate::{AfterGap, Chunk, Context, End, Gap, Marks, Parser, Side, Step, Vouch};

use super::command::{ClientReply, Command};
use super::decoder::{Decoder, Item, Token};
use super::looks;
use super::pairing::Pairing;
use super::pending::{Queue, Special};
use super::reply::Reply;

/// Redis of one connection.
#[derive(Debug, Default)]
pub struct Redis {
    pub(super) started: bool,
    pub(super) decoders: [Decoder; 2],
    /// The next bytes of this side may be in the middle of something.
    pub(super) lost: [bool; 2],
    /// Up to where bytes of a long string need not be seen.
    pub(super) skip_to: [u64; 2],
    pub(super) command: Command,
    /// A command of another connection that `MONITOR` tells of.
    pub(super) watched: Command,
    pub(super) command_start: u64,
    pub(super) queue: Queue,
    pub(super) reply: Reply,
    pub(super) in_reply: bool,
    pub(super) pairing: Pairing,
    /// What a transaction queued, one name a line.
    pub(super) queued: Vec<u8>,
    pub(super) queued_secret: bool,
    pub(super) subscribed: bool,
    pub(super) monitoring: bool,
    /// What follows is not the protocol any more.
    pub(super) passive: bool,
    pub(super) silent: bool,
    pub(super) skip_next: bool,
    pub(super) server_seen: bool,
}

impl Parser for Redis {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        if !std::mem::replace(&mut self.started, true) && cx.facts.no_syn {
            self.pairing = Pairing::midstream();
            self.lost = [true; 2];
            self.server_seen = true;
        }
        if self.passive {
            return Step::Skip { used: chunk.bytes.len(), skip: u64::MAX >> 1 };
        }
        let step = match from {
            Side::Client => self.client(chunk, cx),
            Side::Server => {
                self.server_seen = true;
                self.server(chunk, cx)
            }
        };
        if let Step::Violation(_) = step {
            self.resync(from, chunk.ts_us, cx);
        }
        self.pairing.saw(chunk.ts_us);
        step
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        if self.passive {
            return AfterGap::Continue;
        }
        if self.skip_to.get(from.index()).is_some_and(|to| gap.offset + gap.len <= *to) {
            self.reply.gap |= from == Side::Server;
            self.pairing.saw(gap.ts_us);
            return AfterGap::Continue;
        }
        self.resync(from, gap.ts_us, cx);
        AfterGap::Resync
    }

    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        if from == Side::Server || how != End::Fin {
            self.give_up(cx);
        }
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        while !self.server_seen && self.queue.front().is_some_and(|first| first.ts_us + ONE_SIDED_US <= now_us) {
            let Some(first) = self.queue.pop() else { return };
            self.alone(first, cx);
        }
        if let Some(first) = self.queue.front().filter(|_| !self.server_seen) {
            cx.wake_at(first.ts_us + ONE_SIDED_US);
        }
    }

    fn vouch(&self, from: Side) -> Vouch {
        if self.passive || self.is_lost(from) { Vouch::Nothing } else { Vouch::Used }
    }

    fn pending(&self, from: Side) -> Option<u64> {
        let [client, _] = &self.decoders;
        (from == Side::Client && !client.is_fresh()).then_some(self.command_start)
    }

    fn heap(&self) -> usize {
        let decoders: usize = self.decoders.iter().map(Decoder::heap).sum();
        decoders
            + self.command.heap()
            + self.watched.heap()
            + self.queue.heap()
            + self.reply.heap()
            + self.queued.capacity()
    }
}

impl Redis {
    fn client(&mut self, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        if self.is_lost(Side::Client) {
            match looks::find_command(chunk.bytes) {
                Some(at) => {
                    used = at;
                    self.found(Side::Client);
                }
                None => return Step::Consumed(chunk.bytes.len().saturating_sub(COMMAND_HEAD)),
            }
        }
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            let Some(first) = rest.first() else { return Step::Consumed(used) };
            let at = chunk.offset + used as u64;
            if self.decoder(Side::Client).is_fresh() {
                self.pairing.begins(at, chunk.first_ts_us);
                self.command_start = at;
                self.command.clear();
                if matches!(first, b'\r' | b'\n') {
                    used += 1;
                    continue;
                }
                if *first != b'*' {
                    match self.inline(rest, at, cx) {
                        Ok(Some(line)) => {
                            used += line;
                            self.commanded(chunk, at + line as u64, cx);
                            continue;
                        }
                        Ok(None) => return Step::Consumed(used),
                        Err(code) => return Step::Violation(code),
                    }
                }
            }
            let fresh = self.decoder(Side::Client).is_fresh();
            let step = match self.decoder(Side::Client).next(rest) {
                Token::More => return Step::Consumed(used),
                Token::Bad(code) => return Step::Violation(code),
                Token::Item(step) => step,
            };
            match step.item {
                Item::Open(b'*', _) if fresh => {}
                Item::Nil if fresh => {}
                Item::Bulk(b'$', head, len) => {
                    let tail = if step.skip > 0 { 0 } else { 2 };
                    let offset = at + (step.used - head.len() - tail) as u64;
                    self.command.arg(head, len, offset, cx);
                }
                Item::Tail => {}
                _ => return Step::Violation("redis_command"),
            }
            used += step.used;
            if step.done && !self.command.is_empty() {
                self.commanded(chunk, chunk.offset + used as u64, cx);
                if self.passive {
                    return Step::Consumed(used);
                }
            }
            if step.skip > 0 {
                return self.skip(Side::Client, chunk.offset + used as u64, used, step.skip);
            }
        }
    }

    /// A command as people type it: its length, or None when its end is not there yet.
    fn inline(&mut self, rest: &[u8], at: u64, cx: &mut Context<'_, '_>) -> Result<Option<usize>, &'static str> {
        let head = rest.get(..LONGEST_INLINE).unwrap_or(rest);
        let Some(end) = memchr::memchr(b'\n', head) else {
            let text = head.iter().take(64).all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace());
            return if rest.len() >= LONGEST_INLINE || !text { Err("redis_inline") } else { Ok(None) };
        };
        let line = head.get(..end).unwrap_or_default();
        if !line.first().is_some_and(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            return Err("redis_inline");
        }
        words(line, |from, word| self.command.arg(word, word.len() as u64, at + from as u64, cx));
        Ok(Some(end + 1))
    }

    /// A command is whole.
    fn commanded(&mut self, chunk: &Chunk<'_>, end: u64, cx: &mut Context<'_, '_>) {
        if self.command.is_empty() {
            return;
        }
        let mut pending = self.queue.take();
        self.command.finish(&mut pending, cx);
        pending.ts_us = chunk.ts_us;
        pending.acked = chunk.acked;
        pending.size = end.saturating_sub(self.command_start);
        if self.pairing.in_doubt() {
            // Its reply has passed already, or cannot be told from another's.
            while self.queue.front().is_some_and(|first| first.acked < pending.acked || self.pairing.hopeless()) {
                let Some(first) = self.queue.pop() else { break };
                self.alone(first, cx);
            }
        }
        pending.index = self.queue.len() as u64;
        self.pairing.request(self.queue.len());
        let reply = self.command.client_reply(&pending);
        match reply {
            Some(ClientReply::On) => self.silent = false,
            Some(ClientReply::Off) => self.silent = true,
            _ => {}
        }
        // A client that wants no replies gets none: its commands are complete as they are.
        let unanswered = self.silent || self.skip_next || reply == Some(ClientReply::Skip);
        self.skip_next = reply == Some(ClientReply::Skip);
        self.command.clear();
        if unanswered {
            self.emit(&pending, None, None, Marks::default(), cx);
            return self.queue.give(pending);
        }
        if !self.server_seen {
            cx.wake_at(pending.ts_us + ONE_SIDED_US);
        }
        self.queue.push(pending);
    }

    fn server(&mut self, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        if self.is_lost(Side::Server) {
            // What follows all that the client had when it asked begins a reply.
            let asked = self.queue.front().map(|first| first.acked);
            let here = asked.and_then(|asked| usize::try_from(asked.checked_sub(chunk.offset)?).ok());
            let here = here.filter(|at| chunk.bytes.get(*at).is_some_and(|byte| b"+-:$*_,#(!=%~>|".contains(byte)));
            match here.or_else(|| looks::find_push(chunk.bytes)) {
                Some(at) => {
                    used = at;
                    self.found(Side::Server);
                }
                None => return Step::Consumed(chunk.bytes.len().saturating_sub(PUSH_HEAD)),
            }
        }
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Consumed(used);
            }
            let at = chunk.offset + used as u64;
            let step = match self.decoder(Side::Server).next(rest) {
                Token::More => return Step::Consumed(used),
                Token::Bad(code) => return Step::Violation(code),
                Token::Item(step) => step,
            };
            if !self.in_reply && self.monitored(&step.item, at, chunk.ts_us, cx) {
                used += step.used;
                continue;
            }
            if !std::mem::replace(&mut self.in_reply, true) {
                let hide = self
                    .queue
                    .front()
                    .is_some_and(|first| first.hide_reply || first.special == Special::Exec && self.queued_secret);
                // In doubt the reply may be another command's, so what may not be shown of any is hidden.
                self.reply.begin(at, hide || self.pairing.in_doubt() && cx.redaction.is_on());
            }
            self.reply.item(&step, at, cx);
            self.subscription(cx);
            used += step.used;
            if step.skip > 0 {
                return self.skip(Side::Server, chunk.offset + used as u64, used, step.skip);
            }
            if step.done {
                self.in_reply = false;
                self.replied(chunk.ts_us, cx);
                if self.passive {
                    return Step::Skip { used: chunk.bytes.len(), skip: u64::MAX >> 1 };
                }
            }
        }
    }
}

/// Splits a line into words as servers do, quotes around a word left out.
pub(super) fn words(line: &[u8], mut each: impl FnMut(usize, &[u8])) {
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let quote = matches!(byte, b'"' | b'\'').then_some(*byte);
        let from = at + usize::from(quote.is_some());
        let mut end = from;
        while let Some(byte) = line.get(end) {
            match quote {
                Some(quote) if *byte == quote => break,
                Some(_) if *byte == b'\\' => end += 1,
                None if byte.is_ascii_whitespace() => break,
                _ => {}
            }
            end += 1;
        }
        let end = end.min(line.len());
        each(from, line.get(from..end).unwrap_or_default());
        at = end + usize::from(quote.is_some());
    }
}

const ONE_SIDED_US: i64 = 30_000_000;
const LONGEST_INLINE: usize = 16 << 10;
/// As much as is needed to know the start of a command, or of a push.
const COMMAND_HEAD: usize = 96;
const PUSH_HEAD: usize = 24;
