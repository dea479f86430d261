//! The machine: runs a verified program on a packet.

use crate::op::SLOTS;
use crate::program::{Instruction, op};

/// Steps after which a program with a loop is stopped; the packet is dropped then.
const MAX_STEPS: usize = 1 << 16;

struct Machine<'a> {
    bytes: &'a [u8],
    length: u32,
    a: u32,
    x: u32,
    slots: [u32; SLOTS as usize],
}

/// Runs a program. Reading behind the captured bytes drops the packet, as does division by zero.
pub(crate) fn run(program: &[Instruction], bytes: &[u8], length: u32) -> u32 {
    let mut machine = Machine { bytes, length, a: 0, x: 0, slots: [0; SLOTS as usize] };
    let mut at = 0_usize;
    for _ in 0..MAX_STEPS {
        let Some(one) = program.get(at) else { return 0 };
        at += 1;
        match one.code & 7 {
            op::JMP => {
                if one.code & 0xf0 == op::JA {
                    at = at.wrapping_add_signed(isize::try_from(one.k.cast_signed()).unwrap_or(0));
                } else {
                    at += usize::from(if machine.test(*one) { one.yes } else { one.no });
                }
            }
            op::RET if one.code & 0x18 == op::A => return machine.a,
            op::RET => return one.k,
            _ => {
                if machine.step(*one).is_none() {
                    return 0;
                }
            }
        }
    }
    0
}

impl Machine<'_> {
    fn test(&self, one: Instruction) -> bool {
        let other = if one.code & op::X != 0 { self.x } else { one.k };
        match one.code & 0xf0 {
            op::JEQ => self.a == other,
            op::JGT => self.a > other,
            op::JGE => self.a >= other,
            _ => self.a & other != 0,
        }
    }

    fn step(&mut self, one: Instruction) -> Option<()> {
        let k = one.k;
        match one.code & 7 {
            op::LD => {
                self.a = match one.code & 0xe0 {
                    op::IMM => k,
                    op::LEN => self.length,
                    op::MEM => *self.slots.get(k as usize)?,
                    op::IND => self.read(u64::from(self.x) + u64::from(k), one.code & 0x18)?,
                    _ => self.read(u64::from(k), one.code & 0x18)?,
                }
            }
            op::LDX => {
                self.x = match one.code & 0xe0 {
                    op::IMM => k,
                    op::MEM => *self.slots.get(k as usize)?,
                    _ => 4 * (self.read(u64::from(k), op::B)? & 0xf),
                }
            }
            op::ST => *self.slots.get_mut(k as usize)? = self.a,
            op::STX => *self.slots.get_mut(k as usize)? = self.x,
            op::ALU => self.calculate(one)?,
            _ if one.code & op::TXA != 0 => self.a = self.x,
            _ => self.x = self.a,
        }
        Some(())
    }

    fn read(&self, at: u64, width: u16) -> Option<u32> {
        // offsets of the machine are 32 bits
        let at = usize::try_from(at & 0xffff_ffff).ok()?;
        let rest = self.bytes.get(at..)?;
        Some(match width {
            op::W => u32::from_be_bytes(*rest.first_chunk()?),
            op::H => u32::from(u16::from_be_bytes(*rest.first_chunk()?)),
            _ => u32::from(*rest.first()?),
        })
    }

    fn calculate(&mut self, one: Instruction) -> Option<()> {
        let other = if one.code & op::X != 0 { self.x } else { one.k };
        self.a = match one.code & 0xf0 {
            0x00 => self.a.wrapping_add(other),
            0x10 => self.a.wrapping_sub(other),
            0x20 => self.a.wrapping_mul(other),
            0x30 => self.a.checked_div(other)?,
            0x40 => self.a | other,
            0x50 => self.a & other,
            0x60 => self.a.checked_shl(other).unwrap_or(0),
            0x70 => self.a.checked_shr(other).unwrap_or(0),
            0x90 => self.a.checked_rem(other)?,
            0xa0 => self.a ^ other,
            _ => self.a.wrapping_neg(),
        };
        Some(())
    }
}
