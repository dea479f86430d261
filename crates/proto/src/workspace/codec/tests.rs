#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::super::*;
use proptest::prelude::*;

fn data(channel: u32, bytes: Vec<u8>) -> Frame {
    Body::Data(Data { stream: OUT, bytes: bytes.into() }).on(channel)
}

fn stream(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    frames.iter().for_each(|frame| encode(frame, &mut bytes));
    bytes
}

fn read(decoder: &mut Decoder, bytes: &[u8]) -> Result<Vec<Frame>, Error> {
    decoder.feed(bytes);
    std::iter::from_fn(|| decoder.next_frame().transpose()).collect()
}

proptest! {
    #[test]
    fn ac_71a_frames_come_as_they_were_sent_however_the_stream_is_cut(
        parts in prop::collection::vec((1u32..9, prop::collection::vec(any::<u8>(), 0..300)), 0..20),
        cut in 1usize..50,
    ) {
        let frames: Vec<Frame> = parts.into_iter().map(|(channel, bytes)| data(channel, bytes)).collect();
        let mut decoder = Decoder::default();
        let mut came = Vec::new();
        for piece in stream(&frames).chunks(cut) {
            came.extend(read(&mut decoder, piece).unwrap());
        }
        prop_assert_eq!(came, frames);
    }

    #[test]
    fn ac_71b_whatever_comes_is_read_in_bounded_memory(bytes in prop::collection::vec(any::<u8>(), 0..2000), begun: bool) {
        let mut decoder = Decoder::default();
        let mut all = if begun { PREFACE.to_vec() } else { Vec::new() };
        all.extend(&bytes);
        for piece in all.chunks(7) {
            if read(&mut decoder, piece).is_err() {
                return Ok(());
            }
            prop_assert!(decoder.bytes.len() <= MAX_FRAME + 64);
        }
    }

    #[test]
    fn ac_71b_a_window_never_lets_more_in_than_was_granted(steps in prop::collection::vec(0usize..100_000, 0..60)) {
        let (mut room, mut sent, mut granted) = (Room::default(), 0usize, WINDOW);
        for step in steps {
            let fits = sent + step <= granted;
            prop_assert_eq!(room.came(step).is_ok(), fits);
            if !fits { break }
            sent += step;
            granted += usize::try_from(room.used(step).unwrap_or(0)).unwrap();
            prop_assert!(granted <= sent + WINDOW);
        }
    }
}

#[test]
fn ac_71b_frames_and_grants_beyond_their_limits_end_the_connection() {
    let long = data(1, vec![0; MAX_DATA + 1]);
    assert_eq!(read(&mut Decoder::default(), &stream(&[long])), Err(Error::TooLong));
    let mut huge = PREFACE.to_vec();
    huge.extend([0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(read(&mut Decoder::default(), &huge), Err(Error::TooLong));
    assert_eq!(read(&mut Decoder::default(), b"GET / HTTP/1.1\r\n"), Err(Error::NotOurs));
    assert_eq!(granted(WINDOW, u64::MAX), Err(Error::Overrun));
    assert_eq!(granted(MAX_GRANTED - 5, 6), Err(Error::Overrun));
    assert_eq!(granted(MAX_GRANTED - 5, 5), Ok(5));
}
