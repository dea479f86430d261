//! Instructions of the encoder stream to entries, field sections to fields.

use super::{
    Broken,
    cursor::Cursor,
    table::{Known, Table},
};
use crate::hpack::Field;

/// One direction's decoder.
#[derive(Debug, Default)]
pub struct Decoder {
    table: Table,
    /// The largest table that the receiver allows, which says how counts are written; none before it said so.
    allowed: Option<u64>,
    /// Entries are missing: no index is known to mean anything any more.
    is_lost: bool,
    /// Strings of the current field that were Huffman-coded.
    plain: Vec<u8>,
}

/// What became of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Its fields were handed over.
    Done,
    /// It needs entries that did not come yet.
    Blocked,
}

/// What indices of a section are counted from.
#[derive(Clone, Copy, Debug)]
enum Base {
    Known(u64),
    /// Entries that are not known.
    Lost,
}

impl Decoder {
    /// What the receiver allows (`SETTINGS_QPACK_MAX_TABLE_CAPACITY`).
    pub fn allow(&mut self, most: u64) {
        self.allowed = Some(most);
    }

    /// Bytes of the encoder stream are missing: nothing is known about the table from now on.
    pub fn lose(&mut self) {
        self.table.clear();
        self.is_lost = true;
    }

    /// Takes instructions of the encoder stream that came at this time; says how many bytes were whole ones.
    pub fn inserts(&mut self, bytes: &[u8], now_us: i64) -> usize {
        let mut used = 0;
        while !self.is_lost {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return used;
            }
            match self.instruction(rest, now_us) {
                Ok(more) => used += more,
                Err(Broken::Cut) => return used,
                Err(_) => self.lose(),
            }
        }
        bytes.len()
    }

    /// How many entries were ever added: when it has grown, sections that are blocked may not be any more.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.table.count()
    }

    /// Decodes a section that came at this time and hands over its fields in order. `force`: what it needs will not come
    /// any more. Fields that were handed over before an error are real.
    pub fn section(
        &mut self,
        section: &[u8],
        came_us: i64,
        force: bool,
        each: &mut impl FnMut(&Field<'_>),
    ) -> Result<Section, Broken> {
        let mut cursor = Cursor::new(section);
        let count = cursor.number(8)?;
        let is_below = cursor.peek().ok_or(Broken::Cut)? & 0x80 != 0;
        let delta = cursor.number(7)?;
        let Some(needed) = self.needed(count, came_us, force)? else { return Ok(Section::Blocked) };
        let base = match needed {
            Base::Known(needed) if needed > self.table.count() && !force => return Ok(Section::Blocked),
            Base::Known(needed) if is_below => {
                Base::Known(needed.checked_sub(delta).and_then(|base| base.checked_sub(1)).ok_or(Broken::Index)?)
            }
            Base::Known(needed) => Base::Known(needed.checked_add(delta).ok_or(Broken::Index)?),
            Base::Lost => Base::Lost,
        };
        let mut plain = std::mem::take(&mut self.plain);
        let done = self.fields(&mut cursor, base, &mut plain, each);
        self.plain = plain;
        done.map(|()| Section::Done)
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.table.heap() + self.plain.capacity()
    }

    /// The number of entries that a section needs (RFC 9204 section 4.5.1.1); none when it is too early to say.
    fn needed(&self, count: u64, came_us: i64, force: bool) -> Result<Option<Base>, Broken> {
        if count == 0 {
            return Ok(Some(Base::Known(0)));
        }
        if self.is_lost {
            return Ok(Some(Base::Lost));
        }
        let Some(allowed) = self.allowed else { return Ok(force.then_some(Base::Lost)) };
        // The count is written modulo, so what it means depends on what there was when it was sent.
        let Some(known) = self.table.count_at(came_us) else { return Ok(Some(Base::Lost)) };
        let entries = allowed / 32;
        let full = 2 * entries;
        if count > full {
            return Err(Broken::Index);
        }
        let most = known + entries;
        let mut needed = most / full * full + count - 1;
        if needed > most {
            needed = needed.checked_sub(full).ok_or(Broken::Index)?;
        }
        if needed == 0 { Err(Broken::Index) } else { Ok(Some(Base::Known(needed))) }
    }

    fn fields(
        &self,
        cursor: &mut Cursor<'_>,
        base: Base,
        plain: &mut Vec<u8>,
        each: &mut impl FnMut(&Field<'_>),
    ) -> Result<(), Broken> {
        let mut left = MOST_SECTION;
        while let Some(first) = cursor.peek() {
            plain.clear();
            let mut tell = |name: Option<&[u8]>, value: Option<&[u8]>| {
                let len = name.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
                left = left.checked_sub(len).ok_or(Broken::Long)?;
                each(&Field { name, value, wire: 0..0 });
                Ok(())
            };
            if first & 0x80 != 0 {
                let index = cursor.number(6)?;
                let (name, value) = self.indexed(first & 0x40 != 0, index, base)?;
                tell(name, value)?;
                continue;
            }
            if first & 0xf0 == 0x10 {
                let (name, value) = self.behind(cursor.number(4)?, base);
                tell(name, value)?;
                continue;
            }
            if first & 0xe0 == 0x20 {
                let name = cursor.text(3, plain)?;
                let value = cursor.text(7, plain)?;
                tell(Some(cursor.get(&name, plain)), Some(cursor.get(&value, plain)))?;
                continue;
            }
            let name = if first & 0x40 != 0 {
                let index = cursor.number(4)?;
                self.indexed(first & 0x10 != 0, index, base)?.0
            } else {
                self.behind(cursor.number(3)?, base).0
            };
            let value = cursor.text(7, plain)?;
            tell(name, Some(cursor.get(&value, plain)))?;
        }
        Ok(())
    }

    /// An index into the static table, or back from the base.
    fn indexed(&self, is_static: bool, index: u64, base: Base) -> Result<Known<'_>, Broken> {
        if is_static {
            let (name, value) = Table::fixed(index).ok_or(Broken::Index)?;
            return Ok((Some(name), Some(value)));
        }
        match base {
            Base::Known(base) => {
                let at = base.checked_sub(index).and_then(|at| at.checked_sub(1)).ok_or(Broken::Index)?;
                Ok(self.table.get(at))
            }
            Base::Lost => Ok((None, None)),
        }
    }

    /// An index from the base on.
    fn behind(&self, index: u64, base: Base) -> Known<'_> {
        match base {
            Base::Known(base) => self.table.get(base.saturating_add(index)),
            Base::Lost => (None, None),
        }
    }

    /// One instruction of the encoder stream; says how long it was.
    fn instruction(&mut self, bytes: &[u8], now_us: i64) -> Result<usize, Broken> {
        let mut cursor = Cursor::new(bytes);
        let first = cursor.peek().ok_or(Broken::Cut)?;
        self.plain.clear();
        let newest = |index: u64, table: &Table| {
            table.count().checked_sub(index).and_then(|at| at.checked_sub(1)).ok_or(Broken::Index)
        };
        if first & 0x80 != 0 {
            let index = cursor.number(6)?;
            let value = cursor.text(7, &mut self.plain)?;
            let value = cursor.get(&value, &self.plain);
            if first & 0x40 != 0 {
                let (name, _) = Table::fixed(index).ok_or(Broken::Index)?;
                self.table.insert(Some(name), Some(value), now_us);
            } else {
                let name = self.table.get(newest(index, &self.table)?).0.map(<[u8]>::to_vec);
                self.table.insert(name.as_deref(), Some(value), now_us);
            }
        } else if first & 0x40 != 0 {
            let name = cursor.text(5, &mut self.plain)?;
            let value = cursor.text(7, &mut self.plain)?;
            let (name, value) = (cursor.get(&name, &self.plain), cursor.get(&value, &self.plain));
            self.table.insert(Some(name), Some(value), now_us);
        } else if first & 0x20 != 0 {
            self.table.resize(cursor.number(5)?);
        } else {
            let index = newest(cursor.number(5)?, &self.table)?;
            let (name, value) = self.table.get(index);
            let (name, value) = (name.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
            self.table.insert(name.as_deref(), value.as_deref(), now_us);
        }
        Ok(cursor.at)
    }
}

/// Bytes of names and values that one section may unfold to.
pub const MOST_SECTION: usize = 256 << 10;
