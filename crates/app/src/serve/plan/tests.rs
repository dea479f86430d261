#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{named, tls};
use crate::config::Serve;

fn check(serve: &Serve, insecure: bool, listen: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let listen = listen.parse().unwrap();
    tls(serve, insecure, listen, &mut problems);
    named(serve, insecure, listen, &mut problems);
    problems
}

#[test]
fn a_gateway_without_tls_says_how_to_have_it() {
    let none = Serve::default();
    let problems = check(&none, false, "0.0.0.0:8443");
    assert!(problems[0].contains("certificate and key") && problems[0].contains("--insecure-http"), "{problems:?}");
    assert!(problems[1].contains("public_url"), "{problems:?}");
    assert!(check(&none, true, "127.0.0.1:8443").is_empty());
    assert!(check(&none, true, "0.0.0.0:8443")[0].contains("loopback alone"));
}

#[test]
fn what_goes_not_together_is_said() {
    let of = |certificate: Option<&str>, key: Option<&str>, url: &str| Serve {
        certificate: certificate.map(Into::into),
        key: key.map(Into::into),
        public_url: Some(url.to_owned()),
        ..Serve::default()
    };
    let url = "https://qd.test";
    let table = [
        (of(Some("/nonexistent/c"), Some("/nonexistent/k"), url), false, "/nonexistent/c"),
        (of(Some("/c"), None, url), false, "key: "),
        (of(None, Some("/k"), url), false, "certificate: "),
        (of(Some("/c"), Some("/k"), url), true, "exclude each other"),
        (of(None, None, "http://qd.test"), false, "is not https"),
        (of(None, None, "https://qd.test/x"), true, "has a path"),
        (of(None, None, "qd test"), true, "is no URL"),
    ];
    for (serve, insecure, words) in table {
        let problems = check(&serve, insecure, "127.0.0.1:1");
        assert!(problems.iter().any(|one| one.contains(words)), "{words}: {problems:?}");
    }
    assert!(
        check(&of(None, None, "https://qd.test"), true, "127.0.0.1:1").is_empty(),
        "behind something with a certificate"
    );
}
