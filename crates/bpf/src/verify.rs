//! The verifier: no program runs or leaves this crate that could read outside of scratch memory, jump out of itself,
//! divide by a constant zero or end without a return.

use crate::op::SLOTS;
use crate::program::{Instruction, MAX_INSTRUCTIONS, op};

/// What is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The text is not of the form `count` and lines of four numbers.
    #[error("the text is no program in decimal")]
    Text,
    /// No instruction at all.
    #[error("the program is empty")]
    Empty,
    /// Over the limit.
    #[error("the program has {needs} instructions and may have {MAX_INSTRUCTIONS}")]
    TooLong {
        /// How many it has.
        needs: usize,
    },
    /// An unknown code.
    #[error("instruction {at}: code {code:#x} does not exist")]
    Unknown {
        /// Where.
        at: usize,
        /// Which.
        code: u16,
    },
    /// A jump out of the program.
    #[error("instruction {at}: the jump leaves the program")]
    Jump {
        /// Where.
        at: usize,
    },
    /// A word of scratch memory that does not exist.
    #[error("instruction {at}: there is no M[{slot}]")]
    Slot {
        /// Where.
        at: usize,
        /// Which.
        slot: u32,
    },
    /// Division by the constant zero.
    #[error("instruction {at}: division by zero")]
    Division {
        /// Where.
        at: usize,
    },
    /// The last instruction is no return.
    #[error("the program does not end with a return")]
    NoReturn,
}

/// Looks at every instruction. Jumps backwards are allowed within the program: the machine bounds its steps.
pub(crate) fn verify(program: &[Instruction]) -> Result<(), Flaw> {
    if program.len() > MAX_INSTRUCTIONS {
        return Err(Flaw::TooLong { needs: program.len() });
    }
    let last = program.last().ok_or(Flaw::Empty)?;
    for (at, one) in program.iter().enumerate() {
        known(at, *one)?;
        let uses_slot = matches!(one.code & 7, op::ST | op::STX)
            || (matches!(one.code & 7, op::LD | op::LDX) && one.code & 0xe0 == op::MEM);
        if uses_slot && one.k >= u32::from(SLOTS) {
            return Err(Flaw::Slot { at, slot: one.k });
        }
        if matches!(one.code, 0x34 | 0x94) && one.k == 0 {
            return Err(Flaw::Division { at });
        }
        if one.code & 7 == op::JMP {
            let stays = if one.code == op::JMP | op::JA {
                let target = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1 + i64::from(one.k.cast_signed()));
                usize::try_from(target).is_ok_and(|target| target < program.len())
            } else {
                at + 1 + usize::from(one.yes.max(one.no)) < program.len()
            };
            if !stays {
                return Err(Flaw::Jump { at });
            }
        }
    }
    if last.code & 7 == op::RET { Ok(()) } else { Err(Flaw::NoReturn) }
}

fn known(at: usize, one: Instruction) -> Result<(), Flaw> {
    let code = one.code;
    let is_known = match code & 7 {
        op::LD => {
            matches!(code, 0x20 | 0x28 | 0x30 | 0x40 | 0x48 | 0x50 | 0x00 | 0x60 | 0x80)
        }
        op::LDX => matches!(code, 0x01 | 0x61 | 0xb1),
        op::ST | op::STX => code < 8,
        op::ALU => code <= 0xac && code & 0xf0 != 0x80 || code == 0x84,
        op::JMP => matches!(code, 0x05) || (matches!(code & 0xf0, 0x10 | 0x20 | 0x30 | 0x40) && code < 0x50),
        op::RET => matches!(code, 0x06 | 0x16),
        _ => matches!(code, 0x07 | 0x87),
    };
    if is_known { Ok(()) } else { Err(Flaw::Unknown { at, code }) }
}
