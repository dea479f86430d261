#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::{MOST_HELD, MOST_REQUESTS, Streams};
use crate::quic::frames::{Frame, Frames};
use crate::rig::Rig;
use crate::{App, Side};

fn rig() -> Rig {
    let mut rig = Rig::without_redaction(App::Quic);
    rig.limits.mask = false;
    rig
}

fn part(id: u64, offset: u64, data: &[u8], fin: bool) -> Frame<'_> {
    Frame::Stream { id, offset, data, fin }
}

#[test]
fn cap_n_04v_what_waits_is_bounded_however_much_is_behind_holes() {
    let mut rig = rig();
    rig.with_context(|cx| {
        let mut streams = Streams::new();
        let data = vec![7; 1200];
        // Each stream begins with a hole, or with fields whose end does not come.
        for turn in 0..20_000_u64 {
            let id = turn % 3000 * 4;
            streams.frame(Side::Client, &part(id, 1 + turn / 3000 * 5000, &data, false), turn as i64, cx);
            let head = [&[1, 0x80, 0, 0xff, 0xff][..], &data].concat();
            streams.frame(Side::Server, &part(id, turn / 3000 * 1205, &head, false), turn as i64, cx);
            assert!(streams.held <= MOST_HELD + 4096, "{}", streams.held);
            assert!(streams.requests.len() <= MOST_REQUESTS);
            assert!(streams.heap() < 6 << 20, "{}", streams.heap());
        }
        let held: usize = streams.requests.values().map(|open| open.ordered.held()).sum();
        assert_eq!(held, streams.held);
        streams.finish(30_000, cx);
        assert!(streams.heap() < 2 << 20, "{}", streams.heap());
    });
}

#[test]
fn cap_n_04w_what_comes_again_after_the_end_is_no_new_request() {
    let mut rig = rig();
    rig.with_context(|cx| {
        let mut streams = Streams::new();
        // `:method: GET`, `:path: /` by the static table.
        let get = [1, 4, 0, 0, 0xd1, 0xc1];
        let ok = [1, 3, 0, 0, 0xd9];
        for turn in 0..2 {
            for nth in 0..1000 {
                streams.frame(Side::Client, &part(nth * 4, 0, &get, true), turn, cx);
                streams.frame(Side::Server, &part(nth * 4, 0, &ok, true), turn, cx);
            }
        }
        streams.finish(9, cx);
    });
    assert_eq!(rig.out.records.len(), 1000);
    assert!(rig.out.records.iter().all(|record| record["status"] == 200 && record["path"] == "/"));
}

proptest! {
    #[test]
    fn streams_never_panic_on_any_frames(
        parts in prop::collection::vec(
            (any::<bool>(), 0_u8..10, 0_u64..30, 0_u64..2000, prop::collection::vec(any::<u8>(), 0..60)), 0..80),
    ) {
        let mut rig = rig();
        rig.with_context(|cx| {
            let mut streams = Streams::new();
            for (nth, (is_client, act, id, offset, data)) in parts.iter().enumerate() {
                let side = if *is_client { Side::Client } else { Side::Server };
                let now_us = nth as i64 * 100_000;
                match act {
                    0 => streams.frame(side, &Frame::Reset { id: *id, code: 0x10c, size: *offset }, now_us, cx),
                    1 => streams.frame(side, &Frame::Stop { id: *id, code: *offset }, now_us, cx),
                    2 => streams.wake(now_us, cx),
                    3 => Frames::of(data).for_each(|frame| streams.frame(side, &frame, now_us, cx)),
                    4 => streams.frame(side, &part(*id, u64::MAX / 4 - offset, data, false), now_us, cx),
                    5 => streams.frame(side, &part(*id, 0, data, true), now_us, cx),
                    _ => streams.frame(side, &part(*id, offset % 100, data, false), now_us, cx),
                }
            }
            let held = streams.requests.values().chain(streams.singles.values()).map(|open| open.ordered.held());
            assert_eq!(held.sum::<usize>(), streams.held);
            streams.finish(1 << 40, cx);
        });
    }
}
