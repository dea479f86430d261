//! Equal blocks become one, and a root that decides nothing goes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Optimiser;
use super::analysis::discover;
use crate::ir::{BlockId, End, Side};
use crate::op::Stmt;

impl Optimiser<'_> {
    /// Joins equal blocks until there are none. The one that was found last stays.
    pub(super) fn join(&mut self) {
        // each round takes out at least one block
        for _ in 0..=self.order.len() {
            let mut live = vec![false; self.graph.len()];
            for id in discover(self.graph, self.root) {
                if let Some(live) = live.get_mut(id.index()) {
                    *live = true;
                }
            }
            let mut kept: HashMap<(End, Vec<Stmt>), BlockId> = HashMap::new();
            let mut instead: HashMap<usize, BlockId> = HashMap::new();
            for id in self.order.iter().rev() {
                if !live.get(id.index()).copied().unwrap_or(false) {
                    continue;
                }
                let block = &self.graph[*id];
                let stmts = block.stmts.iter().filter(|stmt| **stmt != Stmt::Nop).copied().collect();
                match kept.entry((block.end, stmts)) {
                    Entry::Occupied(other) => {
                        instead.insert(id.index(), *other.get());
                    }
                    Entry::Vacant(place) => {
                        place.insert(*id);
                    }
                }
            }
            let mut has_joined = false;
            for id in self.order.clone() {
                for side in [Side::Yes, Side::No] {
                    if let Some(other) = self.to(id, side).and_then(|target| instead.get(&target.index()).copied()) {
                        self.set(id, side, other);
                        has_joined = true;
                    }
                }
            }
            if !has_joined {
                break;
            }
        }
    }

    /// Moves the root over branches that go to one place.
    pub(super) fn shorten_root(&mut self) -> BlockId {
        let mut stmts = std::mem::take(&mut self.graph[self.root].stmts);
        for _ in 0..=self.order.len() {
            match self.graph[self.root].end {
                End::Branch(branch) if branch.yes == branch.no => self.root = branch.yes,
                _ => break,
            }
        }
        let root = &mut self.graph[self.root];
        if matches!(root.end, End::Return(_)) {
            root.stmts.clear();
        } else {
            stmts.append(&mut root.stmts);
            root.stmts = stmts;
        }
        self.root
    }
}
