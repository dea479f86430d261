//! Capture filters: the language of pcap-filter(7), compiled to classic BPF.
//!
//! ```text
//! text ─ lex ─► tokens ─ parse ─► tree ─ gen ─► graph ─ opt ─► graph ─ emit ─► instructions ─ verify ─► Program
//!                                   │                                                                     │
//!                                   ├─ eval: the tree itself on a packet (the oracle)                     ├─ machine: runs it
//!                                   └─ explain: what the filter says, in words                            └─ assembler: its text
//! ```
//!
//! The forms of the text, the meaning on each link type and the verdicts are those of tcpdump 4.99 on a capture file.
//! Deliberate differences: names of hosts and networks are not looked up, services and protocols come from built-in
//! tables, and `byte N & V` reads the byte. Pure: the same crate compiles filters in the browser.

mod address;
mod assembler;
mod emit;
mod error;
mod eval;
mod explain;
mod r#gen;
mod ir;
mod lex;
mod machine;
mod names;
mod objects;
mod op;
mod opt;
mod parse;
mod program;
mod tree;
mod verify;
mod words;

pub use error::{Error, Position};
pub use eval::Undecided;
pub use explain::Explanation;
pub use objects::{Object, ObjectKind, Resolve};
pub use program::{Decimal, Instruction, MAX_INSTRUCTIONS, Program};
pub use verify::Flaw;

use pcap::LinkType;
use std::cell::RefCell;
use std::net::IpAddr;

/// What tcpdump keeps of a packet when nothing else is asked for.
pub const SNAPLEN: u32 = 262_144;

/// Longest text of a filter, in bytes.
pub const MAX_TEXT: usize = 65_536;

/// What a filter is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The link type of the packets.
    pub link: LinkType,
    /// How many bytes of a packet that matches are kept; not 0.
    pub snaplen: u32,
    /// Leaves the code as the generator makes it.
    pub keep_unoptimised: bool,
}

impl Options {
    /// For packets of a link type, of which all is kept.
    #[must_use]
    pub const fn new(link: LinkType) -> Self {
        Self { link, snaplen: SNAPLEN, keep_unoptimised: false }
    }
}

/// A compiled filter.
#[derive(Clone, Debug)]
pub struct Filter {
    tree: Option<tree::Expr>,
    options: Options,
    program: Program,
}

impl Filter {
    /// Compiles a text that names no objects of a cluster.
    ///
    /// # Errors
    /// With the place and the next step, when the text is wrong, has no meaning on this link type, matches no packet at
    /// all, or needs too long a program.
    pub fn compile(text: &str, options: Options) -> Result<Self, Error> {
        Self::compile_with(text, options, &objects::Nobody)
    }

    /// Compiles a text with the addresses that objects of a cluster have now.
    ///
    /// # Errors
    /// As [`Filter::compile`], and when an object is not known.
    pub fn compile_with(text: &str, options: Options, objects: &dyn Resolve) -> Result<Self, Error> {
        if text.len() > MAX_TEXT {
            return Err(Error::TooLong { needs: format!("{} bytes", text.len()), limit: MAX_TEXT.to_string() });
        }
        let tree = parse::parse(text, objects)?;
        let program = match &tree {
            None => {
                r#gen::supported(options.link)?;
                vec![Instruction { code: program::op::RET, yes: 0, no: 0, k: options.snaplen }]
            }
            Some(tree) => code(tree, options)?,
        };
        let program = Program::new(program).map_err(|flaw| match flaw {
            Flaw::TooLong { needs } => {
                Error::TooLong { needs: format!("{needs} instructions"), limit: MAX_INSTRUCTIONS.to_string() }
            }
            flaw => Error::meaning(Position::of("", 0), format!("no sound program comes of it: {flaw}")),
        })?;
        Ok(Self { tree, options, program })
    }

    /// The program.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// Whether a packet matches. `bytes` is what was captured and `length` what was on the wire.
    #[must_use]
    pub fn matches(&self, bytes: &[u8], length: u32) -> bool {
        self.program.run(bytes, length) != 0
    }

    /// The verdict of the tree, without the program: what the compiler is tested against.
    ///
    /// # Errors
    /// When the packet is too short for a test that was asked for. The program drops such a packet, unless the optimiser
    /// found that the test does not matter.
    pub fn evaluate(&self, bytes: &[u8], length: u32) -> Result<bool, Undecided> {
        self.tree.as_ref().map_or(Ok(true), |tree| eval::evaluate(tree, self.options.link, bytes, length))
    }

    /// The filter in words, one line a test.
    #[must_use]
    pub const fn explain(&self) -> Explanation<'_> {
        Explanation(self.tree.as_ref())
    }
}

/// The objects of a cluster that a text names, in their order; none where it is no filter.
#[must_use]
pub fn objects(text: &str) -> Vec<Object> {
    /// Notes what it is asked for.
    #[derive(Default)]
    struct Noted(RefCell<Vec<Object>>);

    impl Resolve for Noted {
        fn addresses(&self, object: &Object) -> Result<Vec<IpAddr>, String> {
            let mut all = self.0.borrow_mut();
            if !all.contains(object) {
                all.push(object.clone());
            }
            Ok(Vec::new())
        }
    }

    let noted = Noted::default();
    if text.len() > MAX_TEXT || parse::parse(text, &noted).is_err() {
        return Vec::new();
    }
    noted.0.into_inner()
}

/// The names of services that may stand for a port, with the port and the transports they are known on.
pub fn services() -> impl Iterator<Item = (&'static str, u16, &'static str)> {
    names::services().iter().map(|(name, port, transport)| (*name, *port, transport.name()))
}

#[cfg(test)]
mod tests;

fn code(tree: &tree::Expr, options: Options) -> Result<Vec<Instruction>, Error> {
    let made = r#gen::generate(tree, options.link, options.snaplen)?;
    let mut graph = made.graph;
    let mut root = made.root;
    if made.is_simple && !options.keep_unoptimised {
        root = opt::optimise(&mut graph, root)?;
        if let ir::End::Return(0) = graph[root].end {
            return Err(Error::meaning(Position::of("", 0), "no packet can match this filter"));
        }
    }
    emit::emit(&graph, root)
}
