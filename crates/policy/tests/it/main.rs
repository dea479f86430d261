//! What the types must refuse: each program under `tests/compile_fail` breaks a promise of permits and must not
//! compile, for the reason written down beside it. The one under `tests/compile_pass` keeps them all.

#[test]
fn the_promises_of_permits_are_kept_by_the_compiler() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_pass/*.rs");
    cases.compile_fail("tests/compile_fail/*.rs");
}
