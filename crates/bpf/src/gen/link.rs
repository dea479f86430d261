//! Tests of the link header: which protocol it carries, MAC addresses, direction.

use super::layers::{From, Link};
use super::{Generator, Made};
use crate::error::Error;
use crate::ir::Fragment;
use crate::op::{Operand, Stmt, Test, Width};
use crate::tree::Direction;

pub(super) const IP: u32 = 0x0800;
pub(super) const IP6: u32 = 0x86dd;
pub(super) const ATALK: u32 = 0x809b;
pub(super) const AARP: u32 = 0x80f3;
const ETHERTYPE_IPX: u32 = 0x8137;
/// Access points of 802.2.
pub(super) const ISO: u32 = 0xfe;
pub(super) const IPX: u32 = 0xe0;
pub(super) const NETBEUI: u32 = 0xf0;
pub(super) const STP: u32 = 0x42;
const IP_SAP: u32 = 0x06;
/// Up to here the type field of Ethernet is a length.
const LARGEST_LENGTH: u32 = 1500;

impl Generator {
    /// The link layer carries this EtherType, or this access point of 802.2.
    pub(super) fn ethertype(&mut self, protocol: u32) -> Made {
        if self.layers.labels > 0 {
            return self.behind_mpls(protocol);
        }
        Ok(match self.layers.link {
            Link::Ethernet => self.ethernet_type(protocol),
            Link::Cooked => self.cooked_type(protocol),
            // what 802.2 frames carry is not looked at in the second version
            Link::Cooked2 => self.equal(From::Type, 0, Width::Half, protocol),
            Link::Raw => match protocol {
                IP => self.masked(From::Link, 0, Width::Byte, 0x40, 0xf0),
                IP6 => self.masked(From::Link, 0, Width::Byte, 0x60, 0xf0),
                _ => self.constant(false),
            },
            Link::Raw4 => self.constant(protocol == IP),
            Link::Raw6 => self.constant(protocol == IP6),
            Link::Null | Link::Loop => match protocol {
                IP => self.family(2),
                IP6 => {
                    // the number of the family is another one on each BSD
                    let (first, second) = (self.family(24), self.family(28));
                    let two = self.graph.or(first, second);
                    let third = self.family(30);
                    self.graph.or(third, two)
                }
                _ => self.constant(false),
            },
            Link::Ppp => self.equal(From::Type, 0, Width::Half, ppp(protocol)),
        })
    }

    fn family(&mut self, family: u32) -> Fragment {
        let value = if self.layers.link == Link::Null { family.swap_bytes() } else { family };
        self.equal(From::Link, 0, Width::Word, value)
    }

    fn is_length(&mut self) -> Fragment {
        self.compare(From::Type, 0, Width::Half, Test::Greater, LARGEST_LENGTH).not()
    }

    fn ethernet_type(&mut self, protocol: u32) -> Fragment {
        match protocol {
            ISO | IP_SAP | NETBEUI => {
                let length = self.is_length();
                let points = self.equal(From::Payload, 0, Width::Half, (protocol << 8) | protocol);
                self.graph.and(length, points)
            }
            IPX => {
                let point = self.equal(From::Payload, 0, Width::Byte, IPX);
                let raw = self.equal(From::Payload, 0, Width::Half, 0xffff);
                let both = self.graph.or(point, raw);
                let snap = self.snap(0, ETHERTYPE_IPX);
                let any = self.graph.or(snap, both);
                let length = self.is_length();
                let framed = self.graph.and(length, any);
                let plain = self.equal(From::Type, 0, Width::Half, ETHERTYPE_IPX);
                self.graph.or(plain, framed)
            }
            ATALK | AARP => {
                let length = self.is_length();
                let snap = self.appletalk_snap(protocol);
                let framed = self.graph.and(length, snap);
                let plain = self.equal(From::Type, 0, Width::Half, protocol);
                self.graph.or(plain, framed)
            }
            0..=LARGEST_LENGTH => {
                let length = self.is_length();
                let point = self.equal(From::Type, 2, Width::Byte, protocol);
                self.graph.and(length, point)
            }
            _ => self.equal(From::Type, 0, Width::Half, protocol),
        }
    }

    fn cooked_type(&mut self, protocol: u32) -> Fragment {
        const P_802_2: u32 = 4;
        const P_802_3: u32 = 1;
        match protocol {
            ISO | IP_SAP | NETBEUI => {
                let framed = self.equal(From::Type, 0, Width::Half, P_802_2);
                let points = self.equal(From::Payload, 0, Width::Half, (protocol << 8) | protocol);
                self.graph.and(framed, points)
            }
            IPX => {
                let point = self.equal(From::Payload, 0, Width::Byte, IPX);
                let snap = self.snap(0, ETHERTYPE_IPX);
                let any = self.graph.or(point, snap);
                let framed = self.equal(From::Type, 0, Width::Half, P_802_2);
                let framed = self.graph.and(framed, any);
                let raw = self.equal(From::Type, 0, Width::Half, P_802_3);
                let both = self.graph.or(raw, framed);
                let plain = self.equal(From::Type, 0, Width::Half, ETHERTYPE_IPX);
                self.graph.or(plain, both)
            }
            ATALK | AARP => {
                let framed = self.equal(From::Type, 0, Width::Half, P_802_2);
                let snap = self.appletalk_snap(protocol);
                let framed = self.graph.and(framed, snap);
                let plain = self.equal(From::Type, 0, Width::Half, protocol);
                self.graph.or(plain, framed)
            }
            0..=LARGEST_LENGTH => {
                let framed = self.equal(From::Type, 0, Width::Half, P_802_2);
                let point = self.equal(From::Link, self.layers.payload.fixed, Width::Byte, protocol);
                self.graph.and(framed, point)
            }
            _ => self.equal(From::Type, 0, Width::Half, protocol),
        }
    }

    fn appletalk_snap(&mut self, protocol: u32) -> Fragment {
        self.snap(if protocol == ATALK { 0x08_0007 } else { 0 }, protocol)
    }

    fn snap(&mut self, organisation: u32, protocol: u32) -> Fragment {
        let ([_, a, b, c], [_, _, d, e]) = (organisation.to_be_bytes(), protocol.to_be_bytes());
        self.bytes(From::Payload, 0, &[0xaa, 0xaa, 0x03, a, b, c, d, e])
    }

    /// An 802.2 frame, of whatever kind.
    pub(super) fn llc_frame(&mut self) -> Made {
        if self.layers.link != Link::Ethernet {
            return self.refuse(format!("`llc` does not exist on {}", self.layers.link.name()));
        }
        let length = self.is_length();
        let raw = self.equal(From::Payload, 0, Width::Half, 0xffff).not();
        Ok(self.graph.and(length, raw))
    }

    fn needs_ethernet(&self, what: &str) -> Result<(), Error> {
        if self.layers.link == Link::Ethernet {
            return Ok(());
        }
        self.refuse(format!("{what} needs Ethernet, and this is {}", self.layers.link.name()))
    }

    pub(super) fn mac(&mut self, direction: Direction, address: [u8; 6]) -> Made {
        self.needs_ethernet("a MAC address")?;
        let frame = self.has_frame();
        let test =
            self.on_sides(direction, |gen_, source| gen_.bytes(From::Link, if source { 6 } else { 0 }, &address));
        Ok(self.behind(frame, test))
    }

    pub(super) fn broadcast(&mut self) -> Made {
        self.needs_ethernet("`broadcast`")?;
        let frame = self.has_frame();
        let test = self.bytes(From::Link, 0, &[0xff; 6]);
        Ok(self.behind(frame, test))
    }

    pub(super) fn multicast(&mut self) -> Made {
        self.needs_ethernet("`multicast`")?;
        let frame = self.has_frame();
        let test = self.any_bit(From::Link, 0, Width::Byte, 1);
        Ok(self.behind(frame, test))
    }

    /// Behind Geneve there may be no Ethernet header: then its start and its end are one.
    fn has_frame(&mut self) -> Option<Fragment> {
        let (Some(header), Some(payload), true) =
            (self.layers.header.slot, self.layers.payload.slot, self.layers.is_geneve)
        else {
            return None;
        };
        let load = vec![Stmt::LoadSlot(header), Stmt::LoadSlotX(payload)];
        Some(self.graph.test(load, Test::Equal, Operand::X).not())
    }

    fn behind(&mut self, guard: Option<Fragment>, test: Fragment) -> Fragment {
        match guard {
            Some(guard) => self.graph.and(guard, test),
            None => test,
        }
    }

    /// Sent by the host that captured.
    pub(super) fn outgoing(&mut self) -> Made {
        const OUTGOING: u32 = 4;
        match self.layers.link {
            Link::Cooked => Ok(self.equal(From::Link, 0, Width::Half, OUTGOING)),
            Link::Cooked2 => Ok(self.equal(From::Link, 10, Width::Byte, OUTGOING)),
            link => self.refuse(format!("packets of {} do not say whether they came in or went out", link.name())),
        }
    }

    pub(super) fn interface(&mut self, index: u32) -> Made {
        match self.layers.link {
            Link::Cooked2 => Ok(self.equal(From::Link, 4, Width::Word, index)),
            link => self.refuse(format!("packets of {} do not say the index of their interface", link.name())),
        }
    }

    /// A test of one end, on the ends that are asked for; the closure gets `true` for the source.
    pub(super) fn on_sides(
        &mut self,
        direction: Direction,
        mut test: impl FnMut(&mut Self, bool) -> Fragment,
    ) -> Fragment {
        match direction {
            Direction::Source => test(self, true),
            Direction::Destination => test(self, false),
            Direction::Either | Direction::Both => {
                let (source, destination) = (test(self, true), test(self, false));
                if direction == Direction::Both {
                    self.graph.and(source, destination)
                } else {
                    self.graph.or(source, destination)
                }
            }
        }
    }
}

/// The number of a protocol in PPP.
pub(super) const fn ppp(protocol: u32) -> u32 {
    match protocol {
        IP => 0x0021,
        IP6 => 0x0057,
        0x6003 => 0x0027,
        ATALK => 0x0029,
        0x0600 => 0x0025,
        ISO => 0x0023,
        STP => 0x0031,
        IPX => 0x002b,
        other => other,
    }
}
