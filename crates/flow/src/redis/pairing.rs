//! Which answer belongs to which request, when both come in order.
//!
//! As long as every byte was seen, order is proof. After a gap it is none: then an answer belongs to a request only when
//! its first byte is the very next one after what the client had acknowledged while it asked, and only where the client
//! was never seen to send a request before the last one was answered. A pause on both sides ends all doubt.

/// What is known about the order of one connection.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    doubt: bool,
    /// The client sends requests ahead.
    piped: bool,
    last_us: i64,
    /// Where the request at hand begins, and whether it was quiet before.
    began: Option<u64>,
    quiet: bool,
}

/// What becomes of an answer and the oldest request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pair {
    /// They belong together.
    Yes,
    /// The request's answer was not seen or cannot be told; the next request may fit.
    NotThis,
    /// The answer's request was not seen.
    None,
}

impl Pairing {
    /// The start of the connection was not seen.
    pub(crate) fn midstream() -> Pairing {
        Pairing { doubt: true, ..Pairing::default() }
    }

    /// Bytes of either side came.
    pub(crate) fn saw(&mut self, ts_us: i64) {
        self.last_us = self.last_us.max(ts_us);
    }

    /// A request begins at this offset, or goes on that began there.
    pub(crate) fn begins(&mut self, offset: u64, first_ts_us: i64) {
        if self.doubt && self.began != Some(offset) {
            self.began = Some(offset);
            self.quiet = first_ts_us.saturating_sub(self.last_us) >= QUIET_US;
        }
    }

    /// A request is whole; `before` others wait for their answers.
    pub(crate) fn request(&mut self, before: usize) {
        if before > 0 {
            self.piped = true;
        } else if self.doubt && self.quiet {
            (self.doubt, self.piped, self.quiet) = (false, false, false);
        }
    }

    /// Bytes are missing.
    pub(crate) fn gap(&mut self, ts_us: i64) {
        self.doubt = true;
        self.quiet = false;
        self.saw(ts_us);
    }

    /// Whether order alone says nothing.
    pub(crate) fn in_doubt(&self) -> bool {
        self.doubt
    }

    /// Whether requests that wait can still get their answers told.
    pub(crate) fn hopeless(&self) -> bool {
        self.doubt && self.piped
    }

    /// The answer begins at `at`; the oldest request was sent when the client had acknowledged `acked`.
    pub(crate) fn judge(&self, acked: Option<u64>, at: u64) -> Pair {
        match acked {
            None => Pair::None,
            Some(_) if !self.doubt => Pair::Yes,
            Some(_) if self.piped => Pair::NotThis,
            Some(acked) if acked == at => Pair::Yes,
            Some(acked) if acked < at => Pair::NotThis,
            Some(_) => Pair::None,
        }
    }
}

/// So long nothing came from either side: what was asked is answered.
const QUIET_US: i64 = 100_000;
