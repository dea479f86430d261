//! The optimiser: the same verdicts with fewer instructions.
//!
//! ```text
//! loop ─► levels, dominators, uses (analysis) ─► values (value) ─► jumps (thread) ─► order of tests (pull)
//! then ─► the same with changes of statements (value, peep) ─► equal blocks are joined (join)
//! ```
//!
//! All of it works on a graph without cycles whose blocks have no jumps inside. A load that nothing uses is taken out,
//! even one that would have rejected a packet that is too short.

mod analysis;
mod join;
mod peep;
mod pull;
mod sets;
mod thread;
mod value;

use crate::error::{Error, Position};
use crate::ir::{BlockId, Graph, Side};
use crate::op::{SLOTS, Test};
pub(crate) use analysis::behind_first;
use sets::Sets;
use value::Values;

/// What can hold a value: the words of scratch memory, the accumulator, the index register.
const ATOMS: usize = SLOTS as usize + 2;
const A: usize = SLOTS as usize;
const X: usize = SLOTS as usize + 1;

/// Rounds in which only branches moved, after which it goes in circles.
const MAX_IDLE_ROUNDS: usize = 100;
/// Rounds in any case.
const MAX_ROUNDS: usize = 20_000;

/// Optimises the graph; returns its new root.
///
/// # Errors
/// When a calculation turns out to divide by zero or to shift out of the word.
pub(crate) fn optimise(graph: &mut Graph, root: BlockId) -> Result<BlockId, Error> {
    let mut optimiser = Optimiser::new(graph, root);
    optimiser.rounds(false)?;
    optimiser.rounds(true)?;
    optimiser.join();
    Ok(optimiser.shorten_root())
}

/// What is known of a block in one round.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// The longest way to a return.
    level: usize,
    /// Number in order of discovery; `usize::MAX` for a block that was never reached.
    number: usize,
    /// The branches that go here; the last one is asked first.
    edges_in: Vec<(BlockId, Side)>,
    /// Atoms that a block behind uses.
    used_behind: u32,
    used: u32,
    killed: u32,
    /// The value of each atom at the end; 0 is unknown.
    values: [u32; ATOMS],
    /// The value of the operand of the test.
    operand: u32,
    /// The test and whether its operand is X.
    code: Option<(Test, bool)>,
}

struct Optimiser<'a> {
    graph: &'a mut Graph,
    root: BlockId,
    /// Blocks in the order of discovery.
    order: Vec<BlockId>,
    facts: Vec<Facts>,
    /// Blocks by level.
    levels: Vec<Vec<BlockId>>,
    dominators: Sets,
    edge_dominators: Sets,
    values: Values,
    index: thread::Index,
    is_done: bool,
    has_moved: bool,
}

impl<'a> Optimiser<'a> {
    fn new(graph: &'a mut Graph, root: BlockId) -> Self {
        let mut facts = vec![Facts { number: usize::MAX, ..Facts::default() }; graph.len()];
        let order = analysis::discover(graph, root);
        for (number, id) in order.iter().enumerate() {
            if let Some(fact) = facts.get_mut(id.index()) {
                fact.number = number;
            }
        }
        let blocks = order.len();
        Self {
            graph,
            root,
            order,
            facts,
            levels: Vec::new(),
            dominators: Sets::new(blocks, blocks),
            edge_dominators: Sets::new(2 * blocks, 2 * blocks),
            values: Values::default(),
            index: thread::Index::default(),
            is_done: false,
            has_moved: false,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "facts has an entry for every block of the graph")]
    fn fact(&self, id: BlockId) -> &Facts {
        &self.facts[id.index()]
    }

    #[expect(clippy::indexing_slicing, reason = "facts has an entry for every block of the graph")]
    fn fact_mut(&mut self, id: BlockId) -> &mut Facts {
        &mut self.facts[id.index()]
    }

    /// Where an exit goes; `None` for a return.
    fn to(&self, id: BlockId, side: Side) -> Option<BlockId> {
        self.graph[id].branch().map(|branch| branch.to(side))
    }

    fn set(&mut self, id: BlockId, side: Side, target: BlockId) {
        if let crate::ir::End::Branch(branch) = &mut self.graph[id].end {
            branch.set(side, target);
        }
    }

    /// A statement changed.
    fn changed(&mut self) {
        self.has_moved = true;
        self.is_done = false;
    }

    fn rounds(&mut self, statements: bool) -> Result<(), Error> {
        let mut idle = 0;
        for _ in 0..MAX_ROUNDS {
            self.is_done = true;
            self.has_moved = false;
            self.find_levels();
            self.find_dominators();
            self.find_uses();
            self.find_edge_dominators();
            self.round(statements)?;
            if self.is_done {
                break;
            }
            idle = if self.has_moved { 0 } else { idle + 1 };
            if idle >= MAX_IDLE_ROUNDS {
                break;
            }
        }
        Ok(())
    }

    fn round(&mut self, statements: bool) -> Result<(), Error> {
        self.values = Values::default();
        self.find_edges_in();
        for id in self.downwards() {
            self.block(id, statements)?;
        }
        if statements {
            return Ok(());
        }
        self.index_branches();
        let upwards = self.upwards();
        for id in &upwards {
            self.thread(*id, Side::Yes);
            self.thread(*id, Side::No);
        }
        self.find_edges_in();
        // Branches that moved may lead past what was on every way before.
        self.find_dominators();
        for id in &upwards {
            self.pull(*id, Side::Yes);
            self.pull(*id, Side::No);
        }
        Ok(())
    }

    /// All blocks, the root's level first.
    fn downwards(&self) -> Vec<BlockId> {
        self.levels.iter().rev().flat_map(|level| level.iter().rev().copied()).collect()
    }

    /// All branches, those nearest to a return first.
    fn upwards(&self) -> Vec<BlockId> {
        self.levels.iter().skip(1).flat_map(|level| level.iter().rev().copied()).collect()
    }
}

/// A mistake in a calculation that only folding shows.
fn mistake(problem: &str) -> Error {
    Error::meaning(Position { offset: 0, line: 1, column: 1 }, problem)
}
