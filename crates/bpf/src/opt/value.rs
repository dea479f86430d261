//! Value numbers: equal numbers are equal values, whatever computed them; and what follows for single statements.

use std::collections::HashMap;

use super::{A, ATOMS, Optimiser, X, mistake};
use crate::error::Error;
use crate::ir::{BlockId, End};
use crate::op::{Alu, Operand, Stmt, Width};

/// What computes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    Const,
    Length,
    Load(u8),
    LoadAt(u8),
    HeaderLength,
    Neg,
    AluK(u8),
    AluX(u8),
}

/// The values of one round.
#[derive(Default)]
pub(super) struct Values {
    last: u32,
    known: HashMap<(Source, u32, u32), u32>,
    constants: HashMap<u32, u32>,
}

impl Values {
    fn of(&mut self, source: Source, first: u32, second: u32) -> u32 {
        let last = &mut self.last;
        let value = *self.known.entry((source, first, second)).or_insert_with(|| {
            *last += 1;
            *last
        });
        if source == Source::Const {
            self.constants.insert(value, first);
        }
        value
    }

    pub(super) fn number(&mut self, constant: u32) -> u32 {
        self.of(Source::Const, constant, 0)
    }

    pub(super) fn constant(&self, value: u32) -> Option<u32> {
        self.constants.get(&value).copied()
    }
}

const fn width(width: Width) -> u8 {
    width as u8
}

impl Optimiser<'_> {
    /// Computes the values at the end of a block; changes its statements when `alter`.
    pub(super) fn block(&mut self, id: BlockId, alter: bool) -> Result<(), Error> {
        let mut values = self.incoming(id);
        let (a, x) = (get(&values, A), get(&values, X));
        let mut stmts = std::mem::take(&mut self.graph[id].stmts);
        for stmt in &mut stmts {
            self.statement(stmt, &mut values, alter)?;
        }
        self.graph[id].stmts = stmts;
        self.fact_mut(id).values = values;
        let is_return = matches!(self.graph[id].end, End::Return(_));
        let is_idle =
            self.fact(id).used_behind == 0 && a != 0 && get(&values, A) == a && x != 0 && get(&values, X) == x;
        if alter && (is_idle || is_return) {
            if !self.graph[id].stmts.is_empty() {
                self.graph[id].stmts.clear();
                self.changed();
            }
        } else {
            self.peep(id);
            self.dead_stores(id);
        }
        let code = self.graph[id].branch().map(|branch| (branch.test, branch.operand));
        let operand = match code {
            Some((_, Operand::X)) => get(&values, X),
            Some((_, Operand::K(k))) => self.values.number(k),
            None => 0,
        };
        let fact = self.fact_mut(id);
        fact.operand = operand;
        fact.code = code.map(|(test, operand)| (test, operand == Operand::X));
        Ok(())
    }

    /// The values that all branches to a block agree on.
    fn incoming(&self, id: BlockId) -> [u32; ATOMS] {
        let mut edges = self.fact(id).edges_in.iter().rev();
        let Some((first, _)) = edges.next() else { return [0; ATOMS] };
        let mut values = self.fact(*first).values;
        for (from, _) in edges {
            for (value, other) in values.iter_mut().zip(self.fact(*from).values) {
                if *value != other {
                    *value = 0;
                }
            }
        }
        values
    }

    fn statement(&mut self, stmt: &mut Stmt, values: &mut [u32; ATOMS], alter: bool) -> Result<(), Error> {
        match *stmt {
            Stmt::Load(size, k) => {
                let value = self.values.of(Source::Load(width(size)), k, 0);
                store(stmt, values, A, value, alter);
            }
            Stmt::LoadAt(size, k) => {
                let x = get(values, X);
                let value = match self.values.constant(x).filter(|_| alter) {
                    Some(base) => {
                        let k = k.wrapping_add(base);
                        *stmt = Stmt::Load(size, k);
                        self.changed();
                        self.values.of(Source::Load(width(size)), k, 0)
                    }
                    None => self.values.of(Source::LoadAt(width(size)), k, x),
                };
                store(stmt, values, A, value, alter);
            }
            Stmt::LoadLength => {
                let value = self.values.of(Source::Length, 0, 0);
                store(stmt, values, A, value, alter);
            }
            Stmt::Const(k) => {
                let value = self.values.number(k);
                store(stmt, values, A, value, alter);
            }
            Stmt::ConstX(k) => {
                let value = self.values.number(k);
                store(stmt, values, X, value, alter);
            }
            Stmt::HeaderLengthX(k) => {
                let value = self.values.of(Source::HeaderLength, k, 0);
                store(stmt, values, X, value, alter);
            }
            Stmt::Neg => {
                let a = get(values, A);
                let value = match self.values.constant(a).filter(|_| alter) {
                    Some(constant) => {
                        *stmt = Stmt::Const(constant.wrapping_neg());
                        self.values.number(constant.wrapping_neg())
                    }
                    None => self.values.of(Source::Neg, a, 0),
                };
                put(values, A, value);
            }
            Stmt::Alu(operator, Operand::K(k)) => self.alu_k(stmt, operator, k, values, alter)?,
            Stmt::Alu(operator, Operand::X) => self.alu_x(stmt, operator, values, alter)?,
            Stmt::Txa => store(stmt, values, A, get(values, X), alter),
            Stmt::Tax => store(stmt, values, X, get(values, A), alter),
            Stmt::LoadSlot(slot) => {
                let value = get(values, usize::from(slot));
                if let Some(constant) = self.values.constant(value).filter(|_| alter) {
                    *stmt = Stmt::Const(constant);
                    self.changed();
                }
                store(stmt, values, A, value, alter);
            }
            Stmt::LoadSlotX(slot) => {
                let value = get(values, usize::from(slot));
                if let Some(constant) = self.values.constant(value).filter(|_| alter) {
                    *stmt = Stmt::ConstX(constant);
                    self.changed();
                }
                store(stmt, values, X, value, alter);
            }
            Stmt::Store(slot) => store(stmt, values, usize::from(slot), get(values, A), alter),
            Stmt::StoreX(slot) => store(stmt, values, usize::from(slot), get(values, X), alter),
            Stmt::Nop | Stmt::Mark(_) | Stmt::Branch { .. } | Stmt::Back(_) => {}
        }
        Ok(())
    }

    fn alu_k(
        &mut self,
        stmt: &mut Stmt,
        operator: Alu,
        k: u32,
        values: &mut [u32; ATOMS],
        alter: bool,
    ) -> Result<(), Error> {
        let a = get(values, A);
        if alter {
            if k == 0 {
                match operator {
                    Alu::Add | Alu::Shl | Alu::Shr | Alu::Or | Alu::Xor => {
                        *stmt = Stmt::Nop;
                        return Ok(());
                    }
                    Alu::Mul | Alu::And => {
                        *stmt = Stmt::Const(0);
                        put(values, A, self.values.number(0));
                        return Ok(());
                    }
                    Alu::Div | Alu::Mod => return Err(mistake("division by zero")),
                    Alu::Sub => {}
                }
            }
            if let Some(constant) = self.values.constant(a) {
                let result = operator.apply(constant, k).ok_or_else(|| mistake("division by zero"))?;
                *stmt = Stmt::Const(result);
                self.changed();
                put(values, A, self.values.number(result));
                return Ok(());
            }
        }
        let k = self.values.number(k);
        put(values, A, self.values.of(Source::AluK(operator as u8), a, k));
        Ok(())
    }

    fn alu_x(&mut self, stmt: &mut Stmt, operator: Alu, values: &mut [u32; ATOMS], alter: bool) -> Result<(), Error> {
        let (a, x) = (get(values, A), get(values, X));
        if alter {
            match (self.values.constant(a), self.values.constant(x)) {
                (Some(left), Some(right)) => {
                    let result = operator.apply(left, right).ok_or_else(|| mistake("division by zero"))?;
                    *stmt = Stmt::Const(result);
                    self.changed();
                    put(values, A, self.values.number(result));
                    return Ok(());
                }
                (None, Some(right)) => {
                    if matches!(operator, Alu::Shl | Alu::Shr) && right > 31 {
                        return Err(mistake("a shift by more than 31 bits"));
                    }
                    *stmt = Stmt::Alu(operator, Operand::K(right));
                    self.changed();
                    let k = self.values.number(right);
                    put(values, A, self.values.of(Source::AluK(operator as u8), a, k));
                    return Ok(());
                }
                (Some(0), None) => match operator {
                    Alu::Add | Alu::Or | Alu::Xor => {
                        *stmt = Stmt::Txa;
                        store(stmt, values, A, x, alter);
                        return Ok(());
                    }
                    Alu::Mul | Alu::Div | Alu::Mod | Alu::And | Alu::Shl | Alu::Shr => {
                        *stmt = Stmt::Const(0);
                        let zero = self.values.number(0);
                        store(stmt, values, A, zero, alter);
                        return Ok(());
                    }
                    Alu::Sub => {}
                },
                _ => {}
            }
        }
        put(values, A, self.values.of(Source::AluX(operator as u8), a, x));
        Ok(())
    }
}

pub(super) fn get(values: &[u32; ATOMS], atom: usize) -> u32 {
    values.get(atom).copied().unwrap_or(0)
}

fn put(values: &mut [u32; ATOMS], atom: usize, value: u32) {
    if let Some(place) = values.get_mut(atom) {
        *place = value;
    }
}

/// Sets an atom; a statement that sets what is there already goes.
fn store(stmt: &mut Stmt, values: &mut [u32; ATOMS], atom: usize, value: u32, alter: bool) {
    if alter && value != 0 && get(values, atom) == value {
        *stmt = Stmt::Nop;
    } else {
        put(values, atom, value);
    }
}
