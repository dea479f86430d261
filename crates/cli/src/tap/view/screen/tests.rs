#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

//! In a terminal of their own: this program once more, with the word that makes it the child.

use super::*;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::Read;

#[test]
fn the_terminal_is_given_back_after_a_panic_and_its_words_stand_on_the_screen() {
    if std::env::var_os(CHILD).is_some() {
        let _said = super::super::said::Said::take().unwrap();
        let mut screen = Screen::enter().unwrap();
        screen.draw(vec![Line::of(Tone::Plain, "taken")]).unwrap();
        eprintln!("said meanwhile");
        panic!("on purpose");
    }
    let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
    let name = std::thread::current().name().unwrap().to_owned();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", &name, "--nocapture", "--test-threads=1"]);
    command.env(CHILD, "1");
    command.env("RUST_BACKTRACE", "0");
    command.env("TERM", "xterm-256color");
    let before = rustix::termios::tcgetattr(std::os::fd::AsFd::as_fd(&fd(pty.master.as_ref()))).unwrap();
    let mut child = pty.slave.spawn_command(command).unwrap();
    let mut reader = pty.master.try_clone_reader().unwrap();
    let output = std::thread::spawn(move || {
        let mut output = Vec::new();
        // The end of a terminal's other side is an error here.
        let _ = reader.read_to_end(&mut output);
        output
    });
    assert!(!child.wait().unwrap().success());
    let after = rustix::termios::tcgetattr(std::os::fd::AsFd::as_fd(&fd(pty.master.as_ref()))).unwrap();
    assert_eq!((before.local_modes, before.input_modes), (after.local_modes, after.input_modes));
    drop(pty);
    let output = output.join().unwrap();
    let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    screen.process(&output);
    let text = screen.screen().contents();
    assert!(String::from_utf8_lossy(&output).contains("taken"));
    assert!(text.contains("on purpose") && text.contains("said meanwhile") && !text.contains("taken"), "{text}");
    assert!(!screen.screen().alternate_screen() && !screen.screen().hide_cursor(), "{text}");
}

/// The terminal's other side, to look at its modes.
fn fd(master: &dyn portable_pty::MasterPty) -> std::os::fd::OwnedFd {
    rustix::fs::open(master.tty_name().unwrap(), rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY, 0.into())
        .unwrap()
}

const CHILD: &str = "QD_TEST_IN_A_TERMINAL";
