//! What the link header says.

use super::{Answer, Form, View};
use crate::tree::Direction;

impl View<'_> {
    /// Whether the link layer carries a protocol: an EtherType, or an access point of 802.2 when it is small.
    pub(super) fn carries_link(&self, protocol: u32) -> Answer {
        if self.labels > 0 {
            // only IPv4 and IPv6 get here: the generator refuses the others
            let version = if protocol == 0x0800 { 4 } else { 6 };
            let last = self.u8(self.network.wrapping_sub(2))? & 1 == 1;
            return Ok(last && self.u8(self.network)? >> 4 == version);
        }
        let is_ip = |version: u32| matches!((version, protocol), (4, 0x0800) | (6, 0x86dd));
        match self.form {
            Form::Only4 => Ok(is_ip(4)),
            Form::Only6 => Ok(is_ip(6)),
            Form::Either if is_ip(4) || is_ip(6) => Ok(is_ip(self.u8(self.header)? >> 4)),
            Form::Either => Ok(false),
            Form::Null | Form::Loop => {
                if !is_ip(4) && !is_ip(6) {
                    return Ok(false);
                }
                let family = self.u32(self.header)?;
                let family = if self.form == Form::Null { family.swap_bytes() } else { family };
                Ok(if is_ip(4) { family == 2 } else { matches!(family, 24 | 28 | 30) })
            }
            Form::Sll2 => Ok(self.u16(self.kind)? == protocol),
            Form::Ppp => Ok(self.u16(self.kind)?
                == match protocol {
                    0x0800 => 0x21,
                    0x86dd => 0x57,
                    0xfe => 0x23,
                    0x0600 => 0x25,
                    0x6003 => 0x27,
                    0x809b => 0x29,
                    0xe0 => 0x2b,
                    0x42 => 0x31,
                    other => other,
                }),
            Form::Ethernet => self.carries_ethernet(protocol),
            Form::Sll => self.carries_sll(protocol),
        }
    }

    fn carries_ethernet(&self, protocol: u32) -> Answer {
        let kind = self.u16(self.kind)?;
        let is_frame = kind <= 1500;
        Ok(match protocol {
            0xfe | 0x06 | 0xf0 => is_frame && self.u16(self.payload)? == protocol * 0x101,
            0xe0 => {
                kind == 0x8137
                    || (is_frame
                        && (self.snap(0, 0x8137)?
                            || self.u8(self.payload)? == 0xe0
                            || self.u16(self.payload)? == 0xffff))
            }
            0x809b => kind == protocol || (is_frame && self.snap(0x08_0007, protocol)?),
            0x80f3 => kind == protocol || (is_frame && self.snap(0, protocol)?),
            0..=1500 => is_frame && self.u8(self.kind.wrapping_add(2))? == protocol,
            _ => kind == protocol,
        })
    }

    fn carries_sll(&self, protocol: u32) -> Answer {
        let kind = self.u16(self.kind)?;
        Ok(match protocol {
            0xfe | 0x06 | 0xf0 => kind == 4 && self.u16(self.payload)? == protocol * 0x101,
            0xe0 => {
                kind == 0x8137
                    || kind == 1
                    || (kind == 4 && (self.u8(self.payload)? == 0xe0 || self.snap(0, 0x8137)?))
            }
            0x809b => kind == protocol || (kind == 4 && self.snap(0x08_0007, protocol)?),
            0x80f3 => kind == protocol || (kind == 4 && self.snap(0, protocol)?),
            0..=1500 => kind == 4 && self.u8(self.payload)? == protocol,
            _ => kind == protocol,
        })
    }

    fn snap(&self, organisation: u32, protocol: u32) -> Answer {
        let at = self.payload;
        Ok(self.u32(at.wrapping_add(4))? == (organisation & 0xffff) << 16 | protocol
            && self.u32(at)? == 0xaaaa_0300 | organisation >> 16)
    }

    /// A frame with a header: behind Geneve there may be none.
    pub(super) const fn has_frame(&self) -> bool {
        !self.is_inner || self.is_framed
    }

    pub(super) fn mac(&self, direction: Direction, address: [u8; 6]) -> Answer {
        Ok(self.has_frame()
            && self.on_sides(direction, |view, is_source| {
                let at = view.header.wrapping_add(if is_source { 6 } else { 0 });
                let [a, b, c, d, e, f] = address;
                Ok(view.u32(at.wrapping_add(2))? == u32::from_be_bytes([c, d, e, f])
                    && view.u16(at)? == u32::from_be_bytes([0, 0, a, b]))
            })?)
    }

    pub(super) fn on_sides(&self, direction: Direction, test: impl Fn(&Self, bool) -> Answer) -> Answer {
        Ok(match direction {
            Direction::Source => test(self, true)?,
            Direction::Destination => test(self, false)?,
            Direction::Either => test(self, true)? || test(self, false)?,
            Direction::Both => test(self, true)? && test(self, false)?,
        })
    }
}
