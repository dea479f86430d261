//! What holds for the graph as it stands: levels, dominators of blocks and of branches, who uses which value.

use super::{A, Optimiser, X};
use crate::ir::{Block, BlockId, End, Graph, Side};
use crate::op::{Operand, Stmt};

/// Blocks that can be reached, in the order in which a walk along the yes sides first meets them.
pub(super) fn discover(graph: &Graph, root: BlockId) -> Vec<BlockId> {
    let mut seen = vec![false; graph.len()];
    let mut order = Vec::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        match seen.get_mut(id.index()) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        order.push(id);
        if let Some(branch) = graph[id].branch() {
            waiting.extend([branch.no, branch.yes]);
        }
    }
    order
}

/// Blocks that can be reached, each behind the blocks that it goes to; of its two exits `first` is walked first.
pub(crate) fn behind_first(graph: &Graph, root: BlockId, first: Side) -> Vec<BlockId> {
    let mut seen = vec![false; graph.len()];
    let mut order = Vec::new();
    let mut waiting = vec![(root, false)];
    while let Some((id, is_left)) = waiting.pop() {
        if is_left {
            order.push(id);
            continue;
        }
        match seen.get_mut(id.index()) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        waiting.push((id, true));
        if let Some(branch) = graph[id].branch() {
            let (first, second) = match first {
                Side::Yes => (branch.yes, branch.no),
                Side::No => (branch.no, branch.yes),
            };
            waiting.extend([(second, false), (first, false)]);
        }
    }
    order
}

/// The atoms that a statement uses, as bits.
pub(super) fn uses(stmt: &Stmt) -> u32 {
    match *stmt {
        Stmt::LoadAt(..) | Stmt::StoreX(_) | Stmt::Txa => 1 << X,
        Stmt::LoadSlot(slot) | Stmt::LoadSlotX(slot) => 1 << slot,
        Stmt::Alu(_, Operand::X) => (1 << A) | (1 << X),
        Stmt::Store(_) | Stmt::Alu(..) | Stmt::Neg | Stmt::Tax | Stmt::Branch { .. } => 1 << A,
        Stmt::Nop
        | Stmt::Load(..)
        | Stmt::LoadLength
        | Stmt::Const(_)
        | Stmt::ConstX(_)
        | Stmt::HeaderLengthX(_)
        | Stmt::Mark(_)
        | Stmt::Back(_) => 0,
    }
}

/// The atom that a statement sets.
pub(super) const fn sets(stmt: &Stmt) -> Option<usize> {
    match *stmt {
        Stmt::Load(..)
        | Stmt::LoadAt(..)
        | Stmt::LoadLength
        | Stmt::Const(_)
        | Stmt::LoadSlot(_)
        | Stmt::Alu(..)
        | Stmt::Neg
        | Stmt::Txa => Some(A),
        Stmt::ConstX(_) | Stmt::HeaderLengthX(_) | Stmt::LoadSlotX(_) | Stmt::Tax => Some(X),
        Stmt::Store(slot) | Stmt::StoreX(slot) => Some(slot as usize),
        Stmt::Nop | Stmt::Mark(_) | Stmt::Branch { .. } | Stmt::Back(_) => None,
    }
}

/// The atoms that the end of a block uses.
pub(super) fn end_uses(block: &Block) -> u32 {
    match block.end {
        End::Return(_) => 0,
        End::Branch(branch) if branch.operand == Operand::X => (1 << A) | (1 << X),
        End::Branch(_) => 1 << A,
    }
}

impl Optimiser<'_> {
    pub(super) fn find_levels(&mut self) {
        self.levels.clear();
        for id in behind_first(self.graph, self.root, Side::Yes) {
            let level = match self.graph[id].branch() {
                None => 0,
                Some(branch) => self.fact(branch.yes).level.max(self.fact(branch.no).level) + 1,
            };
            self.fact_mut(id).level = level;
            while self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            if let Some(blocks) = self.levels.get_mut(level) {
                blocks.push(id);
            }
        }
    }

    pub(super) fn find_dominators(&mut self) {
        self.dominators.fill_all();
        let root = self.fact(self.root).number;
        self.dominators.clear(root);
        for id in self.downwards() {
            let own = self.fact(id).number;
            self.dominators.insert(own, own);
            if let Some(branch) = self.graph[id].branch() {
                for target in [branch.yes, branch.no] {
                    let target = self.fact(target).number;
                    self.dominators.intersect(target, own);
                }
            }
        }
    }

    /// The number of a branch among the branches.
    pub(super) fn edge(&self, id: BlockId, side: Side) -> usize {
        let number = self.fact(id).number;
        match side {
            Side::Yes => number,
            Side::No => self.order.len() + number,
        }
    }

    pub(super) fn find_edge_dominators(&mut self) {
        self.edge_dominators.fill_all();
        for side in [Side::Yes, Side::No] {
            let row = self.edge(self.root, side);
            self.edge_dominators.clear(row);
        }
        for id in self.downwards() {
            for side in [Side::Yes, Side::No] {
                let own = self.edge(id, side);
                self.edge_dominators.insert(own, own);
                if let Some(target) = self.to(id, side) {
                    for below in [Side::Yes, Side::No] {
                        let below = self.edge(target, below);
                        self.edge_dominators.intersect(below, own);
                    }
                }
            }
        }
    }

    /// Which atoms are used behind each block.
    pub(super) fn find_uses(&mut self) {
        for id in self.downwards() {
            let block = &self.graph[id];
            let (mut set, mut used, mut killed) = (0, 0, 0);
            for stmt in &block.stmts {
                used |= uses(stmt) & !set;
                if let Some(atom) = sets(stmt) {
                    killed |= (1 << atom) & !used;
                    set |= 1 << atom;
                }
            }
            used |= end_uses(block) & !set;
            let fact = self.fact_mut(id);
            (fact.used, fact.killed, fact.used_behind) = (used, killed, 0);
        }
        for id in self.upwards() {
            if let Some(branch) = self.graph[id].branch() {
                let behind = self.fact(branch.yes).used | self.fact(branch.no).used;
                let fact = self.fact_mut(id);
                fact.used_behind |= behind;
                fact.used |= fact.used_behind & !fact.killed;
            }
        }
    }

    pub(super) fn find_edges_in(&mut self) {
        for fact in &mut self.facts {
            fact.edges_in.clear();
        }
        for id in self.downwards() {
            for side in [Side::Yes, Side::No] {
                if let Some(target) = self.to(id, side) {
                    self.fact_mut(target).edges_in.push((id, side));
                }
            }
        }
    }
}
