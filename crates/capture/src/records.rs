//! The records of one tap: the last of them, as many as fit a budget, as lines in packed blocks.
//!
//! A record has a number, counted from 1 in the order in which it came; it is the record's id in its tap. Whoever adds a
//! line says what stands for it in the list: nothing, a row of its own, or the one row of its flow. When the oldest
//! block goes, its rows are named so that they go with it.

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::sync::Arc;

/// What stands for a record in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Nothing.
    Nothing,
    /// A row of its own.
    Row,
    /// A row of its own that tells nothing of what its flow is for: a gap, an anomaly.
    Beside,
    /// It tells how its flow stands: one row a flow, and only while nothing else of the flow has a row.
    Flow,
}

/// What to do with the list because of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The record's number.
    pub(crate) number: u64,
    /// The row that it writes, if it writes one.
    pub(crate) row: Option<Row>,
    /// The row that goes for it.
    pub(crate) gone: Option<Row>,
}

/// A row of the list: the number of the record that made it, and that record's pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) pod: u16,
}

/// The last records of a tap.
pub(crate) struct Records {
    budget: usize,
    most: usize,
    blocks: VecDeque<Arc<Block>>,
    /// Lines that are not packed yet.
    open: Vec<u8>,
    open_first: u64,
    metas: VecDeque<Meta>,
    /// The number of the first of `metas`.
    first: u64,
    packed: usize,
    flows: HashMap<u128, Flow>,
    /// The flow behind a row that stands for one.
    rows: HashMap<u64, u128>,
}

struct Block {
    first: u64,
    packed: Vec<u8>,
    raw: usize,
}

#[derive(Clone, Copy)]
struct Meta {
    flow: u128,
    /// Where its line ends in its block.
    end: u32,
    pod: u16,
    own_row: bool,
    is_flow: bool,
}

#[derive(Default)]
struct Flow {
    /// Its newest record of any kind.
    last: u64,
    /// Its newest `flow` record.
    latest: Option<u64>,
    /// The row that stands for it.
    row: Option<Row>,
    /// Something else of it has a row.
    told: bool,
}

impl Records {
    pub(crate) fn new(budget: usize, most: usize) -> Self {
        Self {
            budget,
            most,
            blocks: VecDeque::new(),
            open: Vec::new(),
            open_first: 1,
            metas: VecDeque::new(),
            first: 1,
            packed: 0,
            flows: HashMap::new(),
            rows: HashMap::new(),
        }
    }

    /// Adds a line. `flow` is 0 for records of no flow.
    pub(crate) fn push(&mut self, pod: u16, flow: u128, stands: Stands, is_flow: bool, line: &[u8]) -> Change {
        let number = self.next();
        let (own, has_row) = (Row { number, pod }, matches!(stands, Stands::Row | Stands::Beside));
        self.open.extend_from_slice(line);
        let end = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        self.metas.push_back(Meta { flow, end, pod, own_row: has_row, is_flow });
        let mut change = Change { number, row: has_row.then_some(own), gone: None };
        if flow != 0 {
            let of = self.flows.entry(flow).or_default();
            of.last = number;
            if is_flow {
                of.latest = Some(number);
            }
            match stands {
                Stands::Row => {
                    of.told = true;
                    change.gone = of.row.take();
                }
                Stands::Flow if !of.told => change.row = Some(*of.row.get_or_insert(own)),
                _ => {}
            }
            if let Some(gone) = change.gone {
                self.rows.remove(&gone.number);
            } else if let (Stands::Flow, Some(row)) = (stands, change.row) {
                self.rows.insert(row.number, flow);
            }
        }
        if self.open.len() >= BLOCK {
            self.seal();
        }
        change
    }

    /// Something else tells what this flow is for, in the records of another one: its own row goes.
    pub(crate) fn tell(&mut self, flow: u128) -> Option<Row> {
        let of = self.flows.get_mut(&flow)?;
        of.told = true;
        let gone = of.row.take()?;
        self.rows.remove(&gone.number);
        Some(gone)
    }

    /// Drops the oldest records over the budget; the rows that go with them.
    pub(crate) fn shrink(&mut self) -> Vec<Row> {
        let mut gone = Vec::new();
        while self.bytes() > self.budget || self.metas.len() > self.most {
            let Some(block) = self.blocks.pop_front() else { break };
            self.packed -= block.packed.len();
            let end = self.blocks.front().map_or(self.open_first, |next| next.first);
            self.forget(end, &mut gone);
        }
        gone
    }

    fn forget(&mut self, end: u64, gone: &mut Vec<Row>) {
        while self.first < end {
            let Some(meta) = self.metas.pop_front() else { return };
            let number = self.first;
            self.first += 1;
            if meta.own_row {
                gone.push(Row { number, pod: meta.pod });
            }
            let Some(flow) = self.flows.get_mut(&meta.flow) else { continue };
            if flow.latest == Some(number) {
                flow.latest = None;
                if let Some(row) = flow.row.take() {
                    self.rows.remove(&row.number);
                    gone.push(row);
                }
            }
            if flow.last == number {
                self.flows.remove(&meta.flow);
            }
        }
    }

    /// Forgets everything; numbers go on.
    pub(crate) fn clear(&mut self) {
        let next = self.next();
        *self = Self { first: next, open_first: next, ..Self::new(self.budget, self.most) };
    }

    /// The number that the next record will have.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.metas.len() as u64
    }

    /// Records that are there.
    pub(crate) fn len(&self) -> usize {
        self.metas.len()
    }

    /// Records that went for want of room.
    #[cfg(test)]
    pub(crate) fn dropped(&self) -> u64 {
        self.first - 1
    }

    /// Bytes of memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.packed
            + self.open.len()
            + self.metas.len() * size_of::<Meta>()
            + self.flows.len() * (size_of::<Flow>() + size_of::<u128>())
    }

    /// The record that a row shows now.
    pub(crate) fn behind(&self, row: u64) -> Option<u64> {
        match self.rows.get(&row).and_then(|flow| self.flows.get(flow)) {
            Some(flow) => flow.latest,
            None => (self.first..self.next()).contains(&row).then_some(row),
        }
    }

    /// The flow of a record; 0 when it has none.
    pub(crate) fn flow_of(&self, number: u64) -> u128 {
        self.meta(number).map_or(0, |meta| meta.flow)
    }

    /// The pod of a record.
    pub(crate) fn pod_of(&self, number: u64) -> Option<u16> {
        self.meta(number).map(|meta| meta.pod)
    }

    /// The newest `flow` record of a flow.
    pub(crate) fn latest(&self, flow: u128) -> Option<u64> {
        self.flows.get(&flow)?.latest
    }

    /// The newest record of a flow, of any kind.
    pub(crate) fn last(&self, flow: u128) -> Option<u64> {
        self.flows.get(&flow).map(|flow| flow.last)
    }

    /// The numbers of a flow's records, the first `most` of them, and whether there are more. Of `flow` records only the
    /// newest.
    pub(crate) fn of_flow(&self, flow: u128, most: usize) -> (Vec<u64>, bool) {
        let Some(of) = self.flows.get(&flow) else { return (Vec::new(), false) };
        let own = self.metas.iter().zip(self.first..).filter(|(meta, _)| meta.flow == flow);
        let mut numbers: Vec<u64> = own
            .filter(|(meta, number)| !meta.is_flow || Some(*number) == of.latest)
            .map(|(_, number)| number)
            .take(most + 1)
            .collect();
        let more = numbers.len() > most;
        numbers.truncate(most);
        (numbers, more)
    }

    /// The block with this number, or the first one after it: to be opened without a lock.
    pub(crate) fn block(&self, number: u64) -> Option<Held> {
        let number = number.max(self.first);
        if number >= self.next() {
            return None;
        }
        let (first, raw) = if number >= self.open_first {
            (self.open_first, Raw::Open(self.open.clone()))
        } else {
            let at = self.blocks.partition_point(|block| block.first <= number).checked_sub(1)?;
            let block = self.blocks.get(at)?.clone();
            (block.first, Raw::Packed(block))
        };
        let end = match &raw {
            Raw::Open(_) => self.next(),
            Raw::Packed(block) => {
                let at = self.blocks.partition_point(|other| other.first <= block.first);
                self.blocks.get(at).map_or(self.open_first, |next| next.first)
            }
        };
        let range = usize::try_from(first - self.first).ok()?..usize::try_from(end - self.first).ok()?;
        Some(Held { first, raw, metas: self.metas.range(range).copied().collect() })
    }

    fn meta(&self, number: u64) -> Option<&Meta> {
        self.metas.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn seal(&mut self) {
        let mut packer = DeflateEncoder::new(Vec::with_capacity(self.open.len() / 4), Compression::fast());
        // A vector takes everything.
        let packed = packer.write_all(&self.open).and_then(|()| packer.finish()).unwrap_or_default();
        self.packed += packed.len();
        self.blocks.push_back(Arc::new(Block { first: self.open_first, packed, raw: self.open.len() }));
        self.open.clear();
        self.open_first = self.next();
    }
}

/// A block of records on its way out.
pub(crate) struct Held {
    first: u64,
    raw: Raw,
    metas: Vec<Meta>,
}

enum Raw {
    Open(Vec<u8>),
    Packed(Arc<Block>),
}

/// The lines of a block.
pub(crate) struct Opened {
    first: u64,
    bytes: Vec<u8>,
    metas: Vec<Meta>,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) number: u64,
    pub(crate) pod: u16,
    pub(crate) flow: u128,
    /// A `flow` record.
    pub(crate) is_flow: bool,
    pub(crate) line: &'a [u8],
}

impl Held {
    pub(crate) fn open(self) -> Opened {
        let bytes = match self.raw {
            Raw::Open(bytes) => bytes,
            Raw::Packed(block) => {
                let mut bytes = Vec::with_capacity(block.raw);
                let most = block.raw as u64;
                if DeflateDecoder::new(block.packed.as_slice()).take(most).read_to_end(&mut bytes).is_err() {
                    tracing::error!("a block of records cannot be unpacked");
                }
                bytes
            }
        };
        Opened { first: self.first, bytes, metas: self.metas }
    }
}

impl Opened {
    /// The records from this number on.
    pub(crate) fn from(&self, number: u64) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        let lines = self.metas.iter().zip(self.first..).filter_map(move |(meta, number)| {
            let end = meta.end as usize;
            let line = self.bytes.get(std::mem::replace(&mut start, end)..end)?;
            Some(Line { number, pod: meta.pod, flow: meta.flow, is_flow: meta.is_flow, line })
        });
        lines.filter(move |line| line.number >= number)
    }

    /// The number after the last.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.metas.len() as u64
    }
}

/// Bytes of lines that are packed together: enough to pack well, few enough to open for one line.
const BLOCK: usize = 64 << 10;

#[cfg(test)]
mod tests;
