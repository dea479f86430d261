//! A filter in words: one line a test, indented under what joins them.

mod arith;
mod words;

use std::fmt::{self, Write as _};

use crate::tree::{Expr, Joiner};

/// [`crate::Filter::explain`]
#[derive(Debug)]
pub struct Explanation<'a>(pub(crate) Option<&'a Expr>);

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("every packet\n"),
            Some(tree) => {
                let mut text = String::new();
                write(&mut text, &Node::of(tree), 0, false)?;
                f.write_str(&text)
            }
        }
    }
}

/// The tree with chains grouped: `a and b or c` is `(a and b) or c`.
enum Node<'a> {
    All(Vec<Node<'a>>),
    Any(Vec<Node<'a>>),
    Not(Box<Node<'a>>),
    Test(&'a crate::tree::Primitive),
}

impl<'a> Node<'a> {
    fn of(tree: &'a Expr) -> Self {
        match tree {
            Expr::Test(_, test) => Self::Test(test),
            Expr::Not(inner) => match Self::of(inner) {
                Self::Not(twice) => *twice,
                inner => Self::Not(Box::new(inner)),
            },
            Expr::Chain(first, rest) => rest.iter().fold(Self::of(first), |before, (joiner, next)| {
                let next = Self::of(next);
                match (joiner, before) {
                    (Joiner::And, Self::All(mut all)) => {
                        all.push(next);
                        Self::All(all)
                    }
                    (Joiner::Or, Self::Any(mut any)) => {
                        any.push(next);
                        Self::Any(any)
                    }
                    (Joiner::And, before) => Self::All(vec![before, next]),
                    (Joiner::Or, before) => Self::Any(vec![before, next]),
                }
            }),
        }
    }
}

fn write(text: &mut String, node: &Node<'_>, depth: usize, is_negated: bool) -> fmt::Result {
    let not = if is_negated { "not: " } else { "" };
    let (heading, inner) = match node {
        Node::Test(test) => return writeln!(text, "{:1$}{not}{2}", "", depth * 2, words::words(test)),
        Node::Not(inner) => return write(text, inner, depth, !is_negated),
        Node::All(all) => ("all of", all),
        Node::Any(any) => ("any of", any),
    };
    writeln!(text, "{:1$}{not}{heading}", "", depth * 2)?;
    for node in inner {
        write(text, node, depth + 1, false)?;
    }
    Ok(())
}
