//! The serialisation protocol (RESP2 and RESP3), item by item.
//!
//! Holds only how deep it is and how many items are left at each level. A long bulk string is shown by its head; the rest
//! is only counted.

use memchr::memchr;

/// Where one direction stands.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    levels: Vec<Level>,
    /// The end of a long bulk string is still to come.
    tail: bool,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    left: u64,
    attribute: bool,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'b> {
    /// Not known before more bytes come.
    More,
    /// No RESP.
    Bad(&'static str),
    /// One item.
    Item(Step<'b>),
}

/// One item with what it means for the value it belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step<'b> {
    pub(super) item: Item<'b>,
    /// Bytes of it that were there.
    pub(super) used: usize,
    /// Bytes of it that follow and need not be looked at.
    pub(super) skip: u64,
    /// Levels that are over after it.
    pub(super) closed: usize,
    /// It is part of an attribute, which says something about the reply that follows.
    pub(super) attribute: bool,
    /// The whole value is over.
    pub(super) done: bool,
}

/// An item.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Item<'b> {
    /// Simple string, error, number, boolean, double, big number: the type byte and the text.
    Line(u8, &'b [u8]),
    /// Bulk string, bulk error, verbatim string: the type byte, the head, the whole length.
    Bulk(u8, &'b [u8], u64),
    /// The end of a bulk string that was shown by its head.
    Tail,
    /// None.
    Nil,
    /// Array, set, map, push, attribute: the type byte and how many items.
    Open(u8, u64),
}

impl Decoder {
    /// Whether the next item begins a value.
    pub(super) fn is_fresh(&self) -> bool {
        self.levels.is_empty() && !self.tail
    }

    /// Forgets the value at hand.
    pub(super) fn reset(&mut self) {
        self.levels.clear();
        self.tail = false;
    }

    pub(super) fn heap(&self) -> usize {
        self.levels.capacity() * size_of::<Level>()
    }

    pub(super) fn next<'b>(&mut self, bytes: &'b [u8]) -> Token<'b> {
        if self.tail {
            return match bytes {
                [b'\r', b'\n', ..] => {
                    self.tail = false;
                    self.item(Item::Tail, 2)
                }
                [] | [b'\r'] => Token::More,
                _ => Token::Bad("redis_bulk_end"),
            };
        }
        let (kind, line, after) = match line(bytes) {
            Ok(found) => found,
            Err(token) => return token,
        };
        match kind {
            b'+' | b'-' | b':' | b',' | b'#' | b'(' => self.item(Item::Line(kind, line), after),
            b'_' => self.item(Item::Nil, after),
            b'$' | b'!' | b'=' => self.bulk(bytes, kind, line, after),
            b'*' | b'~' | b'>' | b'%' | b'|' => {
                if line == b"-1" && kind == b'*' {
                    return self.item(Item::Nil, after);
                }
                match number(line) {
                    Some(count) if count <= MOST_ITEMS => self.open(kind, count, after),
                    _ => Token::Bad("redis_length"),
                }
            }
            _ => Token::Bad("redis_type"),
        }
    }

    fn bulk<'b>(&mut self, bytes: &'b [u8], kind: u8, line: &[u8], after: usize) -> Token<'b> {
        if line == b"-1" {
            return self.item(Item::Nil, after);
        }
        let Some(len) = number(line).filter(|len| *len <= LONGEST_BULK) else { return Token::Bad("redis_length") };
        let rest = bytes.get(after..).unwrap_or_default();
        if len <= HEAD as u64 {
            let len = len as usize;
            return match rest.get(len..len + 2) {
                Some(b"\r\n") => {
                    let body = rest.get(..len).unwrap_or_default();
                    self.item(Item::Bulk(kind, body, len as u64), after + len + 2)
                }
                Some(_) => Token::Bad("redis_bulk_end"),
                None => Token::More,
            };
        }
        match rest.get(..HEAD) {
            Some(head) => {
                self.tail = true;
                let attribute = self.levels.last().is_some_and(|level| level.attribute);
                let (item, used, skip) = (Item::Bulk(kind, head, len), after + HEAD, len - HEAD as u64);
                Token::Item(Step { item, used, skip, closed: 0, attribute, done: false })
            }
            None => Token::More,
        }
    }

    fn open<'b>(&mut self, kind: u8, count: u64, used: usize) -> Token<'b> {
        let item = Item::Open(kind, count);
        if count == 0 && kind != b'|' {
            return self.item(item, used);
        }
        if self.levels.len() >= DEEPEST {
            return Token::Bad("redis_depth");
        }
        let attribute = kind == b'|' || self.levels.last().is_some_and(|level| level.attribute);
        if kind == b'|' && count == 0 {
            return Token::Item(Step { item, used, skip: 0, closed: 0, attribute, done: false });
        }
        let left = if matches!(kind, b'%' | b'|') { count * 2 } else { count };
        self.levels.push(Level { left, attribute });
        Token::Item(Step { item, used, skip: 0, closed: 0, attribute, done: false })
    }

    fn item<'b>(&mut self, item: Item<'b>, used: usize) -> Token<'b> {
        let attribute = self.levels.last().is_some_and(|level| level.attribute);
        let mut closed = 0;
        let mut done = true;
        while let Some(level) = self.levels.last_mut() {
            level.left = level.left.saturating_sub(1);
            if level.left > 0 {
                done = false;
                break;
            }
            let was_attribute = level.attribute;
            self.levels.pop();
            closed += 1;
            // An attribute is no item of what it stands in; one inside another ends with it.
            if was_attribute && !self.levels.last().is_some_and(|level| level.attribute) {
                done = false;
                break;
            }
        }
        Token::Item(Step { item, used, skip: 0, closed, attribute, done })
    }
}

/// The type byte, the line behind it, and where the next begins.
fn line(bytes: &[u8]) -> Result<(u8, &[u8], usize), Token<'_>> {
    let Some((&kind, rest)) = bytes.split_first() else { return Err(Token::More) };
    if !b"+-:$*_,#(!=%~>|".contains(&kind) {
        return Err(Token::Bad("redis_type"));
    }
    let text = matches!(kind, b'+' | b'-' | b'(');
    let most = if text { LONGEST_LINE } else { LONGEST_NUMBER };
    let head = rest.get(..most).unwrap_or(rest);
    let Some(end) = memchr(b'\r', head) else {
        return Err(if rest.len() >= most { Token::Bad("redis_line") } else { Token::More });
    };
    match rest.get(end + 1) {
        Some(b'\n') => Ok((kind, rest.get(..end).unwrap_or_default(), end + 3)),
        Some(_) => Err(Token::Bad("redis_line_end")),
        None => Err(Token::More),
    }
}

/// A decimal number without sign.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

/// Bulk strings up to this length are read whole; of longer ones this much is shown.
pub(super) const HEAD: usize = 4096;
const LONGEST_LINE: usize = 32 << 10;
const LONGEST_NUMBER: usize = 64;
/// What a server may be configured to take.
const LONGEST_BULK: u64 = 1 << 40;
const MOST_ITEMS: u64 = 1 << 31;
const DEEPEST: usize = 64;
