//! Commands that wait for their replies, and the room of those that do not wait any more.

use std::collections::VecDeque;

/// What a command's replies are to be taken for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Special {
    /// One reply.
    #[default]
    None,
    /// As many confirmations as it names channels.
    Subscribe,
    /// Its reply is followed by every command that the server runs.
    Monitor,
    /// What follows its reply is no reply: the connection of a replica.
    Replica,
    /// Starts a list of queued commands.
    Multi,
    /// Runs it.
    Exec,
    /// Forgets it.
    Discard,
    /// Ends subscriptions and monitoring.
    Reset,
}

/// One command.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// When its last byte came.
    pub(super) ts_us: i64,
    /// How far its sender had acknowledged the server's bytes.
    pub(super) acked: u64,
    /// Commands that were not answered when it was sent.
    pub(super) index: u64,
    /// Bytes of it.
    pub(super) size: u64,
    pub(super) special: Special,
    /// Confirmations it still waits for.
    pub(super) expect: u64,
    /// The strings of its reply are secret.
    pub(super) hide_reply: bool,
    /// Some argument was cut or left out.
    pub(super) cut: bool,
    /// Rules that hid something, as bits.
    pub(super) why: u16,
    /// Its name, then its arguments as text, then its keys.
    pub(super) text: Vec<u8>,
    pub(super) name_end: usize,
    pub(super) args_end: usize,
    /// Where each key ends in `text`.
    pub(super) key_ends: Vec<u32>,
}

impl Pending {
    pub(super) fn name(&self) -> &[u8] {
        self.text.get(..self.name_end).unwrap_or_default()
    }

    pub(super) fn args(&self) -> &[u8] {
        self.text.get(self.name_end..self.args_end).unwrap_or_default()
    }

    fn heap(&self) -> usize {
        self.text.capacity() + self.key_ends.capacity() * 4
    }

    fn clear(&mut self) {
        let (mut text, mut key_ends) = (std::mem::take(&mut self.text), std::mem::take(&mut self.key_ends));
        text.clear();
        key_ends.clear();
        *self = Pending { text, key_ends, ..Pending::default() };
    }
}

/// Commands in the order they were sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Pending>,
    free: Vec<Pending>,
    /// Commands that are known by their number alone, behind those that wait.
    beyond: u64,
    heap: usize,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn front(&self) -> Option<&Pending> {
        self.waiting.front()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Pending> {
        self.waiting.front_mut()
    }

    /// An empty one to fill.
    pub(super) fn take(&mut self) -> Pending {
        let pending = self.free.pop().unwrap_or_default();
        self.heap -= pending.heap();
        pending
    }

    /// It waits. Given back when there is no room: then it is counted.
    pub(super) fn push(&mut self, pending: Pending) {
        if self.beyond > 0 || self.waiting.len() >= MOST || self.heap >= MOST_BYTES {
            self.beyond += 1;
            return self.give(pending);
        }
        self.heap += pending.heap();
        self.waiting.push_back(pending);
    }

    /// A reply came to a command that is known by its number alone.
    pub(super) fn pop_beyond(&mut self) -> bool {
        let had = self.waiting.is_empty() && self.beyond > 0;
        self.beyond -= u64::from(had);
        had
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        let pending = self.waiting.pop_front()?;
        self.heap -= pending.heap();
        Some(pending)
    }

    /// Its room may be used again.
    pub(super) fn give(&mut self, mut pending: Pending) {
        if self.free.len() < 32 && pending.heap() <= 4096 {
            pending.clear();
            self.heap += pending.heap();
            self.free.push(pending);
        }
    }

    /// Nothing is known of commands beyond the queue any more.
    pub(super) fn forget_beyond(&mut self) {
        self.beyond = 0;
    }

    pub(super) fn heap(&self) -> usize {
        self.heap + (self.waiting.capacity() + self.free.capacity()) * size_of::<Pending>()
    }
}

const MOST: usize = 4096;
const MOST_BYTES: usize = 256 << 10;
