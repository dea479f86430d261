//! Short sequences of statements that have shorter ones, and stores that nobody reads.

use super::analysis::{end_uses, sets, uses};
use super::value::get;
use super::{A, ATOMS, Optimiser, X};
use crate::ir::{BlockId, Branch, End};
use crate::op::{Alu, Operand, Stmt, Test};

impl Optimiser<'_> {
    pub(super) fn peep(&mut self, id: BlockId) {
        let mut stmts = std::mem::take(&mut self.graph[id].stmts);
        let used_behind = self.fact(id).used_behind;
        if !stmts.is_empty() {
            let last = self.peep_statements(&mut stmts, used_behind);
            if let End::Branch(mut branch) = self.graph[id].end {
                if let Some(last) = stmts.get_mut(last) {
                    self.peep_test(id, &mut branch, last, used_behind);
                }
                self.peep_branch(id, &mut branch);
                self.graph[id].end = End::Branch(branch);
            }
        }
        self.graph[id].stmts = stmts;
    }

    /// Pairs of statements; returns the last one that does something.
    fn peep_statements(&mut self, stmts: &mut [Stmt], used_behind: u32) -> usize {
        let mut last = 0;
        let mut at = 0;
        while let Some(here) = real(stmts, at) {
            let Some(next) = real(stmts, here + 1) else { break };
            last = next;
            at = next;
            let (Some(first), Some(second)) = (stmts.get(here).copied(), stmts.get(next).copied()) else { break };
            let mut first = first;
            match (first, second) {
                (Stmt::Store(to), Stmt::LoadSlotX(from)) if to == from => {
                    put(stmts, next, Stmt::Tax);
                    self.changed();
                }
                (Stmt::Const(k), Stmt::Tax) => {
                    first = Stmt::ConstX(k);
                    put(stmts, here, first);
                    put(stmts, next, Stmt::Txa);
                    self.changed();
                }
                _ => {}
            }
            if let Stmt::Const(k) = first
                && used_behind & (1 << X) == 0
            {
                self.fold_index(stmts, here, next, k);
            }
        }
        last
    }

    /// `A = k; (X = header length;) A += X; X = A; A = packet[X + n]` is `A = packet[X + n + k]`, when nobody reads X
    /// behind the block.
    fn fold_index(&mut self, stmts: &mut [Stmt], here: usize, next: usize, k: u32) {
        let is_header = matches!(stmts.get(next), Some(Stmt::HeaderLengthX(_)));
        let add = if is_header { real(stmts, next + 1) } else { Some(next) };
        let Some(add) = add.filter(|at| stmts.get(*at) == Some(&Stmt::Alu(Alu::Add, Operand::X))) else { return };
        let Some(tax) = real(stmts, add + 1).filter(|at| stmts.get(*at) == Some(&Stmt::Tax)) else { return };
        let Some(load) = real(stmts, tax + 1) else { return };
        let Some(&Stmt::LoadAt(width, offset)) = stmts.get(load) else { return };
        put(stmts, load, Stmt::LoadAt(width, offset.wrapping_add(k)));
        for at in [here, add, tax] {
            put(stmts, at, Stmt::Nop);
        }
        self.changed();
    }

    /// A test for equality takes over the operation in front of it, when nobody else needs its result.
    fn peep_test(&mut self, id: BlockId, branch: &mut Branch, last: &mut Stmt, used_behind: u32) {
        let (Test::Equal, Operand::K(k)) = (branch.test, branch.operand) else { return };
        if used_behind & (1 << A) != 0 {
            return;
        }
        match *last {
            Stmt::Alu(Alu::Sub, Operand::X) => {
                let x = get(&self.fact(id).values, X);
                if let Some(constant) = self.values.constant(x) {
                    branch.operand = Operand::K(k.wrapping_add(constant));
                } else if k == 0 {
                    branch.operand = Operand::X;
                } else {
                    return;
                }
            }
            Stmt::Alu(Alu::Sub, Operand::K(minus)) => branch.operand = Operand::K(k.wrapping_add(minus)),
            Stmt::Alu(Alu::And, Operand::K(mask)) if k == 0 => {
                branch.test = Test::AnyBit;
                branch.operand = Operand::K(mask);
                std::mem::swap(&mut branch.yes, &mut branch.no);
            }
            _ => return,
        }
        *last = Stmt::Nop;
        self.changed();
    }

    /// Tests whose result is known.
    fn peep_branch(&mut self, id: BlockId, branch: &mut Branch) {
        if branch.test == Test::AnyBit && branch.operand == Operand::K(0) {
            branch.yes = branch.no;
        }
        let values = self.fact(id).values;
        if branch.operand == Operand::X
            && let Some(constant) = self.values.constant(get(&values, X))
        {
            branch.operand = Operand::K(constant);
        }
        if let Operand::K(k) = branch.operand
            && let Some(constant) = self.values.constant(get(&values, A))
        {
            if branch.yes != branch.no {
                self.changed();
            }
            if branch.test.holds(constant, k) {
                branch.no = branch.yes;
            } else {
                branch.yes = branch.no;
            }
        }
    }

    /// Takes out statements whose result nobody reads.
    pub(super) fn dead_stores(&mut self, id: BlockId) {
        let used_behind = self.fact(id).used_behind;
        let block = &mut self.graph[id];
        let mut unread: [Option<usize>; ATOMS] = [None; ATOMS];
        let mut dead = Vec::new();
        for (at, stmt) in block.stmts.iter().enumerate() {
            read(&mut unread, uses(stmt));
            if let Some(place) = sets(stmt).and_then(|atom| unread.get_mut(atom)) {
                dead.extend(place.replace(at));
            }
        }
        read(&mut unread, end_uses(block));
        for (atom, at) in unread.iter().enumerate() {
            if used_behind & (1 << atom) == 0 {
                dead.extend(*at);
            }
        }
        for at in &dead {
            put(&mut block.stmts, *at, Stmt::Nop);
        }
        if !dead.is_empty() {
            self.changed();
        }
    }
}

fn read(unread: &mut [Option<usize>; ATOMS], used: u32) {
    for (atom, place) in unread.iter_mut().enumerate() {
        if used & (1 << atom) != 0 {
            *place = None;
        }
    }
}

/// The first statement from `at` that does something.
fn real(stmts: &[Stmt], at: usize) -> Option<usize> {
    stmts.iter().enumerate().skip(at).find(|(_, stmt)| **stmt != Stmt::Nop).map(|(at, _)| at)
}

fn put(stmts: &mut [Stmt], at: usize, stmt: Stmt) {
    if let Some(place) = stmts.get_mut(at) {
        *place = stmt;
    }
}
