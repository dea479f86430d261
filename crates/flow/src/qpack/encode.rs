//! For tests: an encoder with a dynamic table that inserts what it has not seen, and refers to it before or behind its base.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::statics;

/// An encoder for a receiver that allows a table of `allowed` bytes.
pub(crate) struct Encoder {
    allowed: u64,
    /// Name, value and absolute index of what is in the table, oldest first.
    table: Vec<(Vec<u8>, Vec<u8>)>,
    gone: u64,
    size: usize,
    /// Instructions that were not fetched.
    pub(crate) stream: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(allowed: u64) -> Encoder {
        let mut stream = Vec::new();
        number(allowed, 5, 0x20, &mut stream);
        Encoder { allowed, table: Vec::new(), gone: 0, size: 0, stream }
    }

    fn count(&self) -> u64 {
        self.gone + self.table.len() as u64
    }

    /// Adds a field as the newest; false when that would evict one from `pinned` on, which its receiver may not have yet.
    fn insert(&mut self, name: &[u8], value: &[u8], pinned: u64) -> bool {
        let size = name.len() + value.len() + 32;
        if size as u64 > self.allowed {
            return false;
        }
        let (mut left, mut evicted) = (self.size, 0);
        while (left + size) as u64 > self.allowed {
            left -= self.table[evicted].0.len() + self.table[evicted].1.len() + 32;
            evicted += 1;
        }
        if self.gone + evicted as u64 > pinned {
            return false;
        }
        // By a name that is known where there is one, as encoders do.
        let fixed = statics::FIELDS.iter().position(|field| field.0.as_bytes() == name);
        while (self.size + size) as u64 > self.allowed {
            let (name, value) = self.table.remove(0);
            self.size -= name.len() + value.len() + 32;
            self.gone += 1;
        }
        let known = self.table.iter().rposition(|field| field.0 == name);
        match (fixed, known) {
            (Some(at), _) => number(at as u64, 6, 0xc0, &mut self.stream),
            (None, Some(at)) => number((self.table.len() - 1 - at) as u64, 6, 0x80, &mut self.stream),
            (None, None) => text(name, 5, 0x40, &mut self.stream),
        }
        text(value, 7, 0, &mut self.stream);
        self.size += size;
        self.table.push((name.to_vec(), value.to_vec()));
        true
    }

    /// A section; its instructions are appended to `stream`. `behind`: the base stands before what it inserts.
    pub(crate) fn section(&mut self, fields: &[(&str, &str)], behind: bool) -> Vec<u8> {
        let base_before = self.count();
        let mut wanted = Vec::new();
        let mut needed = 0;
        for (name, value) in fields {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            let fixed =
                statics::FIELDS.iter().position(|field| (field.0.as_bytes(), field.1.as_bytes()) == (name, value));
            if let Some(at) = fixed {
                wanted.push(Line::Static(at as u64));
                continue;
            }
            let known = self.table.iter().rposition(|field| (field.0.as_slice(), field.1.as_slice()) == (name, value));
            let at = match known {
                Some(at) => Some(self.gone + at as u64),
                None => self.insert(name, value, base_before).then(|| self.count() - 1),
            };
            match at {
                Some(at) => {
                    needed = needed.max(at + 1);
                    wanted.push(Line::Dynamic(at, name.to_vec(), value.to_vec()));
                }
                None => wanted.push(Line::Literal(name.to_vec(), value.to_vec())),
            }
        }
        // What a later insert of the same section evicted is written out.
        let gone = self.gone;
        for line in &mut wanted {
            if let Line::Dynamic(at, name, value) = line
                && *at < gone
            {
                *line = Line::Literal(name.clone(), value.clone());
            }
        }
        let base = if behind { base_before } else { self.count() };
        let mut out = Vec::new();
        let full = 2 * (self.allowed / 32);
        number(if needed == 0 { 0 } else { needed % full + 1 }, 8, 0, &mut out);
        match base.checked_sub(needed) {
            Some(above) => number(above, 7, 0, &mut out),
            None => number(needed - base - 1, 7, 0x80, &mut out),
        }
        for line in wanted {
            match line {
                Line::Static(at) => number(at, 6, 0xc0, &mut out),
                Line::Dynamic(at, ..) if at < base => number(base - at - 1, 6, 0x80, &mut out),
                Line::Dynamic(at, ..) => number(at - base, 4, 0x10, &mut out),
                Line::Literal(name, value) => {
                    text(&name, 3, 0x20, &mut out);
                    text(&value, 7, 0, &mut out);
                }
            }
        }
        out
    }
}

enum Line {
    Static(u64),
    Dynamic(u64, Vec<u8>, Vec<u8>),
    Literal(Vec<u8>, Vec<u8>),
}

pub(crate) fn number(value: u64, prefix: u32, first: u8, out: &mut Vec<u8>) {
    let mask = (1_u64 << prefix) - 1;
    if value < mask {
        return out.push(first | value as u8);
    }
    out.push(first | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub(crate) fn text(value: &[u8], prefix: u32, first: u8, out: &mut Vec<u8>) {
    number(value.len() as u64, prefix, first, out);
    out.extend_from_slice(value);
}
