//! One command as it comes in, argument by argument, and what is shown of it.

use crate::redact::{Redaction, Spans, Why};
use crate::{Context, Side};

use super::keys;
use super::pending::{Pending, Special};
use super::secrets::Secrets;
use super::text::Text;

/// The command at hand of one connection.
#[derive(Debug, Default)]
pub(super) struct Command {
    bytes: Vec<u8>,
    args: Vec<Arg>,
    /// Arguments so far, with those that were not kept.
    total: usize,
    cut: bool,
    text: Text,
    spans: Spans,
    /// What is secret, once so many arguments came that the rest is not kept.
    beyond: Option<Secrets>,
    /// It stands in what the server sent.
    pub(super) by_server: bool,
}

#[derive(Debug, Clone, Copy)]
struct Arg {
    from: usize,
    to: usize,
    len: u64,
    /// Where it stands in the stream.
    offset: u64,
}

impl Command {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.args.clear();
        (self.total, self.cut, self.beyond) = (0, false, None);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes.capacity() + self.args.capacity() * size_of::<Arg>() + self.text.bytes.capacity()
    }

    /// The next argument: `len` bytes from `offset`, of which `head` is there.
    pub(super) fn arg(&mut self, head: &[u8], len: u64, offset: u64, cx: &mut Context<'_, '_>) {
        self.total += 1;
        if self.args.len() >= MOST_ARGS {
            self.cut = true;
            return self.not_kept(head, len, offset, cx);
        }
        let from = self.bytes.len();
        let room = MOST_BYTES.saturating_sub(from).min(MOST_ARG);
        self.bytes.extend_from_slice(head.get(..room).unwrap_or(head));
        self.args.push(Arg { from, to: self.bytes.len(), len, offset });
    }

    /// An argument beyond those that are kept: it is not shown, but may have to be masked.
    fn not_kept(&mut self, head: &[u8], len: u64, offset: u64, cx: &mut Context<'_, '_>) {
        if !cx.redaction.is_on() || !cx.limits.mask {
            return;
        }
        let name = self.name();
        let secrets = match self.beyond {
            Some(secrets) => secrets,
            None => self.with_args(|args| Secrets::of(&name, args, self.total, cx.redaction)),
        };
        self.beyond = Some(secrets);
        let at = self.total - 1;
        if keys::in_pairs(&name) {
            // An odd place is a key: whether the value behind it is hidden is remembered in place of the others.
            if at % 2 == 1 {
                self.beyond = Some(Secrets { key: cx.redaction.redis_key(head), ..secrets });
            } else if secrets.key {
                self.mask(cx, offset, len);
            }
        } else if secrets.key {
            self.mask(cx, offset, len);
        }
    }

    /// The name in capitals, with the subcommand where there is one.
    fn name(&self) -> Name {
        let mut name = Name { bytes: [0; 132], len: 0 };
        name.word(self.read(0));
        if self.args.len() > 1 && CONTAINERS.contains(&&*name) {
            name.push(b' ');
            name.word(self.read(1));
        }
        name
    }

    fn read(&self, at: usize) -> &[u8] {
        self.args.get(at).and_then(|arg| self.bytes.get(arg.from..arg.to)).unwrap_or_default()
    }

    fn with_args<T>(&self, act: impl FnOnce(&[&[u8]]) -> T) -> T {
        let mut few = [&[][..]; 16];
        let read = |arg: &Arg| self.bytes.get(arg.from..arg.to).unwrap_or_default();
        match few.get_mut(..self.args.len()) {
            Some(few) => {
                few.iter_mut().zip(&self.args).for_each(|(to, arg)| *to = read(arg));
                act(few)
            }
            None => act(&self.args.iter().map(read).collect::<Vec<_>>()),
        }
    }

    /// All arguments are there: what is known of them goes into `pending`, secrets are masked and left out.
    pub(super) fn finish(&mut self, pending: &mut Pending, cx: &mut Context<'_, '_>) {
        let name = self.name();
        pending.text.extend_from_slice(&name);
        pending.name_end = name.len();
        let skip = if name.contains(&b' ') { 2 } else { 1 };
        let mut text = std::mem::take(&mut self.text);
        let mut spans = std::mem::take(&mut self.spans);
        text.clear();
        self.with_args(|args| {
            let secrets = Secrets::of(&name, args, self.total, cx.redaction);
            let mut is_key = [false; MOST_ARGS];
            keys::keys(&name, args, self.total, |at| {
                if let Some(slot) = is_key.get_mut(at) {
                    *slot = true;
                }
            });
            for (at, (arg, value)) in self.args.iter().zip(args).enumerate().skip(skip) {
                if at > skip {
                    text.plain(b" ", cx.limits.body);
                }
                let own = is_key.get(at).copied().unwrap_or(false);
                if secrets.hides(&name, args, (at, self.total), own, cx.redaction) {
                    self.mask(cx, arg.offset, arg.len);
                    text.secret(value, arg.len, Why::Redis, cx.limits.body, cx.redaction);
                } else {
                    text.value(value, arg.len, cx.limits.body, cx.redaction, &mut spans);
                    spans
                        .iter()
                        .for_each(|span| self.mask(cx, arg.offset + span.start as u64, (span.end - span.start) as u64));
                }
            }
            pending.text.extend_from_slice(&text.bytes);
            pending.args_end = pending.text.len();
            let keys = args.iter().zip(is_key).filter(|(_, is_key)| *is_key).map(|(key, _)| *key);
            for key in keys.take(MOST_KEYS) {
                show_key(key, &mut pending.text, &mut spans, cx.redaction);
                pending.key_ends.push(u32::try_from(pending.text.len()).unwrap_or(u32::MAX));
            }
            pending.hide_reply = secrets.reply;
            (pending.special, pending.expect) = special(&name, args, self.total);
        });
        pending.why = text.why;
        pending.cut = self.cut || text.cut;
        (self.text, self.spans) = (text, spans);
    }

    fn mask(&self, cx: &mut Context<'_, '_>, offset: u64, len: u64) {
        super::text::mask(cx, if self.by_server { Side::Server } else { Side::Client }, offset, len);
    }

    /// `CLIENT REPLY` and its word.
    pub(super) fn client_reply(&self, pending: &Pending) -> Option<ClientReply> {
        if pending.name() != b"CLIENT REPLY" {
            return None;
        }
        self.with_args(|args| match args.get(2)? {
            word if word.eq_ignore_ascii_case(b"OFF") => Some(ClientReply::Off),
            word if word.eq_ignore_ascii_case(b"SKIP") => Some(ClientReply::Skip),
            word if word.eq_ignore_ascii_case(b"ON") => Some(ClientReply::On),
            _ => None,
        })
    }
}

/// A command's name, held without heap.
struct Name {
    bytes: [u8; 132],
    len: usize,
}

impl Name {
    fn word(&mut self, word: &[u8]) {
        for byte in word.iter().take(64) {
            self.push(if byte.is_ascii_graphic() { byte.to_ascii_uppercase() } else { b'?' });
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }
}

impl std::ops::Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// What the client wants of replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientReply {
    On,
    Off,
    Skip,
}

fn show_key(key: &[u8], out: &mut Vec<u8>, spans: &mut Spans, redaction: &Redaction) {
    let key = key.get(..256).unwrap_or(key);
    spans.clear();
    redaction.text(key, spans);
    redaction.write(key, spans, out);
}

fn special(name: &[u8], args: &[&[u8]], total: usize) -> (Special, u64) {
    match name {
        b"SUBSCRIBE" | b"PSUBSCRIBE" | b"SSUBSCRIBE" | b"UNSUBSCRIBE" | b"PUNSUBSCRIBE" | b"SUNSUBSCRIBE" => {
            (Special::Subscribe, (total.saturating_sub(1)).max(1) as u64)
        }
        b"MONITOR" => (Special::Monitor, 1),
        b"SYNC" | b"PSYNC" => (Special::Replica, 1),
        b"MULTI" => (Special::Multi, 1),
        b"EXEC" => (Special::Exec, 1),
        b"DISCARD" => (Special::Discard, 1),
        b"RESET" if args.len() == 1 => (Special::Reset, 1),
        _ => (Special::None, 1),
    }
}

/// Commands whose second word says what they do.
const CONTAINERS: &[&[u8]] = &[
    b"ACL",
    b"CLIENT",
    b"CLUSTER",
    b"COMMAND",
    b"CONFIG",
    b"DEBUG",
    b"FUNCTION",
    b"LATENCY",
    b"MEMORY",
    b"MODULE",
    b"OBJECT",
    b"PUBSUB",
    b"SCRIPT",
    b"SENTINEL",
    b"SLOWLOG",
    b"XGROUP",
    b"XINFO",
];

const MOST_ARGS: usize = 128;
const MOST_ARG: usize = 1024;
const MOST_BYTES: usize = 16 << 10;
const MOST_KEYS: usize = 64;
