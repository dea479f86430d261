#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Chosen, Cost, DEAR, ENOUGH};
use base::{Code, Coded};
use std::time::Duration;

#[test]
fn cap_f_09b_a_wrong_expression_is_refused_with_its_place_and_a_dear_one_told_once() {
    let error = Chosen::new(&[], Some("status >= 500 and stauts = 1")).err().unwrap();
    assert_eq!(error.code(), Code::QuerySyntax);
    assert!(error.to_string().contains("stauts"), "{error}");
    assert_eq!(error.details().unwrap()["at"], 18, "{error}");
    // Cheap ones are never told, however many records come.
    let mut cost = Cost::default();
    assert!((0..ENOUGH * 4).all(|_| cost.add(DEAR).is_none()));
    // One that is slow at first is not told before there is a mean; then once, and nothing is measured any more.
    let mut cost = Cost::default();
    let told: Vec<u32> = (1..ENOUGH * 4).filter(|_| cost.add(DEAR + Duration::from_micros(1)).is_some()).collect();
    assert_eq!(told.first(), Some(&ENOUGH));
    assert!(cost.begin().is_none());
    // What holds is not touched by that.
    let mut chosen = Chosen::new(&[], Some("status >= 500")).unwrap();
    for n in 0..2_000 {
        assert_eq!(chosen.line(format!("{{\"kind\":\"http\",\"status\":{n}}}").as_bytes()), n >= 500);
    }
}
