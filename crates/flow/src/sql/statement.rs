//! What is kept of a statement: its text as it may be shown, its first word, its fingerprint.

use super::tokens::{Dialect, Token, tokens};
use crate::redact::{Redaction, Spans, Why};

/// A statement that was seen, or heard of.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its text, literals as `?` where they are hidden.
    pub(crate) text: Vec<u8>,
    /// The word that says what it does, in capitals.
    pub(crate) op: Vec<u8>,
    /// The same for statements that differ in literals, case, blanks and the length of lists alone.
    pub(crate) fingerprint: u64,
    /// Rules that hid something, as bits.
    pub(crate) why: u16,
    /// Something was left out at its end.
    pub(crate) cut: bool,
    /// Types of its parameters, as far as its protocol tells them.
    pub(crate) types: Vec<u16>,
    /// How many parameters it has.
    pub(crate) params: Option<u16>,
}

/// What stands for the text of a statement that was prepared before the capture began.
pub(crate) const UNKNOWN: &[u8] = "«unknown»".as_bytes();

impl Statement {
    /// Reads the head of a statement. `cut`: there is more of it. `secret` gets every range to mask.
    pub(crate) fn read(
        head: &[u8],
        cut: bool,
        dialect: Dialect,
        redaction: &Redaction,
        most: usize,
        mut secret: impl FnMut(usize, usize),
    ) -> Statement {
        let mut statement = Statement { cut, ..Statement::default() };
        let hide = redaction.sql();
        let mut out = Writer { text: Vec::with_capacity(head.len().min(most)), most, cut, blank: false };
        let mut print = Print { hash: OFFSET, list: 0, after_list: false };
        let mut verb = Verb::default();
        for (token, from, to) in tokens(head, dialect) {
            let bytes = head.get(from..to).unwrap_or_default();
            verb.token(token, bytes, &mut statement.op);
            match token {
                Token::Literal | Token::Comment if hide => {
                    secret(from, to);
                    statement.why |= Why::Sql.bit();
                }
                _ => {}
            }
            match token {
                Token::Space | Token::Comment => out.blank = true,
                Token::Literal => out.put(b"?"),
                _ => out.put(bytes),
            }
            print.token(token, bytes);
        }
        statement.fingerprint = print.hash;
        statement.cut |= out.cut;
        statement.text = if hide { out.finish() } else { plain(head, most, redaction, &mut statement) };
        statement
    }

    /// Bytes of heap it holds.
    pub(crate) fn heap(&self) -> usize {
        size_of::<Statement>() + self.text.capacity() + self.op.capacity() + self.types.capacity() * 2
    }
}

/// The text as it was sent, but for secrets known by their shape.
fn plain(head: &[u8], most: usize, redaction: &Redaction, statement: &mut Statement) -> Vec<u8> {
    let shown = head.get(..most).unwrap_or(head);
    statement.cut |= shown.len() < head.len();
    let mut spans = Spans::new();
    redaction.text(shown, &mut spans);
    statement.why |= spans.why();
    let mut out = Vec::with_capacity(shown.len());
    redaction.write(shown, &spans, &mut out);
    out
}

/// Writes a text with single blanks, up to a limit.
struct Writer {
    text: Vec<u8>,
    most: usize,
    cut: bool,
    blank: bool,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        if std::mem::take(&mut self.blank) && !self.text.is_empty() {
            self.text.push(b' ');
        }
        let room = self.most.saturating_sub(self.text.len());
        self.cut |= bytes.len() > room;
        self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn finish(mut self) -> Vec<u8> {
        while matches!(self.text.last(), Some(b';' | b' ')) {
            self.text.pop();
        }
        self.text
    }
}

/// Hashes a statement's shape.
struct Print {
    hash: u64,
    /// In a list of values: 0 for no, 1 after a value, 2 after the comma behind it.
    list: u8,
    /// A closed list of values was hashed; the same again adds nothing.
    after_list: bool,
}

impl Print {
    fn token(&mut self, token: Token, bytes: &[u8]) {
        match (token, bytes) {
            (Token::Space | Token::Comment, _) => {}
            (Token::Literal | Token::Placeholder, _) => {
                if self.list != 2 {
                    self.add(b"?");
                }
                self.list = 1;
            }
            (Token::Sign, b",") if self.list == 1 => self.list = 2,
            (Token::Sign, b";") => {}
            (Token::Sign, b"(") if self.after_list => self.list = 2,
            (Token::Sign, b")") if self.list == 1 => {
                if !std::mem::replace(&mut self.after_list, true) {
                    self.add(b")");
                }
                self.list = 0;
            }
            (Token::Sign, b",") if self.after_list => {}
            _ => {
                if self.list == 2 {
                    self.add(b",");
                }
                (self.list, self.after_list) = (0, false);
                self.add(b" ");
                if token == Token::Word {
                    bytes.iter().for_each(|byte| self.byte(byte.to_ascii_lowercase()));
                } else {
                    self.add(bytes);
                }
            }
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    fn byte(&mut self, byte: u8) {
        self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(PRIME);
    }
}

/// Finds the word that says what a statement does.
#[derive(Default)]
struct Verb {
    depth: u32,
    with: bool,
    done: bool,
}

impl Verb {
    fn token(&mut self, token: Token, bytes: &[u8], op: &mut Vec<u8>) {
        match (token, bytes) {
            _ if self.done => {}
            (Token::Sign, b"(") if self.with => self.depth += 1,
            (Token::Sign, b")") => self.depth = self.depth.saturating_sub(1),
            (Token::Word, word) if self.with => {
                let main = VERBS.iter().find(|verb| word.eq_ignore_ascii_case(verb)).filter(|_| self.depth == 0);
                if let Some(verb) = main {
                    self.set(verb, op);
                }
            }
            (Token::Word, word) => {
                self.set(word, op);
                self.with = word.eq_ignore_ascii_case(b"WITH");
                self.done = !self.with;
            }
            _ => {}
        }
    }

    fn set(&mut self, word: &[u8], op: &mut Vec<u8>) {
        op.clear();
        op.extend(word.iter().take(24).map(u8::to_ascii_uppercase));
        self.done = true;
    }
}

const VERBS: &[&[u8]] = &[b"SELECT", b"INSERT", b"UPDATE", b"DELETE", b"MERGE", b"REPLACE", b"TABLE", b"VALUES"];
/// FNV-1a with 64 bits.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;
