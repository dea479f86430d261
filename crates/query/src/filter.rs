//! A checked filter, ready to match.

use crate::error::Error;
use crate::expr::Expr;
use crate::lex::Cursor;
use crate::parse::{MAX_LENGTH, Parser};
use crate::record::Record;
use crate::schema::Schema;
use crate::terms;

/// Conditions on a record, checked against its schema. Matching allocates nothing for ASCII texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// Reads the text of the filter box: terms that must all hold. An empty text matches everything.
    ///
    /// `word`, `"two words"`, `!word`, `-l a=b,c!=d,e in (x,y)`, `-f fuzzy`, `/regex/`, `~regex`, `where EXPR`; a
    /// leading `/` is dropped, unless another one ends the first term.
    pub fn parse(text: &str, schema: &dyn Schema) -> Result<Self, Error> {
        within(text)?;
        Ok(Self { expr: Expr::All(terms::parse(text, schema)?) })
    }

    /// Reads a bare expression: `restarts > 3 and (age < 1h or labels.app = "web")`. An empty text matches
    /// everything.
    pub fn where_expr(text: &str, schema: &dyn Schema) -> Result<Self, Error> {
        within(text)?;
        if text.trim().is_empty() {
            return Ok(Self { expr: Expr::All(Vec::new()) });
        }
        let expr = Parser::new(text, Cursor::new(text), schema)?.whole()?;
        Ok(Self { expr: Expr::All(vec![expr]) })
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            // each filter numbers its own terms, so the second one's numbers move behind the first one's
            _ => {
                let mut second = other.expr;
                let shift = self.expr.last_term();
                second.renumber(shift);
                Self { expr: Expr::All(vec![self.expr, second]) }
            }
        }
    }

    /// Whether the record meets the filter at `now_ms` (epoch milliseconds).
    pub fn matches<R: Record + ?Sized>(&self, record: &R, now_ms: i64) -> bool {
        self.expr.matches(record, now_ms)
    }

    /// The earliest moment after `now_ms` at which the passing of time alone may change the answer for this record.
    pub fn next_change<R: Record + ?Sized>(&self, record: &R, now_ms: i64) -> Option<i64> {
        self.expr.next_change(record, now_ms)
    }

    /// Whether time alone can change answers.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.expr.timed()
    }

    /// One text for each meaning, to compare filters by.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.expr.to_string()
    }

    /// Matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.expr, Expr::All(parts) if parts.is_empty())
    }
}

fn within(text: &str) -> Result<(), Error> {
    if text.len() > MAX_LENGTH {
        return Err(Error::at(text, MAX_LENGTH..text.len(), format!("a filter has at most {MAX_LENGTH} bytes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
