//! The budget of an expression.
//!
//! `metered` rewrites the tree: `@tick(…)` goes around calls, operands and loop conditions. It costs by the size of the value it
//! is given and fails once the budget is spent; a failing condition ends its loop, so what is left after that is bounded by the
//! size of the expression. The steps of `map`, `filter`, `all` and `exists` keep their shape, which the interpreter knows.

use cel::common::ast::{CallExpr, EntryExpr, Expr, operators};
use cel::objects::Value;
use cel::{ExecutionError, IdedExpr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What an expression has spent.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    steps: Arc<AtomicU64>,
    spent: Arc<AtomicBool>,
}

impl Meter {
    /// The next expression has the whole budget.
    pub(super) fn begin(&self) {
        self.steps.store(0, Ordering::Relaxed);
        self.spent.store(false, Ordering::Relaxed);
    }

    /// Whether the budget was overdrawn, even when the expression went on to a result.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    pub(super) fn pay(&self, steps: u64) -> Result<(), ExecutionError> {
        let before = self.steps.fetch_add(steps, Ordering::Relaxed);
        if self.is_spent() || before.saturating_add(steps) > STEPS {
            self.spent.store(true, Ordering::Relaxed);
            return Err(ExecutionError::function_error("expression", "the budget is spent"));
        }
        Ok(())
    }

    pub(super) fn tick(&self, value: Value) -> Result<Value, ExecutionError> {
        self.pay(TICK.saturating_add(weight(&value, STEPS)))?;
        Ok(value)
    }
}

/// The size of a value: two for each value in it and for each 16 bytes of text. A text over 64 KiB costs all there is.
fn weight(value: &Value, left: u64) -> u64 {
    let bytes = |length: usize| if length > MAX_TEXT { STEPS } else { 2 + length as u64 / 16 };
    let sum = |parts: &mut dyn Iterator<Item = &Value>| {
        let mut all = 2_u64;
        for part in parts {
            all = all.saturating_add(weight(part, left.saturating_sub(all)));
            if all >= left {
                break;
            }
        }
        all
    };
    match value {
        Value::String(text) => bytes(text.len()),
        Value::Bytes(all) => bytes(all.len()),
        Value::List(items) => sum(&mut items.iter()),
        Value::Map(map) => sum(&mut map.map.values()),
        _ => 2,
    }
}

/// The expression with its meter in it.
pub(super) fn metered(expr: IdedExpr) -> IdedExpr {
    let IdedExpr { id, expr } = expr;
    let made = |expr| IdedExpr { id, expr };
    match expr {
        Expr::Call(call) => {
            let call = inside(call);
            ticked(made(Expr::Call(call)))
        }
        Expr::Select(mut select) => {
            let is_name = is_name(&select.operand);
            if !is_name {
                select.operand = Box::new(metered(*select.operand));
            }
            if select.test { made(Expr::Select(select)) } else { ticked(made(Expr::Select(select))) }
        }
        Expr::Ident(_) => ticked(made(expr)),
        Expr::List(mut list) => {
            list.elements = list.elements.into_iter().map(metered).collect();
            ticked(made(Expr::List(list)))
        }
        Expr::Map(mut map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    entry.key = metered(std::mem::take(&mut entry.key));
                    entry.value = metered(std::mem::take(&mut entry.value));
                }
            }
            ticked(made(Expr::Map(map)))
        }
        Expr::Comprehension(mut loops) => {
            loops.iter_range = metered(loops.iter_range);
            // A constant condition is that of `map` and `filter`; the steps inside of them pay.
            if !matches!(loops.loop_cond.expr, Expr::Literal(_)) {
                loops.loop_cond = metered(loops.loop_cond);
            }
            loops.loop_step = step(loops.loop_step, &loops.accu_var);
            made(Expr::Comprehension(loops))
        }
        other => made(other),
    }
}

/// A loop's step: its outer shape stays, what is written inside of it pays.
fn step(expr: IdedExpr, accumulator: &str) -> IdedExpr {
    let IdedExpr { id, expr } = expr;
    match expr {
        Expr::Call(mut call) if STEP_SHAPES.contains(&call.func_name.as_str()) && touches(&call, accumulator) => {
            call.args = call.args.into_iter().map(|arg| step(arg, accumulator)).collect();
            IdedExpr { id, expr: Expr::Call(call) }
        }
        Expr::List(mut list) => {
            list.elements = list.elements.into_iter().map(metered_always).collect();
            IdedExpr { id, expr: Expr::List(list) }
        }
        Expr::Ident(name) if name == accumulator => IdedExpr { id, expr: Expr::Ident(name) },
        expr => metered_always(IdedExpr { id, expr }),
    }
}

/// Also a literal pays here: a loop over literals is a loop.
fn metered_always(expr: IdedExpr) -> IdedExpr {
    match expr.expr {
        Expr::Literal(_) | Expr::Comprehension(_) => {
            let expr = metered(expr);
            ticked(expr)
        }
        _ => metered(expr),
    }
}

/// Whether a call has the accumulator among its arguments, or in one of theirs.
fn touches(call: &CallExpr, accumulator: &str) -> bool {
    call.args.iter().any(|arg| match &arg.expr {
        Expr::Ident(name) => name == accumulator,
        Expr::Call(inner) => touches(inner, accumulator),
        _ => false,
    })
}

fn inside(mut call: CallExpr) -> CallExpr {
    if call.func_name == "matches" {
        // our own, whose patterns have a limit of size
        call.func_name = "@matches".to_owned();
        if let Some(target) = call.target.take() {
            call.args.insert(0, *target);
        }
    }
    // `a.f(x)` where `a` is a name: the name may be a namespace to the interpreter, which has none of ours
    call.target = call.target.map(|target| Box::new(metered(*target)));
    call.args = call.args.into_iter().map(metered).collect();
    call
}

fn is_name(expr: &IdedExpr) -> bool {
    match &expr.expr {
        Expr::Ident(_) => true,
        Expr::Select(select) => !select.test && is_name(&select.operand),
        _ => false,
    }
}

fn ticked(expr: IdedExpr) -> IdedExpr {
    let call = CallExpr { func_name: TICKS.to_owned(), target: None, args: vec![expr] };
    IdedExpr { id: 0, expr: Expr::Call(call) }
}

/// The name of the function that pays; no source can write it.
pub(super) const TICKS: &str = "@tick";
const STEP_SHAPES: &[&str] = &[operators::ADD, operators::CONDITIONAL, operators::LOGICAL_AND, operators::LOGICAL_OR];
/// The budget.
const STEPS: u64 = 500_000;
/// What a tick itself costs, whatever the size of its value.
const TICK: u64 = 20;
/// Bytes of a text.
const MAX_TEXT: usize = 64 << 10;
