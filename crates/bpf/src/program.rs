//! Machine code: classic BPF, as kernels and capture files have it.

use std::fmt;

/// Most instructions of a program: what the Linux kernel takes.
pub const MAX_INSTRUCTIONS: usize = 4096;

/// One instruction, in the form of the kernel's `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// What to do; the bits of [`op`].
    pub code: u16,
    /// Instructions to skip when the test holds.
    pub yes: u8,
    /// Instructions to skip when it does not.
    pub no: u8,
    /// The constant.
    pub k: u32,
}

impl Instruction {
    fn of(word: u64) -> Self {
        Self { code: (word >> 48) as u16, yes: (word >> 40) as u8, no: (word >> 32) as u8, k: word as u32 }
    }

    fn word(self) -> u64 {
        u64::from(self.code) << 48 | u64::from(self.yes) << 40 | u64::from(self.no) << 32 | u64::from(self.k)
    }
}

/// Bits of an instruction's code.
pub(crate) mod op {
    pub(crate) const LD: u16 = 0x00;
    pub(crate) const LDX: u16 = 0x01;
    pub(crate) const ST: u16 = 0x02;
    pub(crate) const STX: u16 = 0x03;
    pub(crate) const ALU: u16 = 0x04;
    pub(crate) const JMP: u16 = 0x05;
    pub(crate) const RET: u16 = 0x06;
    pub(crate) const MISC: u16 = 0x07;
    pub(crate) const W: u16 = 0x00;
    pub(crate) const H: u16 = 0x08;
    pub(crate) const B: u16 = 0x10;
    pub(crate) const IMM: u16 = 0x00;
    pub(crate) const ABS: u16 = 0x20;
    pub(crate) const IND: u16 = 0x40;
    pub(crate) const MEM: u16 = 0x60;
    pub(crate) const LEN: u16 = 0x80;
    pub(crate) const MSH: u16 = 0xa0;
    pub(crate) const JA: u16 = 0x00;
    pub(crate) const JEQ: u16 = 0x10;
    pub(crate) const JGT: u16 = 0x20;
    pub(crate) const JGE: u16 = 0x30;
    pub(crate) const JSET: u16 = 0x40;
    pub(crate) const X: u16 = 0x08;
    pub(crate) const NEG: u16 = 0x80;
    /// Return the accumulator.
    pub(crate) const A: u16 = 0x10;
    pub(crate) const TXA: u16 = 0x80;
}

/// A program. It has been verified: every way through it ends at a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    instructions: Vec<Instruction>,
}

impl Program {
    /// Takes instructions that hold together.
    ///
    /// # Errors
    /// When they do not.
    pub fn new(instructions: Vec<Instruction>) -> Result<Self, crate::verify::Flaw> {
        crate::verify::verify(&instructions)?;
        Ok(Self { instructions })
    }

    /// The instructions.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Whether some jump goes backwards, as in the loops of `protochain`. The kernel does not take such a program: it is
    /// for files and for user space.
    #[must_use]
    pub fn has_loops(&self) -> bool {
        self.instructions.iter().any(|one| one.code == op::JMP | op::JA && one.k > i32::MAX.cast_unsigned())
    }

    /// How many bytes of the packet to keep; 0 drops it. `bytes` is what was captured and `length` what was on the wire.
    #[must_use]
    pub fn run(&self, bytes: &[u8], length: u32) -> u32 {
        crate::machine::run(&self.instructions, bytes, length)
    }

    /// The form in which programs travel: an instruction a word, `code << 48 | yes << 40 | no << 32 | k`.
    #[must_use]
    pub fn words(&self) -> Vec<u64> {
        self.instructions.iter().map(|one| one.word()).collect()
    }

    /// Reads the form in which programs travel.
    ///
    /// # Errors
    /// When the instructions do not hold together.
    pub fn from_words(words: &[u64]) -> Result<Self, crate::verify::Flaw> {
        Self::new(words.iter().map(|word| Instruction::of(*word)).collect())
    }

    /// The form of `tcpdump -ddd`: the count, then code, jumps and constant of each instruction, in decimal.
    #[must_use]
    pub const fn decimal(&self) -> Decimal<'_> {
        Decimal(self)
    }

    /// Reads the form of `tcpdump -ddd`.
    ///
    /// # Errors
    /// With what is wrong with the text or with the program.
    pub fn from_decimal(text: &str) -> Result<Self, crate::verify::Flaw> {
        use crate::verify::Flaw;
        let mut lines = text.lines();
        let count: usize = lines.next().and_then(|line| line.trim().parse().ok()).ok_or(Flaw::Text)?;
        if count > 1 << 20 {
            return Err(Flaw::TooLong { needs: count });
        }
        let mut instructions = Vec::new();
        for line in lines {
            let mut numbers = line.split_whitespace().map(str::parse::<u32>);
            let mut next = || numbers.next().and_then(Result::ok).ok_or(Flaw::Text);
            let (code, yes, no, k) = (next()?, next()?, next()?, next()?);
            let narrow = |value: u32| u8::try_from(value).map_err(|_| Flaw::Text);
            let code = u16::try_from(code).map_err(|_| Flaw::Text)?;
            instructions.push(Instruction { code, yes: narrow(yes)?, no: narrow(no)?, k });
        }
        if instructions.len() != count {
            return Err(Flaw::Text);
        }
        Self::new(instructions)
    }
}

/// [`Program::decimal`]
#[derive(Debug)]
pub struct Decimal<'a>(&'a Program);

impl fmt::Display for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0.instructions.len())?;
        for one in &self.0.instructions {
            writeln!(f, "{} {} {} {}", one.code, one.yes, one.no, one.k)?;
        }
        Ok(())
    }
}

/// The form of `tcpdump -d`: one instruction a line, in assembler.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, one) in self.instructions.iter().enumerate() {
            writeln!(f, "{}", crate::assembler::line(number, *one))?;
        }
        Ok(())
    }
}
