//! Calculations in the signs of the language, with all brackets.

use crate::tree::{Alu, Arith, Width};
use crate::words::name;

pub(super) fn value(arith: &Arith) -> String {
    match arith {
        Arith::Number(number) => number.to_string(),
        Arith::Length => "len".to_owned(),
        Arith::Neg(inner) => format!("-{}", bracketed(inner)),
        Arith::Load(protocol, offset, width) => {
            let width = match width {
                Width::Byte => "",
                Width::Half => ":2",
                Width::Word => ":4",
            };
            format!("{}[{}{width}]", name(*protocol), value(offset))
        }
        Arith::Binary(operator, left, right) => {
            let sign = match operator {
                Alu::Add => "+",
                Alu::Sub => "-",
                Alu::Mul => "*",
                Alu::Div => "/",
                Alu::Mod => "%",
                Alu::And => "&",
                Alu::Or => "|",
                Alu::Xor => "^",
                Alu::Shl => "<<",
                Alu::Shr => ">>",
            };
            format!("{} {sign} {}", bracketed(left), bracketed(right))
        }
    }
}

fn bracketed(arith: &Arith) -> String {
    if matches!(arith, Arith::Binary(..)) { format!("({})", value(arith)) } else { value(arith) }
}
