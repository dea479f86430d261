//! The `redis` record: a command with its reply, or a message that the server sent on its own.

use crate::json::Object;

/// One command with its reply; a push has no command.
#[derive(Clone, Copy, Debug, Default)]
pub struct RedisRecord<'a> {
    /// The command in capitals, with its subcommand: `CONFIG GET`.
    pub command: Option<&'a [u8]>,
    /// What `EXEC` ran, one command a line.
    pub queued: &'a [u8],
    /// The keys it names.
    pub keys: Keys<'a>,
    /// The words behind the command.
    pub args: Option<&'a [u8]>,
    /// The reply as text: `OK`, `42`, `[a, "b c", nil]`, `{k: v}`.
    pub reply: Option<&'a [u8]>,
    /// The text of an error.
    pub error: Option<&'a [u8]>,
    /// What kind of message the server sent on its own: `message`, `invalidate`, `monitor`, …
    pub push: Option<&'a [u8]>,
    /// Commands before it that were not answered yet when it was sent.
    pub index: Option<u64>,
    /// From the last byte of the command to the last of its reply.
    pub latency_us: Option<u64>,
    /// Bytes of command and reply.
    pub bytes: u64,
}

/// Texts side by side in one buffer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'a> {
    /// All of them.
    pub bytes: &'a [u8],
    /// Where the first begins.
    pub start: usize,
    /// Where each ends.
    pub ends: &'a [u32],
}

impl<'a> Keys<'a> {
    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let (bytes, mut from) = (self.bytes, self.start);
        self.ends.iter().map(move |end| {
            let end = *end as usize;
            let text = bytes.get(from..end).unwrap_or_default();
            from = end;
            text
        })
    }
}

impl RedisRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        if let Some(command) = self.command {
            let mut list = object.array("commands");
            list.bytes(command);
            self.queued.split(|byte| *byte == b'\n').filter(|name| !name.is_empty()).for_each(|name| list.bytes(name));
        }
        if !self.keys.ends.is_empty() {
            let mut list = object.array("keys");
            self.keys.iter().for_each(|key| list.bytes(key));
        }
        object.maybe_bytes("args", self.args);
        object.maybe_bytes("reply", self.reply);
        object.maybe_bytes("error", self.error);
        object.maybe_bytes("push", self.push);
        object.maybe("index", self.index);
        object.maybe("latency_us", self.latency_us);
        object.uint("bytes", self.bytes);
    }
}
