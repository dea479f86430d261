#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

fn process(pid: i32, parent: i32, state: char) -> Process {
    Process { pid, name: "p".into(), state, parent, group: pid, session: pid, ticks: 0 }
}

#[test]
fn ac_73a_a_line_of_proc_is_read_whatever_a_program_calls_itself() {
    let line = "42 (a) (b 7) S 1 40 39 34816 42 4194560 1 2 3 4 500 60 7 8 20 0 1";
    let found = Process::parse(line).unwrap();
    assert_eq!((found.pid, found.parent, found.group, found.session), (42, 1, 40, 39));
    assert_eq!((found.name.as_str(), found.state, found.ticks), ("a) (b 7", 'S', 560));
    for broken in ["", "42", "42 (a", "42 (a) ", "x (a) S 1 2 3", "42 (a) S 1 2"] {
        assert_eq!(Process::parse(broken), None, "{broken:?}");
    }
}

#[test]
fn ac_73a_descendants_are_all_below_and_none_that_has_ended() {
    let all = vec![
        process(1, 0, 'S'),
        process(5, 1, 'S'),
        process(6, 5, 'Z'),
        process(7, 6, 'R'),
        process(8, 2, 'S'),
        process(9, 9, 'S'),
    ];
    let pids: Vec<i32> = below(5, all.clone()).iter().map(|process| process.pid).collect();
    assert_eq!(pids, [7], "of one that ended, what it left");
    assert_eq!(below(1, all).len(), 2);
}
