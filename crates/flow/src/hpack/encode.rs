//! For tests: an encoder with a dynamic table, and the few shapes of fields that it can be told to use.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::statics;

/// How a field is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// By index where it is in a table, else added to it.
    Best,
    /// As a literal that is not added.
    Literal,
}

/// An encoder with the default table of 4096 bytes.
#[derive(Default)]
pub(crate) struct Encoder {
    /// Newest first.
    table: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Encoder {
    pub(crate) fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in fields {
            self.field(name.as_bytes(), value.as_bytes(), How::Best, &mut out);
        }
        out
    }

    pub(crate) fn field(&mut self, name: &[u8], value: &[u8], how: How, out: &mut Vec<u8>) {
        let statics = statics::FIELDS.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let all: Vec<(&[u8], &[u8])> =
            statics.chain(self.table.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))).collect();
        if how == How::Best
            && let Some(at) = all.iter().position(|field| *field == (name, value))
        {
            return number(at + 1, 7, 0x80, out);
        }
        let index = all.iter().position(|field| field.0 == name).map_or(0, |at| at + 1);
        match how {
            How::Best => number(index, 6, 0x40, out),
            How::Literal => number(index, 4, 0, out),
        }
        if index == 0 {
            text(name, out);
        }
        text(value, out);
        if how == How::Best {
            self.table.insert(0, (name.to_vec(), value.to_vec()));
            while self.table.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>() > 4096 {
                self.table.pop();
            }
        }
    }
}

pub(crate) fn number(value: usize, prefix: u32, flags: u8, out: &mut Vec<u8>) {
    let mask = (1usize << prefix) - 1;
    if value < mask {
        return out.push(flags | value as u8);
    }
    out.push(flags | mask as u8);
    let mut rest = value - mask;
    while rest >= 128 {
        out.push((rest % 128 + 128) as u8);
        rest /= 128;
    }
    out.push(rest as u8);
}

fn text(value: &[u8], out: &mut Vec<u8>) {
    number(value.len(), 7, 0, out);
    out.extend_from_slice(value);
}
