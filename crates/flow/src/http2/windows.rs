//! Flow control: for how long a body could not go on because its receiver's window was closed (RFC 9113, section 5.2).
//!
//! Known of connections that were seen whole. A window is closed from the frame of data that fills it, when more of the body
//! is to come, until the frame of the other side that opens it.

use super::connection::{At, Connection};
use super::frame::{END_STREAM, FrameHead};
use super::half::Half;
use crate::Side;

/// The windows of a connection, by who sends into them.
#[derive(Debug)]
pub(super) struct Windows {
    is_known: bool,
    /// What a stream begins with.
    initial: [i64; 2],
    /// What all streams together have left.
    left: [i64; 2],
    /// Some body may wait.
    is_waited_for: bool,
}

impl Default for Windows {
    fn default() -> Self {
        Self { is_known: true, initial: [USUAL; 2], left: [USUAL; 2], is_waited_for: false }
    }
}

/// The window of one body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    sent: i64,
    credit: i64,
    closed_us: Option<i64>,
    /// How long it was closed so far.
    pub(super) stalled_us: u64,
}

impl Window {
    fn is_closed(&self) -> bool {
        self.closed_us.is_some()
    }

    /// The other side takes more, or nothing more is sent.
    fn open(&mut self, now_us: i64) {
        if let Some(since_us) = self.closed_us.take() {
            self.stalled_us += u64::try_from(now_us - since_us).unwrap_or(0);
        }
    }
}

impl Windows {
    fn initial(&self, side: Side) -> i64 {
        self.initial.get(side.index()).copied().unwrap_or(USUAL)
    }

    fn left(&mut self, side: Side) -> &mut i64 {
        let [client, server] = &mut self.left;
        if side == Side::Client { client } else { server }
    }
}

impl Connection {
    /// A frame of data begins.
    pub(super) fn spend(&mut self, head: &FrameHead, at: At) {
        let len = i64::from(head.len);
        if !self.windows.is_known || len == 0 {
            return;
        }
        let initial = self.windows.initial(at.side);
        let left = self.windows.left(at.side);
        *left -= len;
        let is_full = *left <= 0 && *left + len > 0;
        let is_last = head.has(END_STREAM);
        if let Some(stream) = self.streams.get(head.stream) {
            let window = &mut stream.half(at.side).window;
            window.sent += len;
            if !is_last && initial + window.credit <= window.sent {
                window.closed_us.get_or_insert(at.now_us);
                self.windows.is_waited_for = true;
            }
        }
        if is_full {
            self.windows.is_waited_for = true;
            let waits = |half: &Half| half.is_seen && !half.is_ended;
            for stream in self.streams.iter_mut().filter(|stream| !(is_last && stream.id == head.stream)) {
                let half = stream.half(at.side);
                if waits(half) {
                    half.window.closed_us.get_or_insert(at.now_us);
                }
            }
        }
    }

    /// The other side takes so many bytes more, of one stream or of all.
    pub(super) fn allow(&mut self, id: u32, more: u32, at: At) {
        let (side, more) = (at.side.other(), i64::from(more & 0x7fff_ffff));
        if id == 0 {
            *self.windows.left(side) += more;
        } else if let Some(stream) = self.streams.get(id) {
            stream.half(side).window.credit += more;
        }
        self.reopen(side, at.now_us);
    }

    /// Streams begin with another window, those that are open too.
    pub(super) fn begin_with(&mut self, most: u32, at: At) {
        let side = at.side.other();
        if let Some(initial) = self.windows.initial.get_mut(side.index()) {
            *initial = i64::from(most.min(0x7fff_ffff));
        }
        self.reopen(side, at.now_us);
    }

    /// Frames are missing, or were there before: what the windows are is not known.
    pub(super) fn lose_windows(&mut self) {
        self.windows.is_known = false;
        for stream in self.streams.iter_mut() {
            stream.request.window.closed_us = None;
            stream.response.window.closed_us = None;
        }
    }

    /// A stream is over: what it waited for does not come.
    pub(super) fn give_up_window(&mut self, id: u32, now_us: i64) {
        if let Some(stream) = self.streams.get(id) {
            stream.request.window.open(now_us);
            stream.response.window.open(now_us);
        }
    }

    fn reopen(&mut self, side: Side, now_us: i64) {
        if !self.windows.is_waited_for || *self.windows.left(side) <= 0 {
            return;
        }
        let initial = self.windows.initial(side);
        self.windows.is_waited_for = false;
        for stream in self.streams.iter_mut() {
            let window = &mut stream.half(side).window;
            if initial + window.credit > window.sent {
                window.open(now_us);
            }
            self.windows.is_waited_for |= stream.request.window.is_closed() || stream.response.window.is_closed();
        }
    }
}

/// What a window is unless something else is said.
const USUAL: i64 = 65_535;
