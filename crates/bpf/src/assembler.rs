//! One instruction as a line of assembler, as tcpdump writes it.

use crate::program::{Instruction, op};

pub(crate) fn line(number: usize, one: Instruction) -> String {
    let k = one.k;
    let signed = k.cast_signed();
    let (name, operand) = match one.code & 7 {
        op::LD => load(one),
        op::LDX => match one.code & 0xe0 {
            op::IMM => ("ldx", format!("#0x{k:x}")),
            op::MEM => ("ldx", format!("M[{signed}]")),
            _ => ("ldxb", format!("4*([{signed}]&0xf)")),
        },
        op::ST => ("st", format!("M[{signed}]")),
        op::STX => ("stx", format!("M[{signed}]")),
        op::ALU => calculate(one),
        op::JMP => return jump(number, one),
        op::RET if one.code & 0x18 == op::A => ("ret", String::new()),
        op::RET => ("ret", format!("#{signed}")),
        _ if one.code & op::TXA != 0 => ("txa", String::new()),
        _ => ("tax", String::new()),
    };
    format!("({number:03}) {name:<8} {operand}")
}

fn load(one: Instruction) -> (&'static str, String) {
    let signed = one.k.cast_signed();
    let name = match one.code & 0x18 {
        op::H => "ldh",
        op::B => "ldb",
        _ => "ld",
    };
    let operand = match one.code & 0xe0 {
        op::ABS => format!("[{signed}]"),
        op::IND => format!("[x + {signed}]"),
        op::MEM => format!("M[{signed}]"),
        op::LEN => "#pktlen".to_owned(),
        _ => format!("#0x{:x}", one.k),
    };
    (name, operand)
}

fn calculate(one: Instruction) -> (&'static str, String) {
    let operation = one.code & 0xf0;
    let name = match operation {
        0x00 => "add",
        0x10 => "sub",
        0x20 => "mul",
        0x30 => "div",
        0x40 => "or",
        0x50 => "and",
        0x60 => "lsh",
        0x70 => "rsh",
        0x90 => "mod",
        0xa0 => "xor",
        _ => return ("neg", String::new()),
    };
    let operand = if one.code & op::X != 0 {
        "x".to_owned()
    } else if matches!(name, "and" | "or" | "xor") {
        format!("#0x{:x}", one.k)
    } else {
        format!("#{}", one.k.cast_signed())
    };
    (name, operand)
}

fn jump(number: usize, one: Instruction) -> String {
    let name = match one.code & 0xf0 {
        op::JEQ => "jeq",
        op::JGT => "jgt",
        op::JGE => "jge",
        op::JSET => "jset",
        _ => {
            let place = i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1 + i64::from(one.k.cast_signed()));
            return format!("({number:03}) {:<8} {place}", "ja");
        }
    };
    let operand = if one.code & op::X != 0 { "x".to_owned() } else { format!("#0x{:x}", one.k) };
    let (yes, no) = (number + 1 + usize::from(one.yes), number + 1 + usize::from(one.no));
    format!("({number:03}) {name:<8} {operand:<16} jt {yes}\tjf {no}")
}
