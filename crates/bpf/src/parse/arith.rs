//! Values computed from the packet, and comparisons of them.

use super::{Parsed, Parser};
use crate::error::Position;
use crate::lex::Kind;
use crate::tree::{Alu, Arith, Primitive, Relation, Width};
use crate::words::Word;

impl Parser<'_> {
    /// `VALUE RELATION VALUE`
    pub(super) fn relation(&mut self) -> Parsed<(Position, Primitive)> {
        let at = self.here();
        let left = self.arith(0)?;
        let relation = match self.peek() {
            Kind::Sign("=") => Relation::Equal,
            Kind::Sign("!=") => Relation::NotEqual,
            Kind::Sign(">") => Relation::Greater,
            Kind::Sign(">=") => Relation::AtLeast,
            Kind::Sign("<") => Relation::Less,
            Kind::Sign("<=") => Relation::AtMost,
            _ => return self.fail(&["a comparison (`=`, `!=`, `<`, `<=`, `>`, `>=`)", "an operator"]),
        };
        self.take();
        let right = self.arith(0)?;
        Ok((at, Primitive::Relation(relation, left, right)))
    }

    /// Operators that bind at least as `floor`. `%` and `^` have no rank in this language: they always take all that
    /// stands on their right, and bind tighter than anything on their left.
    fn arith(&mut self, floor: u8) -> Parsed<Arith> {
        let mut left = self.nested(Self::operand_of_arith)?;
        loop {
            let (operator, rank) = match self.peek() {
                Kind::Sign("%") => (Alu::Mod, None),
                Kind::Sign("^") => (Alu::Xor, None),
                Kind::Sign("|") => (Alu::Or, Some(1)),
                Kind::Sign("&") => (Alu::And, Some(2)),
                Kind::Sign("<<") => (Alu::Shl, Some(3)),
                Kind::Sign(">>") => (Alu::Shr, Some(3)),
                Kind::Sign("+") => (Alu::Add, Some(4)),
                Kind::Sign("-") => (Alu::Sub, Some(4)),
                Kind::Sign("*") => (Alu::Mul, Some(5)),
                Kind::Sign("/") => (Alu::Div, Some(5)),
                _ => return Ok(left),
            };
            if rank.is_some_and(|rank| rank < floor) {
                return Ok(left);
            }
            self.take();
            let at = self.here();
            let right = self.nested(|parser| parser.arith(rank.map_or(0, |rank| rank + 1)))?;
            self.check(at, operator, &right)?;
            left = Arith::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    /// Refuses what can only be a mistake: division by zero and shifts out of the word. What is calculated is left to the
    /// optimiser, which sees whether it matters.
    fn check(&self, at: Position, operator: Alu, right: &Arith) -> Parsed<()> {
        let problem = match (operator, right) {
            (Alu::Div | Alu::Mod, Arith::Number(0)) => "division by zero",
            (Alu::Shl | Alu::Shr, Arith::Number(32..)) => "a shift by more than 31 bits",
            _ => return Ok(()),
        };
        Err(crate::Error::meaning(at, problem).into())
    }

    fn operand_of_arith(&mut self) -> Parsed<Arith> {
        match *self.peek() {
            Kind::Number(number) => {
                self.take();
                Ok(Arith::Number(number))
            }
            Kind::Word(Word::Length) => {
                self.take();
                Ok(Arith::Length)
            }
            Kind::Sign("-") => {
                self.take();
                // binds tighter than all operators with a rank
                Ok(Arith::Neg(Box::new(self.arith(6)?)))
            }
            Kind::Sign("(") => {
                self.take();
                let inner = self.arith(0)?;
                self.want(")", "`)`")?;
                Ok(inner)
            }
            Kind::Word(Word::Protocol(protocol)) if self.ahead(1) == &Kind::Sign("[") => {
                let at = self.here();
                self.take();
                self.take();
                let offset = self.arith(0)?;
                let width = if self.eat(":") {
                    let width = match self.peek() {
                        Kind::Number(1) => Width::Byte,
                        Kind::Number(2) => Width::Half,
                        Kind::Number(4) => Width::Word,
                        Kind::Number(_) => return self.wrong("a field has 1, 2 or 4 bytes"),
                        _ => return self.fail(&["1", "2", "4"]),
                    };
                    self.take();
                    width
                } else {
                    Width::Byte
                };
                self.want("]", "`]`")?;
                if !Arith::has_fields(protocol) {
                    let name = crate::words::name(protocol);
                    return Err(crate::Error::meaning(at, format!("fields of `{name}` cannot be read")).into());
                }
                Ok(Arith::Load(protocol, Box::new(offset), width))
            }
            _ => self.fail(&["a number", "`len`", "a field like `tcp[13]`"]),
        }
    }
}
