#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Modes;

#[test]
fn ac_75g_what_a_program_changed_is_undone_and_nothing_else() {
    let mut modes = Modes::default();
    assert!(!modes.see(b"\x1b[?25h\x1b[31mred\x1b[0m \x1b[2J[?1049h \x1b]0;?1049h\x07"));
    assert_eq!(modes.undo(), b"\x1b[m");
    // an editor, cut anywhere
    for byte in b"\x1b[?1049h\x1b[?1;25l\x1b[?1000;1006;2004h\x1b=" {
        modes.see(&[*byte]);
    }
    assert_eq!(modes.undo(), b"\x1b[m\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b>");
    assert!(modes.see(b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b>"));
    assert_eq!(modes.undo(), b"\x1b[m\x1b[?1006l\x1b[?2004l");
    assert!(modes.see(b"\x1bc"));
    assert_eq!(modes.undo(), b"\x1b[m");
}

#[test]
fn ac_75g_no_output_makes_it_keep_much() {
    let mut modes = Modes::default();
    modes.see("\x1b[?1;".repeat(1000).as_bytes());
    modes.see(b"\x1b[?");
    modes.see("99999999;".repeat(10_000).as_bytes());
    assert_eq!(modes.undo(), b"\x1b[m");
}
