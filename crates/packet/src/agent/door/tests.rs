#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Door, after_knocks};
use proto::capture::KNOCK;
use std::rc::Rc;

#[test]
fn cap_n_05g_knocks_are_no_frames_however_often_they_come() {
    let frame = [0x80, 1, 2, 3];
    assert_eq!(after_knocks(&frame), Some(&frame[..]));
    let twice = [&KNOCK[..], &KNOCK[..], &frame[..]].concat();
    assert_eq!(after_knocks(&twice), Some(&frame[..]));
    for cut in 0..=KNOCK.len() {
        let part = [&KNOCK[..], &KNOCK[..cut]].concat();
        assert_eq!(after_knocks(&part), None, "{cut}");
    }
}

#[test]
fn cap_n_05h_a_knock_is_heard_among_what_is_left_of_another_stream() {
    let (read, write) = rustix::pipe::pipe().unwrap();
    let (_kept, output) = rustix::pipe::pipe().unwrap();
    let mut door = Door { input: Rc::new(read), output: Rc::new(output), tail: Vec::new(), is_ready: false };
    assert!(door.answer().unwrap().is_none(), "it would have waited");
    for (bytes, knocked) in [(&b"half a frame QDKN"[..], false), (b"OCK", false), (b"\nQDKNOCK\nxyz", true)] {
        rustix::io::write(&write, bytes).unwrap();
        door.is_ready = true;
        assert_eq!(door.answer().unwrap().is_some(), knocked, "{bytes:?}");
    }
    drop(write);
    door.is_ready = true;
    assert!(door.answer().is_err());
}
