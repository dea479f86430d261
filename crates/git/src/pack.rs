//! Packs: objects one behind the other, each packed by itself or as changes of another one. Read within a budget, by counted steps.
//!
//! The format is that of git's own gitformat-pack(5). The library for it, gix-pack, bounds what one object may take, but unpacks a
//! base anew for each of its changes: a small pack can keep it at work for hours. Here each object is unpacked once, and all of
//! them together have one budget.

use crate::object::{Id, Kind};
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use std::collections::HashMap;

/// Why a pack was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It unpacks to more than it may.
    TooLarge,
    /// It is no pack, or a broken one.
    Broken(&'static str),
}

/// An object that is the change of another one.
struct Change {
    offset: usize,
    base: Base,
    delta: Bytes,
}

enum Base {
    At(usize),
    Named(Id),
}

/// Objects by their digests.
pub(crate) type Objects = HashMap<Id, (Kind, Bytes)>;

/// Reads a pack of at most `most` bytes when unpacked.
pub(crate) fn read(pack: &[u8], most: usize) -> Result<Objects, Fault> {
    let count = header(pack)?;
    let mut reader = Reader { pack, at: 12, budget: most };
    let (mut objects, mut by_offset, mut changes) = (Objects::new(), HashMap::new(), Vec::new());
    for _ in 0..count {
        let offset = reader.at;
        let (kind, size) = reader.head()?;
        let plain = match kind {
            1 => Some(Kind::Commit),
            2 => Some(Kind::Tree),
            3 => Some(Kind::Blob),
            4 => Some(Kind::Tag),
            _ => None,
        };
        if let Some(kind) = plain {
            let data = reader.unpack(size)?;
            keep(&mut objects, &mut by_offset, offset, kind, data);
            continue;
        }
        let base = match kind {
            6 => Base::At(offset.checked_sub(reader.distance()?).ok_or(Fault::Broken("a change of nothing"))?),
            7 => {
                let mut id = [0; 20];
                id.copy_from_slice(reader.take(20)?);
                Base::Named(Id(id))
            }
            _ => return Err(Fault::Broken("an object of an unknown kind")),
        };
        changes.push(Change { offset, base, delta: reader.unpack(size)? });
    }
    // Most name what came before them: then one turn does.
    let mut budget = reader.budget;
    while !changes.is_empty() {
        let before = changes.len();
        let mut left = Vec::new();
        for change in changes {
            let id = match change.base {
                Base::At(offset) => by_offset.get(&offset).copied(),
                Base::Named(id) => Some(id),
            };
            let Some((kind, base)) = id.and_then(|id| objects.get(&id).cloned()) else {
                left.push(change);
                continue;
            };
            let data = apply(&base, &change.delta, &mut budget)?;
            keep(&mut objects, &mut by_offset, change.offset, kind, data);
        }
        if left.len() == before {
            return Err(Fault::Broken("a change of what is not in it"));
        }
        changes = left;
    }
    Ok(objects)
}

fn keep(objects: &mut Objects, by_offset: &mut HashMap<usize, Id>, offset: usize, kind: Kind, data: Bytes) {
    let id = Id::of(kind, &data);
    by_offset.insert(offset, id);
    objects.insert(id, (kind, data));
}

fn header(pack: &[u8]) -> Result<u32, Fault> {
    let word = |from: usize| pack.get(from..from + 4).and_then(|word| <[u8; 4]>::try_from(word).ok());
    if word(0) != Some(*b"PACK") || word(4).map(u32::from_be_bytes) != Some(2) {
        return Err(Fault::Broken("no pack of version 2"));
    }
    match word(8).map(u32::from_be_bytes) {
        Some(count) if count <= MOST_OBJECTS => Ok(count),
        Some(_) => Err(Fault::TooLarge),
        None => Err(Fault::Broken("a pack without a count")),
    }
}

struct Reader<'a> {
    pack: &'a [u8],
    at: usize,
    /// Bytes that may still come out of it.
    budget: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let taken = self.pack.get(self.at..self.at.saturating_add(count)).ok_or(SHORT)?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.take(1).and_then(|bytes| bytes.first().copied().ok_or(SHORT))
    }

    /// The kind and the size of an object.
    fn head(&mut self) -> Result<(u8, usize), Fault> {
        let first = self.byte()?;
        let (kind, mut size, mut shift, mut more) = ((first >> 4) & 7, usize::from(first & 15), 4, first & 128 != 0);
        while more {
            let byte = self.byte()?;
            if shift > 50 {
                return Err(Fault::TooLarge);
            }
            size |= usize::from(byte & 127) << shift;
            (shift, more) = (shift + 7, byte & 128 != 0);
        }
        Ok((kind, size))
    }

    /// How far back the object is that this one changes.
    fn distance(&mut self) -> Result<usize, Fault> {
        let mut byte = self.byte()?;
        let mut distance = usize::from(byte & 127);
        while byte & 128 != 0 {
            byte = self.byte()?;
            if distance > usize::MAX >> 8 {
                return Err(Fault::Broken("a change of nothing"));
            }
            distance = ((distance + 1) << 7) | usize::from(byte & 127);
        }
        Ok(distance)
    }

    fn unpack(&mut self, size: usize) -> Result<Bytes, Fault> {
        self.budget = self.budget.checked_sub(size).ok_or(Fault::TooLarge)?;
        // A byte more, to see that there is none.
        let mut data = Vec::with_capacity(size.saturating_add(1).min(1 << 20));
        let mut inflate = Decompress::new(true);
        let rest = self.pack.get(self.at..).unwrap_or_default();
        loop {
            let before = (inflate.total_in(), inflate.total_out());
            data.reserve(data.len().clamp(256, 1 << 20).min(size.saturating_add(1).saturating_sub(data.len())).max(1));
            let from = usize::try_from(before.0).unwrap_or(usize::MAX);
            let status = inflate.decompress_vec(rest.get(from..).unwrap_or_default(), &mut data, FlushDecompress::None);
            match status {
                Ok(Status::StreamEnd) => break,
                Ok(_) if data.len() > size => return Err(Fault::Broken("an object of another size than it says")),
                Ok(_) if (inflate.total_in(), inflate.total_out()) != before => {}
                _ => return Err(Fault::Broken("an object that does not unpack")),
            }
        }
        if data.len() != size {
            return Err(Fault::Broken("an object of another size than it says"));
        }
        self.at = self.at.saturating_add(usize::try_from(inflate.total_in()).unwrap_or(usize::MAX));
        Ok(data.into())
    }
}

/// Makes an object out of another one and its changes: pieces of the one, and new bytes.
fn apply(base: &[u8], delta: &[u8], budget: &mut usize) -> Result<Bytes, Fault> {
    let mut delta = Reader { pack: delta, at: 0, budget: 0 };
    let mut size = || {
        let (mut size, mut shift) = (0_usize, 0);
        loop {
            let byte = delta.byte()?;
            if shift > 50 {
                return Err(Fault::TooLarge);
            }
            size |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte & 128 == 0 {
                return Ok(size);
            }
        }
    };
    let (from, to) = (size()?, size()?);
    if from != base.len() {
        return Err(Fault::Broken("a change of another object than it says"));
    }
    *budget = budget.checked_sub(to).ok_or(Fault::TooLarge)?;
    let mut data = Vec::with_capacity(to.min(1 << 20));
    while delta.at < delta.pack.len() {
        let op = delta.byte()?;
        let piece = if op & 128 == 0 {
            delta.take(usize::from(op))?
        } else {
            let mut number = |bits: std::ops::Range<u8>| {
                let mut number = 0_usize;
                for (at, bit) in bits.enumerate() {
                    if op & (1 << bit) != 0 {
                        number |= usize::from(delta.byte()?) << (8 * at);
                    }
                }
                Ok::<usize, Fault>(number)
            };
            let (offset, length) = (number(0..4)?, number(4..7)?);
            let length = if length == 0 { 0x1_0000 } else { length };
            base.get(offset..offset.saturating_add(length)).ok_or(Fault::Broken("a change that copies nothing"))?
        };
        if op == 0 || data.len() + piece.len() > to {
            return Err(Fault::Broken("a change that is none"));
        }
        data.extend_from_slice(piece);
    }
    if data.len() == to { Ok(data.into()) } else { Err(Fault::Broken("a change that is too short")) }
}

const SHORT: Fault = Fault::Broken("a pack that ends too soon");
/// Folders and files of one commit.
const MOST_OBJECTS: u32 = 500_000;

#[cfg(test)]
mod tests;
