#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shapes;
mod values;

use super::{LengthClass, Redaction, Rules, Span, Spans, Why, glob};

fn redaction() -> Redaction {
    Redaction::new(Rules::default(), [7; 16])
}

/// The text with `<rule:secret>` at each span.
fn shown(bytes: &[u8], spans: &Spans) -> String {
    let mut out = String::new();
    let mut from = 0;
    for span in spans.iter() {
        assert!(from <= span.start && span.start < span.end && span.end <= bytes.len(), "{spans:?}");
        out.push_str(&String::from_utf8_lossy(&bytes[from..span.start]));
        out.push_str(&format!("<{}:{}>", span.why.text(), String::from_utf8_lossy(&bytes[span.start..span.end])));
        from = span.end;
    }
    out.push_str(&String::from_utf8_lossy(&bytes[from..]));
    out
}

fn header(name: &str, value: &str) -> String {
    let mut spans = Spans::new();
    redaction().header(name.as_bytes(), value.as_bytes(), &mut spans);
    shown(value.as_bytes(), &spans)
}

fn target(text: &str) -> String {
    let mut spans = Spans::new();
    redaction().target(text.as_bytes(), &mut spans);
    shown(text.as_bytes(), &spans)
}

fn body(media_type: &str, text: &str) -> String {
    let mut spans = Spans::new();
    redaction().body(media_type.as_bytes(), text.as_bytes(), &mut spans);
    shown(text.as_bytes(), &spans)
}

fn text(text: &str) -> String {
    body("text/plain", text)
}

#[test]
fn cap_n_15_equal_secrets_have_equal_marks_under_one_key_alone() {
    let one = redaction();
    let other = Redaction::new(Rules::default(), [8; 16]);
    assert_eq!(one.mark(b"hunter2"), one.mark(b"hunter2"));
    assert_ne!(one.mark(b"hunter2").hash, one.mark(b"hunter3").hash);
    assert_ne!(one.mark(b"hunter2").hash, other.mark(b"hunter2").hash);
    assert!(!format!("{one:?}").contains("[7, 7"), "the key is not in debug output");
}

#[test]
fn the_hash_is_siphash() {
    // The vectors of its authors: key 00 01 … 0f, input 00 01 … of each length.
    let key: [u8; 16] = std::array::from_fn(|at| at as u8);
    let hash = super::SipHash::new(key);
    let input: Vec<u8> = (0..64).collect();
    let vectors = [
        (0, 0x726f_db47_dd0e_0e31),
        (1, 0x74f8_39c5_93dc_67fd),
        (7, 0xab02_00f5_8b01_d137),
        (8, 0x93f5_f579_9a93_2462),
        (15, 0xa129_ca61_49be_45e5),
    ];
    for (len, wanted) in vectors {
        assert_eq!(hash.hash(&input[..len]), wanted, "{len} bytes");
    }
}

#[test]
fn cap_n_15_a_mark_tells_a_length_class() {
    let classes = [(0, "0"), (1, "1-8"), (8, "1-8"), (9, "9-16"), (17, "17-32"), (64, "33-64"), (65, "65-128")];
    for (len, wanted) in classes.into_iter().chain([(256, "129-256"), (1024, "257-1024"), (1025, "1025+")]) {
        assert_eq!(LengthClass::of(len).text(), wanted, "{len}");
    }
    let mut spans = Spans::new();
    let bytes = b"token=hunter2&x=1&pin=1234";
    redaction().form(bytes, &mut spans);
    let mut out = Vec::new();
    redaction().write(bytes, &spans, &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(!out.contains("hunter2") && !out.contains("1234&"));
    let mark = format!("«redacted 1-8 #{:016x}»", redaction().mark(b"hunter2").hash);
    assert!(out.starts_with(&format!("token={mark}&x=1&pin=«redacted 1-8 #")), "{out}");
    assert_eq!(spans.why(), Why::Key.bit());
}

#[test]
fn spans_are_sorted_and_apart() {
    let mut spans = Spans::new();
    spans.add(10, 12, Why::Jwt);
    spans.add(2, 4, Why::Key);
    spans.add(4, 6, Why::Card);
    spans.add(7, 7, Why::Card);
    let list = |spans: &Spans| spans.iter().map(|span| (span.start, span.end, span.why)).collect::<Vec<_>>();
    assert_eq!(list(&spans), [(2, 4, Why::Key), (4, 6, Why::Card), (10, 12, Why::Jwt)]);
    spans.add(3, 11, Why::Url);
    assert_eq!(list(&spans), [(2, 12, Why::Key)]);
    spans.add(5, 6, Why::Card);
    assert_eq!(list(&spans), [(2, 12, Why::Key)]);
    spans.clear();
    assert!(spans.is_empty());
    let bits = Why::ALL.iter().fold(0_u16, |bits, why| bits | why.bit());
    assert_eq!(bits.count_ones() as usize, Why::ALL.len());
    let _: Span = Span { start: 0, end: 1, why: Why::Sql };
}

#[test]
fn off_hides_nothing() {
    let off = Redaction::off();
    let mut spans = Spans::new();
    off.header(b"authorization", b"Bearer abc", &mut spans);
    off.target(b"/?token=abc", &mut spans);
    off.body(b"application/json", b"{\"password\": \"abc\"}", &mut spans);
    off.text(b"4111 1111 1111 1111", &mut spans);
    assert!(
        spans.is_empty() && !off.is_on() && !off.sql() && !off.redis_key(b"session:1") && !off.secret_key(b"password")
    );
}

#[test]
fn patterns_are_those_of_redis() {
    for (pattern, hits, misses) in [
        ("*", &["", "a"][..], &[][..]),
        ("h?llo", &["hello", "hallo"], &["hllo", "heello"]),
        ("h*llo", &["hllo", "heeello"], &["hell"]),
        ("h[ae]llo", &["hallo", "hello"], &["hillo"]),
        ("h[^e]llo", &["hallo"], &["hello"]),
        ("h[a-c]llo", &["hbllo"], &["hdllo"]),
        ("h[c-a]llo", &["hbllo"], &["hdllo"]),
        ("h\\*llo", &["h*llo"], &["hello"]),
        ("*a*b*c", &["aabbcc", "abc"], &["acb"]),
        ("[abc", &["a"], &["d"]),
        ("", &[""], &["a"]),
    ] {
        hits.iter().for_each(|text| assert!(glob(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}"));
        misses.iter().for_each(|text| assert!(!glob(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}"));
    }
    // Work is bounded by pattern times text.
    let text = vec![b'a'; 20_000];
    assert!(!glob(b"*a*a*a*a*a*a*a*a*b", &text));
    assert!(
        redaction().redis_key(b"user:1:session")
            && redaction().redis_key(b"API_KEY") == glob(b"*api[_-]key*", b"API_KEY")
    );
    assert!(!redaction().redis_key(b"user:1:name"));
}
