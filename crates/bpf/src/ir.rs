//! The control-flow graph between generator and machine code: blocks of statements that end in a test or a return.
//!
//! A [`Fragment`] is a part of the graph whose exits are still open; [`Graph::and`] and [`Graph::or`] join fragments by
//! closing one kind of exit of the first onto the head of the second. The graph never has a cycle between blocks.

use std::ops::{Index, IndexMut};

use crate::op::{Operand, Stmt, Test};

/// A block of one graph. Only [`Graph::push`] makes them, and blocks are never removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlockId(pub(crate) u32);

impl BlockId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A conditional end of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Branch {
    pub(crate) test: Test,
    pub(crate) operand: Operand,
    pub(crate) yes: BlockId,
    pub(crate) no: BlockId,
}

impl Branch {
    pub(crate) const fn to(&self, side: Side) -> BlockId {
        match side {
            Side::Yes => self.yes,
            Side::No => self.no,
        }
    }

    pub(crate) const fn set(&mut self, side: Side, target: BlockId) {
        match side {
            Side::Yes => self.yes = target,
            Side::No => self.no = target,
        }
    }
}

/// One of the two exits of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Yes,
    No,
}

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// The verdict: how many bytes of the packet to keep.
    Return(u32),
    /// A test.
    Branch(Branch),
}

/// Statements that run in order, and an end.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) end: End,
}

impl Block {
    pub(crate) const fn branch(&self) -> Option<Branch> {
        match self.end {
            End::Branch(branch) => Some(branch),
            End::Return(_) => None,
        }
    }
}

/// A part of the graph with open exits.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) head: BlockId,
    yes: Vec<(BlockId, Side)>,
    no: Vec<(BlockId, Side)>,
}

impl Fragment {
    /// The opposite: no code, only the exits change places.
    pub(crate) fn not(self) -> Self {
        Self { head: self.head, yes: self.no, no: self.yes }
    }
}

/// All blocks.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    blocks: Vec<Block>,
}

impl Graph {
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Those that were pushed after so many others.
    pub(crate) fn blocks_from(&self, from: usize) -> impl Iterator<Item = &Block> {
        self.blocks.iter().skip(from)
    }

    pub(crate) fn push(&mut self, block: Block) -> BlockId {
        let id = BlockId(u32::try_from(self.blocks.len()).unwrap_or(u32::MAX));
        self.blocks.push(block);
        id
    }

    /// A block whose both exits are open.
    pub(crate) fn test(&mut self, stmts: Vec<Stmt>, test: Test, operand: Operand) -> Fragment {
        let open = BlockId(0); // replaced when the exit is closed
        let head = self.push(Block { stmts, end: End::Branch(Branch { test, operand, yes: open, no: open }) });
        Fragment { head, yes: vec![(head, Side::Yes)], no: vec![(head, Side::No)] }
    }

    /// Holds when both hold; `second` is not asked when `first` does not hold.
    pub(crate) fn and(&mut self, first: Fragment, second: Fragment) -> Fragment {
        self.close(&first.yes, second.head);
        let mut no = second.no;
        no.extend(first.no);
        Fragment { head: first.head, yes: second.yes, no }
    }

    /// Holds when one holds; `second` is not asked when `first` holds.
    pub(crate) fn or(&mut self, first: Fragment, second: Fragment) -> Fragment {
        self.close(&first.no, second.head);
        let mut yes = second.yes;
        yes.extend(first.yes);
        Fragment { head: first.head, yes, no: second.no }
    }

    /// Closes all exits: a match keeps `snaplen` bytes. Returns the root.
    pub(crate) fn finish(&mut self, fragment: &Fragment, snaplen: u32) -> BlockId {
        let keep = self.push(Block { stmts: Vec::new(), end: End::Return(snaplen) });
        self.close(&fragment.yes, keep);
        let drop = self.push(Block { stmts: Vec::new(), end: End::Return(0) });
        self.close(&fragment.no, drop);
        fragment.head
    }

    fn close(&mut self, exits: &[(BlockId, Side)], target: BlockId) {
        for (id, side) in exits {
            if let End::Branch(branch) = &mut self[*id].end {
                branch.set(*side, target);
            }
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "ids come only from `push` and blocks are never removed")]
impl Index<BlockId> for Graph {
    type Output = Block;

    fn index(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }
}

#[expect(clippy::indexing_slicing, reason = "ids come only from `push` and blocks are never removed")]
impl IndexMut<BlockId> for Graph {
    fn index_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.index()]
    }
}
