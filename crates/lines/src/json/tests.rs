#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{elements, get, members, text};

const LINE: &[u8] =
    br#"{"kind":"http","src":{"ip":"10.0.0.1","port":80},"a":[1,"x,]}",{"b":[[]]}],"t":true,"q":"\"\\","n":-5}"#;

fn plain(raw: &[u8]) -> String {
    let mut out = String::new();
    text(raw, &mut out);
    out
}

#[test]
fn members_are_found_by_path() {
    let at = |path: &str| get(LINE, path).map(|raw| String::from_utf8(raw.to_vec()).unwrap());
    assert_eq!(at("kind").unwrap(), r#""http""#);
    assert_eq!(at("src.port").unwrap(), "80");
    assert_eq!(at("src.name"), None);
    assert_eq!(at("kind.x"), None);
    assert_eq!(at("n").unwrap(), "-5");
    assert_eq!(at("q").unwrap(), r#""\"\\""#);
    assert_eq!(members(LINE).count(), 6);
    let list: Vec<_> = elements(get(LINE, "a").unwrap()).map(plain).collect();
    assert_eq!(list, ["1", "x,]}", r#"{"b":[[]]}"#]);
}

#[test]
fn texts_lose_quotes_and_escapes() {
    for (raw, expected) in [
        (&br#""plain""#[..], "plain"),
        (br#""a\"b\\c\n\t\u001b[0m""#, "a\"b\\c\n\t\u{1b}[0m"),
        (br#""\ud83d\ude00 \ud83d""#, "😀 "),
        (br#"["a","b",3]"#, "a,b,3"),
        (b"12.5", "12.5"),
        (b"", ""),
    ] {
        assert_eq!(plain(raw), expected);
    }
}

#[test]
fn lines_that_are_cut_have_no_wrong_members() {
    for end in 0..LINE.len() {
        for (name, value) in members(&LINE[..end]) {
            let whole = get(LINE, std::str::from_utf8(name).unwrap()).unwrap();
            assert!(whole.starts_with(value), "cut at {end}");
        }
    }
}
