//! Tests of the same value are brought together: in a chain of alternatives (or of conditions), a test of the value that
//! is at hand moves in front of tests that load another one.

use super::value::get;
use super::{A, Optimiser};
use crate::ir::{BlockId, Side};

impl Optimiser<'_> {
    /// `common` is the side on which all tests of the chain go to the same place: yes for alternatives.
    pub(super) fn pull(&mut self, id: BlockId, common: Side) {
        let along = match common {
            Side::Yes => Side::No,
            Side::No => Side::Yes,
        };
        let edges = self.fact(id).edges_in.clone();
        let Some(&(first, _)) = edges.last() else { return };
        let value = get(&self.fact(first).values, A);
        if edges.iter().any(|(from, _)| get(&self.fact(*from).values, A) != value) {
            return;
        }
        let head = if self.to(first, Side::Yes) == Some(id) { Side::Yes } else { Side::No };
        let mut is_at_top = true;
        // the branch that leads to the first test of another value
        let mut different = (first, head);
        let other = loop {
            let Some(test) = self.in_chain(id, common, different) else { return };
            if get(&self.fact(test).values, A) != value {
                break test;
            }
            different = (test, along);
            is_at_top = false;
        };
        // the branch behind it that leads to a test of the value at hand
        let mut same = (other, along);
        let pulled = loop {
            let Some(test) = self.in_chain(id, common, same) else { return };
            if get(&self.fact(test).values, A) == value {
                break test;
            }
            same = (test, along);
        };
        let Some(behind) = self.to(pulled, along) else { return };
        self.set(same.0, same.1, behind);
        let Some(target) = self.to(different.0, different.1) else { return };
        self.set(pulled, along, target);
        if is_at_top {
            for (from, _) in edges {
                let side = if self.to(from, Side::Yes) == Some(id) { Side::Yes } else { Side::No };
                self.set(from, side, pulled);
            }
        } else {
            self.set(different.0, different.1, pulled);
        }
        self.is_done = false;
    }

    /// The test that a branch leads to, if it belongs to the chain that begins at `id`: it goes to the same place on the
    /// common side, and every way to it leads through `id`.
    fn in_chain(&self, id: BlockId, common: Side, (from, side): (BlockId, Side)) -> Option<BlockId> {
        let test = self.to(from, side)?;
        let goal = self.to(test, common)?;
        let dominated = self.dominators.contains(self.fact(test).number, self.fact(id).number);
        (Some(goal) == self.to(id, common) && dominated).then_some(test)
    }
}
