//! Ranges of secret bytes, in order.

/// Which rule found a secret. Goes into `redacted[]` of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Why {
    /// Credentials in an authorization header.
    Authorization,
    /// A cookie's value.
    Cookie,
    /// Another header that carries a key.
    Header,
    /// A query parameter, form field or JSON member with a secret's name.
    Key,
    /// User information in a URL.
    Url,
    /// A JSON Web Token.
    Jwt,
    /// A payment card number.
    Card,
    /// A literal, a comment or a bound parameter of SQL.
    Sql,
    /// A value or password of Redis.
    Redis,
    /// What a client sent to prove who it is.
    Login,
}

impl Why {
    /// Every rule, in the order of [`Why::bit`].
    pub const ALL: [Why; 10] = [
        Why::Authorization,
        Why::Cookie,
        Why::Header,
        Why::Key,
        Why::Url,
        Why::Jwt,
        Why::Card,
        Why::Sql,
        Why::Redis,
        Why::Login,
    ];

    /// The word of `redacted[]`.
    pub fn text(self) -> &'static str {
        match self {
            Why::Authorization => "authorization",
            Why::Cookie => "cookie",
            Why::Header => "header",
            Why::Key => "key",
            Why::Url => "url",
            Why::Jwt => "jwt",
            Why::Card => "card",
            Why::Sql => "sql",
            Why::Redis => "redis",
            Why::Login => "login",
        }
    }

    /// Adds the words of rules given as bits.
    pub(crate) fn words(bits: u16, words: &mut crate::Words) {
        Why::ALL.iter().filter(|why| bits & why.bit() != 0).for_each(|why| words.add(why.text()));
    }

    /// One bit for each rule, so that a record's rules fit a number.
    pub fn bit(self) -> u16 {
        1 << (self as u8)
    }
}

/// One secret: the bytes `start..end` of what was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
    /// The rule.
    pub why: Why,
}

/// The secrets of one text, sorted and apart. Meant to be kept and cleared, so that steady state allocates nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    list: Vec<Span>,
}

impl Spans {
    /// No spans.
    pub const fn new() -> Spans {
        Spans { list: Vec::new() }
    }

    /// Forgets all, keeps the room.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// True when nothing is secret.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In order of position.
    pub fn iter(&self) -> std::slice::Iter<'_, Span> {
        self.list.iter()
    }

    /// The rules that found something, as [`Why::bit`]s.
    pub fn why(&self) -> u16 {
        self.list.iter().fold(0, |bits, span| bits | span.why.bit())
    }

    /// Adds a range. Where it touches what is already secret the two become one, under the earlier rule.
    pub fn add(&mut self, start: usize, end: usize, why: Why) {
        if start >= end {
            return;
        }
        let mut new = Span { start, end, why };
        let at = self.list.partition_point(|span| span.end <= start);
        let mut upto = at;
        while let Some(old) = self.list.get(upto).filter(|old| old.start < new.end) {
            if upto == at {
                new.why = old.why;
            }
            new.start = new.start.min(old.start);
            new.end = new.end.max(old.end);
            upto += 1;
        }
        if at == upto {
            self.list.insert(at, new);
        } else {
            self.list.drain(at + 1..upto);
            if let Some(slot) = self.list.get_mut(at) {
                *slot = new;
            }
        }
    }
}
