//! Graph to machine code: blocks in a row, each in front of those it goes to, and jumps as distances.

use std::collections::HashMap;

use crate::error::Error;
use crate::ir::{BlockId, End, Graph, Side};
use crate::op::{Alu, Label, Operand, Stmt, Test, Width};
use crate::opt::behind_first;
use crate::program::{Instruction, MAX_INSTRUCTIONS, op};

/// A block in the row.
struct Placed {
    id: BlockId,
    code: Vec<Instruction>,
    /// A jump that is too far for its byte goes over an instruction of its own.
    far_yes: bool,
    far_no: bool,
}

pub(crate) fn emit(graph: &Graph, root: BlockId) -> Result<Vec<Instruction>, Error> {
    let mut row: Vec<Placed> = Vec::new();
    for id in behind_first(graph, root, Side::No).into_iter().rev() {
        row.push(Placed { id, code: block(&graph[id].stmts), far_yes: false, far_no: false });
    }
    let mut starts = HashMap::new();
    // each round makes at least one jump far, and jumps never become near again
    for _ in 0..=2 * row.len() {
        let mut at = 0;
        for placed in &row {
            starts.insert(placed.id, at);
            at += placed.code.len() + 1 + usize::from(placed.far_yes) + usize::from(placed.far_no);
        }
        if at > MAX_INSTRUCTIONS {
            return Err(Error::TooLong { needs: format!("{at} instructions"), limit: MAX_INSTRUCTIONS.to_string() });
        }
        if !lengthen(graph, &mut row, &starts) {
            break;
        }
    }
    let mut whole = Vec::new();
    for placed in row {
        let end = whole.len() + placed.code.len();
        whole.extend(placed.code);
        let branch = match graph[placed.id].end {
            End::Return(keep) => {
                whole.push(Instruction { code: op::RET, yes: 0, no: 0, k: keep });
                continue;
            }
            End::Branch(branch) => branch,
        };
        let distance = |target: BlockId| starts.get(&target).copied().unwrap_or(0).saturating_sub(end + 1);
        let (code, k) = test(branch.test, branch.operand);
        let mut far = Vec::new();
        let mut exit = |target: BlockId, is_far: bool| {
            if !is_far {
                return u8::try_from(distance(target)).unwrap_or(0);
            }
            let extra = u8::try_from(far.len()).unwrap_or(0);
            let k = u32::try_from(distance(target)).unwrap_or(0).saturating_sub(u32::from(extra) + 1);
            far.push(Instruction { code: op::JMP | op::JA, yes: 0, no: 0, k });
            extra
        };
        let (yes, no) = (exit(branch.yes, placed.far_yes), exit(branch.no, placed.far_no));
        whole.push(Instruction { code, yes, no, k });
        whole.extend(far);
    }
    Ok(whole)
}

/// Marks jumps that have become too far.
fn lengthen(graph: &Graph, row: &mut [Placed], starts: &HashMap<BlockId, usize>) -> bool {
    let mut has_changed = false;
    for placed in row {
        let Some(branch) = graph[placed.id].branch() else { continue };
        let start = |id: BlockId| starts.get(&id).copied().unwrap_or(0);
        let behind = start(placed.id) + placed.code.len() + 1;
        for (target, far) in [(branch.yes, &mut placed.far_yes), (branch.no, &mut placed.far_no)] {
            if !*far && start(target).saturating_sub(behind) > 255 {
                *far = true;
                has_changed = true;
            }
        }
    }
    has_changed
}

const fn test(test: Test, operand: Operand) -> (u16, u32) {
    let code = op::JMP
        | match test {
            Test::Equal => op::JEQ,
            Test::Greater => op::JGT,
            Test::AtLeast => op::JGE,
            Test::AnyBit => op::JSET,
        };
    match operand {
        Operand::K(k) => (code, k),
        Operand::X => (code | op::X, 0),
    }
}

/// The statements of a block; labels become distances.
fn block(stmts: &[Stmt]) -> Vec<Instruction> {
    let mut marks: HashMap<u16, usize> = HashMap::new();
    let mut at = 0;
    for stmt in stmts {
        match stmt {
            Stmt::Nop => {}
            Stmt::Mark(Label(label)) => {
                marks.insert(*label, at);
            }
            _ => at += 1,
        }
    }
    let mut code: Vec<Instruction> = Vec::new();
    for stmt in stmts {
        if let Some(one) = statement(stmt, code.len() + 1, &marks) {
            code.push(one);
        }
    }
    code
}

fn statement(stmt: &Stmt, behind: usize, marks: &HashMap<u16, usize>) -> Option<Instruction> {
    let size = |width: Width| match width {
        Width::Byte => op::B,
        Width::Half => op::H,
        Width::Word => op::W,
    };
    let place = |Label(label): Label| marks.get(&label).copied().unwrap_or(behind);
    let near = |label: Label| u8::try_from(place(label).saturating_sub(behind)).unwrap_or(0);
    let mut jumps = (0, 0);
    let (code, k) = match *stmt {
        Stmt::Nop | Stmt::Mark(_) => return None,
        Stmt::Load(width, k) => (op::LD | op::ABS | size(width), k),
        Stmt::LoadAt(width, k) => (op::LD | op::IND | size(width), k),
        Stmt::LoadLength => (op::LD | op::LEN, 0),
        Stmt::Const(k) => (op::LD | op::IMM, k),
        Stmt::LoadSlot(slot) => (op::LD | op::MEM, u32::from(slot)),
        Stmt::ConstX(k) => (op::LDX | op::IMM, k),
        Stmt::HeaderLengthX(k) => (op::LDX | op::MSH | op::B, k),
        Stmt::LoadSlotX(slot) => (op::LDX | op::MEM, u32::from(slot)),
        Stmt::Store(slot) => (op::ST, u32::from(slot)),
        Stmt::StoreX(slot) => (op::STX, u32::from(slot)),
        Stmt::Alu(operator, Operand::K(k)) => (op::ALU | alu(operator), k),
        Stmt::Alu(operator, Operand::X) => (op::ALU | op::X | alu(operator), 0),
        Stmt::Neg => (op::ALU | op::NEG, 0),
        Stmt::Tax => (op::MISC, 0),
        Stmt::Txa => (op::MISC | op::TXA, 0),
        Stmt::Branch { k, yes, no } => {
            jumps = (near(yes), near(no));
            (op::JMP | op::JEQ, k)
        }
        Stmt::Back(label) => {
            let (from, to) = (u32::try_from(behind).unwrap_or(0), u32::try_from(place(label)).unwrap_or(0));
            (op::JMP | op::JA, to.wrapping_sub(from))
        }
    };
    Some(Instruction { code, yes: jumps.0, no: jumps.1, k })
}

const fn alu(operator: Alu) -> u16 {
    match operator {
        Alu::Add => 0x00,
        Alu::Sub => 0x10,
        Alu::Mul => 0x20,
        Alu::Div => 0x30,
        Alu::Or => 0x40,
        Alu::And => 0x50,
        Alu::Shl => 0x60,
        Alu::Shr => 0x70,
        Alu::Mod => 0x90,
        Alu::Xor => 0xa0,
    }
}
