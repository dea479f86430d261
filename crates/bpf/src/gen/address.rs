//! Tests of addresses and ports.

use super::layers::From;
use super::link::{self};
use super::{Generator, Made};
use crate::error::Error;
use crate::ir::Fragment;
use crate::op::{Test, Width};
use crate::tree::{Direction, Scope4, Transport};

const ARP: u32 = 0x0806;
const RARP: u32 = 0x8035;
const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;

impl Generator {
    pub(super) fn host4(&mut self, scope: Scope4, direction: Direction, address: u32, mask: u32) -> Made {
        let value = (address, mask);
        match scope {
            Scope4::Ip => self.address4(link::IP, (12, 16), direction, value),
            Scope4::Arp => self.address4(ARP, (14, 24), direction, value),
            Scope4::Rarp => self.address4(RARP, (14, 24), direction, value),
            Scope4::Any => {
                let ip = self.address4(link::IP, (12, 16), direction, value)?;
                if self.layers.labels > 0 {
                    return Ok(ip);
                }
                let arp = self.address4(ARP, (14, 24), direction, value)?;
                let both = self.graph.or(ip, arp);
                let rarp = self.address4(RARP, (14, 24), direction, value)?;
                Ok(self.graph.or(both, rarp))
            }
        }
    }

    /// An IPv4 address at one of two offsets behind the link header.
    fn address4(
        &mut self,
        protocol: u32,
        (source, destination): (u32, u32),
        direction: Direction,
        (address, mask): (u32, u32),
    ) -> Made {
        let mut refused = None;
        let whole = self.on_sides(direction, |gen_, is_source| match gen_.ethertype(protocol) {
            Ok(carried) => {
                let offset = if is_source { source } else { destination };
                let test = gen_.masked(From::Network, offset, Width::Word, address, mask);
                gen_.graph.and(carried, test)
            }
            Err(error) => gen_.failed(&mut refused, error),
        });
        refused.map_or(Ok(whole), Err)
    }

    /// Keeps an error for later, where a closure has to give a fragment.
    fn failed(&mut self, kept: &mut Option<Error>, error: Error) -> Fragment {
        kept.get_or_insert(error);
        self.constant(false)
    }

    pub(super) fn host6(&mut self, direction: Direction, address: [u32; 4], mask: [u32; 4]) -> Made {
        let mut refused = None;
        let whole = self.on_sides(direction, |gen_, is_source| {
            let start = if is_source { 8 } else { 24 };
            // the last word first: it differs most
            let mut whole: Option<Fragment> = None;
            for ((word, mask), at) in address.into_iter().zip(mask).zip([0, 4, 8, 12]).rev() {
                let next = gen_.masked(From::Network, start + at, Width::Word, word, mask);
                whole = Some(match whole {
                    Some(before) => gen_.graph.and(next, before),
                    None => next,
                });
            }
            match (gen_.ethertype(link::IP6), whole) {
                (Ok(carried), Some(whole)) => gen_.graph.and(carried, whole),
                (Ok(carried), None) => carried,
                (Err(error), _) => gen_.failed(&mut refused, error),
            }
        });
        refused.map_or(Ok(whole), Err)
    }

    /// A DECnet address: in short and in long headers, each with and without a byte of padding.
    pub(super) fn decnet(&mut self, direction: Direction, address: u16) -> Made {
        let value = u32::from(address.swap_bytes());
        let mut refused = None;
        let whole = self.on_sides(direction, |gen_, is_source| {
            let carried = match gen_.ethertype(0x6003) {
                Ok(carried) => carried,
                Err(error) => return gen_.failed(&mut refused, error),
            };
            let (short, long) = if is_source { (3, 15) } else { (1, 7) };
            let mut whole: Option<Fragment> = None;
            for (flags, is_padded, offset) in
                [(0x06, true, long), (0x06, false, long), (0x02, true, short), (0x02, false, short)]
            {
                let kind = if is_padded {
                    gen_.masked(From::Network, 2, Width::Half, 0x8100 | flags, 0xff07)
                } else {
                    gen_.masked(From::Network, 2, Width::Byte, flags, 0x7)
                };
                let at = gen_.equal(From::Network, 2 + u32::from(is_padded) + offset, Width::Half, value);
                let next = gen_.graph.and(kind, at);
                whole = Some(match whole {
                    Some(before) => gen_.graph.or(next, before),
                    None => next,
                });
            }
            match whole {
                Some(whole) => gen_.graph.and(carried, whole),
                None => carried,
            }
        });
        refused.map_or(Ok(whole), Err)
    }

    /// A port, or a range of ports, in IPv4 and IPv6.
    pub(super) fn port(
        &mut self,
        transport: Transport,
        direction: Direction,
        ports: (u16, u16),
        is_range: bool,
    ) -> Made {
        let four = self.port4(transport, direction, ports, is_range)?;
        let six = self.port6(transport, direction, ports, is_range)?;
        Ok(self.graph.or(six, four))
    }

    pub(super) fn port4(
        &mut self,
        transport: Transport,
        direction: Direction,
        ports: (u16, u16),
        is_range: bool,
    ) -> Made {
        let ip = self.ethertype(link::IP)?;
        let any = self.on_transports(transport, |gen_, number| {
            let carried = gen_.equal(From::Network, 9, Width::Byte, number);
            let whole = gen_.no_fragment();
            let carried = gen_.graph.and(carried, whole);
            let test = gen_.ports(From::Transport4, direction, ports, is_range);
            gen_.graph.and(carried, test)
        });
        Ok(self.graph.and(ip, any))
    }

    pub(super) fn port6(
        &mut self,
        transport: Transport,
        direction: Direction,
        ports: (u16, u16),
        is_range: bool,
    ) -> Made {
        let ip = self.ethertype(link::IP6)?;
        let any = self.on_transports(transport, |gen_, number| {
            let carried = gen_.equal(From::Network, 6, Width::Byte, number);
            let test = gen_.ports(From::Transport6, direction, ports, is_range);
            gen_.graph.and(carried, test)
        });
        Ok(self.graph.and(ip, any))
    }

    /// Not a fragment behind the first: those have no ports.
    pub(super) fn no_fragment(&mut self) -> Fragment {
        self.any_bit(From::Network, 6, Width::Half, 0x1fff).not()
    }

    fn on_transports(&mut self, transport: Transport, mut test: impl FnMut(&mut Self, u32) -> Fragment) -> Fragment {
        match transport {
            Transport::Tcp => test(self, TCP),
            Transport::Udp => test(self, UDP),
            Transport::Sctp => test(self, SCTP),
            Transport::Any => {
                let (tcp, udp) = (test(self, TCP), test(self, UDP));
                let both = self.graph.or(tcp, udp);
                let sctp = test(self, SCTP);
                self.graph.or(sctp, both)
            }
        }
    }

    fn ports(&mut self, from: From, direction: Direction, (low, high): (u16, u16), is_range: bool) -> Fragment {
        self.on_sides(direction, |gen_, is_source| {
            let offset = if is_source { 0 } else { 2 };
            if !is_range {
                return gen_.equal(from, offset, Width::Half, u32::from(low));
            }
            let above = gen_.compare(from, offset, Width::Half, Test::AtLeast, u32::from(low));
            let below = gen_.compare(from, offset, Width::Half, Test::Greater, u32::from(high)).not();
            gen_.graph.and(above, below)
        })
    }

    /// An address of all ones or all zeros behind an unknown mask: the two that are broadcast everywhere.
    pub(super) fn broadcast4(&mut self) -> Made {
        let ip = self.ethertype(link::IP)?;
        let zeros = self.equal(From::Network, 16, Width::Word, 0);
        let ones = self.equal(From::Network, 16, Width::Word, u32::MAX);
        let either = self.graph.or(zeros, ones);
        Ok(self.graph.and(ip, either))
    }
}
