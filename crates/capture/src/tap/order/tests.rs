#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::Recorder;
use super::recorder;
use base::{Code, Coded};
use std::time::Duration;

fn asked(until: &[&str]) -> Recorder {
    let until = until.iter().map(|text| (*text).to_owned()).collect();
    Recorder { pre: Duration::from_secs(30), post: Duration::from_millis(500), until }
}

#[test]
fn cap_n_14h_a_flight_recorder_is_checked_before_an_agent_is_told() {
    let told = recorder(&asked(&["status >= 500", "kind = \"dns\""])).unwrap();
    assert_eq!((told.pre_ms, told.post_ms, told.until.len()), (30_000, 500, 2));
    for wrong in ["status >=", "no_such_member = 1", " "] {
        let error = recorder(&asked(&["status >= 500", wrong])).unwrap_err();
        assert_eq!(error.code(), Code::SelectSyntax, "{wrong}");
    }
}
