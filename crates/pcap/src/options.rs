//! Options behind the fixed part of a pcapng block.

use crate::Order;

/// The options of one block, read when asked for. Options that do not fit their block end the list.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl<'a> Options<'a> {
    /// No options.
    pub const NONE: Options<'static> = Options { bytes: &[], order: Order::Little };

    pub(crate) fn new(bytes: &'a [u8], order: Order) -> Self {
        Self { bytes, order }
    }

    /// The byte order of numbers inside.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    /// Code and value of each, in the order of the file.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let (mut rest, order) = (self.bytes, self.order);
        std::iter::from_fn(move || {
            let code = order.u16(rest, 0)?;
            let len = usize::from(order.u16(rest, 2)?);
            if code == END {
                return None;
            }
            let value = rest.get(4..4 + len)?;
            rest = rest.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
            Some((code, value))
        })
    }

    /// The first value with this code.
    #[must_use]
    pub fn get(&self, code: u16) -> Option<&'a [u8]> {
        self.iter().find(|(have, _)| *have == code).map(|(_, value)| value)
    }

    /// The first value with this code, when it is UTF-8.
    #[must_use]
    pub fn text(&self, code: u16) -> Option<&'a str> {
        self.get(code).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The comments.
    pub fn comments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.iter().filter(|(code, _)| *code == COMMENT).filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// A number of 32 bits.
    #[must_use]
    pub fn u32(&self, code: u16) -> Option<u32> {
        self.get(code).filter(|value| value.len() == 4).and_then(|value| self.order.u32(value, 0))
    }

    /// A number of 64 bits.
    #[must_use]
    pub fn u64(&self, code: u16) -> Option<u64> {
        self.get(code).filter(|value| value.len() == 8).and_then(|value| self.order.u64(value, 0))
    }
}

/// `opt_endofopt`.
pub(crate) const END: u16 = 0;
/// `opt_comment`.
pub(crate) const COMMENT: u16 = 1;
