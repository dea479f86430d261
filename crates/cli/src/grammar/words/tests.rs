#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::reworded;
use crate::grammar::tap::TapCommand;
use crate::grammar::{Cli, Command, Output};
use clap::Parser;

fn parse(line: &str) -> Cli {
    let words = line.split(' ').map(Into::into);
    Cli::try_parse_from(reworded(words)).unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[test]
fn cap_30d_output_of_the_image_is_a_file() {
    for line in [
        "qd tap image --output agent.tar",
        "qd tap image -o agent.tar --arch amd64",
        "qd tap image --output=agent.tar",
        "qd --context x tap image --to agent.tar",
    ] {
        // the context's name is no command
        let line = line.replace("--context x", "--read-only");
        let Some(Command::Tap(tap)) = parse(&line).command else { panic!("{line}") };
        let Some(TapCommand::Image(image)) = tap.command else { panic!("{line}") };
        assert_eq!(image.to.unwrap().to_str(), Some("agent.tar"), "{line}");
    }
    let cli = parse("qd tap image -o json");
    assert_eq!(cli.global.output, Output::Json);
    // elsewhere it is the form alone
    assert!(Cli::try_parse_from(reworded("qd tap list --output x.tar".split(' ').map(Into::into))).is_err());
}

#[test]
fn cap_43c_flat_json_is_a_form_of_the_output_of_taps() {
    let read = |line: &str| Cli::read(line.split(' ').map(Into::into));
    for line in [
        "qd tap -n shop -o flat-json",
        "qd -o flat-json tap -n shop",
        "qd tap -n shop --output=flat-json",
        "qd tap -n tap -oflat-json",
        "qd tap start -n shop -o flat-json",
        "qd tap join 0f -o flat-json",
    ] {
        let cli = read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(matches!(cli.command, Some(Command::Tap(_))), "{line}");
        assert!(cli.global.output == Output::FlatJson && cli.global.output_said, "{line}");
    }
    for line in
        ["qd get pods -o flat-json", "qd get pods tap -o flat-json", "qd tap list -o flat-json", "qd -o flat-json"]
    {
        let Err(error) = read(line) else { panic!("{line} is accepted") };
        assert!(error.exit_code() == 2 && error.to_string().contains("records of `qd tap`"), "{line}: {error}");
    }
}

#[test]
fn cap_n_19a_what_wireshark_says_is_the_extcap_command() {
    for line in [
        "qd --extcap-interfaces --extcap-version=4.0",
        "qd --extcap-interface qd-shop-front --extcap-dlts",
        "qd --capture --extcap-interface qd-shop-front --fifo /tmp/x --extcap-capture-filter port",
    ] {
        assert!(matches!(parse(line).command, Some(Command::Extcap(_))), "{line}");
    }
}

#[test]
fn cap_01_tap_start_is_tap_and_stands_in_no_help() {
    for line in ["qd tap start -n shop -l app=front", "qd --read-only tap start -n shop -l app=front"] {
        let Some(Command::Tap(tap)) = parse(line).command else { panic!("{line}") };
        assert_eq!((tap.live.namespace.as_slice(), tap.live.objects.len()), (&["shop".to_owned()][..], 0), "{line}");
    }
    let help = Cli::try_parse_from(["qd", "tap", "--help"]).unwrap_err().to_string();
    assert!(!help.contains("tap start") && !help.contains("\n  start"), "{help}");
    assert!(!help.contains("anthropic"), "{help}");
}

#[test]
fn cap_02a_namespaces_come_with_commas_and_again() {
    let Some(Command::Tap(tap)) = parse("qd tap -n a -n b,team-*,!c*").command else { panic!() };
    assert_eq!(tap.live.namespace, ["a", "b", "team-*", "!c*"]);
    let Some(Command::Tap(tap)) = parse("qd tap --pod one --pod two").command else { panic!() };
    assert_eq!(tap.live.pods, ["one", "two"]);
    assert!(Cli::try_parse_from("qd tap -n a -A".split(' ')).is_err());
}
