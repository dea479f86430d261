#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Frames;

/// A frame as a client sends it.
fn frame(kind: u8, len: usize) -> Vec<u8> {
    let mut out = vec![0x80 | kind];
    match len {
        0..126 => out.push(0x80 | u8::try_from(len).unwrap()),
        126..65_536 => {
            out.push(0x80 | 126);
            out.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out.extend([1, 2, 3, 4]);
    out.extend(std::iter::repeat_n(0x81, len));
    out
}

#[test]
fn wx_09a_what_a_person_sends_is_told_from_what_keeps_a_socket_open_in_pieces_of_any_size() {
    for (frames, data) in [
        (vec![(9, 4), (10, 0), (9, 125)], 0),
        (vec![(1, 5), (9, 0), (2, 0), (0, 126), (10, 3), (1, 70_000), (8, 2)], 4),
    ] {
        let bytes: Vec<u8> = frames.iter().flat_map(|(kind, len)| frame(*kind, *len)).collect();
        for size in [1, 2, 3, 7, 13, 1000, bytes.len()] {
            let mut reader = Frames::default();
            let seen = bytes.chunks(size).filter(|piece| reader.data(piece)).count();
            match size {
                1 => assert_eq!(seen, data, "byte for byte"),
                _ => assert_eq!(seen > 0, data > 0, "in pieces of {size}"),
            }
        }
    }
}
