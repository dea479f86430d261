//! Tokens to tree: the grammar of pcap-filter(7), by recursive descent.
//!
//! Two things of the language are unusual. `and` and `or` bind equally, from left to right. And a value without
//! qualifiers takes those of the value before it: `tcp port 80 or 443`. So every step hands on the qualifiers in force,
//! and behind `and` and `or` a value is tried before a whole term. Each try looks at a token a bounded number of times,
//! and nesting is bounded, so the time is at most quadratic.

mod arith;
mod object;
mod resolve;
mod term;

use crate::error::Error;
use crate::lex::{self, Kind, Token};
use crate::objects::Resolve;
use crate::tree::{Direction, Expr, Joiner, Protocol};
use crate::words::Word;
use resolve::Value;

/// Deepest nesting of brackets, `not` and signs.
const MAX_DEPTH: usize = 200;

/// The tree of a text; `None` for a text without words, which every packet matches.
pub(crate) fn parse(text: &str, objects: &dyn Resolve) -> Result<Option<Expr>, Error> {
    let tokens = lex::tokens(text)?;
    let mut parser = Parser { tokens: &tokens, objects, at: 0, depth: 0, furthest: 0, expected: Vec::new() };
    if parser.peek() == &Kind::End {
        return Ok(None);
    }
    match parser.expression(None) {
        Ok((tree, _)) if parser.peek() == &Kind::End => Ok(Some(tree)),
        Ok(_) => {
            parser.miss(&["`and`", "`or`", "the end"]);
            Err(parser.syntax())
        }
        Err(Stop::Syntax) => Err(parser.syntax()),
        Err(Stop::Wrong(error)) => Err(*error),
    }
}

/// The qualifiers in front of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Qualifiers {
    protocol: Option<Protocol>,
    direction: Option<Direction>,
    about: About,
}

/// What a value is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// Nothing said: a host.
    Unsaid,
    Host,
    Net,
    Port,
    PortRange,
    Proto,
    ProtoChain,
    Gateway,
}

/// Qualifiers that the next value inherits; `None` when there are none to inherit.
type Inherited = Option<Qualifiers>;

/// Why a rule did not go through.
enum Stop {
    /// The text does not fit the rule here; another rule may be tried.
    Syntax,
    /// The form is right and the meaning is not: no other rule would help.
    Wrong(Box<Error>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Wrong(Box::new(error))
    }
}

type Parsed<T> = Result<T, Stop>;

struct Parser<'a> {
    tokens: &'a [Token],
    objects: &'a dyn Resolve,
    at: usize,
    depth: usize,
    /// The furthest token that did not fit, and what would have fitted.
    furthest: usize,
    expected: Vec<&'static str>,
}

impl Parser<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).or(self.tokens.last())
    }

    fn peek(&self) -> &Kind {
        self.ahead(0)
    }

    fn ahead(&self, ahead: usize) -> &Kind {
        self.token(ahead).map_or(&Kind::End, |token| &token.kind)
    }

    fn is_word(&self, word: Word) -> bool {
        self.peek() == &Kind::Word(word)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(found) if *found == sign)
    }

    fn take(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len());
    }

    fn eat(&mut self, sign: &str) -> bool {
        let is = self.is_sign(sign);
        if is {
            self.take();
        }
        is
    }

    fn want(&mut self, sign: &'static str, shown: &'static str) -> Parsed<()> {
        if self.eat(sign) { Ok(()) } else { self.fail(&[shown]) }
    }

    fn here(&self) -> crate::Position {
        self.token(0).map_or_else(|| crate::Position::of("", 0), |token| token.at)
    }

    /// Notes what would have fitted here.
    fn miss(&mut self, expected: &[&'static str]) {
        if self.at > self.furthest {
            self.furthest = self.at;
            self.expected.clear();
        }
        if self.at == self.furthest {
            for word in expected {
                if !self.expected.contains(word) {
                    self.expected.push(word);
                }
            }
        }
    }

    fn fail<T>(&mut self, expected: &[&'static str]) -> Parsed<T> {
        self.miss(expected);
        Err(Stop::Syntax)
    }

    fn wrong<T>(&self, problem: impl Into<String>) -> Parsed<T> {
        Err(Error::meaning(self.here(), problem).into())
    }

    /// The error of the furthest place that was reached.
    fn syntax(&self) -> Error {
        let token = self.tokens.get(self.furthest).or(self.tokens.last());
        let at = token.map_or_else(|| crate::Position::of("", 0), |token| token.at);
        let problem = match token {
            Some(token) if token.kind != Kind::End => format!("`{}` does not fit here", token.text.escape_debug()),
            _ => "the filter ends too early".to_owned(),
        };
        Error::Syntax { at, problem, expected: self.expected.clone() }
    }

    /// Runs a rule one level deeper.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return self.wrong(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let parsed = rule(self);
        self.depth -= 1;
        parsed
    }

    /// Terms and values joined by `and` and `or`, and the qualifiers of the last one.
    fn expression(&mut self, before: Inherited) -> Parsed<(Expr, Inherited)> {
        let (first, mut inherited) = self.term(before)?;
        let mut rest = Vec::new();
        while let Some(joiner) = self.joiner() {
            let (next, now) = self.operand(inherited)?;
            rest.push((joiner, next));
            inherited = now;
        }
        Ok((chain(first, rest), inherited))
    }

    fn joiner(&mut self) -> Option<Joiner> {
        let joiner = match self.peek() {
            Kind::Word(Word::And) => Joiner::And,
            Kind::Word(Word::Or) => Joiner::Or,
            _ => {
                self.miss(&["`and`", "`or`"]);
                return None;
            }
        };
        self.take();
        Some(joiner)
    }

    /// What stands behind `and` or `or`: a value that inherits, or a term.
    fn operand(&mut self, inherited: Inherited) -> Parsed<(Expr, Inherited)> {
        let start = self.at;
        match self.identifier(inherited) {
            Ok(tree) if !self.goes_on_as_number() => return Ok((tree, inherited)),
            Err(Stop::Wrong(error)) if !self.is_number_before_operator(start) => return Err(Stop::Wrong(error)),
            _ => {}
        }
        self.at = start;
        self.term(inherited)
    }

    /// A number was read as a value, and an operator says that it begins a comparison.
    fn goes_on_as_number(&self) -> bool {
        matches!(self.peek(), Kind::Sign(sign) if !matches!(*sign, ")" | "]" | ":"))
    }

    /// As [`Self::goes_on_as_number`], for a number that could not be resolved as a value.
    fn is_number_before_operator(&self, start: usize) -> bool {
        let rest = self.tokens.get(start..).unwrap_or_default();
        let leads = |token: &&Token| matches!(token.kind, Kind::Sign("(") | Kind::Word(Word::Not));
        let before = rest.iter().take_while(leads).count();
        let open = rest.iter().take(before).filter(|token| token.kind == Kind::Sign("(")).count();
        let Some(Token { kind: Kind::Number(_), .. }) = rest.get(before) else { return false };
        let behind = rest.get(before + 1..).unwrap_or_default();
        let shut = behind.iter().take(open).take_while(|token| token.kind == Kind::Sign(")")).count();
        matches!(behind.get(shut), Some(Token { kind: Kind::Sign(sign), .. }) if !matches!(*sign, "(" | ")" | "]" | ":"))
    }

    /// A value or several in brackets, with the qualifiers in force.
    fn identifier(&mut self, inherited: Inherited) -> Parsed<Expr> {
        let start = self.at;
        match self.peek() {
            Kind::Word(Word::Not) => {
                self.take();
                let inner = self.nested(|parser| parser.identifier(inherited))?;
                Ok(Expr::Not(Box::new(inner)))
            }
            Kind::Number(_) | Kind::Sign("(") => {
                let at = self.here();
                if let Ok(number) = self.number() {
                    return self.resolve(inherited, at, Value::Number(number));
                }
                self.at = start;
                self.want("(", "`(`")?;
                let inner = self.nested(|parser| parser.identifiers(inherited))?;
                self.want(")", "`)`")?;
                Ok(inner)
            }
            _ => self.single(inherited),
        }
    }

    /// Values in brackets, joined.
    fn identifiers(&mut self, inherited: Inherited) -> Parsed<Expr> {
        let at = self.here();
        let is_number = matches!(self.peek(), Kind::Number(_) | Kind::Sign("("));
        let first = if is_number {
            let number = self.number()?;
            self.resolve(inherited, at, Value::Number(number))?
        } else if self.is_word(Word::Not) {
            self.identifier(inherited)?
        } else {
            self.single(inherited)?
        };
        let mut rest = Vec::new();
        while let Some(joiner) = self.joiner() {
            rest.push((joiner, self.identifier(inherited)?));
        }
        if is_number && rest.is_empty() {
            return self.fail(&["`and`", "`or`"]);
        }
        Ok(chain(first, rest))
    }

    /// A number, also in brackets.
    fn number(&mut self) -> Parsed<u32> {
        let start = self.at;
        let mut open = 0;
        while self.eat("(") {
            open += 1;
        }
        let &Kind::Number(number) = self.peek() else {
            let failed = self.fail(&["a number"]);
            self.at = start;
            return failed;
        };
        self.take();
        for _ in 0..open {
            if !self.eat(")") {
                let failed = self.fail(&["`)`"]);
                self.at = start;
                return failed;
            }
        }
        Ok(number)
    }
}

fn chain(first: Expr, rest: Vec<(Joiner, Expr)>) -> Expr {
    if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) }
}
