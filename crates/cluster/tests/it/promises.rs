//! What the types must refuse: a permit gives no more than its action does. Each program under `tests/compile_fail`
//! must not compile, for the reason written down beside it.

#[test]
fn a_permit_gives_no_more_than_its_action_does() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
