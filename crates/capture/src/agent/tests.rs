#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{common, parted};
use base::{Code, Coded};
use proto::capture::{Bye, Hello, VERSIONS};

fn hello(min: u32, max: u32) -> Hello {
    Hello { min, max, version: "9.8.7".to_owned(), ..Hello::default() }
}

#[test]
fn cap_f_17a_the_highest_common_protocol_is_spoken() {
    let (low, high) = (*VERSIONS.start(), *VERSIONS.end());
    assert_eq!(common(&hello(low, high)).unwrap(), high);
    assert_eq!(common(&hello(0, high + 5)).unwrap(), high, "a newer agent speaks ours too");
    assert_eq!(common(&hello(0, low)).unwrap(), low, "an older agent speaks its own");
}

#[test]
fn cap_f_17_without_a_common_protocol_it_is_said_which_side_is_older() {
    let (low, high) = (*VERSIONS.start(), *VERSIONS.end());
    for (min, max, side) in [(high + 1, high + 2, "newer"), (0, low - 1, "older")] {
        let error = common(&hello(min, max)).unwrap_err();
        assert_eq!(error.code(), Code::AgentVersion);
        let text = error.to_string();
        assert!(text.contains(&format!("(9.8.7) is {side} than this program")), "{text}");
    }
}

#[test]
fn cap_f_18b_an_agent_that_ends_the_stream_with_a_reason_is_not_asked_again() {
    let said = |reason: &str, text: &str| {
        let error = parted(&Bye { reason: reason.to_owned(), text: text.to_owned(), ..Bye::default() });
        (error.code(), error.to_string())
    };
    let (code, text) = said("refused", "the tap is not signed by the owner of this agent");
    assert_eq!(code, Code::AgentProtocol);
    assert_eq!(text, "the agent refuses its owner: the tap is not signed by the owner of this agent");
    assert_eq!(said("version", "qd.capture/9 is asked for").0, Code::AgentVersion);
    assert!(said("busy", "").1.contains("serves another tap"));
    assert!(said("error", "no rings").1.contains("no rings"));
}
