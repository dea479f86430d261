//! Text to tokens with their places. The longest token wins, as in the tools whose filters people paste here:
//! `80-90` is one name, `tcp-syn` one number, `fe80::1` one address.

use std::net::Ipv6Addr;

use crate::address;
use crate::error::{Error, Position};
use crate::words::{self, Word};

/// A token and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) at: Position,
    pub(crate) kind: Kind,
    /// As written.
    pub(crate) text: String,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Word(Word),
    Number(u32),
    /// Two to four numbers with dots.
    Dotted,
    Ip6(Ipv6Addr),
    Mac([u8; 6]),
    /// A name that is no keyword, or one behind a backslash.
    Name(String),
    /// An operator or a bracket, always in its shortest form: `&&` and `and` are the same word.
    Sign(&'static str),
    End,
}

/// All tokens, the last of which is [`Kind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut found = Vec::new();
    let mut offset = 0;
    let mut places = Places { text, offset: 0, line: 1, column: 1 };
    while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or_default();
        if matches!(first, ' ' | '\t' | '\r' | '\n') {
            offset += 1;
            continue;
        }
        let at = places.advance(offset);
        let (kind, length) = token(rest).map_err(|problem| Error::meaning(at, problem))?;
        let text = rest.get(..length).unwrap_or_default().to_owned();
        found.push(Token { at, kind, text });
        offset += length.max(1);
    }
    found.push(Token { at: places.advance(text.len()), kind: Kind::End, text: String::new() });
    Ok(found)
}

/// Counts lines and columns in one pass over the text.
struct Places<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
    column: usize,
}

impl Places<'_> {
    fn advance(&mut self, offset: usize) -> Position {
        for character in self.text.get(self.offset..offset).unwrap_or_default().chars() {
            (self.line, self.column) =
                if character == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.offset = offset;
        Position { offset, line: self.line, column: self.column }
    }
}

/// The token at the head of `rest` and its length in bytes.
fn token(rest: &str) -> Result<(Kind, usize), String> {
    let number = number_length(rest);
    let dotted = dotted_length(rest, number);
    let mac = address::mac(rest);
    let ip6 = address::ip6(rest);
    let word = word_length(rest);
    let longest = [number, dotted, mac.map_or(0, |(_, length)| length), ip6.map_or(0, |(_, length)| length), word]
        .into_iter()
        .max()
        .unwrap_or(0);
    if longest == 0 {
        return sign_or_escape(rest);
    }
    let text = rest.get(..longest).unwrap_or_default();
    if word == longest {
        if let Some(word) = words::keyword(text) {
            return Ok((Kind::Word(word), longest));
        }
        if let Some(value) = words::constant(text) {
            return Ok((Kind::Number(value), longest));
        }
    }
    if let Some((address, _)) = mac.filter(|(_, length)| *length == longest) {
        return Ok((Kind::Mac(address), longest));
    }
    if number == longest {
        return Ok((Kind::Number(parse_number(text)?), longest));
    }
    if dotted == longest {
        return Ok((Kind::Dotted, longest));
    }
    if let Some((address, _)) = ip6.filter(|(_, length)| *length == longest) {
        return Ok((Kind::Ip6(address), longest));
    }
    Ok((Kind::Name(text.to_owned()), longest))
}

fn sign_or_escape(rest: &str) -> Result<(Kind, usize), String> {
    const SIGNS: &[(&str, &str)] = &[
        (">=", ">="),
        ("<=", "<="),
        ("!=", "!="),
        ("==", "="),
        ("<<", "<<"),
        (">>", ">>"),
        ("+", "+"),
        ("-", "-"),
        ("*", "*"),
        ("/", "/"),
        ("%", "%"),
        (":", ":"),
        ("[", "["),
        ("]", "]"),
        ("(", "("),
        (")", ")"),
        ("<", "<"),
        (">", ">"),
        ("&", "&"),
        ("|", "|"),
        ("^", "^"),
        ("=", "="),
    ];
    if rest.starts_with("&&") {
        return Ok((Kind::Word(Word::And), 2));
    }
    if rest.starts_with("||") {
        return Ok((Kind::Word(Word::Or), 2));
    }
    if rest.starts_with('!') && !rest.starts_with("!=") {
        return Ok((Kind::Word(Word::Not), 1));
    }
    if let Some((text, sign)) = SIGNS.iter().find(|(text, _)| rest.starts_with(text)) {
        return Ok((Kind::Sign(sign), text.len()));
    }
    if let Some(name) = rest.strip_prefix('\\') {
        let length = name.find([' ', '!', '(', ')', '\n', '\t']).unwrap_or(name.len());
        if length > 0 {
            return Ok((Kind::Name(name.get(..length).unwrap_or_default().to_owned()), length + 1));
        }
    }
    Err(format!("character `{}` has no meaning here", rest.chars().next().unwrap_or_default().escape_debug()))
}

/// Letters, digits, dots, hyphens and underscores from a letter or digit to a letter, digit or dot.
fn word_length(rest: &str) -> usize {
    if !rest.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return 0;
    }
    let run = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(rest.len());
    rest.get(..run).unwrap_or_default().trim_end_matches(['-', '_']).len()
}

fn number_length(rest: &str) -> usize {
    let digits = |text: &str, is: fn(&u8) -> bool| text.bytes().take_while(is).count();
    if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        let length = digits(hex, u8::is_ascii_hexdigit);
        if length > 0 {
            return length + 2;
        }
    }
    digits(rest, u8::is_ascii_digit)
}

/// Two to four numbers with dots between; 0 when there is only one.
fn dotted_length(rest: &str, first: usize) -> usize {
    if first == 0 {
        return 0;
    }
    let mut end = first;
    for _ in 0..3 {
        let next = rest.get(end..).and_then(|tail| tail.strip_prefix('.')).map_or(0, number_length);
        if next == 0 {
            break;
        }
        end += 1 + next;
    }
    if end == first { 0 } else { end }
}

/// As in C: `0x` is hexadecimal, a leading 0 octal.
fn parse_number(text: &str) -> Result<u32, String> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    if radix == 8 && digits.contains(['8', '9']) {
        return Err(format!("`{text}` begins with 0, so it is octal, and has a digit over 7"));
    }
    u32::from_str_radix(digits, radix).map_err(|_| format!("`{text}` is more than 32 bits hold"))
}
