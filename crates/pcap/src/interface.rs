//! What a capture file says of an interface.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{LinkType, Options, clock::Clock};

/// One interface: read from an interface block (or made of a classic header), written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// How its packets begin.
    pub link: LinkType,
    /// Longest packet kept; 0 is no limit.
    pub snaplen: u32,
    /// Bytes of frame check sequence at the end of each packet, where said.
    pub fcs_len: Option<u8>,
    /// `if_name`.
    pub name: Option<Box<str>>,
    /// `if_description`.
    pub description: Option<Box<str>>,
    /// `if_filter`, as text.
    pub filter: Option<Box<str>>,
    /// `if_os`.
    pub os: Option<Box<str>>,
    /// `if_hardware`.
    pub hardware: Option<Box<str>>,
    /// The first comment.
    pub comment: Option<Box<str>>,
    /// IPv4 addresses with their masks.
    pub ipv4: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// IPv6 addresses with their prefix lengths.
    pub ipv6: Vec<(Ipv6Addr, u8)>,
    /// The hardware address.
    pub mac: Option<[u8; 6]>,
    pub(crate) clock: Clock,
}

impl Interface {
    /// An interface of which no more than its link type is known.
    #[must_use]
    pub fn new(link: LinkType) -> Self {
        Self {
            link,
            snaplen: 0,
            fcs_len: None,
            name: None,
            description: None,
            filter: None,
            os: None,
            hardware: None,
            comment: None,
            ipv4: Vec::new(),
            ipv6: Vec::new(),
            mac: None,
            clock: Clock::MICROS,
        }
    }

    /// From the fixed part and the options of an interface block. `room` is what is left of the budget for texts and
    /// goes down; what does not fit is left out.
    pub(crate) fn read(link: LinkType, snaplen: u32, options: &Options<'_>, room: &mut usize) -> Self {
        let mut this = Self { snaplen, ..Self::new(link) };
        let (mut resolution, mut offset) = (None, None);
        let order = options.order();
        for (code, value) in options.iter() {
            let slot = match code {
                COMMENT => &mut this.comment,
                NAME => &mut this.name,
                DESCRIPTION => &mut this.description,
                OS => &mut this.os,
                HARDWARE => &mut this.hardware,
                FILTER => {
                    // the first byte tells text from code
                    if let (Some((0, text)), None) = (value.split_first(), &this.filter) {
                        this.filter = kept(text, room);
                    }
                    continue;
                }
                IPV4 => {
                    if let (Some(raw), true) = (value.first_chunk::<8>(), take(room, 8)) {
                        let [a, b, c, d, e, f, g, h] = *raw;
                        this.ipv4.push((Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h)));
                    }
                    continue;
                }
                IPV6 => {
                    if let (Some(raw), Some(prefix), true) = (value.first_chunk::<16>(), value.get(16), take(room, 17))
                    {
                        this.ipv6.push((Ipv6Addr::from(*raw), *prefix));
                    }
                    continue;
                }
                MAC => {
                    this.mac = this.mac.or(value.first_chunk::<6>().copied());
                    continue;
                }
                RESOLUTION => {
                    resolution = resolution.or(value.first().copied());
                    continue;
                }
                OFFSET => {
                    offset = offset.or(order.u64(value, 0).map(|raw| raw as i64));
                    continue;
                }
                FCS => {
                    this.fcs_len = this.fcs_len.or(value.first().copied());
                    continue;
                }
                _ => continue,
            };
            if slot.is_none() {
                *slot = kept(value, room);
            }
        }
        this.clock = Clock::new(resolution, offset);
        this
    }
}

fn kept(value: &[u8], room: &mut usize) -> Option<Box<str>> {
    let text = std::str::from_utf8(value).ok()?.trim_end_matches('\0');
    take(room, text.len()).then(|| text.into())
}

fn take(room: &mut usize, bytes: usize) -> bool {
    let left = room.checked_sub(bytes);
    *room = left.unwrap_or(*room);
    left.is_some()
}

pub(crate) const COMMENT: u16 = crate::options::COMMENT;
pub(crate) const NAME: u16 = 2;
pub(crate) const DESCRIPTION: u16 = 3;
pub(crate) const IPV4: u16 = 4;
pub(crate) const IPV6: u16 = 5;
pub(crate) const MAC: u16 = 6;
pub(crate) const RESOLUTION: u16 = 9;
pub(crate) const FILTER: u16 = 11;
pub(crate) const OS: u16 = 12;
pub(crate) const FCS: u16 = 13;
pub(crate) const OFFSET: u16 = 14;
pub(crate) const HARDWARE: u16 = 15;
