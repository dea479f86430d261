#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Choice;

const HTTP: &[u8] = br#"{"kind":"http","src":{"ip":"10.0.0.1","port":40000},"dst":{"ip":"10.0.0.2","port":80},"redacted":["cookie","url"],"host":"shop","path":"/a b","status":503,"wait_us":12345}"#;

#[test]
fn cap_52a_expressions_name_members_of_records() {
    for (text, expected) in [
        ("status >= 500", true),
        ("status = 200", false),
        ("host = \"shop\" and path ~ \"^/a\"", true),
        ("src = \"10.0.0.1\" and port = 80", true),
        ("src.port = 40000 and dst.ip = \"10.0.0.2\"", true),
        ("redacted has cookie", true),
        ("redacted has sql", false),
        ("wait_us > 12k", true),
        ("qname = \"x\"", false),
        ("qname != \"x\"", true),
        ("kind in (\"dns\", \"http\")", true),
        ("not kind = \"http\"", false),
    ] {
        assert_eq!(Choice::parse(text).unwrap().holds(HTTP), expected, "{text}");
    }
}

#[test]
fn cap_f_09a_a_wrong_expression_says_where() {
    for (text, at) in [("stauts > 4", 0), ("status >", 8), ("status > \"x\" and", 9)] {
        let Err(error) = Choice::parse(text) else { panic!("{text} is accepted") };
        assert_eq!(error.at, at, "{text}: {error}");
    }
}
