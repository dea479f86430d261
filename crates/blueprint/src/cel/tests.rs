#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

fn scope() -> Scope {
    let user = json!({ "username": "ada", "roles": ["dev", "admin", "dev"], "uid": 1000, "sudo": false });
    Scope::new(
        [("user", user), ("numbers", json!((0..200).collect::<Vec<_>>()))].into(),
        [("REGION".to_owned(), "north".to_owned())].into(),
        super::Compiled::default(),
    )
}

fn run(text: &str) -> Result<Value, String> {
    Expression::compile(text, &["user", "numbers"])?.evaluate(&scope())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn bc_06_standard_functions_and_ours() {
    for (expression, expected) in [
        ("user.username + '-x'", text("ada-x")),
        ("'admin' in user.roles ? 'big' : 'small'", text("big")),
        ("has(user.gitAddress) ? user.gitAddress : 'none'", text("none")),
        ("user.roles.all(r, size(r) > 2)", Value::Bool(true)),
        ("user.roles.exists(r, r == 'admin')", Value::Bool(true)),
        ("user.roles.exists_one(r, r == 'dev')", Value::Bool(false)),
        ("user.roles.filter(r, r != 'dev')[0]", text("admin")),
        ("size(user.roles.map(r, r + r))", Value::Number("3".to_owned())),
        ("int('7') + 1", Value::Number("8".to_owned())),
        ("double('0.5') * 2.0 == 1.0", Value::Bool(true)),
        ("string(user.uid)", text("1000")),
        ("uint(7) == 7u", Value::Bool(true)),
        ("bool('true')", Value::Bool(true)),
        ("type(user.uid) == int", Value::Bool(true)),
        ("timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')", Value::Bool(true)),
        ("duration('90m') > duration('1h')", Value::Bool(true)),
        (
            "user.username.contains('d') && user.username.startsWith('a') && user.username.endsWith('a')",
            Value::Bool(true),
        ),
        ("user.username.matches('^a.a$')", Value::Bool(true)),
        ("matches(user.username, 'b')", Value::Bool(false)),
        ("env('REGION')", text("north")),
        ("size(distinct(user.roles))", Value::Number("2".to_owned())),
        ("normalizeDNS('My__Name. X-')", text("my-name-x")),
    ] {
        assert_eq!(run(expression), Ok(expected), "{expression}");
    }
}

#[test]
fn bc_07a_an_absent_key_says_to_ask_has() {
    let error = run("user.gitAddress").unwrap_err();
    assert!(error.contains("gitAddress") && error.contains("has("), "{error}");
}

#[test]
fn bc_07b_only_scalars() {
    for expression in ["user.roles", "user", "null", "[1]", "duration('1s')", "1.0 / 0.0"] {
        assert!(run(expression).unwrap_err().contains("has to give"), "{expression}");
    }
}

#[test]
fn bc_07c_what_there_is_not_is_told_before_anything_runs() {
    for (expression, expected) in [
        ("user.username +", "does not compile at 1:"),
        ("nobody", "no variable nobody; there are user, numbers"),
        ("true ? 'a' : nobody", "no variable nobody"),
        ("numbers.all(n, m > n)", "no variable m"),
        ("exec('ls')", "no function exec"),
        ("'a'.replace('', 'b')", "no function replace"),
        ("math.greatest(1, 2)", "no "),
    ] {
        let error = Expression::compile(expression, &["user", "numbers"]).unwrap_err();
        assert!(error.contains(expected), "{expression}: {error}");
    }
}

#[test]
fn bc_07f_a_result_has_64_kib_at_most() {
    let doubled = |times: usize| {
        let more: String = (0..times).map(|at| format!(".map(a{at}, a{at} + a{at})")).collect();
        format!("['0123456789abcdef']{more}[0]")
    };
    assert!(matches!(run(&doubled(11)), Ok(Value::Text(text)) if text.len() == 32 << 10));
    assert!(run(&doubled(13)).unwrap_err().contains("costs too much"));
}

/// How long this thread has computed.
fn computed() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(told.split(' ').next().and_then(|text| text.parse().ok()).expect("a number"))
}

#[test]
fn wd_23_the_environment_is_closed_and_bombs_stop_within_50_ms() {
    assert_eq!(run("env('REGION')"), Ok(text("north")), "what the platform lists");
    for name in std::env::vars().map(|(name, _)| name).filter(|name| !name.contains(['\'', '\\'])) {
        assert!(run(&format!("env('{name}')")).unwrap_err().contains("lists no such name"), "{name}");
    }
    let doubled = |levels: usize| {
        let mut text = "['0123456789012345']".to_owned();
        for level in 0..levels {
            text = format!("{text}.map(a{level}, a{level} + a{level})");
        }
        format!("size({text})")
    };
    let nested = "numbers.all(a, numbers.all(b, numbers.all(c, numbers.all(d, a + b + c + d >= 0))))";
    for bomb in [
        nested.to_owned(),
        nested.replace("a + b + c + d >= 0", "true"),
        nested.replace("all", "map").replace(">= 0", ""),
        nested.replace("all", "exists_one"),
        "size(numbers.filter(a, size(numbers.filter(b, size(numbers.filter(c, true)) >= 0)) >= 0)) == 0".to_owned(),
        doubled(26),
        "numbers.map(a, numbers.map(b, numbers)) == []".to_owned(),
        "numbers.all(a, numbers.all(b, !'x'.matches('(a|b|c){50}')))".to_owned(),
        "numbers.all(a, numbers.all(b, numbers.all(c, a / 0 == 1)))".to_owned(),
    ] {
        // Nothing else of this machine counts: time on a processor, and the shortest of a few.
        let took = (0..9).map(|_| {
            let began = computed();
            let error = run(&bomb).unwrap_err();
            assert!(error.contains("costs too much"), "{bomb}: {error}");
            computed() - began
        });
        let took = took.min().unwrap();
        // A build for tests is several times slower than the one that is run.
        let most = if cfg!(debug_assertions) { 150 } else { 50 };
        assert!(took < Duration::from_millis(most), "{bomb}: stopped after {took:?}");
    }
    for deep in
        ["(".repeat(5000), "!".repeat(4000) + "true", "a?b:".repeat(900), "[".repeat(4000), "-".repeat(4000) + "1"]
    {
        assert!(Expression::compile(&deep, &["a", "b"]).is_err());
    }
    assert!(run("'x'.matches('(((a{100}){100}){100}){100}')").is_err());
    assert!(run(&format!("'{}' == ''", "x".repeat(5000))).unwrap_err().contains("at most 4096"));
}

proptest! {
    /// Any text: a scalar or an error, never a panic and never without an end.
    #[test]
    fn bc_07d_any_expression_ends(text in prop_oneof![
        "\\PC{0,30}",
        "(user|numbers|\\.username|\\.roles|\\.all\\(|\\.map\\(|x|, |\\)|\\(|\\[|\\]|\\{|\\}|:|\\?| \\+ | == | in |'a'|\"|1|1u|0x|size\\(|has\\(|-|!|&&|\\|\\||\\.|env\\(){0,14}",
    ]) {
        drop(run(&text));
    }
}
