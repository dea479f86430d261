#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::names::{Ids, Named};
use super::scan::{Found, Kind, Scanner};
use super::spec::{is_id, parse};
use super::{Report, State, paths, scan, spec, together};
use std::collections::BTreeMap;

const TABLES: &str = "# Area\n| ID | feature | behaviour |\n|---|---|---|\n| EX-30 | pods `Name` | a \\| b |\n\
| EXD-21a | the token part | x |\n| EXD-21b | the link part | x |\n| CAP-N-06 | follows change | y |\n\
| K8S-2 | harvest | z |\n| not an id | x | y |\n```\n| EX-99 | inside code |\n```\n";

#[test]
fn rows_are_table_lines_that_begin_with_an_id() {
    let rows = parse(TABLES, "explorer");
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["EX-30", "EXD-21a", "EXD-21b", "CAP-N-06", "K8S-2"]);
    assert_eq!((rows[0].title.as_str(), rows[3].prefix()), ("pods Name", "CAP-N"));
}

#[test]
fn ids_have_capitals_a_number_and_perhaps_a_letter() {
    for good in ["EX-01", "EXD-21a", "CAP-A-08", "K8S-2", "AC-113"] {
        assert!(is_id(good), "{good}");
    }
    for bad in ["ex-01", "EX", "EX-", "EX-1ab", "EX-a", "L1", "ID", "user:create", "8-1"] {
        assert!(!is_id(bad), "{bad}");
    }
}

#[test]
fn names_of_tests_lead_to_rows_in_each_language() {
    let known = ["EX-30", "EX-31", "EX-64", "EX-81", "EX-92", "EXD-02", "EXD-21a", "CAP-06", "CAP-N-06", "K8S-2"];
    let ids = Ids::new(known.into_iter());
    for (name, rows) in [
        ("ex_30_pods_have_kubectl_columns", &["EX-30"][..]),
        ("ex_30_to_64_every_kind", &["EX-30", "EX-31", "EX-64"]),
        ("exd_21a_token", &["EXD-21a"]),
        ("cap_n_06_follows", &["CAP-N-06"]),
        ("cap_06_force", &["CAP-06"]),
        ("k8s_2_harvest", &["K8S-2"]),
        ("TestEXD02Mask", &["EXD-02"]),
        ("TestCAPN06Follows", &["CAP-N-06"]),
        ("EX-81 the grid", &["EX-81"]),
        ("EX-81, EX-92: keys", &["EX-81", "EX-92"]),
        ("EX-30..EX-64 columns", &["EX-30", "EX-31", "EX-64"]),
        ("ex_limits_are_kept", &[]),
        ("expands_3_items", &[]),
        ("TestExample", &[]),
        ("EXTRA-5 words", &[]),
    ] {
        let named = ids.named(name);
        assert_eq!((named.known.as_slice(), named.unknown.len()), (rows, 0), "{name}");
    }
}

#[test]
fn what_a_benchmark_alone_names_is_measured_and_not_proved() {
    let rows = parse("| CAP-P-01 | speed | x |\n| CAP-P-02 | both | y |\n", "capture");
    let one = |name: &str, kind: Kind| Found { name: name.to_owned(), place: "b.rs".to_owned(), kind };
    let found = [one("measures CAP-P-01 and CAP-P-02", Kind::Bench), one("cap_p_02_holds", Kind::Test)];
    let report = Report::new(&rows, &found, BTreeMap::new());
    assert_eq!(report.state("CAP-P-01"), (State::Bench, "1 benchmark: b.rs".to_owned()));
    assert_eq!(report.state("CAP-P-02").0, State::Whole);
}

#[test]
fn a_letter_names_a_part_which_does_not_close_the_row() {
    let rows = parse("| EXD-21 | token | x |\n| EXD-22 | links | y |\n", "explorer");
    let test = |name: &str| Found { name: name.to_owned(), place: "a.rs:1".to_owned(), kind: Kind::Test };
    let found = [test("exd_21a_token"), test("EXD-21b ends"), test("exd_22_links")];
    let report = Report::new(&rows, &found, BTreeMap::new());
    assert_eq!(report.state("EXD-21"), (State::Part, "ab: 2 tests: a.rs:1".to_owned()));
    assert_eq!(report.state("EXD-22"), (State::Whole, "1 test: a.rs:1".to_owned()));
    assert_eq!(report.state("EXD-23"), (State::Open, String::new()));
}

#[test]
fn parts_that_were_read_beside_their_row_show_it_together_while_each_has_a_test() {
    let rows = parse("| EXD-21 | token | x |\n| EXD-22 | links | y |\n", "explorer");
    let test = |name: &str, kind: Kind| Found { name: name.to_owned(), place: "a.rs:1".to_owned(), kind };
    let found = [test("exd_21a_token", Kind::Test), test("exd_21b_ends", Kind::Test), test("exd_22a_x", Kind::Ignored)];
    let state = |text: &str, id: &str| Report::new(&rows, &found, together(text, &rows).unwrap()).state(id).0;
    assert_eq!(state("# why\n\nEXD-21 ab\n", "EXD-21"), State::Whole);
    assert_eq!(state("EXD-21 abc\n", "EXD-21"), State::Part);
    assert_eq!(state("EXD-22 a\n", "EXD-22"), State::Open);
    assert!(together("EXD-99 a\n", &rows).is_err() && together("EXD-21\n", &rows).is_err());
}

#[test]
fn a_test_that_names_an_unknown_row_is_reported() {
    let ids = Ids::new(["EX-30", "EXD-21a", "CAP-N-06"].into_iter());
    for (name, id) in [
        ("ex_31_nodes", "EX-31"),
        ("exd_22a_token", "EXD-22a"),
        ("TestEX31Nodes", "EX-31"),
        ("EX-31 nodes", "EX-31"),
        ("cap_n_07_from_start", "CAP-N-07"),
    ] {
        assert_eq!(ids.named(name), Named { unknown: vec![id.to_owned()], ..Named::default() }, "{name}");
    }
}

#[test]
fn tests_are_found_in_rust_typescript_and_go() {
    let scanner = Scanner::new().unwrap();
    let rust = "#[test]\nfn ex_30_a() {}\nfn ex_31_helper() {}\n#[tokio::test(flavor = \"current_thread\")]\nasync fn ex_32_b() {}\n\
                #[test]\n#[ignore = \"slow\"]\nfn ex_33_c() {}\nproptest! {\n    #[test]\n    fn ex_34_d(x in 0..3) {}\n}\n";
    let found = scanner.file(rust, "rs", "a.rs");
    let names: Vec<(&str, Kind)> = found.iter().map(|found| (found.name.as_str(), found.kind)).collect();
    let expected =
        [("ex_30_a", Kind::Test), ("ex_32_b", Kind::Test), ("ex_33_c", Kind::Ignored), ("ex_34_d", Kind::Test)];
    assert_eq!(names, expected);
    assert_eq!(found[0].place, "a.rs:2");

    let script =
        "test(\"EX-81 grid\", () => {});\nit.skip('EX-82 cards', f);\ntest.each([1, 2])(\n  `EX-84 palette %i`, f);\n";
    let found = scanner.file(script, "ts", "a.test.ts");
    let names: Vec<(&str, Kind)> = found.iter().map(|found| (found.name.as_str(), found.kind)).collect();
    assert_eq!(names, [("EX-81 grid", Kind::Test), ("EX-82 cards", Kind::Ignored), ("EX-84 palette %i", Kind::Test)]);

    let found = scanner.file("func TestEX30Pods(t *testing.T) {\n}\nfunc helper() {}\n", "go", "a_test.go");
    assert_eq!(found.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), ["TestEX30Pods"]);
}

#[test]
fn every_row_named_by_a_test_of_this_project_is_promised() {
    let rows = spec::read(&paths::root().join("docs/spec")).unwrap();
    assert!(rows.len() > 400, "docs/spec lost its rows: {}", rows.len());
    let found = scan::read(&paths::root()).unwrap();
    let text = std::fs::read_to_string(paths::root().join("docs/spec/together.txt")).unwrap();
    let all = together(&text, &rows).unwrap();
    let report = Report::new(&rows, &found, all.clone());
    for id in all.keys() {
        assert_eq!(report.state(id).0, State::Whole, "{id}: a part that showed it has no test any more");
    }
    assert!(report.unknown.is_empty(), "{:#?}", report.unknown);
}
