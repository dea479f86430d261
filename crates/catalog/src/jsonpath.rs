//! The part of kubectl's JSONPath that printer columns use (<https://kubernetes.io/docs/reference/kubectl/jsonpath/>):
//! members, quoted members, indexes, slices' first element, wildcards, recursive descent and filters. A column shows
//! the first result only, so that is all that is looked for.

use std::cmp::Ordering;
use wire::Node;

/// A compiled path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Member(String),
    /// From the end when it is negative.
    Index(i64),
    /// `[*]`, `.*`.
    All,
    /// `..name`: the member at any depth.
    Deep(String),
    Filter(JsonPath, Option<(Compare, Literal)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// The path is not one that we (or kubectl) can read; holds what is left of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the path cannot be read from \"{0}\" on")]
pub(crate) struct BadPath(String);

impl JsonPath {
    /// Parses `.status.conditions[?(@.type=="Ready")].status`, with or without braces and `$`.
    pub(crate) fn parse(text: &str) -> Result<Self, BadPath> {
        let text = text.trim();
        let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text).trim();
        let mut parser = Parser { rest: text.strip_prefix('$').unwrap_or(text) };
        let path = parser.path()?;
        if parser.rest.is_empty() { Ok(path) } else { Err(BadPath(parser.rest.to_owned())) }
    }

    /// The first result.
    pub(crate) fn first<'a>(&self, node: Node<'a>) -> Option<Node<'a>> {
        first(&self.0, node, 0)
    }
}

/// Deeper than the API server lets an object be.
const MAX_DEPTH: usize = 100;

fn first<'a>(steps: &[Step], node: Node<'a>, depth: usize) -> Option<Node<'a>> {
    let Some((step, rest)) = steps.split_first() else { return Some(node) };
    if depth > MAX_DEPTH {
        return None;
    }
    let onward = |next: Node<'a>| first(rest, next, depth + 1);
    match step {
        Step::Member(name) => onward(node.get(name)?),
        Step::Index(at) => {
            let at = if *at < 0 { i64::try_from(node.items().count()).ok()? + at } else { *at };
            onward(node.items().nth(usize::try_from(at).ok()?)?)
        }
        Step::All if node.is_list() => node.items().find_map(onward),
        Step::All => node.entries().find_map(|(_, value)| onward(value)),
        Step::Deep(name) => {
            if let Some(found) = node.get(name).and_then(onward) {
                return Some(found);
            }
            let below = |next: Node<'a>| first(steps, next, depth + 1);
            if node.is_list() {
                node.items().find_map(below)
            } else {
                node.entries().find_map(|(_, value)| below(value))
            }
        }
        Step::Filter(path, condition) => node
            .items()
            .filter(|item| match (path.first(*item), condition) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(left), Some((compare, right))) => holds(left, *compare, right),
            })
            .find_map(onward),
    }
}

fn holds(left: Node<'_>, compare: Compare, right: &Literal) -> bool {
    let ordering = match right {
        Literal::Text(text) => left.as_str().map(|own| (*own).cmp(text.as_str())),
        Literal::Number(number) => left.as_f64().and_then(|own| own.partial_cmp(number)),
        Literal::Bool(value) => left.as_bool().map(|own| own.cmp(value)),
    };
    ordering.is_some_and(|ordering| match compare {
        Compare::Equal => ordering == Ordering::Equal,
        Compare::NotEqual => ordering != Ordering::Equal,
        Compare::Less => ordering == Ordering::Less,
        Compare::LessOrEqual => ordering != Ordering::Greater,
        Compare::Greater => ordering == Ordering::Greater,
        Compare::GreaterOrEqual => ordering != Ordering::Less,
    })
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn path(&mut self) -> Result<JsonPath, BadPath> {
        let mut steps = Vec::new();
        loop {
            if self.eat("..") {
                steps.push(Step::Deep(self.name()?));
            } else if self.eat(".[") || self.eat("[") {
                self.bracket(&mut steps)?;
            } else if self.eat(".") {
                if self.eat("*") {
                    steps.push(Step::All);
                } else if !self.at_end_of_path() {
                    steps.push(Step::Member(self.name()?));
                }
            } else {
                return Ok(JsonPath(steps));
            }
        }
    }

    fn bracket(&mut self, steps: &mut Vec<Step>) -> Result<(), BadPath> {
        self.spaces();
        if self.eat("?(") {
            steps.push(self.filter()?);
        } else if self.eat("*") || self.eat(":") {
            steps.push(Step::All);
        } else if self.eat("'") {
            // kubectl reads `['a.b']` as `.a.b`: a dot in a name needs its backslash here too.
            let (quoted, rest) = self.rest.split_once('\'').ok_or_else(|| self.bad())?;
            self.rest = rest;
            let dotted = format!(".{quoted}");
            let mut inner = Parser { rest: &dotted };
            steps.extend(inner.path()?.0);
            if !inner.rest.is_empty() {
                return Err(inner.bad());
            }
        } else {
            let end = self.rest.find([']', ':', ',']).ok_or_else(|| self.bad())?;
            let (number, rest) = self.rest.split_at(end);
            steps.push(Step::Index(number.trim().parse().map_err(|_| self.bad())?));
            // Of a slice or a union only the first element is asked for.
            self.rest = rest.get(rest.find(']').unwrap_or(0)..).unwrap_or_default();
        }
        self.spaces();
        if self.eat("]") { Ok(()) } else { Err(self.bad()) }
    }

    /// What follows `?(`.
    fn filter(&mut self) -> Result<Step, BadPath> {
        self.spaces();
        if !self.eat("@") {
            return Err(self.bad());
        }
        let path = self.path()?;
        self.spaces();
        let compare = [
            ("==", Compare::Equal),
            ("!=", Compare::NotEqual),
            ("<=", Compare::LessOrEqual),
            (">=", Compare::GreaterOrEqual),
            ("<", Compare::Less),
            (">", Compare::Greater),
        ]
        .into_iter()
        .find(|(sign, _)| self.eat(sign));
        let condition = match compare {
            None => None,
            Some((_, compare)) => {
                self.spaces();
                Some((compare, self.literal()?))
            }
        };
        self.spaces();
        if self.eat(")") { Ok(Step::Filter(path, condition)) } else { Err(self.bad()) }
    }

    fn literal(&mut self) -> Result<Literal, BadPath> {
        if let Some(text) = self.quoted()? {
            return Ok(Literal::Text(text));
        }
        let end = self.rest.find([')', ' ']).ok_or_else(|| self.bad())?;
        let (word, rest) = self.rest.split_at(end);
        let literal = match word {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            number => Literal::Number(number.parse().map_err(|_| self.bad())?),
        };
        self.rest = rest;
        Ok(literal)
    }

    /// A name after a dot; `\.` stands for a dot in it.
    fn name(&mut self) -> Result<String, BadPath> {
        let mut name = String::new();
        let mut letters = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
                '.' | '[' | ']' | ' ' | '=' | '!' | '<' | '>' | ')' | '}' => {
                    end = at;
                    break;
                }
                letter => name.push(letter),
            }
        }
        if name.is_empty() {
            return Err(self.bad());
        }
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(name)
    }

    fn quoted(&mut self) -> Result<Option<String>, BadPath> {
        let Some(quote) = self.rest.chars().next().filter(|letter| matches!(letter, '\'' | '"')) else {
            return Ok(None);
        };
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                letter if letter == quote => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(Some(text));
                }
                letter => text.push(letter),
            }
        }
        Err(self.bad())
    }

    fn at_end_of_path(&self) -> bool {
        matches!(self.rest.chars().next(), None | Some(' ' | '=' | '!' | '<' | '>' | ')'))
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn bad(&self) -> BadPath {
        BadPath(self.rest.to_owned())
    }
}

#[cfg(test)]
mod tests;
