#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{folder, inside};
use std::os::unix::fs::symlink;
use std::path::Path;

#[test]
fn ar_07n_a_workspace_names_no_file_outside_of_where_it_was_asked_for() {
    assert_eq!(inside(Path::new("/a"), b"b c").unwrap(), Path::new("/a/b c"));
    for bad in [&b""[..], b".", b"..", b"../x", b"/etc/passwd", b"a/b", b"a\0b"] {
        assert!(inside(Path::new("/a"), bad).is_none(), "{bad:?}");
    }
    let here = tempfile::tempdir().unwrap();
    symlink("/tmp", here.path().join("link")).unwrap();
    assert!(folder(&here.path().join("link")).is_err(), "a link leads elsewhere");
    folder(&here.path().join("new")).unwrap();
    folder(&here.path().join("new")).unwrap();
}
