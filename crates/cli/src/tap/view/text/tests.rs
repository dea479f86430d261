#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

#[test]
fn cap_f_27b_nothing_that_a_terminal_obeys_gets_into_a_line() {
    let line = Line::of(Tone::Plain, "a\u{1b}[2Jb\u{9b}31mc\u{7}\r\n\u{202e}d");
    let text = line.text();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert_eq!(text, "a\\u{1b}[2Jb\\u{9b}31mc\\u{7}\\r\\n\\u{202e}d");
}

#[test]
fn a_text_that_does_not_fit_ends_in_a_mark_and_a_column_is_as_wide_as_it_should_be() {
    for (text, cut) in [("abcdef", "abc… "), ("abcd", "abcd "), ("ab", "ab   "), ("日本語", "日… "), ("日本", "日本 ")]
    {
        let mut line = Line::default();
        line.column(Tone::Plain, text, 4);
        assert!(line.text().starts_with(cut.trim_end()), "{:?}", line.text());
        assert_eq!(line.width, 5, "{text}: {:?}", line.text());
    }
    let long = Line::of(Tone::Plain, "0123456789").to(6);
    assert_eq!((long.text().as_str(), long.width), ("01234…", 6));
}

#[test]
fn a_long_line_goes_on_in_the_next() {
    let mut line = Line::of(Tone::Dim, "abc");
    line.push(Tone::Plain, "日本defg");
    let wrapped: Vec<String> = line.wrapped(4).iter().map(Line::text).collect();
    assert_eq!(wrapped, ["abc", "日本", "defg"]);
}
