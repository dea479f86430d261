//! Label selectors, as Kubernetes writes and reads them: `app=front,tier in (web, api),!canary,env!=test`.

use crate::Error;
use serde_json::Value;

/// A label selector: all of its terms hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    /// Reads one.
    ///
    /// # Errors
    /// [`Error::Selector`] that says at which term.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        split(text).filter(|term| !term.is_empty()).map(Term::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether labels match. `label` gives the value of one.
    pub(crate) fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|term| {
            let value = label(&term.key);
            match &term.test {
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::In(all) => value.is_some_and(|value| all.iter().any(|one| one == value)),
                // As the API server has it: a label that is not there is in no set.
                Test::NotIn(all) => value.is_none_or(|value| !all.iter().any(|one| one == value)),
            }
        })
    }

    /// The selector of an object: `matchLabels` and `matchExpressions`, or, as services have it, labels alone.
    pub(crate) fn of_object(selector: &Value) -> Option<String> {
        let labels = selector.get("matchLabels");
        let expressions = selector.get("matchExpressions");
        let plain = if labels.is_none() && expressions.is_none() { Some(selector) } else { labels };
        let mut terms = Vec::new();
        for (key, value) in plain.and_then(Value::as_object).into_iter().flatten() {
            terms.push(format!("{key}={}", value.as_str()?));
        }
        for one in expressions.and_then(Value::as_array).into_iter().flatten() {
            let key = one.get("key")?.as_str()?;
            let values: Vec<&str> =
                one.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
            terms.push(match one.get("operator")?.as_str()? {
                "In" => format!("{key} in ({})", values.join(",")),
                "NotIn" => format!("{key} notin ({})", values.join(",")),
                "Exists" => key.to_owned(),
                "DoesNotExist" => format!("!{key}"),
                _ => return None,
            });
        }
        // An object without any would take every pod of its namespace.
        (!terms.is_empty()).then(|| terms.join(","))
    }
}

impl Term {
    fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Selector {
            message: format!(
                "{text:?} is no term of a label selector: key=value, key!=value, key in (a,b), key notin (a,b), key or !key"
            ),
        };
        let term = |key: &str, test| {
            let key = key.trim();
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            if key.is_empty() || !key.chars().all(fits) { Err(wrong()) } else { Ok(Self { key: key.to_owned(), test }) }
        };
        if let Some(key) = text.strip_prefix('!') {
            return term(key, Test::Absent);
        }
        if let Some((head, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
            let (key, word) = head.trim().rsplit_once(char::is_whitespace).ok_or_else(wrong)?;
            return match word {
                "in" => term(key, Test::In(values)),
                "notin" => term(key, Test::NotIn(values)),
                _ => Err(wrong()),
            };
        }
        for (sign, not) in [("!=", true), ("==", false), ("=", false)] {
            if let Some((key, value)) = text.split_once(sign) {
                let value = value.trim().to_owned();
                if value.contains(['=', '!', '(', ' ']) {
                    return Err(wrong());
                }
                let values = vec![value];
                return term(key, if not { Test::NotIn(values) } else { Test::In(values) });
            }
        }
        term(text, Test::Exists)
    }
}

/// The terms: between commas that stand in no parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests;
