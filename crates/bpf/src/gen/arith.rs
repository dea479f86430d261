//! Code of calculations: each intermediate value goes through a word of scratch memory, and the optimiser takes out what
//! is not needed.

use super::layers::From;
use super::link;
use super::{Generator, Made};
use crate::error::Error;
use crate::ir::Fragment;
use crate::op::{Alu, Operand, Stmt, Test, Width};
use crate::tree::{Arith, Protocol, Relation};

/// A calculation: its code, the word that holds its result, and what must hold for the fields in it to exist.
struct Value {
    code: Vec<Stmt>,
    slot: u8,
    guard: Option<Fragment>,
}

impl Generator {
    pub(super) fn relation(&mut self, relation: Relation, left: &Arith, right: &Arith) -> Made {
        let left = self.value(left)?;
        let right = self.value(right)?;
        let (test, is_negated) = match relation {
            Relation::Equal => (Test::Equal, false),
            Relation::NotEqual => (Test::Equal, true),
            Relation::Greater => (Test::Greater, false),
            Relation::AtMost => (Test::Greater, true),
            Relation::AtLeast => (Test::AtLeast, false),
            Relation::Less => (Test::AtLeast, true),
        };
        let mut code = left.code;
        code.extend(right.code);
        code.extend([Stmt::LoadSlotX(right.slot), Stmt::LoadSlot(left.slot)]);
        let operand = if test == Test::Equal {
            code.push(Stmt::Alu(Alu::Sub, Operand::X));
            Operand::K(0)
        } else {
            Operand::X
        };
        let compared = self.graph.test(code, test, operand);
        let compared = if is_negated { compared.not() } else { compared };
        self.slots.free(left.slot);
        self.slots.free(right.slot);
        let guard = match (left.guard, right.guard) {
            (Some(first), Some(second)) => Some(self.graph.and(first, second)),
            (one, other) => one.or(other),
        };
        Ok(match guard {
            Some(guard) => self.graph.and(guard, compared),
            None => compared,
        })
    }

    fn value(&mut self, arith: &Arith) -> Result<Value, Error> {
        match arith {
            Arith::Number(number) => self.leaf(Stmt::Const(*number)),
            Arith::Length => self.leaf(Stmt::LoadLength),
            Arith::Load(protocol, offset, width) => {
                let offset = self.value(offset)?;
                self.field(*protocol, offset, *width)
            }
            Arith::Neg(inner) => {
                let mut value = self.value(inner)?;
                value.code.extend([Stmt::LoadSlot(value.slot), Stmt::Neg, Stmt::Store(value.slot)]);
                Ok(value)
            }
            Arith::Binary(operator, left, right) => {
                let mut left = self.value(left)?;
                let right = self.value(right)?;
                left.code.extend(right.code);
                left.code.extend([
                    Stmt::LoadSlotX(right.slot),
                    Stmt::LoadSlot(left.slot),
                    Stmt::Alu(*operator, Operand::X),
                ]);
                self.slots.free(left.slot);
                self.slots.free(right.slot);
                left.slot = self.slot()?;
                left.code.push(Stmt::Store(left.slot));
                // what the fields on the right need is not asked for: as tcpdump has it, and people rely on it
                Ok(left)
            }
        }
    }

    fn leaf(&mut self, load: Stmt) -> Result<Value, Error> {
        let slot = self.slot()?;
        Ok(Value { code: vec![load, Stmt::Store(slot)], slot, guard: None })
    }

    /// A field of a protocol at a computed offset.
    fn field(&mut self, protocol: Protocol, offset: Value, width: Width) -> Result<Value, Error> {
        use Protocol as P;
        let slot = self.slot()?;
        self.slots.free(offset.slot);
        let Value { mut code, slot: from, mut guard } = offset;
        match protocol {
            P::Link => {
                let header = self.layers.header;
                self.add_offset(&mut code, header.slot, from);
                code.push(Stmt::LoadAt(width, header.fixed));
            }
            P::Tcp | P::Udp | P::Sctp | P::Icmp | P::Igmp | P::Igrp | P::Pim | P::Vrrp | P::Carp => {
                code.extend(self.layers.header_length_x());
                code.extend([Stmt::LoadSlot(from), Stmt::Alu(Alu::Add, Operand::X), Stmt::Tax]);
                code.push(Stmt::LoadAt(width, self.layers.network_at(0)));
                let carried = self.protocol(protocol)?;
                let whole = self.no_fragment();
                let mut exists = self.graph.and(carried, whole);
                if let Some(before) = guard {
                    exists = self.graph.and(before, exists);
                }
                // only IPv4 has the header length that was used
                let ip = self.ethertype(link::IP)?;
                guard = Some(self.graph.and(ip, exists));
            }
            P::Icmp6 => {
                let ip = self.ethertype(link::IP6)?;
                let ip = match guard {
                    Some(before) => self.graph.and(before, ip),
                    None => ip,
                };
                let carried = self.equal(From::Network, 6, Width::Byte, 58);
                guard = Some(self.graph.and(ip, carried));
                let payload = self.layers.payload;
                self.add_offset(&mut code, payload.slot, from);
                code.push(Stmt::LoadAt(width, self.layers.network_at(40)));
            }
            _ => {
                let payload = self.layers.payload;
                self.add_offset(&mut code, payload.slot, from);
                code.push(Stmt::LoadAt(width, self.layers.network_at(0)));
                let exists = self.protocol(protocol)?;
                guard = Some(match guard {
                    Some(before) => self.graph.and(before, exists),
                    None => exists,
                });
            }
        }
        code.push(Stmt::Store(slot));
        Ok(Value { code, slot, guard })
    }

    /// X = the computed offset, and the start of the layer when only the packet knows it.
    fn add_offset(&self, code: &mut Vec<Stmt>, start: Option<u8>, offset: u8) {
        match start {
            None => code.push(Stmt::LoadSlotX(offset)),
            Some(start) => code.extend([
                Stmt::LoadSlotX(start),
                Stmt::LoadSlot(offset),
                Stmt::Alu(Alu::Add, Operand::X),
                Stmt::Tax,
            ]),
        }
    }
}
