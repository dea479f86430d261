//! From the name of a test to the rows it covers.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// Every id of docs/spec, by prefix.
pub(super) struct Ids<'a> {
    known: BTreeSet<&'a str>,
    /// prefix as in the names of functions (`cap_n`) → prefix as written (`CAP-N`)
    prefixes: BTreeMap<String, &'a str>,
    mention: Option<Regex>,
}

/// The rows that one name covers, and the ids in it that are no rows.
#[derive(Default, Debug, PartialEq)]
pub(super) struct Named<'a> {
    pub(super) known: Vec<&'a str>,
    /// Rows of which the name covers one part, and the part's letter: `exd_21a_…` while the row is `EXD-21`.
    pub(super) parts: Vec<(&'a str, char)>,
    pub(super) unknown: Vec<String>,
}

impl<'a> Ids<'a> {
    pub(super) fn new(ids: impl Iterator<Item = &'a str>) -> Self {
        let known: BTreeSet<&str> = ids.collect();
        let prefixes = known
            .iter()
            .filter_map(|id| id.rsplit_once('-'))
            .map(|(prefix, _)| (prefix.to_lowercase().replace('-', "_"), prefix))
            .collect();
        Ids { known, prefixes, mention: Regex::new(r"\b[A-Z][A-Z0-9]*(?:-[A-Z]+)?-[0-9]+[a-z]?\b").ok() }
    }

    /// The rows at the head of a test's name: `ex_30_…`, `exd_21a_…`, `ex_30_to_64_…`, `TestEXD02…`, `EX-81, EX-92: …`,
    /// `EX-30..EX-64 …`.
    pub(super) fn named(&self, name: &str) -> Named<'a> {
        let mut named = Named::default();
        if let Some(rest) = name.strip_prefix("Test").filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        {
            self.go(rest, &mut named);
        } else if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            self.spoken(name, &mut named);
        } else {
            self.snake(name, &mut named);
        }
        named
    }

    /// The rows that a text names anywhere.
    pub(super) fn mentioned(&self, text: &str) -> Named<'a> {
        let found = self.mention.iter().flat_map(|mention| mention.find_iter(text));
        let known: BTreeSet<&str> = found.filter_map(|id| self.known.get(id.as_str()).copied()).collect();
        Named { known: known.into_iter().collect(), ..Named::default() }
    }

    /// `exd_21a_…`, `cap_n_06_…`, `ex_30_to_64_…`
    fn snake(&self, name: &str, named: &mut Named<'a>) {
        let words: Vec<&str> = name.split('_').collect();
        for taken in 1..=2 {
            let (Some(head), Some(number)) = (words.get(..taken), words.get(taken)) else { continue };
            let Some(prefix) = self.prefixes.get(&head.join("_")).filter(|_| is_number(number)) else { continue };
            match (words.get(taken + 1), words.get(taken + 2)) {
                (Some(&"to"), Some(end)) if is_number(end) => self.range(prefix, number, end, named),
                _ => self.add(format!("{prefix}-{number}"), named),
            }
            return;
        }
    }

    /// `EXD02DrainStops`, `CAPN06FollowsChange`
    fn go(&self, name: &str, named: &mut Named<'a>) {
        let letters = |prefix: &str| prefix.replace('-', "");
        let longest = self
            .prefixes
            .values()
            .filter(|prefix| {
                name.strip_prefix(&letters(prefix)).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            })
            .max_by_key(|prefix| prefix.len());
        let Some(prefix) = longest else { return };
        let rest = name.strip_prefix(&letters(prefix)).unwrap_or_default();
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let after: String = rest.chars().skip(number.len()).take(1).filter(char::is_ascii_lowercase).collect();
        self.add(format!("{prefix}-{number}{after}"), named);
    }

    /// `EX-81 …`, `EX-81, EX-92: …`, `EX-30..EX-64 …`
    fn spoken(&self, name: &str, named: &mut Named<'a>) {
        let mut rest = name;
        let mut before: Option<(String, bool)> = None; // the id to the left, and whether a range is open
        loop {
            let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let Some((prefix, number)) = word
                .rsplit_once('-')
                .filter(|(prefix, number)| is_number(number) && self.prefixes.values().any(|known| known == prefix))
            else {
                return;
            };
            match before.take() {
                Some((first, true)) => self.range(prefix, &first, number, named),
                _ => self.add(word.clone(), named),
            }
            rest = rest.get(word.len()..).unwrap_or_default();
            let trimmed = rest.trim_start_matches([' ', ',', '+', '/', '.', '…', '–']);
            let between = rest.get(..rest.len() - trimmed.len()).unwrap_or_default();
            before = Some((number.to_owned(), between.contains("..") || between.contains(['…', '–'])));
            rest = trimmed;
        }
    }

    /// Every known row from one number to another.
    fn range(&self, prefix: &str, first: &str, last: &str, named: &mut Named<'a>) {
        let (Some(first), Some(last)) = (value(first), value(last)) else { return };
        let inside = self.known.iter().filter(|id| {
            id.rsplit_once('-')
                .filter(|(own, _)| *own == prefix)
                .and_then(|(_, number)| value(number))
                .is_some_and(|number| (first..=last).contains(&number))
        });
        let before = named.known.len();
        named.known.extend(inside.filter(|id| !named.known.contains(id)).copied().collect::<Vec<_>>());
        if named.known.len() == before {
            named.unknown.push(format!("{prefix}-{first}..{last}"));
        }
    }

    fn add(&self, id: String, named: &mut Named<'a>) {
        let whole = id.trim_end_matches(|c: char| c.is_ascii_lowercase());
        match (self.known.get(id.as_str()), self.known.get(whole), id.chars().last()) {
            (Some(known), _, _) => named.known.push(known),
            (None, Some(row), Some(part)) => named.parts.push((row, part)),
            _ => named.unknown.push(id),
        }
    }
}

/// `02`, `21a`
fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) && word.len() - digits.len() <= 1
}

fn value(number: &str) -> Option<u32> {
    number.trim_end_matches(|c: char| c.is_ascii_lowercase()).parse().ok()
}
