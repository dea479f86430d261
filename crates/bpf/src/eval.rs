//! The tree itself on a packet, without any code: the oracle of the compiler. It knows offsets and protocols by itself and
//! shares nothing with the generator but the tree.
//!
//! Reading behind the captured bytes ends the walk, as it ends a program; a test that was not asked for is not read.

mod encapsulation;
mod link;
mod test;

use pcap::LinkType;

use crate::tree::{Expr, Joiner};

/// Why there is no answer: the packet is too short for a test, or a calculation divides by zero. It does not match then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

type Answer = Result<bool, Undecided>;

/// Asks the tree.
pub(crate) fn evaluate(tree: &Expr, link: LinkType, bytes: &[u8], length: u32) -> Answer {
    let (form, kind, payload, bare) = match link {
        LinkType::ETHERNET => (Form::Ethernet, 12, 14, 3),
        LinkType::SLL => (Form::Sll, 14, 16, 0),
        LinkType::SLL2 => (Form::Sll2, 0, 20, 0),
        LinkType::NULL => (Form::Null, 0, 4, 0),
        LinkType::LOOP => (Form::Loop, 0, 4, 0),
        LinkType::IPV4 => (Form::Only4, 0, 0, 0),
        LinkType::IPV6 => (Form::Only6, 0, 0, 0),
        _ => (Form::Either, 0, 0, 0),
    };
    let mut view = View {
        bytes,
        length,
        form,
        header: 0,
        kind,
        payload,
        network: payload,
        bare: payload + bare,
        labels: 0,
        is_inner: false,
        is_framed: false,
    };
    view.expression(tree, true)
}

/// What stands at the start of the headers in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Ethernet,
    Sll,
    Sll2,
    Null,
    Loop,
    Only4,
    Only6,
    Either,
    Ppp,
}

/// A packet, and the offsets of the headers that tests look at by now.
struct View<'a> {
    bytes: &'a [u8],
    length: u32,
    form: Form,
    header: u32,
    kind: u32,
    payload: u32,
    network: u32,
    /// The network header behind LLC without SNAP.
    bare: u32,
    labels: u32,
    is_inner: bool,
    /// What stands inside begins with a header of its link.
    is_framed: bool,
}

impl View<'_> {
    /// `live` is false for what is not asked any more: its words still move the view.
    fn expression(&mut self, tree: &Expr, live: bool) -> Answer {
        match tree {
            Expr::Not(inner) => Ok(!self.expression(inner, live)?),
            Expr::Test(_, test) => self.test(test, live),
            Expr::Chain(first, rest) => {
                let mut holds = self.expression(first, live)?;
                for (joiner, next) in rest {
                    let asks = live && holds == (*joiner == Joiner::And);
                    let answer = self.expression(next, asks)?;
                    if asks {
                        holds = answer;
                    }
                }
                Ok(holds)
            }
        }
    }

    fn u8(&self, at: u32) -> Result<u32, Undecided> {
        self.bytes.get(at as usize).map(|byte| u32::from(*byte)).ok_or(Undecided)
    }

    fn u16(&self, at: u32) -> Result<u32, Undecided> {
        let end = (at as usize).checked_add(2).ok_or(Undecided)?;
        let &[a, b] = self.bytes.get(at as usize..end).ok_or(Undecided)? else { return Err(Undecided) };
        Ok(u32::from(a) << 8 | u32::from(b))
    }

    fn u32(&self, at: u32) -> Result<u32, Undecided> {
        Ok(self.u16(at)? << 16 | self.u16(at.checked_add(2).ok_or(Undecided)?)?)
    }
}
