#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

#[test]
fn headers_are_lines_bodies_keep_theirs_and_escapes_do_nothing() {
    let record = r#"{"kind":"http","status":200,"request":{"headers":[["Host","shop"],["X-Evil","\u001b[2J\u001b]0;pwned\u0007"]],"body":"{\n  \"a\": 1\n}","len":12}}"#;
    let lines: Vec<String> = lines(record.as_bytes(), 60).iter().map(Line::text).collect();
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(lines.contains(&"    Host: shop".to_owned()), "{lines:#?}");
    assert!(has(r"X-Evil: \u{1b}[2J\u{1b}]0;pwned\u{7}") && has("    \"a\": 1"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains(char::is_control)), "{lines:#?}");
}

#[test]
fn what_is_too_long_is_wrapped_and_not_cut() {
    let record = format!(r#"{{"path":"{}"}}"#, "x".repeat(100));
    let lines = lines(record.as_bytes(), 30);
    assert_eq!(lines.iter().map(|line| line.text().matches('x').count()).sum::<usize>(), 100);
}
