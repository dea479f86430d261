#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::codec::{OUTGOING, PacketView, packets, put_packet};
use super::seal::{Fresh, Refused, sign, verify};
use super::*;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use proptest::prelude::*;

fn ping(seq: u64) -> Frame {
    Frame { seq, ..Body::Ping(Ping { t1: 7 }).into() }
}

fn stream(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| encode(frame, &mut out));
    out
}

#[test]
fn frames_arrive_however_the_stream_is_cut() {
    let frames = [ping(1), Frame { seq: 2, ..Body::Mark("here".into()).into() }, ping(3)];
    let mut bytes = b"warning: something else\n".to_vec();
    bytes.extend_from_slice(PREFACE);
    bytes.extend(stream(&frames));
    for cut in 0..bytes.len() {
        let mut decoder = Decoder::of_agent();
        let mut got = Vec::new();
        for part in [&bytes[..cut], &bytes[cut..]] {
            decoder.feed(part);
            while let Some(frame) = decoder.next_frame().unwrap() {
                got.push(frame);
            }
        }
        assert_eq!(got, frames, "cut at {cut}");
        assert_eq!(decoder.junk(), b"warning: something else\n");
    }
}

#[test]
fn cap_f_18a_what_is_not_a_frame_ends_the_stream() {
    let mut decoder = Decoder::of_agent();
    decoder.feed(&[b'x'; MAX_JUNK + 100]);
    assert!(matches!(decoder.next_frame(), Err(Error::NotAnAgent { .. })));

    let mut damaged = stream(&[ping(1)]);
    let last = damaged.len() - 5;
    damaged[last] ^= 1;
    let mut decoder = Decoder::of_owner();
    decoder.feed(&damaged);
    assert_eq!(decoder.next_frame(), Err(Error::Checksum));

    let mut decoder = Decoder::of_owner();
    decoder.feed(&[0xff, 0xff, 0xff, 0x7f]);
    assert!(matches!(decoder.next_frame(), Err(Error::TooLong { .. })));

    // A number alone is a frame; a body that nobody knows is none.
    let mut empty = Vec::new();
    encode(&Frame { seq: 1, mac: Vec::new(), body: None }, &mut empty);
    let mut unknown = prost::Message::encode_to_vec(&Frame { seq: 2, mac: Vec::new(), body: None });
    prost::encoding::encode_key(1_000, prost::encoding::WireType::Varint, &mut unknown);
    unknown.push(7);
    let sum = crc32c::crc32c(&unknown);
    let mut decoder = Decoder::of_owner();
    decoder.feed(&empty);
    decoder.feed(&[&[unknown.len() as u8][..], &unknown, &sum.to_le_bytes()].concat());
    assert!(decoder.next_frame().unwrap().is_some());
    assert_eq!(decoder.next_frame(), Err(Error::Unknown));

    let mut decoder = Decoder::of_owner();
    decoder.feed(&stream(&[ping(1), ping(3)]));
    assert!(decoder.next_frame().unwrap().is_some());
    assert_eq!(decoder.next_frame(), Err(Error::OutOfOrder { expected: 2, came: 3 }));
}

#[test]
fn cap_d_12a_a_frame_without_end_is_cut_at_the_limit() {
    let mut decoder = Decoder::of_owner();
    let mut head = Vec::new();
    prost::encoding::encode_varint(1 << 30, &mut head);
    decoder.feed(&head);
    assert_eq!(decoder.next_frame(), Err(Error::TooLong { len: 1 << 30 }));
}

#[test]
fn packets_of_a_batch_come_back() {
    let sent = [(1_000, &b"abc"[..], 3, OUTGOING), (999, b"", 60, 0), (5_000_000_000, b"0123456789", 1500, 2)];
    let (mut out, mut before) = (Vec::new(), 1_000);
    for (ts_ns, bytes, orig_len, flags) in sent {
        put_packet(before, &PacketView { ts_ns, orig_len, flags, bytes }, &mut out);
        before = ts_ns;
    }
    let got: Vec<_> = packets(1_000, &out).map(|packet| packet.unwrap()).collect();
    assert_eq!(got.len(), 3);
    for (packet, (ts_ns, bytes, orig_len, flags)) in got.iter().zip(sent) {
        assert_eq!(*packet, PacketView { ts_ns, orig_len, flags, bytes });
    }
    out.pop();
    assert_eq!(packets(1_000, &out).last(), Some(Err(Error::Malformed)));
}

#[test]
fn only_the_owner_starts_an_agent_and_speaks_to_it() {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let owner = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let other =
        Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref()).unwrap();
    let agent = Fresh::new().unwrap();
    let mut start = Start { tap: vec![7; 16], ..Start::default() };
    let ours = sign(&owner, &agent.public().unwrap(), &mut start).unwrap();
    let theirs = verify(owner.public_key().as_ref(), &agent, &start).unwrap();

    let mut frame = ping(2);
    ours.seal(&mut frame);
    assert_eq!(theirs.check(&frame), Ok(()));
    let moved = Frame { seq: 3, ..frame.clone() };
    assert_eq!(theirs.check(&moved), Err(Refused::Mac), "a frame that is sent again");
    let bare = Frame { mac: Vec::new(), ..frame };
    assert_eq!(theirs.check(&bare), Err(Refused::Mac));

    let another_tap = Start { tap: vec![8; 16], ..start.clone() };
    assert_eq!(verify(owner.public_key().as_ref(), &agent, &another_tap).err(), Some(Refused::Signature));
    let more_leaves = Warrant { packets: PacketLevel::Full as i32, ..start.warrant.clone().unwrap_or_default() };
    let another_warrant = Start { warrant: Some(more_leaves), ..start.clone() };
    assert_eq!(verify(owner.public_key().as_ref(), &agent, &another_warrant).err(), Some(Refused::Signature));
    assert_eq!(verify(other.public_key().as_ref(), &agent, &start).err(), Some(Refused::Signature));
    let another_agent = Fresh::new().unwrap();
    assert_eq!(verify(owner.public_key().as_ref(), &another_agent, &start).err(), Some(Refused::Signature));
}

proptest! {
    #[test]
    fn no_bytes_break_the_decoder(bytes in proptest::collection::vec(any::<u8>(), 0..2000), owner in any::<bool>()) {
        let mut decoder = if owner { Decoder::of_owner() } else { Decoder::of_agent() };
        let mut all = if owner { Vec::new() } else { PREFACE.to_vec() };
        all.extend(bytes);
        for part in all.chunks(7) {
            decoder.feed(part);
            while let Ok(Some(_)) = decoder.next_frame() {}
        }
        packets(0, &all).for_each(drop);
    }
}

#[test]
fn cap_n_05i_what_another_stream_left_is_passed_over() {
    let mut bytes = vec![7; MAX_JUNK * 3];
    bytes.extend_from_slice(&PREFACE[..5]);
    bytes.extend_from_slice(PREFACE);
    bytes.extend(stream(&[ping(1)]));
    let mut decoder = Decoder::of_attached();
    for part in bytes.chunks(100) {
        decoder.feed(part);
        if let Some(frame) = decoder.next_frame().unwrap() {
            return assert_eq!(frame, ping(1));
        }
    }
    panic!("no frame");
}

#[test]
fn cap_d_26b_sealed_bytes_are_read_in_their_order_by_their_owner_alone() {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let owner = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let agree = || {
        let fresh = Fresh::new().unwrap();
        let mut start = Start { tap: vec![1; 16], ..Start::default() };
        let theirs = sign(&owner, &fresh.public().unwrap(), &mut start).unwrap();
        (verify(owner.public_key().as_ref(), &fresh, &start).unwrap(), theirs)
    };
    let (mut agent, mut reader) = agree();
    let (_, mut other) = agree();
    let lock = |agent: &mut seal::Session| {
        let mut bytes = b"GET /canary".to_vec();
        agent.lock(&mut bytes).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
        bytes
    };
    let (first, second) = (lock(&mut agent), lock(&mut agent));
    assert_ne!(first, second);
    assert!(matches!(other.unlock(&mut first.clone()), Err(Refused::Lock)));
    assert_eq!(reader.unlock(&mut first.clone()).unwrap(), b"GET /canary");
    assert!(matches!(reader.unlock(&mut first.clone()), Err(Refused::Lock)), "it came twice");
}
