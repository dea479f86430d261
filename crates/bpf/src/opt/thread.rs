//! Jumps to a test whose result is known at the jump go on to where the test would go.

use std::collections::HashMap;

use super::value::get;
use super::{A, Optimiser};
use crate::ir::{BlockId, Side};
use crate::op::Test;

impl Optimiser<'_> {
    pub(super) fn thread(&mut self, id: BlockId, side: Side) {
        let Some(branch) = self.to(id, side).and_then(|target| self.graph[target].branch()) else { return };
        if branch.yes == branch.no && !self.conflicts(id, branch.yes) {
            self.changed();
            self.set(id, side, branch.yes);
        }
        let row = self.edge(id, side);
        // each change goes on to a lower level, so there are at most as many as levels
        for _ in 0..=self.levels.len() {
            let Some(target) = self.to(id, side) else { return };
            let Some(better) = self.shortcut(id, row, target) else { return };
            self.is_done = false;
            self.set(id, side, better);
            if self.graph[better].branch().is_none() {
                return;
            }
        }
    }

    /// Where a jump to `target` ends, if one of the branches that lead to the jump decides it; the first such one.
    fn shortcut(&self, id: BlockId, row: usize, target: BlockId) -> Option<BlockId> {
        let here = self.fact(target);
        let branch = self.graph[target].branch()?;
        let (test, is_x) = here.code?;
        let a = get(&here.values, A);
        let is_dominator = |edge: usize| self.edge_dominators.contains(row, edge);
        // the same test with the same operand: decided either way
        let blocks = self.order.len();
        let same = self.index.same.get(&(a, test, is_x, here.operand)).into_iter().flatten();
        let same = same.copied().filter(|edge| is_dominator(*edge)).find_map(|edge| {
            let better = if edge < blocks { branch.yes } else { branch.no };
            (!self.conflicts(id, better)).then_some((edge, better))
        });
        // what equals one constant does not equal another
        let other = if test == Test::Equal && !is_x && !self.conflicts(id, branch.no) {
            self.index.equal.get(&a).and_then(|edges| {
                let is_other =
                    |edge: &usize| self.order.get(*edge).is_some_and(|from| self.fact(*from).operand != here.operand);
                self.edge_dominators.common(row, edges).find(is_other)
            })
        } else {
            None
        };
        match (same, other) {
            (Some((edge, _)), Some(first)) if first < edge => Some(branch.no),
            (Some((_, better)), _) => Some(better),
            (None, Some(_)) => Some(branch.no),
            (None, None) => None,
        }
    }

    /// Something that is used behind `target` has another value there than at the end of `id`.
    fn conflicts(&self, id: BlockId, target: BlockId) -> bool {
        let used = self.fact(target).used_behind;
        let (here, there) = (&self.fact(id).values, &self.fact(target).values);
        here.iter().zip(there).enumerate().any(|(atom, (here, there))| used & (1 << atom) != 0 && here != there)
    }
}

/// Branches by what they decide, for one round.
#[derive(Default)]
pub(super) struct Index {
    /// By value, test and operand.
    same: HashMap<(u32, Test, bool, u32), Vec<usize>>,
    /// The yes sides of tests for equality with a constant, by value, as bits.
    equal: HashMap<u32, Vec<u64>>,
}

impl Optimiser<'_> {
    pub(super) fn index_branches(&mut self) {
        let mut index = Index::default();
        for side in [Side::Yes, Side::No] {
            for (number, id) in self.order.iter().enumerate() {
                let fact = self.fact(*id);
                let Some((test, is_x)) = fact.code else { continue };
                let a = get(&fact.values, A);
                index.same.entry((a, test, is_x, fact.operand)).or_default().push(self.edge(*id, side));
                if side == Side::Yes && test == Test::Equal && !is_x {
                    let bits = index.equal.entry(a).or_default();
                    if bits.len() <= number / 64 {
                        bits.resize(number / 64 + 1, 0);
                    }
                    if let Some(word) = bits.get_mut(number / 64) {
                        *word |= 1 << (number % 64);
                    }
                }
            }
        }
        self.index = index;
    }
}
