#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::LiveArgs;
use clap::{Args, Command, FromArgMatches};
use std::time::Duration;

fn parse(words: &[&str]) -> Result<LiveArgs, clap::Error> {
    let command = Command::new("tap").arg(clap::Arg::new("read").long("read"));
    let matches = LiveArgs::augment_args(command).try_get_matches_from([&["tap"], words].concat())?;
    LiveArgs::from_arg_matches(&matches)
}

#[test]
fn cap_n_14i_a_flight_recorder_is_asked_for_by_its_triggers() {
    assert_eq!(parse(&["-A"]).unwrap().recorder(), None);
    let words = ["-A", "--until", "status >= 500", "--until", "kind = \"dns\"", "--pre", "5m"];
    let recorder = parse(&words).unwrap().recorder().unwrap();
    assert_eq!(recorder.until, ["status >= 500", "kind = \"dns\""]);
    assert_eq!((recorder.pre, recorder.post), (Duration::from_secs(300), Duration::from_secs(10)));
    // Times alone, times that are none, and files have none.
    for words in [
        &["-A", "--pre", "5s"][..],
        &["-A", "--until", "x = 1", "--pre", "5"],
        &["-A", "--until", "x = 1", "--post", "2h"],
        &["-A", "--until", "x = 1", "--post", "s"],
        &["--read", "f", "--until", "x = 1"],
    ] {
        assert!(parse(words).is_err(), "{words:?}");
    }
}
