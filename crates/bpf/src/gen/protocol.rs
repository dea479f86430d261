//! Tests for a protocol by its word or its number, and for chains of headers.

use super::layers::From;
use super::link::{self};
use super::{Generator, Made};
use crate::op::{Alu, Label, Operand, Stmt, Test, Width};
use crate::tree::{Carrier, IpVersion, Protocol};

const AH: u32 = 51;

impl Generator {
    pub(super) fn protocol(&mut self, protocol: Protocol) -> Made {
        use Carrier as C;
        use Protocol as P;
        let (carrier, number) = match protocol {
            P::Link => return self.refuse("`ether` alone says nothing"),
            P::Ip => return self.ethertype(link::IP),
            P::Ip6 => return self.ethertype(link::IP6),
            P::Arp => return self.ethertype(0x0806),
            P::Rarp => return self.ethertype(0x8035),
            P::Atalk => return self.ethertype(link::ATALK),
            P::Aarp => return self.ethertype(link::AARP),
            P::Decnet => return self.ethertype(0x6003),
            P::Lat => return self.ethertype(0x6004),
            P::Sca => return self.ethertype(0x6007),
            P::Moprc => return self.ethertype(0x6002),
            P::Mopdl => return self.ethertype(0x6001),
            P::Iso => return self.ethertype(link::ISO),
            P::Stp => return self.ethertype(link::STP),
            P::Ipx => return self.ethertype(link::IPX),
            P::Netbeui => return self.ethertype(link::NETBEUI),
            P::Tcp => (C::Ip, 6),
            P::Udp => (C::Ip, 17),
            P::Sctp => (C::Ip, 132),
            P::Icmp => (C::Ip4, 1),
            P::Icmp6 => (C::Ip6, 58),
            P::Igmp => (C::Ip4, 2),
            P::Igrp => (C::Ip4, 9),
            P::Pim => (C::Ip, 103),
            P::Vrrp | P::Carp => (C::Ip4, 112),
            P::Ah => (C::Ip, AH),
            P::Esp => (C::Ip, 50),
            P::Clnp => (C::Iso, 0x81),
            P::EsIs => (C::Iso, 0x82),
            P::IsIs => (C::Iso, 0x83),
            P::IsIsLevel1 => return self.isis(&[15, 17, 18, 24, 26]),
            P::IsIsLevel2 => return self.isis(&[16, 17, 20, 25, 27]),
            P::Iih => return self.isis(&[15, 16, 17]),
            P::Lsp => return self.isis(&[18, 20]),
            P::Snp => return self.isis(&[24, 25, 26, 27]),
            P::Csnp => return self.isis(&[24, 25]),
            P::Psnp => return self.isis(&[26, 27]),
        };
        self.carries(carrier, number)
    }

    /// One of several kinds of IS-IS PDUs.
    fn isis(&mut self, kinds: &[u32]) -> Made {
        let mut whole = None;
        for (index, kind) in kinds.iter().enumerate() {
            let next = self.carries(Carrier::Isis, *kind)?;
            whole = Some(match whole {
                None => next,
                Some(before) if index == 1 => self.graph.or(before, next),
                Some(before) => self.graph.or(next, before),
            });
        }
        match whole {
            Some(whole) => Ok(whole),
            None => Ok(self.constant(false)),
        }
    }

    pub(super) fn carries(&mut self, carrier: Carrier, number: u32) -> Made {
        match carrier {
            Carrier::Link => self.ethertype(number),
            Carrier::Ip => {
                let four = self.carries(Carrier::Ip4, number)?;
                let six = self.carries(Carrier::Ip6, number)?;
                Ok(self.graph.or(four, six))
            }
            Carrier::Ip4 => {
                let ip = self.ethertype(link::IP)?;
                let carried = self.equal(From::Network, 9, Width::Byte, number);
                Ok(self.graph.and(ip, carried))
            }
            Carrier::Ip6 => {
                // directly, or behind one fragment header
                let ip = self.ethertype(link::IP6)?;
                let fragment = self.equal(From::Network, 6, Width::Byte, 44);
                let behind = self.equal(From::Network, 40, Width::Byte, number);
                let behind = self.graph.and(fragment, behind);
                let direct = self.equal(From::Network, 6, Width::Byte, number);
                let either = self.graph.or(direct, behind);
                Ok(self.graph.and(ip, either))
            }
            Carrier::Iso => {
                let iso = self.ethertype(link::ISO)?;
                let carried = self.equal(From::NetworkNoSnap, 0, Width::Byte, number);
                Ok(self.graph.and(iso, carried))
            }
            Carrier::Isis => {
                let isis = self.carries(Carrier::Iso, 0x83)?;
                let kind = self.equal(From::NetworkNoSnap, 4, Width::Byte, number);
                Ok(self.graph.and(isis, kind))
            }
        }
    }

    /// A header somewhere in the chain of headers: a loop over the extension headers, in the code of one block. The loop
    /// goes backwards, so the kernel does not take such a program.
    pub(super) fn protocol_chain(&mut self, version: Option<IpVersion>, number: u32) -> Made {
        let Some(version) = version else {
            // one slot more is in use while both are made, as each loop has its own
            let kept = self.slot()?;
            let four = self.protocol_chain(Some(IpVersion::V4), number);
            let six = self.protocol_chain(Some(IpVersion::V6), number);
            self.slots.free(kept);
            let (four, six) = (four?, six?);
            return Ok(self.graph.or(four, six));
        };
        if self.layers.payload.slot.is_some() {
            return self.refuse("`protochain` needs headers of fixed length in front");
        }
        self.is_simple = false;
        let slot = self.slot()?;
        let at = self.layers.network_at(0);
        let [again, extension, plain, authentication, end, n1, n2, n3, n4, n5] =
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(Label);
        let add = |k| Stmt::Alu(Alu::Add, Operand::K(k));
        let (ip, mut code) = match version {
            IpVersion::V4 => {
                (self.ethertype(link::IP)?, vec![Stmt::Load(Width::Byte, at.wrapping_add(9)), Stmt::HeaderLengthX(at)])
            }
            IpVersion::V6 => {
                (self.ethertype(link::IP6)?, vec![Stmt::Load(Width::Byte, at.wrapping_add(6)), Stmt::ConstX(40)])
            }
        };
        code.extend([
            Stmt::Mark(again),
            Stmt::Branch { k: number, yes: end, no: n1 },
            Stmt::Mark(n1),
            Stmt::Branch { k: 59, yes: end, no: n2 },
            Stmt::Mark(n2),
        ]);
        if version == IpVersion::V6 {
            code.extend([
                Stmt::Branch { k: 0, yes: extension, no: n3 },
                Stmt::Mark(n3),
                Stmt::Branch { k: 60, yes: extension, no: n4 },
                Stmt::Mark(n4),
                Stmt::Branch { k: 43, yes: extension, no: n5 },
                Stmt::Mark(n5),
                Stmt::Branch { k: 44, yes: extension, no: plain },
                Stmt::Mark(extension),
                Stmt::LoadAt(Width::Byte, at),
                Stmt::Store(slot),
                Stmt::LoadAt(Width::Byte, at.wrapping_add(1)),
                add(1),
                Stmt::Alu(Alu::Mul, Operand::K(8)),
                Stmt::Alu(Alu::Add, Operand::X),
                Stmt::Tax,
                Stmt::LoadSlot(slot),
                Stmt::Back(again),
            ]);
        }
        code.extend([
            Stmt::Mark(plain),
            Stmt::Branch { k: AH, yes: authentication, no: end },
            Stmt::Mark(authentication),
            Stmt::LoadAt(Width::Byte, at),
            Stmt::Store(slot),
            Stmt::Txa,
            add(1),
            Stmt::Tax,
            Stmt::LoadAt(Width::Byte, at),
            add(2),
            Stmt::Alu(Alu::Mul, Operand::K(4)),
            Stmt::Tax,
            Stmt::LoadSlot(slot),
            Stmt::Back(again),
            Stmt::Mark(end),
        ]);
        self.slots.free(slot);
        let found = self.graph.test(code, Test::Equal, Operand::K(number));
        Ok(self.graph.and(ip, found))
    }
}
