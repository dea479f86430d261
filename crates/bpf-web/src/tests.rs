#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{answer, compile, room};
use serde_json::json;

#[test]
fn cap_n_11q_the_browsers_compiler_says_where_a_text_is_wrong_and_what_may_stand_there() {
    let wrong = answer("tcp prot 8080");
    assert_eq!((&wrong["code"], &wrong["details"]["offset"]), (&json!("filter_syntax"), &json!(4)), "{wrong}");
    let expected = wrong["details"]["expected"].as_array().unwrap();
    assert!(!expected.is_empty() && wrong["message"].as_str().unwrap().contains("expected"), "{wrong}");
    let native = bpf::Filter::compile("tcp prot 8080", bpf::Options::new(pcap::LinkType::ETHERNET)).unwrap_err();
    assert_eq!(wrong["message"], native.to_string());
    let right = answer("tcp port 8080 and not host 10.0.0.7");
    assert!(right["instructions"].as_u64().unwrap() > 5, "{right}");
    // Whether there is such an object is for others to say; its form is not.
    assert!(answer("pod shop/front-1 or svc cart or workload deploy/front")["instructions"].is_u64());
    assert_eq!(answer("workload front")["code"], "filter_syntax");
    assert_eq!(answer("host front.shop")["code"], "filter_host_unknown");
    assert_eq!(answer(&"a".repeat(bpf::MAX_TEXT + 1))["code"], "filter_too_long");
}

#[test]
fn a_text_without_room_is_the_empty_one_and_answers_stand_where_they_are_said_to() {
    assert!(!room(8).is_null());
    let len = compile(9_999_999);
    assert!(len > 0 && !room(0).is_null());
    assert!(room(bpf::MAX_TEXT + 2).is_null() && room(usize::MAX).is_null(), "no more room than a text may need");
}
