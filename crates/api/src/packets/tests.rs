#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{FrameKind, PACKET_MASKED, PacketHead, PacketsFrame, PacketsWindow, Piece, PieceWhat};

const WINDOW: PacketsWindow = PacketsWindow { id: 0x0403_0201, first: 5, count: 10, bytes: 100 };

#[test]
fn cap_46c_frames_of_packets_and_of_the_stream_are_as_documented() {
    let mut frame = PacketsFrame::begin(FrameKind::Packets, &WINDOW);
    let head = PacketHead { ts_ns: 7, orig_len: 9, interface: 2, inbound: Some(false), flags: PACKET_MASKED };
    frame.packet(&head, b"abc");
    frame.packet(&PacketHead::default(), b"");
    let bytes = frame.end(true);
    assert_eq!(bytes[..16], [1, 1, 2, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[16..39], *b"\x07\0\0\0\0\0\0\0\x09\0\0\0\x03\0\0\0\x02\0\x02\x02abc");
    assert_eq!(bytes.len(), 39 + 20);

    let mut frame = PacketsFrame::begin(FrameKind::Stream, &WINDOW);
    frame.piece(&Piece { ts_us: -1, offset: 3, side: 1, what: PieceWhat::Bytes(b"hi") });
    frame.piece(&Piece { ts_us: 1, offset: 5, side: 0, what: PieceWhat::Gap { len: 600, why: 3 } });
    assert_eq!(frame.entries(), 2);
    let bytes = frame.end(false);
    assert_eq!(bytes[..4], [2, 0, 2, 0]);
    assert_eq!(bytes[16..46], *b"\xff\xff\xff\xff\xff\xff\xff\xff\x03\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0hi");
    assert_eq!(bytes[46..], *b"\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x58\x02\0\0\0\0\0\0\0\x03\0\0");
}
