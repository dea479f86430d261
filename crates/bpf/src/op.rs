//! Statements and tests of the intermediate code: what a classic BPF machine can do, typed.
//!
//! The machine has an accumulator, an index register, and [`SLOTS`] words of scratch memory. Every width, operand and
//! comparison is an enum, so that generator and optimiser cannot write an instruction that does not exist.

/// Words of scratch memory.
pub(crate) const SLOTS: u8 = 16;

/// Width of a load from the packet, in network byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Width {
    /// One byte.
    Byte,
    /// Two bytes.
    Half,
    /// Four bytes.
    Word,
}

/// Arithmetic on the accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Alu {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Shl,
    Shr,
}

/// The right side of an operation or a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Operand {
    /// A constant.
    K(u32),
    /// The index register.
    X,
}

/// Comparison of the accumulator with an operand, unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Test {
    Equal,
    Greater,
    AtLeast,
    /// Some bit of the operand is set.
    AnyBit,
}

impl Test {
    /// What the comparison says.
    pub(crate) const fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            Self::AnyBit => left & right != 0,
        }
    }
}

/// The name of a statement inside one block that a jump of the same block goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Label(pub(crate) u16);

/// One statement. A slot number is always under [`SLOTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stmt {
    /// Taken out by the optimiser: produces no instruction.
    Nop,
    /// A = packet[k].
    Load(Width, u32),
    /// A = packet[X + k].
    LoadAt(Width, u32),
    /// A = length of the packet on the wire.
    LoadLength,
    /// A = k.
    Const(u32),
    /// A = slot.
    LoadSlot(u8),
    /// X = k.
    ConstX(u32),
    /// X = 4 * (packet[k] & 15): the length of an IPv4 header.
    HeaderLengthX(u32),
    /// X = slot.
    LoadSlotX(u8),
    /// Slot = A.
    Store(u8),
    /// Slot = X.
    StoreX(u8),
    /// A = A op operand.
    Alu(Alu, Operand),
    /// A = -A.
    Neg,
    /// X = A.
    Tax,
    /// A = X.
    Txa,
    /// A place that a jump of the same block goes to; produces no instruction.
    Mark(Label),
    /// Goes on at one of two marks of the same block, comparing A with k for equality.
    Branch { k: u32, yes: Label, no: Label },
    /// Goes back to a mark of the same block, always.
    Back(Label),
}

impl Alu {
    /// The result; `None` for a division by zero. Shifts over 31 bits give 0, as in the machine.
    pub(crate) fn apply(self, left: u32, right: u32) -> Option<u32> {
        Some(match self {
            Self::Add => left.wrapping_add(right),
            Self::Sub => left.wrapping_sub(right),
            Self::Mul => left.wrapping_mul(right),
            Self::Div => left.checked_div(right)?,
            Self::Mod => left.checked_rem(right)?,
            Self::And => left & right,
            Self::Or => left | right,
            Self::Xor => left ^ right,
            Self::Shl => left.checked_shl(right).unwrap_or(0),
            Self::Shr => left.checked_shr(right).unwrap_or(0),
        })
    }
}
