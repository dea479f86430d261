#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{TOLD_LINES, key_lines, left_out};

#[test]
fn cap_f_26b_lines_that_are_no_keys_are_told_by_number_and_not_by_what_they_hold() {
    let good = format!("CLIENT_RANDOM {} {}", "b".repeat(64), "a".repeat(96));
    let log = format!("# a comment\n{good}\nCLIENT_RANDOM s3cr3t\n\n{good}\nhello my world\n");
    let told = left_out("keys.log", &key_lines(log.as_bytes()));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("keys.log: line 3 is no key") && told[1].starts_with("keys.log: line 6 "), "{told:?}");
    assert!(!told.concat().contains("s3cr3t"), "{told:?}");
    let many = left_out("keys.log", &key_lines("x\n".repeat(TOLD_LINES + 7).as_bytes()));
    assert!(many.len() == TOLD_LINES + 1 && many[TOLD_LINES].contains(" 7 more "), "{many:?}");
}
