#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::grammar::{Cli, Command};
use clap::Parser;

fn asked(line: &str) -> Result<TapRequest, Error> {
    let cli = Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
    let Some(Command::Tap(args)) = cli.command else { panic!("{line}") };
    let (name, server) = ("dev".to_owned(), String::new());
    request(&args, &Context { name, current: true, server, namespace: Some("mine".to_owned()) }, false)
}

#[test]
fn cap_07b_the_words_become_what_the_registry_is_asked_for() {
    let all = |line: &str| {
        let request = asked(line).unwrap();
        let one = |target: &ObjectRef| format!("{} {}/{}", target.kind, target.namespace, target.name);
        (request.targets.iter().map(one).collect::<Vec<_>>().join(", "), request.namespaces.join(","), request.selector)
    };
    for (line, targets, namespaces, selector) in [
        ("qd tap --ui -l app=front", "", "mine", "app=front"),
        ("qd tap --ui -n a -n b,!c -l x=y", "", "a,b,!c", "x=y"),
        ("qd tap --ui -A", "", "*", ""),
        ("qd tap --ui deploy/front", "deployments.apps /front", "", ""),
        ("qd tap --ui -n shop deploy/front --pod one", "deployments.apps shop/front, pods shop/one", "", ""),
        ("qd tap --ui -n shop node/n1", "nodes /n1", "", ""),
    ] {
        assert_eq!(all(line), (targets.to_owned(), namespaces.to_owned(), selector.to_owned()), "{line}");
    }
    let request = asked("qd tap --ui -A -f icmp --duration 9 --packets headers --body 77").unwrap();
    assert_eq!((request.filter.as_str(), request.seconds, request.body), ("icmp", Some(9), Some(77)));
    assert!(matches!(request.packets, TapPackets::Headers) && !request.unredacted);
}

#[test]
fn cap_07c_what_the_view_has_not_is_refused_and_not_left_out() {
    for word in ["--write x.pcapng", "--where status>1", "--count 3", "--fields ts", "--no-watch", "--interface eth0"] {
        let error = asked(&format!("qd tap --ui -A {word}")).unwrap_err().to_string();
        assert!(error.contains(word.split(' ').next().unwrap()), "{error}");
    }
    assert!(asked("qd tap --ui").unwrap_err().to_string().contains("which pods"));
    assert!(Cli::try_parse_from(["qd", "tap", "-A", "--ui-port", "9000"]).is_err(), "a port of no view");
}
