#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Window;
use crate::export::{Asked, Export, Form};
use crate::spool::{Job, Size, Spool};
use api::packets::PacketsWindow;
use proto::capture::codec::{CUT, MASKED, OUTGOING, PacketView, put_packet};
use proto::capture::{Interface, PacketBatch};

/// A TCP segment between two pods, without a link header.
fn segment(server: bool, flags: u8, seq: u32, ack: u32, payload: &[u8]) -> Vec<u8> {
    let (src, dst, ports) = if server { (9, 1, [80_u16, 4_000]) } else { (1, 9, [4_000, 80]) };
    let len = 40 + payload.len() as u16;
    let mut bytes = vec![0x45, 0];
    bytes.extend(len.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, src, 10, 0, 0, dst]);
    ports.iter().for_each(|port| bytes.extend(port.to_be_bytes()));
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([0x50, flags, 255, 255, 0, 0, 0, 0]);
    bytes.extend_from_slice(payload);
    bytes
}

/// A connection: a request, an answer of which a segment comes twice and one never.
fn talk() -> Vec<(u32, Vec<u8>)> {
    let cut = segment(true, 0x18, 510, 104, b"cut off");
    vec![
        (OUTGOING, segment(false, 2, 99, 0, b"")),
        (0, segment(true, 0x12, 499, 100, b"")),
        (OUTGOING, segment(false, 0x18, 100, 500, b"ask?")),
        (MASKED, segment(true, 0x18, 500, 104, b"one")),
        (0, segment(true, 0x18, 500, 104, b"one")),
        (0, segment(true, 0x18, 506, 104, b"four")),
        (CUT, cut[..43].to_vec()),
        (OUTGOING, segment(false, 0x10, 104, 517, b"")),
    ]
}

async fn shown(home: &tempfile::TempDir, headers_only: bool, most: usize) -> Window {
    let size = Size { segment: 8 << 10, budget: 64 << 20, ..Size::default() };
    let spool = Spool::begin(home.path().join("tap"), size);
    let eth0 = Interface { index: 2, name: "eth0".to_owned(), link: 101, ..Interface::default() };
    let named = "shop/pod-0".to_owned();
    spool.give(Job::Interfaces { pod: 0, named, filter: String::new(), all: vec![eth0] }).await;
    let (base_ns, mut before, mut bytes) = (1_000_000_000, 1_000_000_000, Vec::new());
    let talk = talk();
    for (at, (flags, frame)) in (0..).zip(&talk) {
        let ts_ns = base_ns + at * 1_000_000;
        let orig_len = if flags & CUT != 0 { 47 } else { frame.len() as u32 };
        put_packet(before, &PacketView { ts_ns, orig_len, flags: *flags, bytes: frame }, &mut bytes);
        before = ts_ns;
    }
    let count = talk.len() as u32;
    let batch = PacketBatch { interface: 2, base_ns, first: 0, packets: bytes.into(), count };
    spool.give(Job::Packets { pod: 0, batch }).await;
    let asked = Asked {
        form: Form::Pcapng,
        filter: String::new(),
        wanted: None,
        from_us: None,
        to_us: None,
        max_bytes: u64::MAX,
        most,
        comment: String::new(),
        names: vec![],
        keys: crate::export::Keys::default(),
    };
    let export = Export::choose(spool.snapshot().await.unwrap(), asked).unwrap();
    Window::new(export, Some("10.0.0.9:80".parse().unwrap()), headers_only)
}

fn ask(first: u64, count: u16, bytes: u32) -> PacketsWindow {
    PacketsWindow { id: 1, first, count, bytes }
}

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Time, length on the wire, direction, flags and bytes of a packet.
type Shown = (u64, u64, u8, u8, Vec<u8>);

/// The packets of a frame; whether they are the last.
fn packets(frame: &[u8]) -> (Vec<Shown>, bool) {
    let (mut at, mut all) = (16, Vec::new());
    for _ in 0..number(frame, 2, 2) {
        let len = number(frame, at + 12, 4) as usize;
        let bytes = frame[at + 20..at + 20 + len].to_vec();
        all.push((number(frame, at, 8), number(frame, at + 8, 4), frame[at + 18], frame[at + 19], bytes));
        at += 20 + len;
    }
    assert_eq!(at, frame.len());
    (all, frame[1] == 1)
}

/// Side, offset, why, and what each piece holds; whether they are the last.
fn pieces(frame: &[u8]) -> (Vec<(u8, u64, u8, String)>, bool) {
    let (mut at, mut all) = (16, Vec::new());
    for _ in 0..number(frame, 2, 2) {
        let (len, why) = (number(frame, at + 16, 8) as usize, frame[at + 25]);
        let here = if why == 0 { len } else { 0 };
        let text = String::from_utf8(frame[at + 28..at + 28 + here].to_vec()).unwrap();
        let text = if why == 0 { text } else { format!("{len} missing") };
        all.push((frame[at + 24], number(frame, at + 8, 8), why, text));
        at += 28 + here;
    }
    assert_eq!(at, frame.len());
    (all, frame[1] == 1)
}

#[tokio::test]
async fn cap_46d_packets_come_in_windows_of_a_count_and_of_bytes() {
    let home = tempfile::tempdir().unwrap();
    let mut window = shown(&home, false, usize::MAX).await;
    assert_eq!((window.packets(), window.span()), (8, (1_000_000_000, 1_007_000_000)));
    assert_eq!((window.interfaces()[0].name.as_str(), window.interfaces()[0].link), ("shop/pod-0/eth0", 101));
    let (all, last) = packets(&window.packets_frame(&ask(0, 100, 1 << 20)).unwrap());
    assert!(last);
    let of: Vec<_> = talk().into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(all.iter().map(|one| one.4.clone()).collect::<Vec<_>>(), of);
    assert_eq!(all.iter().map(|one| one.2).collect::<Vec<_>>(), [2, 1, 2, 1, 1, 1, 1, 2]);
    assert_eq!(all.iter().map(|one| one.3).collect::<Vec<_>>(), [0, 0, 0, 2, 0, 0, 1, 0]);
    assert_eq!((all[6].1, all[6].4.len()), (47, 43), "its length on the wire stays");
    let (some, last) = packets(&window.packets_frame(&ask(2, 3, 1 << 20)).unwrap());
    assert_eq!((some, last), (all[2..5].to_vec(), false));
    let (some, _) = packets(&window.packets_frame(&ask(2, 100, 90)).unwrap());
    assert_eq!(some, all[2..4], "as many as fit");
    let (some, _) = packets(&window.packets_frame(&ask(2, 100, 1)).unwrap());
    assert_eq!(some, all[2..3], "the first comes whatever its size");
    assert_eq!(packets(&window.packets_frame(&ask(8, 9, 9)).unwrap()), (vec![], true));
    assert_eq!(packets(&window.packets_frame(&ask(u64::MAX, 9, 9)).unwrap()), (vec![], true));
    let few = shown(&tempfile::tempdir().unwrap(), false, 5).await;
    assert_eq!((few.packets(), few.more()), (5, true));
}

#[tokio::test]
async fn cap_59b_the_stream_of_a_connection_is_put_together_from_its_packets() {
    let home = tempfile::tempdir().unwrap();
    let mut window = shown(&home, false, usize::MAX).await;
    let (all, last) = pieces(&window.stream_frame(&ask(0, 100, 1 << 20)).unwrap());
    let text = |side, offset, text: &str| (side, offset, 0, text.to_owned());
    let gap = |offset, why, len| (1, offset, why, format!("{len} missing"));
    let expected =
        [text(0, 0, "ask?"), text(1, 0, "one"), gap(3, 3, 3), text(1, 6, "four"), text(1, 10, "cut"), gap(13, 4, 4)];
    assert!(last);
    assert_eq!(all, expected);
    // In parts, forward and back.
    for first in [0, 2, 4, 1, 5, 3] {
        let (some, last) = pieces(&window.stream_frame(&ask(first, 2, 1 << 20)).unwrap());
        let until = (first as usize + 2).min(all.len());
        assert_eq!((some.as_slice(), last), (&all[first as usize..until], until == all.len()), "{first}");
    }
    assert_eq!(pieces(&window.stream_frame(&ask(6, 2, 9)).unwrap()), (vec![], true));
}

#[tokio::test]
async fn cap_f_04b_payload_that_policy_withholds_does_not_leave() {
    let home = tempfile::tempdir().unwrap();
    let mut window = shown(&home, true, usize::MAX).await;
    let (all, _) = packets(&window.packets_frame(&ask(0, 100, 1 << 20)).unwrap());
    assert!(all.iter().all(|one| one.4.len() == 40), "{all:?}");
    assert_eq!(all.iter().map(|one| one.3).collect::<Vec<_>>(), [0, 0, 4, 6, 4, 4, 5, 0]);
    assert_eq!(all[2].1, 44);
}
