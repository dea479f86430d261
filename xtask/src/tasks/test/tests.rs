#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::count::{Count, Runner};

fn read(runner: Runner, text: &str) -> (usize, usize, usize) {
    let (mut reader, mut count) = (runner.reader(), Count::default());
    text.lines().for_each(|line| reader.line(line, &mut count));
    (count.passed, count.failed, count.ignored)
}

#[test]
fn every_test_program_of_cargo_is_added_up() {
    let text = "running 3 tests\ntest a ... ok\n\
        test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\
        test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.02s\n\
        a line that says 99 passed\n";
    assert_eq!(read(Runner::Cargo, text), (15, 2, 1));
}

#[test]
fn the_summary_of_vitest_counts_tests_and_not_files() {
    let text = " Test Files  1 failed | 4 passed (5)\n      Tests  2 failed | 40 passed | 3 skipped (45)\n";
    assert_eq!(read(Runner::Vitest, text), (40, 2, 3));
    assert_eq!(read(Runner::Vitest, "      Tests  7 passed (7)\n"), (7, 0, 0));
}

#[test]
fn go_counts_tests_and_not_their_parts() {
    let text = "=== RUN   TestA\n    --- PASS: TestA/part (0.00s)\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.01s)\nok  x 0.1s\n";
    assert_eq!(read(Runner::Go, text), (1, 1, 0));
}

#[test]
fn a_sum_is_read_as_it_stands() {
    let text = "ok      run: Ctrl-C when images are loaded\n8 passed, 1 failed\n";
    assert_eq!(read(Runner::Sum, text), (8, 1, 0));
}

#[test]
fn tests_that_failed_are_named() {
    let (mut cargo, mut vitest, mut count) = (Runner::Cargo.reader(), Runner::Vitest.reader(), Count::default());
    for line in
        ["test a::b ... ok", "test a::c ... FAILED", "test d - should panic ... FAILED", "test result: FAILED. "]
    {
        cargo.line(line, &mut count);
    }
    for line in ["failures:", "---- a::c stdout ----", "left: 1", "failures:", "    a::c"] {
        cargo.line(line, &mut count);
    }
    assert_eq!(count.said, ["failures:", "---- a::c stdout ----", "left: 1"]);
    vitest.line("   ✓ a row is opened by Enter  1234ms (retry x1)", &mut count);
    vitest.line("   × a row is closed by Escape  41118ms (retry x1)", &mut count);
    assert_eq!(count.names, ["a::c", "d", "a row is closed by Escape  41118ms (retry x1)"]);
    assert_eq!(count.unsteady, ["✓ a row is opened by Enter  1234ms (retry x1)"]);
}
