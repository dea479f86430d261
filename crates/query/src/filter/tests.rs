#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::{Error, Field, FieldType, Filter, Record, Schema, Value};
use base::Coded;
use proptest::prelude::*;

struct Pods;

impl Schema for Pods {
    fn field(&self, name: &str) -> Option<Field> {
        let all = [
            ("name", FieldType::Text, 0),
            ("status", FieldType::Text, 1),
            ("restarts", FieldType::Number, 2),
            ("age", FieldType::Time, 3),
            ("labels", FieldType::Map, 4),
            ("ready", FieldType::Number, 5),
            ("bound", FieldType::Bool, 6),
            ("roles", FieldType::List, 7),
            ("memory", FieldType::Number, 8),
            ("cpu", FieldType::Number, 9),
            ("node", FieldType::Text, 10),
            ("duration", FieldType::Time, 11),
            ("use", FieldType::Number, 12),
        ];
        let found = all.into_iter().find(|(own, _, _)| *own == name)?;
        Some(Field { name: found.0.into(), ty: found.1, id: found.2 })
    }

    fn names(&self) -> Vec<String> {
        ["name", "status", "restarts", "age", "labels", "ready", "bound", "roles", "memory"].map(String::from).to_vec()
    }
}

struct Pod;

const NOW: i64 = 1_000_000_000;

impl Record for Pod {
    fn value(&self, id: u16) -> Value<'_> {
        match id {
            0 => Value::Text("web-7d4b9c-Xk2"),
            1 => Value::Text("CrashLoopBackOff"),
            2 => Value::Number(7.0),
            3 => Value::Time(NOW - 600_000),
            5 => Value::Number(0.5),
            6 => Value::Bool(true),
            7 => Value::Text("control-plane,worker"),
            8 => Value::Number(134_217_728.0),
            9 => Value::Number(0.25),
            11 => Value::Span(NOW - 90_000, Some(NOW - 30_000)),
            12 => Value::Number(87.5),
            _ => Value::Absent,
        }
    }

    fn map(&self, id: u16, key: &str) -> Value<'_> {
        match (id, key) {
            (4, "app") => Value::Text("web"),
            (4, "app.kubernetes.io/name") => Value::Text("shop"),
            (4, "empty") => Value::Text(""),
            _ => Value::Absent,
        }
    }

    fn words(&self, _: u16, test: &mut dyn FnMut(&str) -> bool) -> bool {
        ["web-7d4b9c-Xk2", "shop", "CrashLoopBackOff", "10.0.0.7", "Zürich"].into_iter().any(test)
    }

    fn name(&self) -> &str {
        "web-7d4b9c-Xk2"
    }
}

fn holds(expr: &str) -> bool {
    Filter::where_expr(expr, &Pods).unwrap_or_else(|error| panic!("{expr}: {error}")).matches(&Pod, NOW)
}

fn shows(text: &str) -> bool {
    Filter::parse(text, &Pods).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&Pod, NOW)
}

fn wrong(expr: &str) -> Error {
    Filter::where_expr(expr, &Pods).err().unwrap_or_else(|| panic!("{expr} parses"))
}

#[test]
fn exn_03a_operators_compare_by_the_type_of_the_field() {
    let table: &[(&str, bool)] = &[
        ("restarts > 3", true),
        ("restarts >= 7 and restarts <= 7", true),
        ("restarts<7", false),
        ("restarts == 7", true),
        ("restarts != 7", false),
        ("restarts in (1, 7)", true),
        ("restarts not in (1, 7)", false),
        ("status = CrashLoopBackOff", true),
        ("status = crashloopbackoff", false),
        (r#"status ~ "^Crash""#, true),
        (r#"status !~ "^Crash""#, false),
        ("status ~ '(?i)^crash'", true),
        ("status in (Running, CrashLoopBackOff)", true),
        ("status > B and status < D", true),
        ("age > 5m", true),
        ("age > 15m", false),
        ("age = 10m", true),
        ("age <= 1h30m", true),
        ("age < 3d", true),
        ("duration > 59s and duration < 1.5m", true),
        ("memory >= 128Mi", true),
        ("memory > 0.2G", false),
        ("cpu = 250m", true),
        ("cpu < 1", true),
        ("use > 80%", true),
        ("ready < 1", true),
        ("ready = 1/2", true),
        ("bound", true),
        ("not bound", false),
        ("bound = true and bound != no", true),
        ("labels.app = web", true),
        (r#"labels.app = "web""#, true),
        ("labels.app.kubernetes.io/name = shop", true),
        (r#"labels."app.kubernetes.io/name" = shop"#, true),
        ("labels has app", true),
        ("labels has tier", false),
        ("labels.tier", false),
        ("labels.empty", true),
        ("labels.empty = ''", true),
        ("roles has worker", true),
        ("roles has work", false),
        ("restarts > 3 and not (age < 5m or labels.app = api)", true),
        ("restarts > 100 or status ~ Back and bound", true),
        ("NOT restarts > 100 AND bound", true),
        ("", true),
    ];
    for (expr, wanted) in table {
        assert_eq!(holds(expr), *wanted, "{expr}");
    }
}

#[test]
fn cap_52f_a_term_between_slashes_is_a_regular_expression() {
    for (text, shown) in [
        ("/^web-[0-9a-f]+-/", true),
        ("/WEB-/ shop", true),
        ("shop /^10\\./", true),
        ("!/^web-/", false),
        ("/a\\/b/", false),
        // the key that opened the box, and words with slashes
        ("/web", true),
        ("/-f wxk", true),
        ("shop /web", false),
        ("/", true),
        ("//", false),
        ("/shop/x", false),
    ] {
        assert_eq!(shows(text), shown, "{text}");
    }
    let error = Filter::parse("shop /(/", &Pods).unwrap_err();
    assert_eq!((error.at, error.len), (6, 1), "{error}");
    let many = "/a/ ".repeat(9);
    assert!(Filter::parse(&many, &Pods).unwrap_err().to_string().contains("8 regular expressions"));
}

#[test]
fn exn_03a_an_absent_value_only_meets_negations() {
    for expr in ["node = a", "node > a", "node ~ a", "node in (a)", "node", "node < zzz", "labels.tier = x"] {
        assert!(!holds(expr), "{expr}");
    }
    for expr in ["node != a", "node !~ a", "node not in (a)", "not node", "labels.tier != x"] {
        assert!(holds(expr), "{expr}");
    }
}

#[test]
fn exn_03a_and_binds_closer_than_or() {
    assert!(holds("bound or bound and restarts > 100"));
    assert!(!holds("(bound or bound) and restarts > 100"));
    assert!(holds("not restarts > 100 or restarts > 100"));
}

#[test]
fn exf_24a_errors_say_where_and_what_instead() {
    let table: &[(&str, usize, usize, &str)] = &[
        ("restart > 3", 0, 7, "did you mean restarts?"),
        ("bound and statsu = x", 10, 6, "did you mean status?"),
        ("xyzzy = 1", 0, 5, "the fields are name, status"),
        ("restarts > many", 11, 4, "`restarts` is a number"),
        ("age > 5", 6, 1, "a duration like"),
        ("restarts >", 10, 0, "expected a value after `>`"),
        ("restarts ~ 3", 9, 1, "needs a text"),
        ("bound < true", 6, 1, "use `=` or `!=`"),
        ("(bound", 0, 1, "not closed"),
        ("bound)", 5, 1, "never opened"),
        ("bound bound", 6, 5, "expected `and`, `or` or the end"),
        ("labels = web", 0, 6, "name one, like `labels.app`"),
        ("status = \"x", 9, 2, "not closed"),
        ("status ~ '('", 9, 3, "not a regular expression"),
        ("restarts in 3", 12, 1, "expected `(`"),
        ("restarts in (3", 14, 0, "not closed"),
        ("!bound", 0, 1, "use `not`"),
        ("and", 0, 3, "no field `and`"),
        ("bound and", 9, 0, "expected a field"),
        // characters, not bytes
        ("name = \"ü\" and statsu", 15, 6, "did you mean status?"),
    ];
    for (expr, at, len, message) in table {
        let error = wrong(expr);
        assert!(error.message.contains(message), "{expr}: {}", error.message);
        assert_eq!((error.at, error.len), (*at, *len), "{expr}: {}", error.message);
        assert_eq!(error.code().as_str(), "query_syntax");
        assert_eq!(error.details().unwrap()["at"], *at);
    }
}

#[test]
fn ex_91_the_filter_box_takes_words_selectors_patterns_and_expressions() {
    let table: &[(&str, bool)] = &[
        ("", true),
        ("/", true),
        ("web", true),
        ("/web", true),
        ("WEB xk2", true),
        ("web nothing", false),
        ("!nothing", true),
        ("!web", false),
        ("/!web", false),
        ("crashloop", true),
        ("\"web-7d\"", true),
        ("10.0.0.7", true),
        ("ZÜRICH", true),
        ("-l app=web", true),
        ("-l app=web,tier!=x", true),
        ("-l app==web , app", true),
        ("-l app in (api, web)", true),
        ("-l app notin (api,web)", false),
        ("-l !app", false),
        ("-l !tier crash", true),
        ("-l app.kubernetes.io/name=shop where restarts > 3", true),
        ("!-l app=web", false),
        ("-f w7xk", true),
        ("-f kx7w", false),
        ("~^web-.*k2$", true),
        ("~^WEB", true),
        ("!~^web", false),
        ("/~a b", false),
        ("where restarts > 3", true),
        ("/where restarts > 30", false),
        ("web where restarts > 3 and bound", true),
        ("wherever", false),
    ];
    for (text, wanted) in table {
        assert_eq!(shows(text), *wanted, "{text}");
    }
    for (text, at) in [("where", 5), ("-l", 2), ("-f", 2), ("~", 1), ("!", 0), ("-l a in (b", 10), ("web where x", 10)]
    {
        let error = Filter::parse(text, &Pods).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
    }
}

#[test]
fn exf_24a_budgets_bound_length_depth_and_patterns() {
    let deep = format!("{}bound{}", "(".repeat(40), ")".repeat(40));
    assert!(wrong(&deep).message.contains("deep"));
    let nots = format!("{}bound", "not ".repeat(1_000));
    assert!(wrong(&nots).message.contains("deep"));
    assert!(wrong(&"a".repeat(5_000)).message.contains("4096 bytes"));
    let many = ["name ~ a"; 9].join(" or ");
    assert!(wrong(&many).message.contains("8 regular expressions"));
    assert!(wrong("name ~ '(((a{50}){50}){50}){50}'").message.contains("too large"));
    // wide but flat is fine
    assert!(holds(&vec!["bound"; 300].join(" and ")));
}

#[test]
fn equal_meanings_have_one_canonical_text() {
    let canonical = |text: &str| Filter::parse(text, &Pods).unwrap().canonical();
    assert_eq!(canonical("where  age>5m"), canonical("/where age > 300s"));
    assert_eq!(canonical("WEB"), canonical("\"web\""));
    assert_eq!(canonical("-l a==b"), canonical("-l a = b"));
    assert_ne!(canonical("web"), canonical("!web"));
    assert_ne!(canonical("where name ~ a"), canonical("~a"));
    assert_ne!(canonical("where labels.a = 'b'"), canonical("where labels.b = 'a'"));
}

#[test]
fn a_filter_tells_when_time_alone_changes_its_answer() {
    let filter = Filter::where_expr("age > 15m and restarts > 3", &Pods).unwrap();
    assert!(filter.is_timed() && !filter.matches(&Pod, NOW));
    let turn = filter.next_change(&Pod, NOW).unwrap();
    assert!(!filter.matches(&Pod, turn - 1) || filter.matches(&Pod, turn));
    let mut now = NOW;
    while !filter.matches(&Pod, now) {
        now = filter.next_change(&Pod, now).unwrap();
    }
    assert_eq!(now, NOW - 600_000 + 900_001);
    assert_eq!(filter.next_change(&Pod, NOW + 10_000_000), None);
    assert!(!Filter::where_expr("restarts > 3", &Pods).unwrap().is_timed());
}

#[test]
fn both_filters_hold_after_and() {
    let filter = |text: &str| Filter::parse(text, &Pods).unwrap();
    assert!(filter("web").and(filter("crash")).matches(&Pod, NOW));
    assert!(!filter("web").and(filter("nothing")).matches(&Pod, NOW));
    assert!(filter("").and(filter("")).is_empty());
}

proptest! {
    #[test]
    fn exf_24a_no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
        for parsed in [Filter::parse(&text, &Pods), Filter::where_expr(&text, &Pods)] {
            match parsed {
                Ok(filter) => { filter.matches(&Pod, NOW); let _ = filter.canonical(); filter.next_change(&Pod, NOW); }
                Err(error) => prop_assert!(error.at + error.len <= text.chars().count(), "{error:?}"),
            }
        }
    }

    #[test]
    fn exf_24a_no_mix_of_tokens_makes_the_parser_panic(tokens in proptest::collection::vec(prop_oneof![
        Just("name"), Just("labels."), Just("\"q"), Just("'"), Just("("), Just(")"), Just(","), Just("and"), Just("not"),
        Just("in"), Just("has"), Just("="), Just("!"), Just("~"), Just("<"), Just("-l"), Just("-f"), Just("where"),
        Just("5m"), Just("1/2"), Just("ü"), Just("\\"), Just("[a"), Just("9e999"), Just("or"), Just("restarts"), Just("age"),
    ], 0..24), glue in prop_oneof![Just(""), Just(" ")]) {
        let text = tokens.join(glue);
        for parsed in [Filter::parse(&text, &Pods), Filter::where_expr(&text, &Pods)] {
            match parsed {
                Ok(filter) => { filter.matches(&Pod, NOW); let _ = filter.canonical(); filter.next_change(&Pod, NOW); }
                Err(error) => prop_assert!(error.at + error.len <= text.chars().count(), "{error:?}"),
            }
        }
    }
}
