#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Code;
use std::collections::HashSet;

#[test]
fn codes_are_unique_snake_case_and_round_trip() {
    let mut seen = HashSet::new();
    for code in Code::ALL {
        let text = code.as_str();
        assert!(seen.insert(text), "{text} stands twice");
        assert!(text.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{text} is not snake_case");
        let json = serde_json::to_string(code).unwrap();
        assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), *code);
        assert!((400..600).contains(&code.http_status()), "{text}");
    }
}

#[test]
fn an_unknown_code_is_refused() {
    assert!(serde_json::from_str::<Code>("\"nope\"").is_err());
}
