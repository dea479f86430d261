//! Text into tokens. A token knows where it stands, in bytes of the text.

use crate::error::Error;
use std::ops::Range;

/// A token of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A bare word: a field, a keyword, a number, a duration, a plain text.
    Word(String),
    /// A text in quotes.
    Quoted(String),
    /// A comparison.
    Op(Op),
    Open,
    Close,
    Comma,
}

/// A comparison sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Match,
    NotMatch,
}

impl Op {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Match => "~",
            Self::NotMatch => "!~",
        }
    }
}

/// A text being read: what is left of it, and where that stands.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Steps over `prefix` if the rest starts with it.
    pub(crate) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    /// Steps over so many bytes, which end between two characters.
    pub(crate) fn step(&mut self, len: usize) {
        self.at = (self.at + len).min(self.text.len());
    }

    /// Takes characters while `keep` holds.
    pub(crate) fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or("")
    }

    pub(crate) fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Takes a text in quotes; the cursor stands on the opening one. A backslash keeps the next character.
    pub(crate) fn quoted(&mut self) -> Result<String, Error> {
        let start = self.at;
        let quote = self.next();
        let mut out = String::new();
        while let Some(c) = self.next() {
            if Some(c) == quote {
                return Ok(out);
            }
            match c {
                // a backslash escapes the quote and itself; regular expressions keep theirs
                '\\' if self.peek() == quote || self.peek() == Some('\\') => out.extend(self.next()),
                c => out.push(c),
            }
        }
        Err(Error::at(self.text, start..self.text.len(), "this quote is not closed"))
    }

    /// The next token with its place; `None` at the end.
    pub(crate) fn token(&mut self) -> Result<Option<(Token, Range<usize>)>, Error> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let token = match first {
            '(' | ')' | ',' => {
                self.next();
                match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                }
            }
            '"' | '\'' => Token::Quoted(self.quoted()?),
            '=' | '!' | '<' | '>' | '~' => Token::Op(self.op()?),
            _ => Token::Word(self.word()?),
        };
        Ok(Some((token, start..self.at)))
    }

    fn op(&mut self) -> Result<Op, Error> {
        const SIGNS: [(&str, Op); 9] = [
            ("==", Op::Eq),
            ("!=", Op::Ne),
            ("!~", Op::NotMatch),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("=", Op::Eq),
            ("<", Op::Lt),
            (">", Op::Gt),
            ("~", Op::Match),
        ];
        let start = self.at;
        let found = SIGNS.iter().find(|(sign, _)| self.eat(sign));
        found.map(|(_, op)| *op).ok_or_else(|| {
            Error::at(self.text, start..start + 1, "`!` alone says nothing here: use `not`, `!=` or `!~`")
        })
    }

    /// A word; a quoted part may follow a dot: `labels."app.kubernetes.io/name"`.
    fn word(&mut self) -> Result<String, Error> {
        let mut word = self.take_while(in_word).to_owned();
        while word.ends_with('.') && matches!(self.peek(), Some('"' | '\'')) {
            word.push_str(&self.quoted()?);
            word.push_str(self.take_while(in_word));
        }
        Ok(word)
    }
}

fn in_word(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | ',' | '"' | '\'' | '=' | '!' | '<' | '>' | '~')
}
