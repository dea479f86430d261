//! Segments that came before their turn, sorted and without overlaps.

use std::collections::VecDeque;

/// One direction's.
#[derive(Debug, Default)]
pub(crate) struct Reorder {
    list: VecDeque<Held>,
    bytes: usize,
}

/// Bytes that wait.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    /// Bytes after those that the snap length cut off.
    pub(crate) cut: u32,
    /// How far their sender had acknowledged the other direction.
    pub(crate) acked: u64,
    pub(crate) ts_us: i64,
}

impl Held {
    /// Behind its last byte, with what was cut off.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64 + u64::from(self.cut)
    }
}

impl Reorder {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn first(&self) -> Option<&Held> {
        self.list.front()
    }

    pub(crate) fn pop(&mut self) -> Option<Held> {
        let first = self.list.pop_front()?;
        self.bytes -= first.bytes.len();
        Some(first)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn heap(&self) -> usize {
        self.bytes + self.list.capacity() * size_of::<Held>()
    }

    /// Takes a segment. What is there already stays (or is overwritten, when the last one wins); says how many bytes of
    /// an overlap differ, and whether any byte was new.
    pub(crate) fn insert(&mut self, new: &Held, first_wins: bool) -> (usize, bool) {
        let (mut conflict, mut fresh) = (0, false);
        let mut at = self.list.partition_point(|held| held.end() <= new.offset);
        let mut from = new.offset;
        let end = new.offset + new.bytes.len() as u64;
        while from < end {
            let Some(held) = self.list.get_mut(at).filter(|held| held.offset < end) else {
                self.put(at, part(new, from, end, true));
                return (conflict, true);
            };
            if from < held.offset {
                let upto = held.offset;
                self.put(at, part(new, from, upto, false));
                fresh = true;
                from = upto;
                at += 1;
                continue;
            }
            let upto = held.end().min(end);
            let mine = slice(&new.bytes, new.offset, from, upto);
            let begin = (from - held.offset) as usize;
            let have = held.bytes.len();
            if let Some(theirs) = held.bytes.get_mut(begin..(begin + mine.len()).min(have)) {
                let differ = theirs.iter().zip(mine).filter(|(a, b)| a != b).count();
                conflict += differ;
                if differ > 0 && !first_wins {
                    theirs.copy_from_slice(mine.get(..theirs.len()).unwrap_or_default());
                }
            }
            from = upto.max(held.end().min(end));
            at += 1;
        }
        if new.bytes.is_empty() && new.cut > 0 && self.list.get(at).is_none_or(|held| held.offset > new.offset) {
            self.put(at, part(new, new.offset, new.offset, true));
            fresh = true;
        }
        (conflict, fresh)
    }

    fn put(&mut self, at: usize, held: Held) {
        self.bytes += held.bytes.len();
        self.list.insert(at.min(self.list.len()), held);
    }
}

/// `from..to` of a segment; its cut end belongs to its last part.
fn part(new: &Held, from: u64, to: u64, last: bool) -> Held {
    Held {
        offset: from,
        bytes: slice(&new.bytes, new.offset, from, to).to_vec(),
        cut: if last { new.cut } else { 0 },
        acked: new.acked,
        ts_us: new.ts_us,
    }
}

fn slice(bytes: &[u8], offset: u64, from: u64, to: u64) -> &[u8] {
    let (from, to) = ((from - offset) as usize, (to - offset) as usize);
    bytes.get(from..to.min(bytes.len())).unwrap_or_default()
}
