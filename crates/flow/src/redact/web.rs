//! Secrets of HTTP: headers, cookies, request targets and forms.

use memchr::memchr;

use super::{Redaction, Spans, Why};

impl Redaction {
    /// Secrets in a header's value. `name` in any case; both HTTP/1 and HTTP/2 call this.
    pub fn header(&self, name: &[u8], value: &[u8], spans: &mut Spans) {
        self.header_in(name, value, true, spans);
    }

    /// As [`Self::header`]. `shapes`: whether the value may hold what is known by its shape, see [`Self::may_hold`].
    pub(crate) fn header_in(&self, name: &[u8], value: &[u8], shapes: bool, spans: &mut Spans) {
        if !self.rules.on || value.is_empty() {
            return;
        }
        match name.len() {
            6 if self.rules.cookies && name.eq_ignore_ascii_case(b"cookie") => return cookies(value, spans),
            10 if self.rules.cookies && name.eq_ignore_ascii_case(b"set-cookie") => return set_cookie(value, spans),
            7 | 8 if name.eq_ignore_ascii_case(b"referer") || name.eq_ignore_ascii_case(b"location") => {
                return self.target(value, spans);
            }
            _ => {}
        }
        if self.headers.matches(name) {
            let authorization = name.len() >= 13 && ends_without_case(name, b"authorization");
            let why = if authorization { Why::Authorization } else { Why::Header };
            let scheme = if authorization { scheme(value) } else { 0 };
            return spans.add(scheme, value.len(), why);
        }
        if shapes {
            self.text(value, spans);
        }
    }

    /// Secrets in a request target or URL: user information, the query, tokens in the path.
    pub fn target(&self, target: &[u8], spans: &mut Spans) {
        if !self.rules.on {
            return;
        }
        let question = memchr(b'?', target).unwrap_or(target.len());
        let (path, query) = target.split_at_checked(question).unwrap_or((target, &[]));
        if path.first() != Some(&b'/') {
            user_information(path, spans);
        }
        self.text(path, spans);
        if let Some((_, query)) = query.split_first() {
            self.pairs(query, question + 1, spans);
        }
    }

    /// Secrets in `a=b&c=d`: a query without its `?`, or a body of `application/x-www-form-urlencoded`.
    pub fn form(&self, bytes: &[u8], spans: &mut Spans) {
        if self.rules.on {
            self.pairs(bytes, 0, spans);
        }
    }

    /// Secrets in a body, by its media type. `bytes` may be the head of a longer body.
    pub fn body(&self, media_type: &[u8], bytes: &[u8], spans: &mut Spans) {
        if !self.rules.on || bytes.is_empty() {
            return;
        }
        let media_type = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if media_type.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return self.form(bytes, spans);
        }
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if ends_without_case(media_type, b"json") || matches!(first, Some(b'{' | b'[')) {
            return self.json(bytes, spans);
        }
        if !media_type.starts_with(b"image/") && !media_type.starts_with(b"video/") {
            self.text(bytes, spans);
        }
    }

    fn pairs(&self, query: &[u8], base: usize, spans: &mut Spans) {
        let mut at = base;
        for pair in query.split(|byte| matches!(byte, b'&' | b';' | b'#')) {
            let end = at + pair.len();
            if let Some(equals) = memchr(b'=', pair) {
                let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, &[]));
                if self.secret_name(name) {
                    spans.add(at + equals + 1, end, Why::Key);
                } else if value.len() > 12 {
                    self.inner(value.get(1..).unwrap_or_default(), at + equals + 1, spans);
                }
            } else if pair.len() > 12 {
                self.inner(pair, at, spans);
            }
            at = end + 1;
        }
    }

    /// Tokens and card numbers in a value that stands `base` bytes into the text.
    fn inner(&self, value: &[u8], base: usize, spans: &mut Spans) {
        let mut found = Spans::new();
        self.text(value, &mut found);
        for span in found.iter() {
            spans.add(base + span.start, base + span.end, span.why);
        }
    }

    /// A parameter's name, with the few escapes that occur in names undone.
    fn secret_name(&self, name: &[u8]) -> bool {
        if memchr(b'%', name).is_none() {
            return self.keys.matches(name);
        }
        let mut plain = [0; 64];
        let mut len = 0;
        let mut rest = name;
        while let Some((first, after)) = rest.split_first() {
            let (byte, after) = match (first, after) {
                (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => (high << 4 | low, after),
                    _ => (*first, rest.get(1..).unwrap_or_default()),
                },
                _ => (*first, after),
            };
            let Some(to) = plain.get_mut(len) else { return false };
            *to = byte;
            len += 1;
            rest = after;
        }
        self.keys.matches(plain.get(..len).unwrap_or_default())
    }
}

/// `a=1; b=2`: every value. A pair without `=` is a value too.
fn cookies(value: &[u8], spans: &mut Spans) {
    let mut at = 0;
    for pair in value.split(|byte| *byte == b';') {
        cookie(pair, at, spans);
        at += pair.len() + 1;
    }
}

/// `name=value; Path=/; HttpOnly`: the value alone; the attributes are worth reading.
fn set_cookie(value: &[u8], spans: &mut Spans) {
    cookie(value.split(|byte| *byte == b';').next().unwrap_or_default(), 0, spans);
}

fn cookie(pair: &[u8], at: usize, spans: &mut Spans) {
    let blank = pair.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let start = memchr(b'=', pair).map_or(blank, |equals| equals + 1);
    let end = pair.len() - pair.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    spans.add(at + start, at + end, Why::Cookie);
}

/// Where the credentials begin: behind `Bearer `, when that looks like a scheme and something follows.
fn scheme(value: &[u8]) -> usize {
    let word = value.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let blanks = value.get(word..).unwrap_or_default().iter().take_while(|byte| **byte == b' ').count();
    if word == 0 || word > 32 || blanks == 0 || word + blanks == value.len() { 0 } else { word + blanks }
}

/// `user:password@` of `scheme://user:password@host/`.
fn user_information(url: &[u8], spans: &mut Spans) {
    let start = memchr::memmem::find(url, b"://").map_or(0, |at| at + 3);
    let rest = url.get(start..).unwrap_or_default();
    let authority = rest.get(..memchr(b'/', rest).unwrap_or(rest.len())).unwrap_or_default();
    if let Some(at) = memchr::memrchr(b'@', authority) {
        spans.add(start, start + at, Why::Url);
    }
}

fn ends_without_case(text: &[u8], end: &[u8]) -> bool {
    text.len().checked_sub(end.len()).and_then(|at| text.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
