#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::Recorder;
use super::{check_filter, filter, recorder};
use crate::names::Objects;
use base::{Code, Coded};
use std::time::Duration;

fn asked(until: &[&str]) -> Recorder {
    let until = until.iter().map(|text| (*text).to_owned()).collect();
    Recorder { pre: Duration::from_secs(30), post: Duration::from_millis(500), until }
}

#[test]
fn cap_27g_what_is_asked_for_is_within_what_is_configured_and_empty_is_that_alone() {
    let objects = Objects::new(None);
    let of = |text: &str, within: &str| filter(text, within, &objects);
    let programs = |text: &str, within: &str| of(text, within).unwrap().programs;
    let joined = of("tcp or udp port 53", "not port 443").unwrap();
    assert_eq!(joined.text, "tcp or udp port 53", "as it was written");
    assert_eq!(joined.programs, programs("(tcp or udp port 53) and (not port 443)", ""));
    assert_ne!(programs("tcp", "port 80 or port 81"), programs("tcp and port 80 or port 81", ""));
    assert_eq!(programs(" ", "not port 443"), programs("not port 443", ""));
    assert_eq!((programs("tcp", " "), programs("", "").len()), (programs("tcp", ""), 0));
    for wrong in ["tcp) or (udp", "tcp prot 80"] {
        let error = of(wrong, "not port 443").unwrap_err();
        assert_eq!(error.code(), Code::FilterSyntax, "{wrong}");
        assert_eq!(error.details(), of(wrong, "").unwrap_err().details(), "its place in what was written: {wrong}");
    }
    assert!(check_filter("").is_ok() && check_filter("not port 443").is_ok());
    assert_eq!(check_filter("prot 443").unwrap_err().code(), Code::FilterSyntax);
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
