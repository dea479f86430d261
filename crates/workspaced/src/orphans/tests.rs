#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

#[test]
fn ac_73d_an_orphan_has_neither_a_parent_nor_a_session_that_runs() {
    let process = |pid, parent, session, state| {
        let name = "p".into();
        Process { pid, name, state, parent, group: pid, session, ticks: 0 }
    };
    let ours = HashSet::from([10, 20]);
    for (what, process, is) in [
        ("a session's leader", process(10, 1, 10, 'S'), false),
        ("in the background of a session", process(11, 1, 10, 'S'), false),
        ("with a parent", process(12, 11, 12, 'S'), false),
        ("of a session that ended", process(13, 1, 9, 'S'), true),
        ("ended itself", process(14, 1, 9, 'Z'), false),
    ] {
        assert_eq!(orphan(&process, 1, &ours), is, "{what}");
    }
}
