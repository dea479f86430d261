//! The head of a message: start line and header fields, as they stand, with what is odd about them.
//!
//! A tap must show what was sent, so it is more lenient than a server: it takes what some peer may have taken, and says
//! so. Where two readings exist (smuggling) both lengths stand in the headers and the record has the anomaly.

use memchr::{memchr, memrchr};

use crate::{Side, Words, near, record::http::Span};

/// A place in the bytes of the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: u32,
    pub(super) len: u32,
}

impl Place {
    pub(super) fn new(at: usize, len: usize) -> Self {
        Self { at: at as u32, len: len as u32 }
    }

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        let at = self.at as usize;
        bytes.get(at..at + self.len as usize).unwrap_or_default()
    }
}

/// The start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Request { method: Place, target: Place },
    Response { status: u16, reason: Place },
}

/// What the framing and the record need of the header fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) length: Option<u64>,
    /// A transfer encoding was named, and whether its last is `chunked`.
    pub(super) transfer: Option<bool>,
    /// Positions among the fields, plus one; 0 for none.
    pub(super) host: u16,
    pub(super) kind: u16,
    pub(super) encoding: u16,
    pub(super) upgrade: u16,
    pub(super) extensions: u16,
    pub(super) traceparent: u16,
    pub(super) b3: u16,
    pub(super) request_id: u16,
}

/// A head that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) start: Start,
    /// 0 or 1, after `HTTP/1.`.
    pub(super) minor: u8,
    pub(super) fields: Fields,
    pub(super) odd: Words,
    /// Its length with the empty line.
    pub(super) len: usize,
}

impl Head {
    /// What collects the fields of trailers.
    pub(super) fn blank() -> Self {
        let start = Start::Response { status: 0, reason: Place::default() };
        Self { start, minor: 1, fields: Fields::default(), odd: Words::default(), len: 0 }
    }
}

/// Reads a head at the start of `bytes`; spans are pushed. `Ok(None)`: it is not whole yet.
pub(super) fn read(bytes: &[u8], spans: &mut Vec<Span>) -> Result<Option<Head>, &'static str> {
    let Some(first) = near::one(b'\n', bytes) else {
        return if could_start(bytes) { Ok(None) } else { Err("http_start_line") };
    };
    let line = without_cr(bytes.get(..first).unwrap_or_default());
    let (start, minor) = start_line(line).ok_or("http_start_line")?;
    let mut head = Head { start, minor, fields: Fields::default(), odd: Words::default(), len: 0 };
    if line.len() == first {
        head.odd.add("bare_lf");
    }
    let begin = spans.len();
    match fields(bytes, first + 1, spans, &mut head) {
        Some(len) => {
            head.len = len;
            Ok(Some(head))
        }
        None => {
            spans.truncate(begin);
            Ok(None)
        }
    }
}

/// Reads field lines from `at` to the empty line; the offset behind that.
pub(super) fn fields(bytes: &[u8], mut at: usize, spans: &mut Vec<Span>, head: &mut Head) -> Option<usize> {
    loop {
        let rest = bytes.get(at..)?;
        // Nearly every line ends at its first CR: one search finds both.
        let first = near::either(b'\r', b'\n', rest)?;
        let (line, end) = if matches!(rest.get(first..), Some([b'\r', b'\n', ..])) {
            (rest.get(..first)?, first + 1)
        } else {
            let end = first + memchr(b'\n', rest.get(first..)?)?;
            let line = without_cr(rest.get(..end)?);
            if memchr(b'\r', line).is_some() {
                head.odd.add("bare_cr");
            }
            (line, end)
        };
        let next = at + end + 1;
        if line.is_empty() {
            return Some(next);
        }
        if matches!(line.first(), Some(b' ' | b'\t')) && !spans.is_empty() {
            head.odd.add("obs_fold");
            if let Some(last) = spans.last_mut() {
                last.value_len = (at + line.len()) as u32 - last.value_at;
            }
        } else {
            let (span, value) = field(line, rest, at, head);
            spans.push(span);
            known(span_name(bytes, &span), value, spans.len() as u16, head);
        }
        if spans.len() >= MOST_FIELDS {
            return None;
        }
        at = next;
    }
}

/// One field line that stands at `at`. `rest` begins with it: a search need not end where the line does.
#[inline]
fn field<'a>(line: &'a [u8], rest: &[u8], at: usize, head: &mut Head) -> (Span, &'a [u8]) {
    let found = if line.len() < 16 { near::one(b':', rest.get(..16).unwrap_or(line)) } else { near::one(b':', line) };
    let Some(colon) = found.filter(|colon| *colon < line.len()) else {
        head.odd.add("field_without_colon");
        return (Span { name_at: at as u32, name_len: line.len() as u32, value_at: at as u32, value_len: 0 }, &[]);
    };
    let (name, rest) = line.split_at_checked(colon).unwrap_or((line, &[]));
    let trimmed = name.trim_ascii_end();
    if trimmed.len() != name.len() {
        head.odd.add("space_before_colon");
    }
    let value = rest.get(1..).unwrap_or_default();
    let lead = value.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let value = value.get(lead..).unwrap_or_default().trim_ascii_end();
    let span = Span {
        name_at: at as u32,
        name_len: trimmed.len() as u32,
        value_at: (at + colon + 1 + lead) as u32,
        value_len: value.len() as u32,
    };
    (span, value)
}

/// Takes note of a field that matters. `nth` is its position plus one.
fn known(name: &[u8], value: &[u8], nth: u16, head: &mut Head) {
    let fields = &mut head.fields;
    let is = |what: &[u8]| name.eq_ignore_ascii_case(what);
    match name.len() {
        2 if is(b"b3") => fields.b3 = nth,
        4 if is(b"host") => {
            if fields.host > 0 {
                head.odd.add("host_repeated");
            } else {
                fields.host = nth;
            }
        }
        7 if is(b"upgrade") => fields.upgrade = nth,
        11 if is(b"traceparent") => fields.traceparent = nth,
        12 if is(b"content-type") => fields.kind = nth,
        12 if is(b"x-request-id") => fields.request_id = nth,
        14 if is(b"content-length") => length(value, head),
        16 if is(b"content-encoding") => fields.encoding = nth,
        17 if is(b"transfer-encoding") => {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
            let chunked = last.eq_ignore_ascii_case(b"chunked");
            if fields.transfer.is_some() || (!chunked && contains_chunked(value)) {
                head.odd.add("transfer_encoding_odd");
            }
            fields.transfer = Some(chunked);
        }
        24 if is(b"sec-websocket-extensions") => fields.extensions = nth,
        _ => return,
    }
    if head.fields.transfer.is_some() && head.fields.length.is_some() {
        head.odd.add("length_and_transfer_encoding");
    }
}

fn length(value: &[u8], head: &mut Head) {
    for part in value.split(|byte| *byte == b',') {
        let part = part.trim_ascii();
        let number = std::str::from_utf8(part).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match (number.and_then(|text| text.parse::<u64>().ok()), head.fields.length) {
            (None, _) => head.odd.add("content_length_bad"),
            (Some(number), Some(have)) if number != have => head.odd.add("content_length_conflict"),
            (Some(_), Some(_)) => head.odd.add("content_length_repeated"),
            (Some(number), None) => head.fields.length = Some(number),
        }
    }
}

fn contains_chunked(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

fn span_name<'a>(bytes: &'a [u8], span: &Span) -> &'a [u8] {
    Place { at: span.name_at, len: span.name_len }.of(bytes)
}

fn start_line(line: &[u8]) -> Option<(Start, u8)> {
    if let Some(rest) = line.strip_prefix(b"HTTP/1.") {
        let (minor, rest) = rest.split_first()?;
        let rest = rest.strip_prefix(b" ")?;
        let (digits, tail) = rest.split_at_checked(3)?;
        if !minor.is_ascii_digit()
            || !digits.iter().all(u8::is_ascii_digit)
            || !matches!(tail.first(), None | Some(b' '))
        {
            return None;
        }
        let status = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        let reason = tail.get(1..).unwrap_or_default();
        let reason = Place::new(line.len() - reason.len(), reason.len());
        return Some((Start::Response { status, reason }, minor - b'0'));
    }
    let space = memchr(b' ', line)?;
    let last = memrchr(b' ', line)?;
    let minor = version(line.get(last + 1..)?)?;
    let method = line.get(..space)?;
    let target = line.get(space + 1..last)?;
    if method.is_empty() || method.len() > 32 || !method.iter().all(|byte| is_token(*byte)) || target.is_empty() {
        return None;
    }
    let start = Start::Request { method: Place::new(0, space), target: Place::new(space + 1, target.len()) };
    Some((start, minor))
}

fn version(word: &[u8]) -> Option<u8> {
    match word.strip_prefix(b"HTTP/1.")? {
        [minor] if minor.is_ascii_digit() => Some(minor - b'0'),
        _ => None,
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a line without its end can still become a start line.
fn could_start(bytes: &[u8]) -> bool {
    let response = b"HTTP/1.";
    let shared = bytes.len().min(response.len());
    if bytes.get(..shared) == response.get(..shared) {
        return true;
    }
    match memchr(b' ', bytes) {
        Some(space) => space > 0 && space <= 32 && bytes.iter().take(space).all(|byte| is_token(*byte)),
        None => bytes.len() <= 32 && bytes.iter().all(|byte| is_token(*byte)),
    }
}

/// Whether bytes are the begin of an HTTP/1 conversation. None: more are needed.
pub fn looks(bytes: &[u8]) -> Option<bool> {
    let bytes = skip_blank(bytes);
    if bytes.is_empty() {
        return None;
    }
    match memchr(b'\n', bytes) {
        Some(end) => Some(start_line(without_cr(bytes.get(..end)?)).is_some_and(|(start, _)| is_usual(bytes, start))),
        None if !could_start(bytes) => Some(false),
        None if !bytes.iter().take(3).all(|byte| byte.is_ascii_uppercase()) => Some(false),
        None if bytes.len() > 1024 => Some(is_method(bytes.get(..memchr(b' ', bytes)?)?)),
        None => None,
    }
}

/// Who sends bytes that begin like this.
pub fn sender(bytes: &[u8]) -> Option<Side> {
    if bytes.starts_with(VERSION) {
        return Some(Side::Server);
    }
    let end = memchr(b'\n', bytes)?;
    match start_line(without_cr(bytes.get(..end)?))?.0 {
        Start::Request { .. } => Some(Side::Client),
        Start::Response { .. } => Some(Side::Server),
    }
}

/// Where the next unmistakable message start is: a whole start line of this side.
pub(super) fn resync(bytes: &[u8], from: Side) -> Option<usize> {
    for hit in memchr::memmem::find_iter(bytes, VERSION) {
        let at = match from {
            Side::Server => hit,
            Side::Client => {
                let before = bytes.get(..hit)?;
                memrchr(b'\n', before).map_or(0, |end| end + 1)
            }
        };
        let rest = bytes.get(at..)?;
        let Some(end) = memchr(b'\n', rest) else { continue };
        match start_line(without_cr(rest.get(..end)?)) {
            Some((Start::Response { .. }, _)) if from == Side::Server => return Some(at),
            Some((start @ Start::Request { .. }, _)) if from == Side::Client => {
                if let Some(inside) = method_inside(rest, start) {
                    return Some(at + inside);
                }
            }
            _ => {}
        }
    }
    None
}

/// How much of bytes without a message start need not be looked at again: all but what may be the beginning of one. What a
/// server sends begins with its version; a request begins anywhere in the last line.
pub(super) fn searched(bytes: &[u8], from: Side) -> usize {
    let begins = match from {
        Side::Client => memrchr(b'\n', bytes).map_or(0, |end| end + 1),
        Side::Server => {
            let whole =
                memchr::memmem::rfind(bytes, VERSION).filter(|at| bytes.get(*at..).is_some_and(has_no_line_end));
            let part =
                || (1..VERSION.len()).rev().find(|len| VERSION.get(..*len).is_some_and(|part| bytes.ends_with(part)));
            whole.unwrap_or_else(|| bytes.len() - part().unwrap_or(0))
        }
    };
    if bytes.len() - begins > LONGEST_LINE { bytes.len() } else { begins }
}

fn has_no_line_end(bytes: &[u8]) -> bool {
    memchr(b'\n', bytes).is_none()
}

/// After a gap a line may begin with the end of a body: the method is its last capital letters.
fn method_inside(line: &[u8], start: Start) -> Option<usize> {
    let Start::Request { method, .. } = start else { return None };
    let word = method.of(line);
    if is_method(word) {
        return Some(0);
    }
    METHODS.iter().filter(|known| word.ends_with(known)).map(|known| word.len() - known.len()).min()
}

fn is_usual(bytes: &[u8], start: Start) -> bool {
    match start {
        Start::Response { .. } => true,
        Start::Request { method, .. } => {
            let method = method.of(bytes);
            is_method(method) || method.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
        }
    }
}

fn is_method(word: &[u8]) -> bool {
    METHODS.contains(&word)
}

/// Line ends before a message, which some clients send after a body.
pub(super) fn skip_blank(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    bytes.get(blank..).unwrap_or_default()
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

const METHODS: &[&[u8]] = &[
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"PURGE",
    b"SUBSCRIBE",
    b"NOTIFY",
    b"MERGE",
];
/// Header fields of one message.
const MOST_FIELDS: usize = 4096;

/// How responses begin, and requests go on.
const VERSION: &[u8] = b"HTTP/1.";
/// A start line longer than this is not found after a gap.
const LONGEST_LINE: usize = 8 << 10;
