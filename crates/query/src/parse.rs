//! The expression grammar, checked against the schema as it is read.
//!
//! ```text
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = "not" not | "(" or ")" | test
//! test    = FIELD [ OP value | [ "not" ] "in" "(" value { "," value } ")" | "has" value ]
//! FIELD   = name | map "." key
//! ```

use crate::error::Error;
use crate::expr::{Expr, Place, Test};
use crate::lex::{Cursor, Op, Token};
use crate::literal;
use crate::pattern::Pattern;
use crate::schema::{Field, FieldType, Schema};
use crate::suggest;
use std::ops::Range;

/// Longest text of a filter, in bytes.
pub(crate) const MAX_LENGTH: usize = 4_096;
/// Deepest nesting of brackets and `not`.
const MAX_DEPTH: usize = 32;
/// Most regular expressions in a filter.
pub(crate) const MAX_PATTERNS: usize = 8;

/// Reads expressions from one text.
pub(crate) struct Parser<'t> {
    text: &'t str,
    cursor: Cursor<'t>,
    next: Option<(Token, Range<usize>)>,
    schema: &'t dyn Schema,
    depth: usize,
    patterns: usize,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str, cursor: Cursor<'t>, schema: &'t dyn Schema) -> Result<Self, Error> {
        let mut parser = Self { text, cursor, next: None, schema, depth: 0, patterns: 0 };
        parser.advance()?;
        Ok(parser)
    }

    /// Reads the whole rest of the text as one expression.
    pub(crate) fn whole(mut self) -> Result<Expr, Error> {
        let expr = self.any()?;
        match self.next.take() {
            None => Ok(expr),
            Some((Token::Close, place)) => Err(self.error(place, "this bracket was never opened")),
            Some((_, place)) => Err(self.error(place, "expected `and`, `or` or the end")),
        }
    }

    fn any(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            self.advance()?;
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.unary()?];
        while self.keyword("and") {
            self.advance()?;
            parts.push(self.unary()?);
        }
        Ok(one_or(parts, Expr::All))
    }

    fn unary(&mut self) -> Result<Expr, Error> {
        if self.keyword("not") {
            let place = self.place();
            self.deeper(place)?;
            self.advance()?;
            let inner = self.unary()?;
            self.depth -= 1;
            return Ok(Expr::Not(Box::new(inner)));
        }
        if matches!(self.next, Some((Token::Open, _))) {
            let opened = self.place();
            self.deeper(opened.clone())?;
            self.advance()?;
            let inner = self.any()?;
            if !matches!(self.next, Some((Token::Close, _))) {
                return Err(match self.next {
                    None => self.error(opened, "this bracket is not closed"),
                    Some(_) => self.error(self.place(), "expected `and`, `or` or `)`"),
                });
            }
            self.advance()?;
            self.depth -= 1;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Expr, Error> {
        let (field, place) = match self.next.take() {
            Some((Token::Word(name), at)) => self.field(&name, at)?,
            Some((_, at)) => return Err(self.error(at, "expected a field here, like `name`")),
            None => return Err(self.error(self.end(), "expected a field here, like `name`")),
        };
        self.advance()?;
        match self.next.clone() {
            Some((Token::Op(op), at)) => {
                self.advance()?;
                self.comparison(&field, place, op, at)
            }
            Some((Token::Word(word), at)) if word.eq_ignore_ascii_case("has") => {
                self.advance()?;
                self.has(&field, place, at)
            }
            Some((Token::Word(word), at)) if word.eq_ignore_ascii_case("in") => {
                self.advance()?;
                self.one_of(&field, place, at)
            }
            Some((Token::Word(word), _)) if word.eq_ignore_ascii_case("not") => {
                self.advance()?;
                if !self.keyword("in") {
                    return Err(self.error(self.place(), "expected `in` after `not`"));
                }
                let at = self.place();
                self.advance()?;
                Ok(negate(self.one_of(&field, place, at)?))
            }
            _ => self.there(&field, place),
        }
    }

    /// A field alone: it is there; if it is true or false, it is true.
    fn there(&self, field: &Named, place: Place) -> Result<Expr, Error> {
        if field.field.ty == FieldType::Map && place.key.is_none() {
            return Err(self.error(field.at.clone(), key_wanted(&field.field)));
        }
        Ok(Expr::Test(place, Test::There))
    }

    fn comparison(&mut self, field: &Named, place: Place, op: Op, at: Range<usize>) -> Result<Expr, Error> {
        let ty = match (field.field.ty, &place.key) {
            (FieldType::Map, None) => return Err(self.error(field.at.clone(), key_wanted(&field.field))),
            (FieldType::Map, Some(_)) => FieldType::Text,
            (ty, _) => ty,
        };
        let (text, value_at) = self.value(op)?;
        if matches!(op, Op::Match | Op::NotMatch) {
            if !matches!(ty, FieldType::Text | FieldType::List) {
                let message = format!("`{}` is {}: `{}` needs a text", field.field.name, a(ty), op.as_str());
                return Err(self.error(at, message));
            }
            let test = Test::Match(self.pattern(&text, value_at)?);
            let expr = Expr::Test(place, test);
            return Ok(if op == Op::NotMatch { negate(expr) } else { expr });
        }
        let (op, negated) = if op == Op::Ne { (Op::Eq, true) } else { (op, false) };
        let wrong = |wanted: &str| format!("`{}` is {}: expected {wanted}, not `{text}`", field.field.name, a(ty));
        let test = match ty {
            FieldType::Text | FieldType::List | FieldType::Map => Test::Text(op, text.as_str().into()),
            FieldType::Number => match literal::number(&text) {
                Some(number) => Test::Number(op, number),
                None => return Err(self.error(value_at, wrong("a number like `3`, `100m`, `1Gi` or `50%`"))),
            },
            FieldType::Micros => match literal::micros(&text) {
                Some(us) => Test::Number(op, us),
                None => return Err(self.error(value_at, wrong("a time like `200ms`, `1.5s` or `350us`"))),
            },
            FieldType::Time => match literal::duration(&text) {
                Some(ms) => Test::Duration(op, ms),
                None => return Err(self.error(value_at, wrong("a duration like `90s`, `5m` or `3d`"))),
            },
            FieldType::Bool if op != Op::Eq => {
                return Err(self.error(at, format!("`{}` is true or false: use `=` or `!=`", field.field.name)));
            }
            FieldType::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" => Test::Bool(true),
                "false" | "no" => Test::Bool(false),
                _ => return Err(self.error(value_at, wrong("`true` or `false`"))),
            },
        };
        let expr = Expr::Test(place, test);
        Ok(if negated { negate(expr) } else { expr })
    }

    fn has(&mut self, field: &Named, place: Place, at: Range<usize>) -> Result<Expr, Error> {
        let (text, _) = self.literal("expected a text after `has`")?;
        match (field.field.ty, &place.key) {
            (FieldType::Map, None) => Ok(Expr::Test(Place { key: Some(text.as_str().into()), ..place }, Test::There)),
            (FieldType::Text | FieldType::List | FieldType::Map, _) => {
                Ok(Expr::Test(place, Test::Part(text.as_str().into())))
            }
            (ty, _) => Err(self.error(at, format!("`{}` is {}: `has` needs a list", field.field.name, a(ty)))),
        }
    }

    fn one_of(&mut self, field: &Named, place: Place, at: Range<usize>) -> Result<Expr, Error> {
        if !matches!(self.next, Some((Token::Open, _))) {
            return Err(self.error(self.place(), "expected `(` after `in`"));
        }
        self.advance()?;
        let mut values = Vec::new();
        loop {
            values.push(self.literal("expected a value in the list")?);
            match self.next.take() {
                Some((Token::Comma, _)) => self.advance()?,
                Some((Token::Close, _)) => break,
                Some((_, at)) => return Err(self.error(at, "expected `,` or `)`")),
                None => return Err(self.error(self.end(), "this list is not closed")),
            }
        }
        self.advance()?;
        let test = match (field.field.ty, &place.key) {
            (FieldType::Map, None) => return Err(self.error(field.at.clone(), key_wanted(&field.field))),
            (FieldType::Text | FieldType::List | FieldType::Map, _) => {
                Test::OneOf(values.into_iter().map(|(text, _)| text.into()).collect())
            }
            (ty @ (FieldType::Number | FieldType::Micros), _) => {
                let (read, wanted) = match ty {
                    FieldType::Micros => (literal::micros as fn(&str) -> Option<f64>, "a time"),
                    _ => (literal::number as fn(&str) -> Option<f64>, "a number"),
                };
                let mut numbers = Vec::new();
                for (text, at) in values {
                    let Some(number) = read(&text) else {
                        return Err(self.error(at, format!("expected {wanted}, not `{text}`")));
                    };
                    numbers.push(number);
                }
                Test::OneOfNumbers(numbers)
            }
            (ty @ (FieldType::Time | FieldType::Bool), _) => {
                return Err(self.error(at, format!("`{}` is {}: it cannot be one of a list", field.field.name, a(ty))));
            }
        };
        Ok(Expr::Test(place, test))
    }

    fn field(&self, name: &str, at: Range<usize>) -> Result<(Named, Place), Error> {
        if let Some(field) = self.schema.field(name) {
            let place = Place { id: field.id, name: field.name.clone(), key: None };
            return Ok((Named { field, at }, place));
        }
        if let Some((map, key)) = name.split_once('.')
            && let Some(field) = self.schema.field(map)
            && field.ty == FieldType::Map
            && !key.is_empty()
        {
            let place = Place { id: field.id, name: field.name.clone(), key: Some(key.into()) };
            return Ok((Named { field, at }, place));
        }
        let names = self.schema.names();
        let near = suggest::nearest(name, &names);
        let hint = if near.is_empty() {
            format!("the fields are {}", names.join(", "))
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        Err(self.error(at, format!("no field `{name}`: {hint}")))
    }

    pub(crate) fn pattern(&mut self, source: &str, at: Range<usize>) -> Result<Pattern, Error> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(self.error(at, format!("a filter has at most {MAX_PATTERNS} regular expressions")));
        }
        Pattern::new(source, false, self.text, at)
    }

    /// The value after a comparison sign.
    fn value(&mut self, op: Op) -> Result<(String, Range<usize>), Error> {
        self.literal(&format!("expected a value after `{}`", op.as_str()))
    }

    fn literal(&mut self, message: &str) -> Result<(String, Range<usize>), Error> {
        match self.next.take() {
            Some((Token::Word(text) | Token::Quoted(text), at)) => {
                self.advance()?;
                Ok((text, at))
            }
            Some((_, at)) => Err(self.error(at, message)),
            None => Err(self.error(self.end(), message)),
        }
    }

    fn keyword(&self, word: &str) -> bool {
        matches!(&self.next, Some((Token::Word(next), _)) if next.eq_ignore_ascii_case(word))
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.next = self.cursor.token()?;
        Ok(())
    }

    fn deeper(&mut self, at: Range<usize>) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(at, format!("nested more than {MAX_DEPTH} deep")));
        }
        Ok(())
    }

    fn place(&self) -> Range<usize> {
        self.next.as_ref().map_or_else(|| self.end(), |(_, at)| at.clone())
    }

    const fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }

    fn error(&self, at: Range<usize>, message: impl Into<String>) -> Error {
        Error::at(self.text, at, message)
    }
}

/// A field with its place in the text.
struct Named {
    field: Field,
    at: Range<usize>,
}

fn key_wanted(field: &Field) -> String {
    format!("`{0}` holds texts by key: name one, like `{0}.app`, or use `{0} has app`", field.name)
}

const fn a(ty: FieldType) -> &'static str {
    match ty {
        FieldType::Text => "a text",
        FieldType::Number => "a number",
        FieldType::Micros | FieldType::Time => "a time",
        FieldType::Bool => "true or false",
        FieldType::Map => "a map",
        FieldType::List => "a list",
    }
}

fn negate(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}

/// The only part, or all of them joined.
pub(crate) fn one_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.pop().unwrap_or(Expr::All(Vec::new())),
        _ => join(parts),
    }
}
