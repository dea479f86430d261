//! Tree to graph: the code of each test, in the order in which the headers of a packet are looked at.
//!
//! What `vlan`, `mpls`, `pppoes` and `geneve` find changes where the tests behind them look, so the generator walks the
//! tree from left to right with a [`Layers`] that says where each layer begins by now.

mod address;
mod arith;
mod encapsulation;
mod layers;
mod link;
mod protocol;

use pcap::LinkType;

use crate::error::{Error, Position};
use crate::ir::{BlockId, Fragment, Graph};
use crate::op::{Alu, Operand, SLOTS, Stmt, Test, Width};
use crate::tree::{ByteTest, Expr, Joiner, Llc, Primitive};
use layers::{From, Layers};

/// The graph of a tree, its root, and whether the optimiser may work on it (not on code with jumps inside of blocks).
pub(crate) struct Generated {
    pub(crate) graph: Graph,
    pub(crate) root: BlockId,
    pub(crate) is_simple: bool,
}

/// Most blocks of a graph: far over what the longest program can have.
const MAX_BLOCKS: usize = 8192;

/// Generates the code of a tree for packets of a link type.
pub(crate) fn generate(tree: &Expr, link: LinkType, snaplen: u32) -> Result<Generated, Error> {
    let layers = Layers::new(link).ok_or(Error::LinkType { link: link.0 })?;
    let attempt = |clean| -> Result<_, Error> {
        let mut gen_ = Generator {
            graph: Graph::default(),
            layers,
            slots: Slots { clean, ..Slots::default() },
            inside: Vec::new(),
            is_simple: true,
            at: Position::of("", 0),
        };
        let whole = gen_.expression(tree)?;
        Ok((gen_, whole))
    };
    let (mut made, mut whole) = attempt(false)?;
    if made.reads_stale() {
        (made, whole) = attempt(true)?;
    }
    let Generator { mut graph, is_simple, .. } = made;
    let root = graph.finish(&whole, snaplen);
    Ok(Generated { graph, root, is_simple })
}

/// Refuses link types that are not known.
pub(crate) fn supported(link: LinkType) -> Result<(), Error> {
    Layers::new(link).map(|_| ()).ok_or(Error::LinkType { link: link.0 })
}

struct Generator {
    graph: Graph,
    layers: Layers,
    slots: Slots,
    /// Where what stands inside of another packet begins, of each: how many blocks there were then, and the slots.
    inside: Vec<(usize, [u8; 3])>,
    is_simple: bool,
    /// The place of the test that is generated.
    at: Position,
}

/// Words of scratch memory in use; they are given out in turn, which keeps values alive that the optimiser can use again.
#[derive(Default)]
struct Slots {
    used: [bool; SLOTS as usize],
    /// They may hold what a calculation has left in them.
    stale: [bool; SLOTS as usize],
    /// Those that are read behind a test too that did not hold are to be zero then.
    clean: bool,
    next: u8,
}

impl Slots {
    fn take(&mut self) -> Option<u8> {
        for _ in 0..SLOTS {
            match self.used.get_mut(usize::from(self.next)) {
                Some(used) if !*used => {
                    *used = true;
                    if let Some(stale) = self.stale.get_mut(usize::from(self.next)) {
                        *stale = true;
                    }
                    return Some(self.next);
                }
                _ => self.next = (self.next + 1) % SLOTS,
            }
        }
        None
    }

    /// Whether something was left in it.
    fn is_stale(&self, slot: u8) -> bool {
        self.stale.get(usize::from(slot)) == Some(&true)
    }

    /// One to be read also where the code that stores to it was passed by.
    fn take_kept(&mut self) -> Option<(u8, bool)> {
        if self.clean {
            let mut all = (0..SLOTS).map(|step| (self.next + step) % SLOTS);
            self.next = all.find(|slot| !self.is_stale(*slot)).unwrap_or(self.next);
        }
        let stale = self.stale;
        let slot = self.take()?;
        Some((slot, stale.get(usize::from(slot)) == Some(&true)))
    }

    fn free(&mut self, slot: u8) {
        if let Some(used) = self.used.get_mut(usize::from(slot)) {
            *used = false;
        }
    }
}

type Made = Result<Fragment, Error>;

impl Generator {
    fn expression(&mut self, tree: &Expr) -> Made {
        match tree {
            Expr::Chain(first, rest) => {
                let mut whole = self.expression(first)?;
                for (joiner, next) in rest {
                    let next = self.expression(next)?;
                    whole = match joiner {
                        Joiner::And => self.graph.and(whole, next),
                        Joiner::Or => self.graph.or(whole, next),
                    };
                }
                Ok(whole)
            }
            Expr::Not(inner) => Ok(self.expression(inner)?.not()),
            Expr::Test(at, primitive) => {
                self.at = *at;
                if self.graph.len() > MAX_BLOCKS {
                    return Err(Error::TooLong {
                        needs: format!("over {MAX_BLOCKS} tests"),
                        limit: format!("{MAX_BLOCKS} tests"),
                    });
                }
                self.primitive(primitive)
            }
        }
    }

    fn primitive(&mut self, primitive: &Primitive) -> Made {
        match *primitive {
            Primitive::Host4 { scope, direction, address, mask } => self.host4(scope, direction, address, mask),
            Primitive::Host6 { direction, address, mask } => self.host6(direction, address, mask),
            Primitive::Mac { direction, address } => self.mac(direction, address),
            Primitive::Decnet { direction, address } => self.decnet(direction, address),
            Primitive::Port { transport, direction, port } => self.port(transport, direction, (port, port), false),
            Primitive::PortRange { transport, direction, low, high } => {
                self.port(transport, direction, (low, high), true)
            }
            Primitive::Protocol(protocol) => self.protocol(protocol),
            Primitive::Carries(carrier, number) => self.carries(carrier, number),
            Primitive::Chain(version, number) => self.protocol_chain(version, number),
            Primitive::Broadcast => self.broadcast(),
            Primitive::Broadcast4 => self.broadcast4(),
            Primitive::Multicast => self.multicast(),
            Primitive::Multicast4 => {
                let ip = self.ethertype(link::IP)?;
                let class = self.compare(From::Network, 16, Width::Byte, Test::AtLeast, 224);
                Ok(self.graph.and(ip, class))
            }
            Primitive::Multicast6 => {
                let ip = self.ethertype(link::IP6)?;
                let class = self.compare(From::Network, 24, Width::Byte, Test::Equal, 255);
                Ok(self.graph.and(ip, class))
            }
            Primitive::AtMost(length) => Ok(self.length(Test::Greater, length).not()),
            Primitive::AtLeast(length) => Ok(self.length(Test::AtLeast, length)),
            Primitive::Byte(index, test, value) => Ok(self.byte(index, test, value)),
            Primitive::Inbound => Ok(self.outgoing()?.not()),
            Primitive::Outbound => self.outgoing(),
            Primitive::Interface(index) => self.interface(index),
            Primitive::Vlan(tag) => self.vlan(tag),
            Primitive::Mpls(label) => self.mpls(label),
            Primitive::PppoeDiscovery => self.ethertype(0x8863),
            Primitive::PppoeSession(session) => self.pppoe_session(session),
            Primitive::Geneve(network) => self.geneve(network),
            Primitive::Llc(kind) => self.llc(kind),
            Primitive::Relation(relation, ref left, ref right) => self.relation(relation, left, right),
        }
    }

    /// A test whose meaning the link type does not have.
    fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, Error> {
        Err(Error::meaning(self.at, problem))
    }

    fn slot(&mut self) -> Result<u8, Error> {
        self.slots.take().ok_or_else(|| Error::meaning(self.at, "the calculation needs too many intermediate values"))
    }

    /// As [`Self::slot`], for what is read behind a test too that did not hold; and whether something was left in it.
    fn kept_slot(&mut self) -> Result<(u8, bool), Error> {
        let slot = self.slots.take_kept();
        slot.ok_or_else(|| Error::meaning(self.at, "the calculation needs too many intermediate values"))
    }

    /// Whether something behind the test for another packet inside reads what an earlier calculation may have left. tcpdump's
    /// programs do: what they say of packets with nothing inside is by chance.
    fn reads_stale(&self) -> bool {
        self.inside.iter().any(|(from, slots)| {
            let reads =
                |stmt: &Stmt| matches!(stmt, Stmt::LoadSlot(slot) | Stmt::LoadSlotX(slot) if slots.contains(slot));
            self.graph.blocks_from(*from).any(|block| block.stmts.iter().any(reads))
        })
    }

    fn compare(&mut self, from: From, offset: u32, width: Width, test: Test, value: u32) -> Fragment {
        let load = self.layers.load(from, offset, width);
        self.graph.test(load, test, Operand::K(value))
    }

    fn equal(&mut self, from: From, offset: u32, width: Width, value: u32) -> Fragment {
        self.compare(from, offset, width, Test::Equal, value)
    }

    /// The field under a mask equals the value.
    fn masked(&mut self, from: From, offset: u32, width: Width, value: u32, mask: u32) -> Fragment {
        let mut load = self.layers.load(from, offset, width);
        if mask != u32::MAX {
            load.push(Stmt::Alu(Alu::And, Operand::K(mask)));
        }
        self.graph.test(load, Test::Equal, Operand::K(value))
    }

    /// Some bit of the mask is set in the field.
    fn any_bit(&mut self, from: From, offset: u32, width: Width, mask: u32) -> Fragment {
        self.compare(from, offset, width, Test::AnyBit, mask)
    }

    /// Equal bytes; the last ones are compared first, because they differ most.
    fn bytes(&mut self, from: From, offset: u32, bytes: &[u8]) -> Fragment {
        let mut whole: Option<Fragment> = None;
        let mut end = bytes.len();
        while end > 0 {
            let (width, size) = match end {
                4.. => (Width::Word, 4),
                2 | 3 => (Width::Half, 2),
                _ => (Width::Byte, 1),
            };
            let start = end - size;
            let value =
                bytes.get(start..end).unwrap_or_default().iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
            let at = offset.wrapping_add(u32::try_from(start).unwrap_or(0));
            let next = self.equal(from, at, width, value);
            whole = Some(match whole {
                Some(before) => self.graph.and(before, next),
                None => next,
            });
            end = start;
        }
        match whole {
            Some(whole) => whole,
            None => self.constant(true),
        }
    }

    /// Always or never.
    fn constant(&mut self, holds: bool) -> Fragment {
        self.graph.test(vec![Stmt::Const(u32::from(!holds))], Test::Equal, Operand::K(0))
    }

    fn length(&mut self, test: Test, length: u32) -> Fragment {
        self.graph.test(vec![Stmt::LoadLength], test, Operand::K(length))
    }

    fn byte(&mut self, index: u32, test: ByteTest, value: u32) -> Fragment {
        match test {
            ByteTest::Equal => self.equal(From::Link, index, Width::Byte, value),
            ByteTest::Less => self.compare(From::Link, index, Width::Byte, Test::AtLeast, value).not(),
            ByteTest::Greater => self.compare(From::Link, index, Width::Byte, Test::Greater, value),
            ByteTest::And | ByteTest::Or => {
                let mut load = self.layers.load(From::Link, index, Width::Byte);
                let operator = if test == ByteTest::And { Alu::And } else { Alu::Or };
                load.push(Stmt::Alu(operator, Operand::K(value)));
                self.graph.test(load, Test::Equal, Operand::K(0)).not()
            }
        }
    }

    fn llc(&mut self, kind: Llc) -> Made {
        let any = self.llc_frame()?;
        let control = match kind {
            Llc::Any => return Ok(any),
            Llc::Information => self.any_bit(From::Payload, 2, Width::Byte, 1).not(),
            Llc::Supervisory => self.masked(From::Payload, 2, Width::Byte, 1, 3),
            Llc::Unnumbered => self.masked(From::Payload, 2, Width::Byte, 3, 3),
            Llc::Function(control) => self.masked(From::Payload, 2, Width::Byte, u32::from(control), 0x0f),
            Llc::Command(control) => self.masked(From::Payload, 2, Width::Byte, u32::from(control), 0xef),
        };
        Ok(self.graph.and(any, control))
    }
}
