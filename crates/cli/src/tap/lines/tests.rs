#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Chosen;
use base::{Code, Coded};

#[test]
fn cap_f_09c_a_wrong_expression_is_refused_with_a_caret_under_its_place() {
    let error = Chosen::new(&[], Some("status >= 500 and stauts = 1")).err().unwrap();
    assert_eq!(error.code(), Code::SelectSyntax);
    assert_eq!(error.details().unwrap()["at"], 18, "{error}");
    let told = error.to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].contains("stauts") && lines[0].contains("status"), "{error}");
    assert_eq!(lines[1..], ["  status >= 500 and stauts = 1", "                    ^^^^^^"], "{error}");
    let open = Chosen::new(&[], Some("status >")).err().unwrap().to_string();
    assert!(open.ends_with("\n  status >\n          ^"), "{open}");
}

#[test]
fn cap_f_09_a_dear_expression_chooses_on_and_is_told() {
    let body = "ab".repeat(50 << 10);
    let line = format!(r#"{{"kind":"http","status":200,"request":{{"body":"{body}c"}}}}"#);
    let mut chosen = Chosen::new(&[], Some(r#"request.body ~ "(ab)+c$" or request.body ~ "xyz""#)).unwrap();
    let mut told = 0;
    for _ in 0..600 {
        assert!(chosen.holds(line.as_bytes()), "nothing is left out");
        told += u32::from(chosen.warning().is_some());
    }
    assert_eq!(told, 1, "told once");
}
