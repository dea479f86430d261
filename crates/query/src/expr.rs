//! The checked expression: what it matches, when that may change by time alone, and its canonical text.

use crate::lex::Op;
use crate::needle::Needle;
use crate::pattern::Pattern;
use crate::record::{Record, Value};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A filter's tree. Its depth is bounded by the parser.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    /// A substring of the visible texts. The number is the term's.
    Word(u16, Needle),
    /// Characters of the name, in order.
    Fuzzy(Needle),
    /// A regular expression over the visible texts.
    Pattern(u16, Pattern),
    /// A field against a literal.
    Test(Place, Test),
}

/// A field, or one key of a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) id: u16,
    pub(crate) name: Arc<str>,
    pub(crate) key: Option<Arc<str>>,
}

/// What is asked of a value. An absent value fails every test; `!=` and `!~` are negations of a test.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// There (and true, if it is true or false).
    There,
    Text(Op, Box<str>),
    Number(Op, f64),
    /// Milliseconds.
    Duration(Op, i64),
    Bool(bool),
    Match(Pattern),
    OneOf(Vec<Box<str>>),
    OneOfNumbers(Vec<f64>),
    /// One of the parts between commas.
    Part(Box<str>),
}

impl Expr {
    pub(crate) fn matches<R: Record + ?Sized>(&self, record: &R, now_ms: i64) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(record, now_ms)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(record, now_ms)),
            Self::Not(part) => !part.matches(record, now_ms),
            Self::Word(term, needle) => record.words(*term, &mut |text| needle.inside(text)),
            Self::Fuzzy(needle) => needle.scattered(record.name()),
            Self::Pattern(term, pattern) => record.words(*term, &mut |text| pattern.inside(text)),
            Self::Test(place, test) => test.holds(place.value(record), now_ms),
        }
    }

    /// The earliest moment after `now_ms` at which a test of a time turns for this record.
    pub(crate) fn next_change<R: Record + ?Sized>(&self, record: &R, now_ms: i64) -> Option<i64> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().filter_map(|part| part.next_change(record, now_ms)).min()
            }
            Self::Not(part) => part.next_change(record, now_ms),
            Self::Test(place, Test::Duration(_, length)) => {
                let (Value::Time(start) | Value::Span(start, None)) = place.value(record) else { return None };
                // `=` holds for a second, the others turn at or just after the length
                let turn = start.saturating_add(*length);
                [turn, turn.saturating_add(1), turn.saturating_add(1000)].into_iter().find(|at| *at > now_ms)
            }
            _ => None,
        }
    }

    /// The largest number of a term.
    pub(crate) fn last_term(&self) -> u16 {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::last_term).max().unwrap_or(0),
            Self::Not(part) => part.last_term(),
            Self::Word(term, _) | Self::Pattern(term, _) => *term,
            Self::Fuzzy(_) | Self::Test(..) => 0,
        }
    }

    /// Moves the numbers of terms.
    pub(crate) fn renumber(&mut self, shift: u16) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.renumber(shift)),
            Self::Not(part) => part.renumber(shift),
            Self::Word(term, _) | Self::Pattern(term, _) => *term = term.saturating_add(shift),
            Self::Fuzzy(_) | Self::Test(..) => {}
        }
    }

    pub(crate) fn timed(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::timed),
            Self::Not(part) => part.timed(),
            Self::Test(_, test) => matches!(test, Test::Duration(..)),
            _ => false,
        }
    }
}

impl Place {
    fn value<'r, R: Record + ?Sized>(&self, record: &'r R) -> Value<'r> {
        match &self.key {
            Some(key) => record.map(self.id, key),
            None => record.value(self.id),
        }
    }
}

impl Test {
    fn holds(&self, value: Value<'_>, now_ms: i64) -> bool {
        match (self, value) {
            (_, Value::Absent) => false,
            (Self::There, Value::Bool(value)) => value,
            (Self::There, _) => true,
            (Self::Text(op, wanted), Value::Text(text)) => op.holds(text.cmp(wanted)),
            (Self::Number(op, wanted), Value::Number(number)) => {
                number.partial_cmp(wanted).is_some_and(|order| op.holds(order))
            }
            (Self::Duration(op, wanted), Value::Time(start) | Value::Span(start, None)) => {
                length_holds(*op, now_ms.saturating_sub(start), *wanted)
            }
            (Self::Duration(op, wanted), Value::Span(start, Some(end))) => {
                length_holds(*op, end.saturating_sub(start), *wanted)
            }
            (Self::Bool(wanted), Value::Bool(value)) => *wanted == value,
            (Self::Match(pattern), Value::Text(text)) => pattern.inside(text),
            (Self::OneOf(wanted), Value::Text(text)) => wanted.iter().any(|one| **one == *text),
            (Self::OneOfNumbers(wanted), Value::Number(number)) => wanted.contains(&number),
            (Self::Part(wanted), Value::Text(text)) => text.split(',').any(|part| part.trim() == &**wanted),
            _ => false,
        }
    }
}

/// Lengths are equal when they are within the same second.
fn length_holds(op: Op, length: i64, wanted: i64) -> bool {
    match op {
        Op::Eq => (0..1000).contains(&(length - wanted)),
        op => op.holds(length.cmp(&wanted)),
    }
}

impl Op {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Match | Self::NotMatch => false,
        }
    }
}

/// The canonical text: fully bracketed, one spelling for each meaning.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => list(f, "and", parts),
            Self::Any(parts) => list(f, "or", parts),
            Self::Not(part) => write!(f, "not {part}"),
            Self::Word(_, needle) => write!(f, "word({:?})", needle.as_str()),
            Self::Fuzzy(needle) => write!(f, "fuzzy({:?})", needle.as_str()),
            Self::Pattern(_, pattern) => write!(f, "pattern({:?})", pattern.source()),
            Self::Test(place, test) => {
                f.write_str(&place.name)?;
                if let Some(key) = &place.key {
                    write!(f, ".{key:?}")?;
                }
                write!(f, "{test}")
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, word: &str, parts: &[Expr]) -> fmt::Result {
    f.write_str("(")?;
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            write!(f, " {word} ")?;
        }
        write!(f, "{part}")?;
    }
    f.write_str(")")
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::There => Ok(()),
            Self::Text(op, text) => write!(f, " {} {text:?}", op.as_str()),
            Self::Number(op, number) => write!(f, " {} {number}", op.as_str()),
            Self::Duration(op, ms) => write!(f, " {} {ms}ms", op.as_str()),
            Self::Bool(value) => write!(f, " = {value}"),
            Self::Match(pattern) => write!(f, " ~ {:?}", pattern.source()),
            Self::OneOf(texts) => write!(f, " in {texts:?}"),
            Self::OneOfNumbers(numbers) => write!(f, " in {numbers:?}"),
            Self::Part(text) => write!(f, " has {text:?}"),
        }
    }
}
