#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;

fn good(text: &str) -> UserString {
    UserString::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn kind(text: &str) -> ErrorKind {
    UserString::parse(text).expect_err(text).kind
}

#[test]
fn ac_01_the_four_forms() {
    assert_eq!(*good("Dev1").target(), Target::Default);
    assert_eq!(good("  dev1 ~ "), good("dev1"), "an empty target is the implicit form; blanks are trimmed");
    let workload = Workload { kind: WorkloadKind::StatefulSet, name: "db".to_owned(), namespace: "team-a".to_owned() };
    let explicit = good("dev1~Go+workload=StatefulSet~DB+ns=Team-A+user=ada");
    assert_eq!(*explicit.target(), Target::Blueprint { name: "go".to_owned(), workload: Some(workload) });
    assert_eq!(explicit.os_user(), Some("ada"));
    assert_eq!(
        *good("dev1~pod=web-0+ns=shop+container=app").target(),
        Target::Pod { pod: "web-0".to_owned(), namespace: Some("shop".to_owned()), container: Some("app".to_owned()) }
    );
    let repo = |owner: &str, revision| Target::Repo {
        owner: owner.to_owned(),
        name: "proj".to_owned(),
        revision,
        workload: None,
    };
    assert_eq!(*good("dev1~repo=org~proj+ref=Feature~X").target(), repo("org", Revision::Ref("Feature/X".to_owned())));
    assert_eq!(*good("dev1~repo=org/proj+pr=12").target(), repo("org", Revision::Pull(12)));
    assert_eq!(*good("dev1~repo=proj").target(), repo("dev1", Revision::Default), "a bare name: the owner is the user");
}

#[test]
fn ac_02a_rules_of_forms() {
    use ErrorKind::{Conflict, DuplicateKey, UnknownKey};
    for (text, expected) in [
        ("dev1~go+workload=deployment~web", Conflict),
        ("dev1~go+ns=a", Conflict),
        ("dev1~pod=a+repo=b", Conflict),
        ("dev1~pod=a+workload=deployment~web+ns=b", Conflict),
        ("dev1~repo=a+ref=b+pr=1", Conflict),
        ("dev1~ref=b", Conflict),
        ("dev1~go+container=a", Conflict),
        ("dev1~go+repo=a", Conflict),
        ("dev1~go+pod=a", Conflict),
        ("dev1~workload=deployment~web+ns=a", Conflict),
        ("dev1~user=ada", Conflict),
        ("dev1~go+color=red", UnknownKey),
        ("dev1~repo=a+REPO=b", DuplicateKey),
    ] {
        assert_eq!(kind(text), expected, "{text}");
    }
    assert_eq!(good("dev1~cluster=east").cluster(), Some("east"));
    assert_eq!(good("dev1~pod=a+cluster=east").cluster(), Some("east"));
    assert_eq!(kind("dev1~go+workload=job~a+ns=b"), ErrorKind::Charset);
}

#[test]
fn ac_02b_budgets_are_checked_before_anything_is_decoded() {
    use ErrorKind::{Charset, Nested, TooLong};
    assert_eq!(kind(&"a".repeat(256)), TooLong);
    assert_eq!(kind(&format!("dev1~ref={}", "a".repeat(120))), TooLong);
    assert_eq!(kind(&"a".repeat(65)), TooLong);
    assert_eq!(kind("dev1~repo=a\u{e9}"), Charset);
    assert_eq!(kind("dev1\n"), Charset);
    let wrap = |text: &str| {
        use base64::Engine as _;
        format!("b64-{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text))
    };
    assert_eq!(good(&wrap("dev1~go")), good("dev1~go"));
    assert_eq!(good(&wrap("dev1~go").replace("b64-", "base64-")), good("dev1~go"));
    assert_eq!(kind(&wrap(&wrap("dev1"))), Nested);
    assert_eq!(kind(&wrap("a\0b")), Charset);
    assert_eq!(kind(&wrap(&format!("dev1~ref={}", "a".repeat(120)))), TooLong);
    assert_eq!(kind("b64-%%%"), Charset);
    for bad in
        ["", "~go", "-dev", "d v", "dev1~repo=", "dev1~repo=a=b", "dev1~repo=a@b", "dev1~repo=%2", "dev1~repo=%zz"]
    {
        assert_eq!(kind(bad), Charset, "{bad}");
    }
    for bad in ["a%00b", "a%2e%2e", "a..b", "a%5Cb", "a%0Ab", "%FF", "a~b~c", "-x"] {
        assert_eq!(kind(&format!("dev1~repo={bad}")), Charset, "{bad}");
    }
    for bad in ["-x", "a%20b", "a%40{", "~a", "a:b"] {
        assert_eq!(kind(&format!("dev1~repo=a+ref={bad}")), Charset, "{bad}");
    }
    assert_eq!(UserString::parse("dev1~go+color=red").unwrap_err().at, 8, "the error says where");
}

#[test]
fn ac_03_case() {
    let user = good("DEV1~REPO=Org~Proj+REF=Feature~X+CLUSTER=East");
    assert_eq!(user.emit(), "dev1~repo=Org~Proj+ref=Feature~X+cluster=east");
}

#[test]
fn ac_04_what_we_print_is_safe_everywhere() {
    assert_eq!(good("dev1~repo=org/proj+ref=a%2Fb").emit(), "dev1~repo=org~proj+ref=a~b");
    let odd = good("dev1~repo=org~proj+ref=a%2Bb%25");
    assert!(odd.emit().starts_with("b64-"), "{}", odd.emit());
    assert_eq!(good(&odd.emit()), odd);
    assert_eq!(good(&good("dev1~go").emit_wrapped()), good("dev1~go"));
    assert!(good("dev1~go").emit_wrapped().starts_with("b64-"));
}

proptest! {
    /// Whatever bytes come: an answer, and what parses is printed safely and parses to the same.
    #[test]
    fn ac_04a_any_text_parses_or_not_and_what_parses_round_trips(text in prop_oneof![
        "\\PC{0,40}",
        "[a-zA-Z0-9]{1,9}(~|%7E|=|\\+|repo|ref|pr|pod|ns|workload|user|cluster|container|deployment|[a-zA-Z0-9%@/.-]){0,30}",
        "[a-z0-9]{1,9}~repo=([a-z]{1,5}[~/])?[A-Z._a-z]{1,5}(\\+ref=([A-Za-z#!~./ -]|%2B|%25|%C3%A9){1,12})?(\\+cluster=[a-z]{1,5})?",
        "(b64-|base64-)[A-Za-z0-9_-]{0,60}",
    ]) {
        if let Ok(user) = UserString::parse(&text) {
            let emitted = user.emit();
            prop_assert!(emitted.len() <= 255);
            let safe = |b: u8| b.is_ascii_alphanumeric() || b"._~+=-".contains(&b);
            prop_assert!(emitted.bytes().all(safe), "{}", emitted);
            prop_assert_eq!(UserString::parse(&emitted), Ok(user.clone()), "{}", emitted);
            prop_assert_eq!(UserString::parse(&user.emit_wrapped()), Ok(user));
        }
    }
}
