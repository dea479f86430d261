//! Joining of IP fragments, within a budget of bytes, datagrams and time.

use super::{Address, Datagram, Fragment};
use crate::malformed::Malformed;

/// Datagrams of which some fragments are there. At most [`MAX_BYTES`] in [`MAX_PENDING`] datagrams, each for 30 s.
#[derive(Default)]
pub(crate) struct Fragments {
    pending: Vec<Pending>,
    bytes: usize,
}

struct Pending {
    src: Address,
    dst: Address,
    proto: u8,
    id: u32,
    first_us: i64,
    /// The bytes, with zeros where nothing came yet.
    bytes: Vec<u8>,
    /// What came, as sorted ranges that do not touch.
    have: Vec<(u32, u32)>,
    total: Option<u32>,
    /// It was hurt by an overlap: what comes more is dropped until its time is over.
    dead: bool,
}

impl Fragments {
    /// Takes one fragment; gives the whole payload when it was the last that lacked.
    pub(crate) fn add(
        &mut self,
        datagram: &Datagram<'_>,
        part: Fragment,
        now_us: i64,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        self.expire(now_us);
        let end = part.offset as usize + datagram.payload.len();
        if datagram.cut > 0 || end > MAX_DATAGRAM || (part.more && !datagram.payload.len().is_multiple_of(8)) {
            return Err(Malformed::FragmentSize);
        }
        if datagram.payload.is_empty() {
            return Ok(None);
        }
        let at = match self.find(datagram, part) {
            Some(at) => at,
            None => self.open(datagram, part, now_us)?,
        };
        let Some(entry) = self.pending.get_mut(at) else { return Err(Malformed::FragmentTable) };
        if entry.dead {
            return Ok(None);
        }
        let grown = end.saturating_sub(entry.bytes.len());
        if self.bytes + grown > MAX_BYTES {
            return Err(Malformed::FragmentTable);
        }
        let range = (part.offset, end as u32);
        if entry.have.contains(&range) && entry.bytes.get(part.offset as usize..end) == Some(datagram.payload) {
            return Ok(None);
        }
        let overlaps = entry.have.iter().any(|have| have.0 < range.1 && range.0 < have.1);
        let past_end = entry.total.is_some_and(|total| range.1 > total || (!part.more && range.1 != total));
        if overlaps || past_end {
            entry.dead = true;
            self.bytes -= entry.bytes.len();
            entry.bytes = Vec::new();
            return Err(Malformed::FragmentOverlap);
        }
        if grown > 0 {
            entry.bytes.reserve_exact(grown);
            entry.bytes.resize(end, 0);
            self.bytes += grown;
        }
        if let Some(slot) = entry.bytes.get_mut(part.offset as usize..end) {
            slot.copy_from_slice(datagram.payload);
        }
        if !part.more {
            entry.total = Some(range.1);
        }
        entry.have.push(range);
        let sum: u64 = entry.have.iter().map(|have| u64::from(have.1 - have.0)).sum();
        if entry.total.is_some_and(|total| u64::from(total) == sum) {
            let whole = self.pending.swap_remove(at);
            self.bytes -= whole.bytes.len();
            return Ok(Some(whole.bytes));
        }
        Ok(None)
    }

    /// Bytes of heap.
    pub(crate) fn heap(&self) -> usize {
        self.bytes
            + self.pending.capacity() * size_of::<Pending>()
            + self.pending.iter().map(|entry| entry.have.capacity() * 8).sum::<usize>()
    }

    fn find(&self, datagram: &Datagram<'_>, part: Fragment) -> Option<usize> {
        self.pending.iter().position(|entry| {
            entry.id == part.id
                && entry.src == datagram.src
                && entry.dst == datagram.dst
                && entry.proto == datagram.proto
        })
    }

    fn open(&mut self, datagram: &Datagram<'_>, part: Fragment, now_us: i64) -> Result<usize, Malformed> {
        if self.pending.len() >= MAX_PENDING {
            return Err(Malformed::FragmentTable);
        }
        self.pending.push(Pending {
            src: datagram.src,
            dst: datagram.dst,
            proto: datagram.proto,
            id: part.id,
            first_us: now_us,
            bytes: Vec::new(),
            have: Vec::new(),
            total: None,
            dead: false,
        });
        Ok(self.pending.len() - 1)
    }

    fn expire(&mut self, now_us: i64) {
        let bytes = &mut self.bytes;
        self.pending.retain(|entry| {
            let keep = now_us - entry.first_us < TIME_US;
            if !keep {
                *bytes -= entry.bytes.len();
            }
            keep
        });
    }
}

const MAX_DATAGRAM: usize = 65_535;
const MAX_BYTES: usize = 256 << 10;
const MAX_PENDING: usize = 64;
const TIME_US: i64 = 30_000_000;
