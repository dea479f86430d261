#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use clap::Parser;

use super::extcap;
use crate::grammar::tap::TapArgs;
use crate::grammar::{Cli, Command, reworded};

/// What `qd` says to these words of Wireshark.
fn says(line: &str) -> String {
    let cli = Cli::try_parse_from(reworded(line.split(' ').map(Into::into))).unwrap();
    let Some(Command::Extcap(args)) = cli.command else { panic!("{line}") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut out = Vec::new();
    runtime.block_on(extcap(&args, &cli.global, &mut out)).unwrap();
    String::from_utf8(out).unwrap()
}

/// The tap that these words start.
fn starts(words: &[&str]) -> Box<TapArgs> {
    let cli = Cli::try_parse_from(reworded(words.iter().map(Into::into))).unwrap();
    let Some(Command::Extcap(args)) = cli.command else { panic!("{words:?}") };
    let Some(Command::Tap(tap)) = args.tap(&cli.global).unwrap().unwrap().command else { panic!("no tap") };
    tap
}

#[test]
fn cap_n_19b_questions_of_wireshark_are_answered_in_its_form() {
    let interfaces = says("qd --extcap-interfaces --extcap-version=4.0 --kubeconfig /nowhere/kubeconfig");
    let lines: Vec<&str> = interfaces.lines().collect();
    assert!(lines[0].starts_with("extcap {version=") && lines[0].ends_with("{display=Quarterdeck}"), "{interfaces}");
    assert_eq!(lines[1], "interface {value=qd}{display=Kubernetes pods by label}");
    assert_eq!(lines.len(), 2, "without a cluster there are no pods");
    assert!(says("qd --extcap-interface qd:shop/front --extcap-dlts").starts_with("dlt {number=1}{name=EN10MB}"));
    let pod = says("qd --extcap-interface qd:shop/front --extcap-config");
    assert!(pod.contains("{call=--payload}") && !pod.contains("--pods-selector"), "{pod}");
    assert!(says("qd --extcap-interface qd --extcap-config").contains("{call=--pods-selector}"));
}

#[test]
fn cap_n_19c_a_capture_of_wireshark_is_a_tap_into_its_pipe() {
    let words = ["qd", "--capture", "--extcap-interface", "qd:shop/front-7", "--fifo", "/tmp/fifo"];
    let more = ["--extcap-capture-filter", "tcp port 80", "--payload", "headers"];
    let tap = starts(&[&words[..], &more].concat());
    assert_eq!(tap.write.as_deref(), Some(std::path::Path::new("/tmp/fifo")));
    assert_eq!(tap.live.pods, ["front-7"]);
    assert_eq!(tap.read.filter.as_deref(), Some("tcp port 80"));
    assert!(!tap.read.no_redact && tap.is_live());
    let words = ["qd", "--capture", "--extcap-interface", "qd", "--fifo", "/tmp/fifo", "--pods-selector", "app=front"];
    let tap = starts(&words);
    assert_eq!(tap.live.selector.as_deref(), Some("app=front"));
    assert!(tap.live.pods.is_empty() && tap.read.no_redact);
}
