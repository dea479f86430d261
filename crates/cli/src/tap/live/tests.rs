use super::*;
use crate::grammar::{Cli, Command};
use base::{Code, Coded};
use clap::Parser;

fn args(words: &[&str]) -> TapArgs {
    let cli = Cli::try_parse_from([&["qd", "tap", "--pod", "one"], words].concat()).unwrap();
    match cli.command {
        Some(Command::Tap(args)) => *args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn cap_26d_packets_leave_masked_where_a_file_asks_for_them_and_whole_without_redaction() {
    for (words, wanted) in [
        (&[][..], PacketLevel::None),
        (&["--write", "x.pcapng"], PacketLevel::Masked),
        (&["--write", "x.pcapng", "--no-redact"], PacketLevel::Full),
        (&["--write", "x.pcapng", "--packets", "headers"], PacketLevel::Headers),
        (&["--write", "x.pcapng", "--packets", "masked", "--no-redact"], PacketLevel::Masked),
        (&["--packets", "none"], PacketLevel::None),
        (&["--no-redact"], PacketLevel::None),
    ] {
        assert_eq!(level(&args(words)), wanted, "{words:?}");
    }
}

#[test]
fn cap_28d_more_of_a_body_than_may_be_shown_is_refused_and_not_cut_unsaid() {
    assert_eq!(args(&[]).read.body, 4 << 10);
    assert!(only_of_files(&args(&["--body", "262144"])).is_ok());
    let refused = only_of_files(&args(&["--body", "262145"])).unwrap_err();
    assert_eq!(refused.code(), Code::LimitReached);
    assert!(refused.to_string().contains("262144"), "{refused}");
}
