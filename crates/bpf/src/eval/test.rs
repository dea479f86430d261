//! Single tests.

use super::{Answer, Form, Undecided, View};
use crate::tree::{
    Arith, ByteTest, Carrier, Direction, IpVersion, Llc, Primitive, Protocol, Relation, Scope4, Transport, Width,
};

/// Headers of a chain that are followed; more are a loop.
const MAX_HEADERS: usize = 4000;

impl View<'_> {
    pub(super) fn test(&mut self, test: &Primitive, live: bool) -> Answer {
        match *test {
            Primitive::Vlan(tag) => return self.vlan(tag, live),
            Primitive::Mpls(label) => return self.mpls(label, live),
            Primitive::PppoeSession(session) => return self.pppoe_session(session, live),
            Primitive::Geneve(network) => return self.geneve(network, live),
            _ if !live => return Ok(false),
            _ => {}
        }
        let ip4 = |view: &Self| view.carries_link(0x0800);
        match *test {
            Primitive::Host4 { scope, direction, address, mask } => self.host4(scope, direction, address, mask),
            Primitive::Host6 { direction, address, mask } => self.on_sides(direction, |view, is_source| {
                if !view.carries_link(0x86dd)? {
                    return Ok(false);
                }
                for index in 0..4 {
                    let at = view.network.wrapping_add(if is_source { 8 } else { 24 }).wrapping_add(index * 4);
                    let (Some(word), Some(mask)) = (address.get(index as usize), mask.get(index as usize)) else {
                        continue;
                    };
                    if view.u32(at)? & mask != *word {
                        return Ok(false);
                    }
                }
                Ok(true)
            }),
            Primitive::Mac { direction, address } => self.mac(direction, address),
            Primitive::Decnet { direction, address } => self.decnet(direction, address),
            Primitive::Port { transport, direction, port } => self.ports(transport, direction, port, port),
            Primitive::PortRange { transport, direction, low, high } => self.ports(transport, direction, low, high),
            Primitive::Protocol(protocol) => self.protocol(protocol),
            Primitive::Carries(carrier, number) => self.carries(carrier, number),
            Primitive::Chain(None, number) => {
                Ok(self.chain(IpVersion::V4, number)? || self.chain(IpVersion::V6, number)?)
            }
            Primitive::Chain(Some(version), number) => self.chain(version, number),
            Primitive::Broadcast => self.mac(Direction::Destination, [0xff; 6]),
            Primitive::Broadcast4 => Ok(ip4(self)? && matches!(self.u32(self.network.wrapping_add(16))?, 0 | u32::MAX)),
            Primitive::Multicast => Ok(self.has_frame() && self.u8(self.header)? & 1 == 1),
            Primitive::Multicast4 => Ok(ip4(self)? && self.u8(self.network.wrapping_add(16))? >= 224),
            Primitive::Multicast6 => Ok(self.carries_link(0x86dd)? && self.u8(self.network.wrapping_add(24))? == 255),
            Primitive::AtMost(length) => Ok(self.length <= length),
            Primitive::AtLeast(length) => Ok(self.length >= length),
            Primitive::Byte(index, test, value) => {
                let byte = self.u8(self.header.wrapping_add(index))?;
                Ok(match test {
                    ByteTest::Equal => byte == value,
                    ByteTest::Less => byte < value,
                    ByteTest::Greater => byte > value,
                    ByteTest::And => byte & value != 0,
                    ByteTest::Or => byte | value != 0,
                })
            }
            Primitive::Inbound => Ok(!self.is_outgoing()?),
            Primitive::Outbound => self.is_outgoing(),
            Primitive::Interface(index) => Ok(self.u32(4)? == index),
            Primitive::PppoeDiscovery => self.carries_link(0x8863),
            Primitive::Llc(kind) => self.llc(kind),
            Primitive::Relation(relation, ref left, ref right) => {
                if !self.has_fields(left)? || !self.has_fields(right)? {
                    return Ok(false);
                }
                let (left, right) = (self.value(left)?, self.value(right)?);
                Ok(match relation {
                    Relation::Equal => left == right,
                    Relation::NotEqual => left != right,
                    Relation::Greater => left > right,
                    Relation::AtLeast => left >= right,
                    Relation::Less => left < right,
                    Relation::AtMost => left <= right,
                })
            }
            Primitive::Vlan(_) | Primitive::Mpls(_) | Primitive::PppoeSession(_) | Primitive::Geneve(_) => Ok(false),
        }
    }

    fn is_outgoing(&self) -> Answer {
        Ok(if self.form == Form::Sll { self.u16(0)? == 4 } else { self.u8(10)? == 4 })
    }

    fn host4(&self, scope: Scope4, direction: Direction, address: u32, mask: u32) -> Answer {
        let under = |protocol, source: u32, destination: u32| {
            self.on_sides(direction, |view, is_source| {
                let at = view.network.wrapping_add(if is_source { source } else { destination });
                Ok(view.carries_link(protocol)? && view.u32(at)? & mask == address)
            })
        };
        Ok(match scope {
            Scope4::Ip => under(0x0800, 12, 16)?,
            Scope4::Arp => under(0x0806, 14, 24)?,
            Scope4::Rarp => under(0x8035, 14, 24)?,
            Scope4::Any if self.labels > 0 => under(0x0800, 12, 16)?,
            Scope4::Any => under(0x0800, 12, 16)? || under(0x0806, 14, 24)? || under(0x8035, 14, 24)?,
        })
    }

    fn decnet(&self, direction: Direction, address: u16) -> Answer {
        self.on_sides(direction, |view, is_source| {
            if !view.carries_link(0x6003)? {
                return Ok(false);
            }
            let (short, long) = if is_source { (3, 15) } else { (1, 7) };
            for (flags, is_padded, offset) in [(2, false, short), (2, true, short), (6, false, long), (6, true, long)] {
                let at = view.network.wrapping_add(2);
                let holds =
                    if is_padded { view.u16(at)? & 0xff07 == 0x8100 | flags } else { view.u8(at)? & 7 == flags };
                let at = at.wrapping_add(offset + u32::from(is_padded));
                if holds && view.u16(at)? == u32::from(address.swap_bytes()) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    fn ports(&self, transport: Transport, direction: Direction, low: u16, high: u16) -> Answer {
        let numbers: &[u32] = match transport {
            Transport::Any => &[6, 17, 132],
            Transport::Tcp => &[6],
            Transport::Udp => &[17],
            Transport::Sctp => &[132],
        };
        let within = |start: u32| {
            self.on_sides(direction, |view, is_source| {
                let port = view.u16(start.wrapping_add(if is_source { 0 } else { 2 }))?;
                Ok((u32::from(low)..=u32::from(high)).contains(&port))
            })
        };
        if self.carries_link(0x86dd)? {
            let carried = self.u8(self.network.wrapping_add(6))?;
            if numbers.contains(&carried) && within(self.network.wrapping_add(40))? {
                return Ok(true);
            }
        }
        if self.carries_link(0x0800)? {
            let carried = self.u8(self.network.wrapping_add(9))?;
            return Ok(numbers.contains(&carried)
                && self.u16(self.network.wrapping_add(6))? & 0x1fff == 0
                && within(self.network.wrapping_add(self.header_length()?))?);
        }
        Ok(false)
    }

    fn protocol(&self, protocol: Protocol) -> Answer {
        use Protocol as P;
        let isis = |kinds: &[u32]| {
            Ok(self.carries(Carrier::Iso, 0x83)? && kinds.contains(&self.u8(self.bare.wrapping_add(4))?))
        };
        match protocol {
            P::Link => Ok(true),
            P::Ip => self.carries_link(0x0800),
            P::Ip6 => self.carries_link(0x86dd),
            P::Arp => self.carries_link(0x0806),
            P::Rarp => self.carries_link(0x8035),
            P::Atalk => self.carries_link(0x809b),
            P::Aarp => self.carries_link(0x80f3),
            P::Mopdl => self.carries_link(0x6001),
            P::Moprc => self.carries_link(0x6002),
            P::Decnet => self.carries_link(0x6003),
            P::Lat => self.carries_link(0x6004),
            P::Sca => self.carries_link(0x6007),
            P::Iso => self.carries_link(0xfe),
            P::Stp => self.carries_link(0x42),
            P::Ipx => self.carries_link(0xe0),
            P::Netbeui => self.carries_link(0xf0),
            P::Tcp => self.carries(Carrier::Ip, 6),
            P::Udp => self.carries(Carrier::Ip, 17),
            P::Sctp => self.carries(Carrier::Ip, 132),
            P::Pim => self.carries(Carrier::Ip, 103),
            P::Ah => self.carries(Carrier::Ip, 51),
            P::Esp => self.carries(Carrier::Ip, 50),
            P::Icmp => self.carries(Carrier::Ip4, 1),
            P::Igmp => self.carries(Carrier::Ip4, 2),
            P::Igrp => self.carries(Carrier::Ip4, 9),
            P::Vrrp | P::Carp => self.carries(Carrier::Ip4, 112),
            P::Icmp6 => self.carries(Carrier::Ip6, 58),
            P::Clnp => self.carries(Carrier::Iso, 0x81),
            P::EsIs => self.carries(Carrier::Iso, 0x82),
            P::IsIs => self.carries(Carrier::Iso, 0x83),
            P::IsIsLevel1 => isis(&[15, 17, 18, 24, 26]),
            P::IsIsLevel2 => isis(&[16, 17, 20, 25, 27]),
            P::Iih => isis(&[15, 16, 17]),
            P::Lsp => isis(&[18, 20]),
            P::Snp => isis(&[24, 25, 26, 27]),
            P::Csnp => isis(&[24, 25]),
            P::Psnp => isis(&[26, 27]),
        }
    }

    fn carries(&self, carrier: Carrier, number: u32) -> Answer {
        let at = |offset: u32| self.u8(self.network.wrapping_add(offset));
        Ok(match carrier {
            Carrier::Link => self.carries_link(number)?,
            Carrier::Ip => self.carries(Carrier::Ip4, number)? || self.carries(Carrier::Ip6, number)?,
            Carrier::Ip4 => self.carries_link(0x0800)? && at(9)? == number,
            Carrier::Ip6 => self.carries_link(0x86dd)? && (at(6)? == number || (at(6)? == 44 && at(40)? == number)),
            Carrier::Iso => self.carries_link(0xfe)? && self.u8(self.bare)? == number,
            Carrier::Isis => self.carries(Carrier::Iso, 0x83)? && self.u8(self.bare.wrapping_add(4))? == number,
        })
    }

    /// A header somewhere in the chain. The authentication header is followed as tcpdump does: to where its own length
    /// says, counted from the start of the packet's network header.
    fn chain(&self, version: IpVersion, number: u32) -> Answer {
        let at = |offset: u32| self.u8(self.network.wrapping_add(offset));
        let (mut next, mut offset) = match version {
            IpVersion::V4 if self.carries_link(0x0800)? => (at(9)?, self.header_length()?),
            IpVersion::V6 if self.carries_link(0x86dd)? => (at(6)?, 40),
            _ => return Ok(false),
        };
        for _ in 0..MAX_HEADERS {
            if next == number {
                return Ok(true);
            }
            match (next, version) {
                (0 | 60 | 43 | 44, IpVersion::V6) => {
                    next = at(offset)?;
                    offset = offset.wrapping_add((at(offset.wrapping_add(1))? + 1) * 8);
                }
                (51, _) => {
                    next = at(offset)?;
                    offset = (at(offset.wrapping_add(1))? + 2) * 4;
                }
                _ => return Ok(false),
            }
        }
        Err(Undecided)
    }

    fn llc(&self, kind: Llc) -> Answer {
        if self.u16(self.kind)? > 1500 || self.u16(self.payload)? == 0xffff {
            return Ok(false);
        }
        let control = || self.u8(self.payload.wrapping_add(2));
        Ok(match kind {
            Llc::Any => true,
            Llc::Information => control()? & 1 == 0,
            Llc::Supervisory => control()? & 3 == 1,
            Llc::Unnumbered => control()? & 3 == 3,
            Llc::Function(function) => control()? & 0x0f == u32::from(function),
            Llc::Command(command) => control()? & 0xef == u32::from(command),
        })
    }

    /// Whether the packet has the fields of a calculation. Those on the right of an operator are not asked for.
    fn has_fields(&self, arith: &Arith) -> Answer {
        Ok(match arith {
            Arith::Number(_) | Arith::Length => true,
            Arith::Neg(inner) | Arith::Binary(_, inner, _) => self.has_fields(inner)?,
            Arith::Load(protocol, offset, _) => match protocol {
                Protocol::Link => self.has_fields(offset)?,
                Protocol::Icmp6 => {
                    self.has_fields(offset)?
                        && self.carries_link(0x86dd)?
                        && self.u8(self.network.wrapping_add(6))? == 58
                }
                protocol if is_network(*protocol) => self.has_fields(offset)? && self.protocol(*protocol)?,
                protocol => {
                    self.carries_link(0x0800)?
                        && self.has_fields(offset)?
                        && self.protocol(*protocol)?
                        && self.u16(self.network.wrapping_add(6))? & 0x1fff == 0
                }
            },
        })
    }

    fn value(&self, arith: &Arith) -> Result<u32, Undecided> {
        match arith {
            Arith::Number(number) => Ok(*number),
            Arith::Length => Ok(self.length),
            Arith::Neg(inner) => Ok(self.value(inner)?.wrapping_neg()),
            Arith::Binary(operator, left, right) => {
                operator.apply(self.value(left)?, self.value(right)?).ok_or(Undecided)
            }
            Arith::Load(protocol, offset, width) => {
                let offset = self.value(offset)?;
                let base = match protocol {
                    Protocol::Link => self.header,
                    Protocol::Icmp6 => self.network.wrapping_add(40),
                    protocol if is_network(*protocol) => self.network,
                    _ => self.network.wrapping_add(self.header_length()?),
                };
                let at = base.wrapping_add(offset);
                match width {
                    Width::Byte => self.u8(at),
                    Width::Half => self.u16(at),
                    Width::Word => self.u32(at),
                }
            }
        }
    }
}

/// Protocols right behind the link header.
const fn is_network(protocol: Protocol) -> bool {
    use Protocol as P;
    matches!(protocol, P::Ip | P::Ip6 | P::Arp | P::Rarp | P::Atalk | P::Decnet | P::Lat | P::Sca | P::Moprc | P::Mopdl)
}
