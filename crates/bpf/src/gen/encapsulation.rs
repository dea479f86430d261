//! `vlan`, `mpls`, `pppoes`, `geneve`: tests that move what stands behind them to the headers inside.

use super::layers::{From, Link, Offset};
use super::link;
use super::{Generator, Made};
use crate::op::{Alu, Label, Operand, Stmt, Test, Width};
use crate::tree::{Direction, Transport};

const MPLS: u32 = 0x8847;
const PPP_MPLS: u32 = 0x0281;
const PPPOE_SESSION: u32 = 0x8864;
const GENEVE_PORT: u16 = 6081;
/// Geneve carries Ethernet frames.
const BRIDGED: u32 = 0x6558;

impl Generator {
    pub(super) fn vlan(&mut self, tag: Option<u32>) -> Made {
        if self.layers.labels > 0 {
            return self.refuse("there is no VLAN tag behind MPLS");
        }
        if self.layers.link != Link::Ethernet {
            return self.refuse(format!("there is no VLAN tag on {}", self.layers.link.name()));
        }
        let (first, second) = (self.ethertype(0x8100)?, self.ethertype(0x88a8)?);
        let both = self.graph.or(first, second);
        let third = self.ethertype(0x9100)?;
        let mut whole = self.graph.or(both, third);
        if let Some(tag) = tag {
            let same = self.masked(From::Network, 0, Width::Half, tag, 0x0fff);
            whole = self.graph.and(whole, same);
        }
        self.layers.payload.fixed = self.layers.payload.fixed.wrapping_add(4);
        self.layers.kind.fixed = self.layers.kind.fixed.wrapping_add(4);
        Ok(whole)
    }

    pub(super) fn mpls(&mut self, label: Option<u32>) -> Made {
        let mut whole = if self.layers.labels > 0 {
            // the label before was not the last
            self.masked(From::LastLabel, 2, Width::Byte, 0, 1)
        } else {
            match self.layers.link {
                Link::Ethernet => self.ethertype(MPLS)?,
                Link::Ppp => self.ethertype(PPP_MPLS)?,
                other => return self.refuse(format!("there are no MPLS labels on {}", other.name())),
            }
        };
        if let Some(label) = label {
            let same = self.masked(From::Network, 0, Width::Word, label << 12, 0xffff_f000);
            whole = self.graph.and(whole, same);
        }
        self.layers.network = self.layers.network.wrapping_add(4);
        self.layers.network_no_snap = self.layers.network_no_snap.wrapping_add(4);
        self.layers.labels += 1;
        Ok(whole)
    }

    /// Behind the last label nothing says which protocol follows; its first four bits do.
    pub(super) fn behind_mpls(&mut self, protocol: u32) -> Made {
        let version = match protocol {
            link::IP => 0x40,
            link::IP6 => 0x60,
            _ => return self.refuse("behind MPLS only IPv4 and IPv6 can be told apart"),
        };
        let last = self.masked(From::Network, 2_u32.wrapping_neg(), Width::Byte, 1, 1);
        let version = self.masked(From::Network, 0, Width::Byte, version, 0xf0);
        Ok(self.graph.and(last, version))
    }

    pub(super) fn pppoe_session(&mut self, session: Option<u32>) -> Made {
        let mut whole = self.ethertype(PPPOE_SESSION)?;
        if let Some(session) = session {
            let same = self.masked(From::Network, 0, Width::Word, session, 0xffff);
            whole = self.graph.and(whole, same);
        }
        let layers = &mut self.layers;
        let start = Offset { fixed: layers.network_at(6), slot: layers.payload.slot };
        layers.link = Link::Ppp;
        layers.is_geneve = false;
        layers.header = start;
        layers.kind = start;
        layers.payload.fixed = start.fixed.wrapping_add(2);
        layers.network = 0;
        layers.network_no_snap = 0;
        Ok(whole)
    }

    pub(super) fn geneve(&mut self, network: Option<u32>) -> Made {
        let four = self.geneve_over(From::Transport4, network)?;
        let six = self.geneve_over(From::Transport6, network)?;
        let either = self.graph.or(four, six);
        let mut code = self.geneve_offsets()?;
        code.push(Stmt::Const(0));
        let always = self.graph.test(code, Test::Equal, Operand::K(0));
        let whole = self.graph.and(either, always);
        self.layers.is_geneve = true;
        Ok(whole)
    }

    /// UDP to the port of Geneve, version 0, and the network if one is asked for. A = what must be added to the start of
    /// the IP header to be behind it.
    fn geneve_over(&mut self, from: From, network: Option<u32>) -> Made {
        let ports = (GENEVE_PORT, GENEVE_PORT);
        let mut whole = if from == From::Transport4 {
            self.port4(Transport::Udp, Direction::Destination, ports, false)?
        } else {
            self.port6(Transport::Udp, Direction::Destination, ports, false)?
        };
        let version = self.masked(from, 8, Width::Byte, 0, 0xc0);
        whole = self.graph.and(whole, version);
        if let Some(network) = network {
            let same = self.masked(from, 12, Width::Word, network << 8, 0xffff_ff00);
            whole = self.graph.and(whole, same);
        }
        let code = if from == From::Transport4 {
            let mut code = self.layers.header_length_x();
            code.push(Stmt::Txa);
            code
        } else {
            match self.layers.payload.slot {
                Some(slot) => vec![Stmt::LoadSlotX(slot), Stmt::Const(40), Stmt::Alu(Alu::Add, Operand::X), Stmt::Tax],
                None => vec![Stmt::Const(40), Stmt::Tax],
            }
        };
        let always = self.graph.test(code, Test::Equal, Operand::X);
        Ok(self.graph.and(whole, always))
    }

    /// Computes where the headers inside begin, and stores it.
    fn geneve_offsets(&mut self) -> Result<Vec<Stmt>, crate::Error> {
        let add = |k| Stmt::Alu(Alu::Add, Operand::K(k));
        let start = self.layers.network_at(8);
        let (kind, kind_stale) = self.kept_slot()?;
        let (header, header_stale) = self.kept_slot()?;
        let (payload, payload_stale) = self.kept_slot()?;
        if kind_stale || header_stale || payload_stale {
            // The block of this code comes next, and then what stands inside.
            self.inside.push((self.graph.len() + 1, [kind, header, payload]));
        }
        let (bridged, done) = (Label(0), Label(1));
        let at = |slot| Offset { fixed: 0, slot: Some(slot) };
        self.is_simple = false;
        self.layers.link = Link::Ethernet;
        self.layers.header = at(header);
        self.layers.kind = at(kind);
        self.layers.payload = at(payload);
        self.layers.network = 0;
        Ok(vec![
            // X = the Geneve header; its protocol field stands in for the type field of a link header
            add(start),
            Stmt::Tax,
            add(2),
            Stmt::Store(kind),
            // A = behind its options
            Stmt::LoadAt(Width::Byte, 0),
            Stmt::Alu(Alu::And, Operand::K(0x3f)),
            Stmt::Alu(Alu::Mul, Operand::K(4)),
            add(8),
            Stmt::Alu(Alu::Add, Operand::X),
            Stmt::Store(header),
            Stmt::LoadAt(Width::Half, 2),
            Stmt::LoadSlotX(header),
            Stmt::Branch { k: BRIDGED, yes: bridged, no: done },
            Stmt::Mark(bridged),
            Stmt::Txa,
            add(12),
            Stmt::Store(kind),
            add(2),
            Stmt::Tax,
            Stmt::Mark(done),
            Stmt::StoreX(payload),
        ])
    }
}
