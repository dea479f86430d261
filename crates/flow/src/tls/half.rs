//! What is known of one direction.

use std::collections::VecDeque;

use super::{crypto::Opener, wire::Head};
use crate::End;

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Half {
    pub(super) epoch: Epoch,
    pub(super) opener: Option<Opener>,
    /// The number of the next record under this key, or the lowest it can be.
    pub(super) seq: u64,
    /// How many numbers above that it can be, after records were lost.
    pub(super) slack: u64,
    /// The generation of the key store when no key was found.
    pub(super) checked: Option<u64>,
    /// Records in a row that could not be opened.
    pub(super) failures: u8,
    /// No record will be opened any more.
    pub(super) dead: bool,
    /// Handshake bytes that are no whole message yet.
    pub(super) messages: Vec<u8>,
    /// Bytes of a message too long to keep that are still to come.
    pub(super) overlong: usize,
    /// The record at hand and where it ends.
    pub(super) head: Option<Head>,
    pub(super) record_end: u64,
    /// The rest of a damaged record is passed over up to here.
    pub(super) skip_to: Option<u64>,
    /// The next record has to be searched.
    pub(super) resync: bool,
    /// Clear bytes so far.
    pub(super) clear: u64,
    /// Ends of the latest data records, in the stream and in clear bytes.
    marks: VecDeque<(u64, u64)>,
    marks_base: u64,
    pub(super) ended: Option<End>,
    pub(super) end_told: bool,
}

/// Under which keys a direction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Epoch {
    /// None yet.
    #[default]
    Clear,
    /// TLS 1.3: data before the server's answer, as long as it is not known to be accepted.
    EarlyOffered,
    /// TLS 1.3: such data, accepted.
    Early,
    /// TLS 1.3: the handshake.
    Handshake,
    /// TLS 1.3: what follows it.
    Application,
    /// Up to TLS 1.2: after ChangeCipherSpec.
    Sealed,
}

impl Half {
    /// Begins an epoch: other keys, records counted anew.
    pub(super) fn enter(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.opener = None;
        (self.seq, self.slack) = (0, 0);
        self.checked = None;
        self.failures = 0;
    }

    /// Notes a record of data.
    pub(super) fn mark(&mut self, end: u64) {
        if self.marks.len() >= MARKS {
            self.marks_base = self.marks.pop_front().map_or(self.marks_base, |mark| mark.1);
        }
        self.marks.push_back((end, self.clear));
    }

    /// Clear bytes up to a place of the stream.
    pub(super) fn clear_at(&self, offset: u64) -> u64 {
        let behind = self.marks.partition_point(|mark| mark.0 <= offset);
        behind.checked_sub(1).and_then(|at| self.marks.get(at)).map_or(self.marks_base, |mark| mark.1)
    }

    pub(super) fn heap(&self) -> usize {
        let keys = if self.opener.is_some() { Opener::HEAP } else { 0 };
        self.messages.capacity() + self.marks.capacity() * size_of::<(u64, u64)>() + keys
    }
}

/// Records of data whose places are remembered.
const MARKS: usize = 128;
