//! Frames on their way out: short ones lie behind each other in one buffer, long data stays where it is.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use super::{Body, Data, Frame, encode};

/// What is to be written next. It is a [`Buf`]: its chunks may be written in one call.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Whether the writer takes many chunks at once. Otherwise all lies in one.
    scattered: bool,
    whole: VecDeque<Bytes>,
    /// Behind all of `whole`.
    last: BytesMut,
    left: usize,
}

impl Outgoing {
    /// For a writer that takes many chunks at once, or does not.
    #[must_use]
    pub fn new(scattered: bool) -> Self {
        Self { scattered, ..Self::default() }
    }

    /// Appends bytes that are no frame.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.left += bytes.len();
        self.last.extend_from_slice(bytes);
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: Frame) {
        let before = self.last.len();
        match frame {
            Frame { channel, body: Some(Body::Data(data)) } if self.scattered && data.bytes.len() >= LONG => {
                head(channel, &data, &mut self.last);
                self.left += self.last.len() - before + data.bytes.len();
                self.whole.push_back(self.last.split().freeze());
                self.whole.push_back(data.bytes);
            }
            frame => {
                encode(&frame, &mut self.last);
                self.left += self.last.len() - before;
            }
        }
    }
}

impl Buf for Outgoing {
    fn remaining(&self) -> usize {
        self.left
    }

    fn chunk(&self) -> &[u8] {
        self.whole.front().map_or(&self.last, |first| first)
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let chunks = self.whole.iter().map(|one| &one[..]).chain([&self.last[..]]).filter(|one| !one.is_empty());
        into.iter_mut().zip(chunks).map(|(place, chunk)| *place = IoSlice::new(chunk)).count()
    }

    fn advance(&mut self, mut many: usize) {
        self.left = self.left.saturating_sub(many);
        while let Some(first) = self.whole.front_mut() {
            if many < first.len() {
                first.advance(many);
                return;
            }
            many -= first.len();
            self.whole.pop_front();
        }
        self.last.advance(many);
    }
}

/// What stands before the bytes of a frame of data.
fn head(channel: u32, data: &Data, out: &mut BytesMut) {
    let number = |tag: u32, value: u32| match value {
        0 => 0, // as every number that is not said
        value => key_len(tag) + encoded_len_varint(value.into()),
    };
    let say = |tag: u32, value: u32, out: &mut BytesMut| {
        if value != 0 {
            encode_key(tag, WireType::Varint, out);
            encode_varint(value.into(), out);
        }
    };
    let bytes = data.bytes.len();
    let within = number(1, data.stream) + key_len(BYTES) + encoded_len_varint(bytes as u64) + bytes;
    let whole = number(1, channel) + key_len(DATA) + encoded_len_varint(within as u64) + within;
    out.reserve(MOST);
    encode_varint(whole as u64, out);
    say(1, channel, out);
    encode_key(DATA, WireType::LengthDelimited, out);
    encode_varint(within as u64, out);
    say(1, data.stream, out);
    encode_key(BYTES, WireType::LengthDelimited, out);
    encode_varint(bytes as u64, out);
}

/// The tags of [`Body::Data`] and of its bytes.
const DATA: u32 = 15;
const BYTES: u32 = 2;
/// Data that is so long is not copied.
const LONG: usize = 4 << 10;
/// Bytes of a head at most.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Outgoing;
    use crate::workspace::{Body, Data, Frame, encode};
    use bytes::{Buf, Bytes};
    use proptest::prelude::*;
    use std::io::IoSlice;

    proptest! {
        #[test]
        fn ac_71a_frames_go_out_as_they_are_encoded_however_the_writer_takes_them(
            parts in prop::collection::vec((any::<u32>(), 0u32..3, prop_oneof![0usize..64, 4_000usize..20_000]), 0..12),
            scattered: bool,
            taken in 1usize..9_000,
        ) {
            let frame = |(channel, stream, len): (u32, u32, usize)| -> Frame {
                Body::Data(Data { stream, bytes: Bytes::from(vec![7; len]) }).on(channel)
            };
            let (mut out, mut wanted) = (Outgoing::new(scattered), Vec::new());
            for frame in parts.into_iter().map(frame) {
                encode(&frame, &mut wanted);
                out.push(frame);
            }
            let mut came = Vec::new();
            while out.has_remaining() {
                prop_assert_eq!(out.remaining() + came.len(), wanted.len());
                let mut slices = [IoSlice::new(&[]); 3];
                let many = out.chunks_vectored(&mut slices);
                let all: Vec<u8> = slices[..many].iter().flat_map(|slice| slice.iter().copied()).take(taken).collect();
                prop_assert!(all.starts_with(&out.chunk()[..out.chunk().len().min(taken)]));
                out.advance(all.len());
                came.extend(all);
            }
            prop_assert_eq!(came, wanted);
        }
    }
}
