#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use proptest::prelude::*;

const SIZE: Size = Size { rows: 6, cols: 20 };

/// A viewer's terminal after the restore.
fn viewer(screen: &mut Screen) -> Screen {
    let bytes = screen.restore();
    let mut other = Screen::new(screen.size());
    other.process(&bytes);
    other
}

/// All that can be seen: colours, cursor and modes of the screen, and the words of the lines before.
fn seen(screen: &mut Screen) -> (String, bool, Vec<String>) {
    let now = screen.parser.screen().state_formatted();
    let alternate = screen.parser.screen().alternate_screen();
    let (rows, cols) = screen.parser.screen().size();
    let inner = screen.parser.screen_mut();
    let mut before = Vec::new();
    for left in (1..=inner.scrollback_len()).rev() {
        inner.set_scrollback(left);
        before.push(inner.rows(0, cols.get()).next().unwrap());
    }
    inner.set_scrollback(0);
    let _ = rows;
    (now, alternate, before)
}

#[test]
fn ac_75a_a_viewer_that_comes_late_sees_the_screen_and_the_lines_before() {
    let mut screen = Screen::new(SIZE);
    for line in 0..40 {
        screen.process(format!("\x1b[3{}mline {line}\x1b[m\r\n", line % 8).as_bytes());
    }
    screen.process(b"\x1b[1;4mprompt\x1b[m $ \x1b[?2004h\x1b[?1h");
    let wanted = seen(&mut screen);
    assert_eq!(wanted.2.len(), 35);
    assert_eq!(seen(&mut viewer(&mut screen)), wanted);
    assert_eq!(seen(&mut screen), wanted, "looking changed nothing");
}

#[test]
fn ac_75a_behind_an_editor_the_shell_comes_back() {
    let mut screen = Screen::new(SIZE);
    for line in 0..9 {
        screen.process(format!("line {line}\r\n").as_bytes());
    }
    let behind = seen(&mut screen);
    screen.process(b"\x1b[?1049h\x1b[2J\x1b[3;4Hediting");
    let mut other = viewer(&mut screen);
    assert_eq!(seen(&mut other), seen(&mut screen));
    assert!(seen(&mut other).1);
    for one in [&mut screen, &mut other] {
        one.process(b"\x1b[?1049l");
        assert_eq!(seen(one), behind);
    }
}

#[test]
fn ac_75b_a_viewer_joins_between_sequences_and_characters_alone() {
    for (bytes, passed) in [
        (&b"abc"[..], 3),
        (b"abc\x1b", 3),
        (b"abc\x1b[3", 3),
        (b"abc\x1b[31m", 8),
        (b"abc\x1b[31mx", 9),
        (b"\x1b]0;title", 0),
        (b"\x1b]0;title\x07", 10),
        (b"\x1b]0;title\x1b\\", 11),
        (b"\x1b(", 0),
        (b"\x1b(B", 3),
        ("aé".as_bytes(), 3),
        (&"aé".as_bytes()[..2], 1),
        (&"a🙂".as_bytes()[..4], 1),
        (b"a\xff", 2),
        (b"a\x80\x80\x80\x80\x80", 6),
    ] {
        assert_eq!(whole(bytes), passed, "{bytes:?}");
    }
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[a-z ]{0,30}".prop_map(String::into_bytes),
        Just(b"\r\n".to_vec()),
        Just("漢字é🙂".as_bytes().to_vec()),
        "\x1b\\[[0-9;]{0,6}[A-Za-z]".prop_map(String::into_bytes),
        "\x1b\\[\\?(1049|47|25|7|2004|1)[hl]".prop_map(String::into_bytes),
        "\x1b[78cDEMH=>]".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn ac_75b_no_output_and_no_size_ends_the_daemon(
        steps in prop::collection::vec((output(), any::<u16>(), any::<u16>(), 0u8..4), 1..6),
        cut in 1usize..40,
    ) {
        let mut screen = Screen::new(SIZE);
        for (bytes, rows, cols, what) in steps {
            let mut passed = Vec::new();
            let held = screen.cut.clone();
            for piece in bytes.chunks(cut) {
                passed.extend(screen.process(piece));
            }
            passed.extend(&screen.cut);
            prop_assert_eq!(passed, [held, bytes].concat(), "every byte is passed on");
            match what {
                0 => screen.resize(Size { rows: u32::from(rows % 12), cols: u32::from(cols % 30) }),
                1 => screen.resize(Size { rows: rows.into(), cols: cols.into() }),
                2 => drop(screen.restore()),
                _ => {}
            }
        }
        drop(screen.rest());
    }
}

#[test]
fn wb_08d_the_last_screen_stands_above_what_is_said_next() {
    let told = |written: &[u8]| {
        let mut screen = Screen::new(SIZE);
        screen.process(written);
        let mut viewer = Screen::new(SIZE);
        viewer.process(screen.last().as_bytes());
        viewer.process(b"over\r\n");
        let (_, _, before) = seen(&mut viewer);
        (before, viewer.parser.screen().contents(), viewer.parser.screen().alternate_screen())
    };
    assert_eq!(told(b"one\r\ntwo").1, "one\ntwo\nover");
    assert_eq!(told(b"").1.trim(), "over");
    let many: String = (0..40).map(|line| format!("line {line}\r\n")).collect();
    let (before, now, _) = told(many.as_bytes());
    assert!(before.contains(&"line 0".to_owned()) && now.contains("line 39\nover"), "{before:?} {now}");
    let (_, now, alternate) = told(b"shell\r\n\x1b[?1049h\x1b[2J\x1b[3;4Hediting");
    assert!(now.contains("editing\nover") && !alternate, "{now}");
}
