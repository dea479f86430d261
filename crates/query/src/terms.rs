//! What a person types into the filter box: terms that must all hold.
//!
//! ```text
//! word          a substring of the name or another visible text, in any case
//! "two words"   the same, with a space in it
//! !term         not this one
//! -l a=b,c!=d   a label selector, as kubectl takes it
//! -f text       characters of the name, in this order
//! /regex/       a regular expression on the texts that say whose a record is
//! ~regex        a regular expression, up to the end
//! where expr    an expression, up to the end
//! ```
//!
//! A `/` before the first term is the key that opened the box, and is dropped, unless another one ends that term.

use crate::error::Error;
use crate::expr::{Expr, Place, Test};
use crate::lex::{Cursor, Op};
use crate::needle::Needle;
use crate::parse::{MAX_PATTERNS, Parser, one_or};
use crate::pattern::Pattern;
use crate::schema::{Field, FieldType, Schema};

/// Most terms in the box.
const MAX_TERMS: u16 = 64;

pub(crate) fn parse(text: &str, schema: &dyn Schema) -> Result<Vec<Expr>, Error> {
    let mut terms = Terms { text, cursor: Cursor::new(text), schema, count: 0, patterns: 0 };
    let mut parts = Vec::new();
    terms.cursor.skip_space();
    if terms.slashed().is_none() {
        terms.cursor.eat("/");
    }
    loop {
        terms.cursor.skip_space();
        if terms.cursor.rest().is_empty() {
            return Ok(parts);
        }
        parts.push(terms.term()?);
    }
}

struct Terms<'t> {
    text: &'t str,
    cursor: Cursor<'t>,
    schema: &'t dyn Schema,
    count: u16,
    patterns: usize,
}

impl<'t> Terms<'t> {
    fn term(&mut self) -> Result<Expr, Error> {
        let start = self.cursor.at();
        let mut negated = false;
        while self.cursor.eat("!") {
            negated = !negated;
        }
        self.count += 1;
        if self.count > MAX_TERMS {
            return Err(Error::at(self.text, start..self.text.len(), format!("at most {MAX_TERMS} terms")));
        }
        let expr = self.positive(start)?;
        Ok(if negated { Expr::Not(Box::new(expr)) } else { expr })
    }

    fn positive(&mut self, start: usize) -> Result<Expr, Error> {
        if self.option("-l") {
            return self.selector();
        }
        if self.option("-f") {
            let text = self.word()?;
            return match text.is_empty() {
                true => Err(self.error("expected a text after `-f`")),
                false => Ok(Expr::Fuzzy(Needle::new(&text))),
            };
        }
        if self.cursor.eat("~") {
            let at = self.cursor.at();
            let source = self.cursor.take_while(|_| true).trim_end();
            if source.is_empty() {
                return Err(self.error("expected a regular expression after `~`"));
            }
            let pattern = Pattern::new(source, true, self.text, at..at + source.len())?;
            return Ok(Expr::Pattern(self.count, pattern));
        }
        if let Some((source, whole)) = self.slashed() {
            return self.whose(source, whole);
        }
        if self.option("where") {
            let cursor = self.cursor.clone();
            self.cursor.take_while(|_| true);
            return Parser::new(self.text, cursor, self.schema)?.whole();
        }
        let word = self.word()?;
        if word.is_empty() {
            let end = self.cursor.at();
            return Err(Error::at(self.text, start..end, "expected a text here"));
        }
        Ok(Expr::Word(self.count, Needle::new(&word)))
    }

    /// The expression between two slashes, if a term begins here that is one, and the length of the term. A backslash
    /// keeps the next character.
    fn slashed(&self) -> Option<(&'t str, usize)> {
        let rest = self.cursor.rest();
        let inside = rest.strip_prefix('/')?;
        let mut kept = false;
        let end = inside.find(|c| {
            let ends = c == '/' && !kept;
            kept = c == '\\' && !kept;
            ends
        })?;
        let whole = end + 2;
        let stands_alone = rest.get(whole..)?.chars().next().is_none_or(char::is_whitespace);
        (end > 0 && stands_alone).then_some((rest.get(1..=end)?, whole))
    }

    /// `/regex/` over the texts that say whose a record is.
    fn whose(&mut self, source: &str, whole: usize) -> Result<Expr, Error> {
        let at = self.cursor.at() + 1;
        let pattern = Pattern::new(source, true, self.text, at..at + source.len())?;
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(Error::at(
                self.text,
                at..at + source.len(),
                format!("a filter has at most {MAX_PATTERNS} regular expressions"),
            ));
        }
        self.cursor.step(whole);
        let fields = self.schema.whose();
        if fields.is_empty() {
            return Ok(Expr::Pattern(self.count, pattern));
        }
        let test = |field: Field| {
            Expr::Test(Place { id: field.id, name: field.name, key: None }, Test::Match(pattern.clone()))
        };
        Ok(one_or(fields.into_iter().map(test).collect(), Expr::Any))
    }

    /// Steps over a word that stands alone.
    fn option(&mut self, word: &str) -> bool {
        let rest = self.cursor.rest().strip_prefix(word);
        let found = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        found && self.cursor.eat(word) && {
            self.cursor.skip_space();
            true
        }
    }

    fn word(&mut self) -> Result<String, Error> {
        match self.cursor.peek() {
            Some('"' | '\'') => self.cursor.quoted(),
            _ => Ok(self.cursor.take_while(|c| !c.is_whitespace()).to_owned()),
        }
    }

    /// `a=b, c==d, e!=f, g in (h,i), j notin (k), l, !m`
    fn selector(&mut self) -> Result<Expr, Error> {
        let Some(labels) = self.schema.field("labels").filter(|field| field.ty == FieldType::Map) else {
            return Err(self.error("there are no labels to select by here"));
        };
        let mut parts = Vec::new();
        loop {
            self.cursor.skip_space();
            let absent = self.cursor.eat("!");
            let key = self.cursor.take_while(in_label);
            if key.is_empty() {
                return Err(self.error("expected a label's key"));
            }
            if parts.len() >= usize::from(MAX_TERMS) {
                return Err(self.error(&format!("at most {MAX_TERMS} requirements")));
            }
            let place = Place { id: labels.id, name: labels.name.clone(), key: Some(key.into()) };
            let (test, negated) = if absent { (Test::There, true) } else { self.requirement()? };
            let expr = Expr::Test(place, test);
            parts.push(if negated { Expr::Not(Box::new(expr)) } else { expr });
            let before = self.cursor.clone();
            self.cursor.skip_space();
            if !self.cursor.eat(",") {
                self.cursor = before;
                return Ok(one_or(parts, Expr::All));
            }
        }
    }

    fn requirement(&mut self) -> Result<(Test, bool), Error> {
        let before = self.cursor.clone();
        self.cursor.skip_space();
        for (sign, negated) in [("==", false), ("!=", true), ("=", false)] {
            if self.cursor.eat(sign) {
                self.cursor.skip_space();
                let value = self.cursor.take_while(in_label);
                return Ok((Test::Text(Op::Eq, value.into()), negated));
            }
        }
        for (word, negated) in [("notin", true), ("in", false)] {
            if let Some(rest) = self.cursor.rest().strip_prefix(word)
                && rest.trim_start().starts_with('(')
            {
                self.cursor.eat(word);
                return Ok((Test::OneOf(self.values()?), negated));
            }
        }
        self.cursor = before;
        Ok((Test::There, false))
    }

    fn values(&mut self) -> Result<Vec<Box<str>>, Error> {
        self.cursor.skip_space();
        self.cursor.eat("(");
        let mut values = Vec::new();
        loop {
            self.cursor.skip_space();
            values.push(self.cursor.take_while(in_label).into());
            self.cursor.skip_space();
            if self.cursor.eat(")") {
                return Ok(values);
            }
            if !self.cursor.eat(",") {
                return Err(self.error("expected `,` or `)` in the list of values"));
            }
        }
    }

    /// An error at the cursor.
    fn error(&self, message: &str) -> Error {
        let at = self.cursor.at();
        let len = self.cursor.peek().map_or(0, char::len_utf8);
        Error::at(self.text, at..at + len, message)
    }
}

fn in_label(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')
}
