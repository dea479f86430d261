//! Lists of names, compiled so that the usual "no" costs a few instructions.

use memchr::memmem::Finder;

/// Header names without case. `*` at either end stands for any text.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeaderNames {
    list: Names,
}

impl HeaderNames {
    pub(crate) fn new(patterns: &[String]) -> HeaderNames {
        HeaderNames { list: Names::new(patterns.iter().map(|name| name.to_ascii_lowercase())) }
    }

    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        if !self.list.may_match(name) {
            return false;
        }
        let mut buffer = [0; LONGEST];
        let Some(lower) = buffer.get_mut(..name.len()) else { return false };
        for (to, from) in lower.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        self.list.matches(lower)
    }
}

/// Names of members: without case and without `-`, `_`, `.`, so that `accessToken`, `access_token` and `Access-Token` are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyNames {
    list: Names,
}

impl KeyNames {
    pub(crate) fn new(patterns: &[String]) -> KeyNames {
        let plain =
            |name: &String| name.chars().filter(|c| !"-_.".contains(*c)).collect::<String>().to_ascii_lowercase();
        KeyNames { list: Names::new(patterns.iter().map(plain)) }
    }

    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        let mut buffer = [0; LONGEST];
        let mut len = 0;
        for byte in name.iter().filter(|byte| !matches!(byte, b'-' | b'_' | b'.' | b'[' | b']')) {
            let Some(to) = buffer.get_mut(len) else { return false };
            *to = byte.to_ascii_lowercase();
            len += 1;
        }
        self.list.matches(buffer.get(..len).unwrap_or_default())
    }
}

/// Sorted by what each pattern can tell: whole names by length, then ends, then middles.
#[derive(Debug, Clone, Default)]
struct Names {
    /// For each length of a whole name, the first letters of such names: bit n for letter n, whatever its case.
    firsts: Vec<u32>,
    /// For each last letter of an end, the letters before it.
    lasts: Vec<u32>,
    whole: Vec<Box<[u8]>>,
    heads: Vec<Box<[u8]>>,
    tails: Vec<Box<[u8]>>,
    middles: Vec<Finder<'static>>,
}

impl Names {
    fn new(patterns: impl Iterator<Item = String>) -> Names {
        let mut names = Names { firsts: vec![0; LONGEST], lasts: vec![0; 32], ..Names::default() };
        for pattern in patterns {
            let (head, tail) = (pattern.ends_with('*'), pattern.starts_with('*'));
            let text: Box<[u8]> = pattern.trim_matches('*').as_bytes().into();
            if text.is_empty() || text.len() >= LONGEST {
                continue;
            }
            match (head, tail) {
                (false, false) => {
                    note(&mut names.firsts, text.len(), text.first());
                    names.whole.push(text);
                }
                (true, false) => names.heads.push(text),
                (false, true) => {
                    let (last, before) = ends(&text);
                    note(&mut names.lasts, usize::from(last & LETTER), Some(&before));
                    names.tails.push(text);
                }
                (true, true) => names.middles.push(Finder::new(&text).into_owned()),
            }
        }
        names
    }

    /// The usual answer at little cost: whether a name, in any case, has the look of one of the list.
    fn may_match(&self, name: &[u8]) -> bool {
        let has =
            |table: &[u32], row: usize, byte: u8| table.get(row).is_some_and(|bits| bits >> (byte & LETTER) & 1 == 1);
        let (last, before) = ends(name);
        !self.heads.is_empty()
            || !self.middles.is_empty()
            || has(&self.firsts, name.len(), name.first().copied().unwrap_or_default())
            || has(&self.lasts, usize::from(last & LETTER), before)
            // The end is one letter, of which nothing stands before it.
            || has(&self.lasts, usize::from(last & LETTER), 0)
    }

    fn matches(&self, name: &[u8]) -> bool {
        if name.is_empty() || name.len() >= LONGEST {
            return false;
        }
        let first = name.first().map_or(0, |first| first & LETTER);
        (self.firsts.get(name.len()).is_some_and(|bits| bits >> first & 1 == 1))
            && self.whole.iter().any(|whole| **whole == *name)
            || self.tails.iter().any(|tail| name.ends_with(tail))
            || self.heads.iter().any(|head| name.starts_with(head))
            || self.middles.iter().any(|middle| name.len() >= middle.needle().len() && middle.find(name).is_some())
    }
}

/// The last letter of a name and the one before it; 0 where there is none.
fn ends(name: &[u8]) -> (u8, u8) {
    match name {
        [.., before, last] => (*last, *before),
        [last] => (*last, 0),
        [] => (0, 0),
    }
}

fn note(table: &mut [u32], row: usize, letter: Option<&u8>) {
    if let (Some(bits), Some(letter)) = (table.get_mut(row), letter) {
        *bits |= 1 << (letter & LETTER);
    }
}

/// Redis' own pattern language: `*`, `?`, `[a-z]`, `[^a]`, `\x`. Linear: a `*` is retried only from the last one.
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match pattern.split_first() {
            Some((b'*', after)) => {
                if after.is_empty() {
                    return true;
                }
                retry = Some((after, text));
                pattern = after;
                continue;
            }
            None if text.is_empty() => return true,
            _ => {}
        }
        if let Some((byte, rest)) = text.split_first()
            && let Some(after) = one(pattern, *byte)
        {
            (pattern, text) = (after, rest);
            continue;
        }
        let Some((after, from)) = retry else { return false };
        let Some((_, from)) = from.split_first() else { return false };
        retry = Some((after, from));
        (pattern, text) = (after, from);
    }
}

/// Matches one byte against the head of a pattern and gives what follows it.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern.split_first()? {
        (b'?', rest) => Some(rest),
        (b'\\', rest) => rest.split_first().filter(|(want, _)| **want == byte).map(|(_, rest)| rest),
        (b'[', rest) => class(rest, byte),
        (want, rest) => (*want == byte).then_some(rest),
    }
}

fn class(mut set: &[u8], byte: u8) -> Option<&[u8]> {
    let negated = set.first() == Some(&b'^');
    if negated {
        set = set.get(1..)?;
    }
    let mut hit = false;
    loop {
        match set {
            [b']', rest @ ..] => return (hit != negated).then_some(rest),
            [b'\\', one, rest @ ..] => {
                hit |= *one == byte;
                set = rest;
            }
            [low, b'-', high, rest @ ..] if *high != b']' => {
                hit |= (*low.min(high)..=*low.max(high)).contains(&byte);
                set = rest;
            }
            [one, rest @ ..] => {
                hit |= *one == byte;
                set = rest;
            }
            [] => return (hit != negated).then_some(set),
        }
    }
}

/// The bits of a letter that its case leaves alone.
const LETTER: u8 = 31;
/// Names of this length and more match nothing; no secret has such a name.
const LONGEST: usize = 64;
