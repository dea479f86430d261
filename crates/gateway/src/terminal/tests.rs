#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::frame::{Broken, Room, Said, about, cwd, out, size};
use api::terminal::{OUT_WINDOW, TerminalSay};
use link::Size;

#[test]
fn ar_06a_frames_of_clients_are_read_by_their_first_byte() {
    for (frame, said) in [
        (&b"\0"[..], Ok(Said::In(vec![]))),
        (b"\0ls\r\x00\xff", Ok(Said::In(b"ls\r\x00\xff".to_vec()))),
        (b"\x02\x00\x50\x00\x18", Ok(Said::Resize(Size { rows: 24, cols: 80 }))),
        (b"\x03", Ok(Said::Where)),
        (b"\x05abc", Ok(Said::Ping(b"abc".to_vec()))),
        (b"\x06\x00\x01\x00\x00", Ok(Said::Credit(65536))),
        (b"", Err(Broken::Form)),
        (b"\x01out is the server's", Err(Broken::Channel)),
        (b"\x03/where", Err(Broken::Channel)),
        (b"\x04", Err(Broken::Channel)),
        (b"\x07{}", Err(Broken::Channel)),
        (b"\xff", Err(Broken::Channel)),
        (b"\x02\x00\x50", Err(Broken::Size)),
        (b"\x02\x00\x00\x00\x18", Err(Broken::Size)),
        (b"\x02\xff\xff\xff\xff", Err(Broken::Size)),
        (b"\x06\x00", Err(Broken::Form)),
    ] {
        assert_eq!(Said::read(frame), said, "{frame:?}");
    }
    assert_eq!(Said::read(&[&[5u8][..], &[0; 126]].concat()), Err(Broken::Ping));
    assert!(size(1000, 1000).is_ok() && size(1001, 24).is_err() && size(80, 0).is_err());
}

#[test]
fn ar_06b_no_more_goes_out_than_was_granted() {
    let mut room = Room::new();
    let (now, rest) = room.take(vec![1; OUT_WINDOW as usize + 10]);
    assert_eq!((now.len(), rest.len()), (OUT_WINDOW as usize, 10));
    assert!(!room.is_there());
    assert_eq!(room.take(rest).0.len(), 0);
    assert!(room.more(4) && room.is_there());
    assert_eq!(room.take(vec![2; 10]).1.len(), 6);
    assert!(!room.more(u32::MAX), "nobody can take that");
    assert!(room.more(16 << 20) && !room.more(1));
}

#[test]
fn ar_06c_what_the_server_says_names_its_channel() {
    assert_eq!(&out(b"\x1b[0m").into_data()[..], b"\x01\x1b[0m");
    assert_eq!(&cwd("/home/ä".as_bytes()).into_data()[..], "\u{3}/home/ä".as_bytes());
    assert_eq!(&cwd(b"/home/\xff").into_data()[..], b"\x03", "what is no text is not told");
    let say = TerminalSay::Open { shell: "sh-1".to_owned(), writes: true, attached: false };
    assert_eq!(
        &about(&say).into_data()[..],
        b"\x07{\"is\":\"open\",\"shell\":\"sh-1\",\"writes\":true,\"attached\":false}"
    );
}
