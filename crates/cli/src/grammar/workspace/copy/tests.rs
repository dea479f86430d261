#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::CopyEnd;

#[test]
fn ar_07m_a_colon_before_any_slash_names_a_workspace() {
    let there = |workspace: &str, path: &str| CopyEnd::There { workspace: workspace.to_owned(), path: path.to_owned() };
    let here = |path: &str| CopyEnd::Here(path.to_owned());
    for (said, meant) in [
        ("api:", there("api", "")),
        ("api:work/a:b", there("api", "work/a:b")),
        ("ada~rust:/etc/hosts", there("ada~rust", "/etc/hosts")),
        ("notes.txt", here("notes.txt")),
        ("./a:b", here("./a:b")),
        ("/a:b", here("/a:b")),
        ("a/b:c", here("a/b:c")),
        (":a", here(":a")),
        (".", here(".")),
    ] {
        assert_eq!(CopyEnd::read(said), meant, "{said}");
    }
}
