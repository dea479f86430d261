#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Facts, check, render};
use proptest::prelude::*;

#[test]
fn bp_02d_names_are_filled_in_and_nothing_else() {
    let facts = Facts {
        user: "ada",
        full_name: "Ada \u{1b}[31mL",
        email: "ada@example.com",
        organization: "lab",
        workspace: "ada-x",
        blueprint: "go",
        version: "0.1.0",
        commit: "1a2b3c",
    };
    for (text, expected) in [
        ("Hello {{ .User }} of {{.User.Organization}}", "Hello ada of lab"),
        ("{{ .user.fullName }} <{{ .User.Email }}>", "Ada [31mL <ada@example.com>"),
        ("{{ .Workspace }}: {{ .blueprint.name }} {{ .Version }} ({{ .Commit }})", "ada-x: go 0.1.0 (1a2b3c)"),
        ("a  {{- .User -}}  b{{/* a remark */}}!", "aadab!"),
        ("one\n\ttwo\u{7}", "one\n\ttwo"),
        ("{ .User } }}", "{ .User } }}"),
        ("", ""),
    ] {
        assert_eq!(render(text, &facts), expected, "{text:?}");
        assert_eq!(check(text), Ok(()), "{text:?}");
    }
    for bad in ["{{ .Secret }}", "{{ User }}", "{{ range .User }}", "{{ .User | upper }}", "{{ .User", "{{}}"] {
        assert!(check(bad).is_err(), "{bad}");
        assert_eq!(render(bad, &facts), bad, "it stays as it is written");
    }
    assert_eq!(render(&"{{ .User.Email }}".repeat(300), &facts).len(), 4096);
    assert_eq!(render(&"€".repeat(3000), &facts), "€".repeat(1365), "4 KiB, and no half of a letter");
}

proptest! {
    /// Whatever is written: an end, and nothing that steers a terminal.
    #[test]
    fn bp_02e_any_splash_is_answered(text in "(\\{\\{|\\}\\}|-| |\\.User|/\\*|\\*/|\\PC|\u{1b}){0,24}") {
        let shown = render(&text, &Facts { user: "\u{1b}[2J", ..Facts::default() });
        prop_assert!(shown.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
    }
}
