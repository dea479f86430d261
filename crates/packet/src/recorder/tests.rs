#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::triggers::{Fired, Triggers};
use super::*;
use proto::capture::{PacketBatch, RecordBatch};

fn packets(first: u64, len: usize) -> Body {
    Body::Packets(PacketBatch { first, count: 1, packets: vec![7; len].into(), ..PacketBatch::default() })
}

fn second(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The first numbers of the batches that were poured.
fn poured(recorder: &mut Recorder, now: Instant) -> Vec<u64> {
    let mut outbox = Outbox::new();
    recorder.pour(now, true, &mut outbox);
    let (mut decoder, mut firsts) = (proto::capture::Decoder::of_owner(), Vec::new());
    while !outbox.waiting().is_empty() {
        let bytes = outbox.waiting().to_vec();
        decoder.feed(&bytes);
        outbox.wrote(bytes.len());
    }
    while let Some(frame) = decoder.next_frame().unwrap() {
        if let Some(Body::Packets(batch)) = frame.body {
            firsts.push(batch.first);
        }
    }
    firsts
}

#[test]
fn cap_n_14a_what_came_before_and_after_a_trigger_leaves_and_nothing_else() {
    let began = Instant::now();
    let mut recorder = Recorder::new(second(3), second(2), 1 << 20);
    for at in 0..10 {
        recorder.keep(packets(at, 100), began + second(at));
        assert!(poured(&mut recorder, began + second(at)).is_empty(), "nothing has fired");
    }
    let before = recorder.fire(began + second(9));
    assert_eq!((before.packets, before.time, before.missed), (4, second(3), Lost::default()));
    for at in 10..20 {
        recorder.keep(packets(at, 100), began + second(at));
    }
    assert_eq!(poured(&mut recorder, began + second(20)), [6, 7, 8, 9, 10, 11]);
    // It is shut again, and fires again; what left does not leave twice.
    recorder.fire(began + second(20));
    assert_eq!(poured(&mut recorder, began + second(20)), [17, 18, 19]);
    // One that fires while it is open makes it longer.
    recorder.fire(began + second(21));
    recorder.keep(packets(23, 100), began + second(23));
    recorder.keep(packets(24, 100), began + second(24));
    assert_eq!(poured(&mut recorder, began + second(24)), [23]);
}

#[test]
fn cap_n_14b_the_oldest_goes_first_and_is_counted() {
    let began = Instant::now();
    let mut recorder = Recorder::new(second(60), second(1), 50_000);
    for at in 0..100 {
        recorder.keep(packets(at, 1000), began + Duration::from_millis(at * 100));
        assert!(recorder.held() <= 50_000);
    }
    let before = recorder.fire(began + second(10));
    assert_eq!(before.packets + before.missed.packets, 100);
    let left = poured(&mut recorder, began + second(10));
    assert_eq!((left.len() as u64, left.last().copied()), (before.packets, Some(99)));
    assert_eq!(recorder.held(), 0);
    // Of what was dropped long ago a trigger would not have let go.
    for at in 0..100 {
        recorder.keep(packets(at, 1000), began + second(100) + Duration::from_millis(at));
    }
    assert_eq!(recorder.fire(began + second(400)).missed, Lost::default());
}

#[test]
fn cap_n_14c_what_is_owed_waits_for_credit_and_what_does_not_fit_is_a_loss() {
    let began = Instant::now();
    let mut recorder = Recorder::new(second(60), second(60), 3 << 20);
    let mut outbox = Outbox::new();
    outbox.packet_credit = 250_000;
    for at in 0..5 {
        recorder.keep(packets(at, 100_000), began);
    }
    recorder.fire(began);
    assert_eq!(recorder.pour(began, false, &mut outbox), 2);
    assert_eq!(outbox.packet_credit, 50_000);
    assert_eq!(recorder.pour(began, false, &mut outbox), 0);
    outbox.packet_credit += 1 << 20;
    // Nobody reads: it stays here, where it is not given up.
    let more = recorder.pour(began, false, &mut outbox);
    assert_eq!(more, 3);
    for at in 0..100 {
        recorder.keep(packets(at, 100_000), began);
    }
    assert_eq!(recorder.pour(began, false, &mut outbox), 1, "the stream takes no more");
    let kept = recorder.queue.len() as u64;
    recorder.close();
    assert_eq!(recorder.take_lost().packets, 99);
    assert!(kept < 99 && kept * 100_000 > 2 << 20);
}

#[test]
fn cap_n_14d_triggers_are_expressions_over_records() {
    let texts = ["status >= 500".to_owned(), "kind = \"dns\" and rcode != \"NOERROR\"".to_owned()];
    let mut triggers = Triggers::of(&texts).unwrap();
    triggers.look(br#"{"kind":"http","id":"a","status":200}"#);
    assert!(!triggers.have_fired());
    triggers.look(br#"{"kind":"http","id":"b","status":503}"#);
    triggers.look(br#"{"kind":"http","id":"c","status":500}"#);
    triggers.look(br#"{"kind":"dns","id":"d","rcode":"NXDOMAIN"}"#);
    let fired = |trigger, record: &str| Fired { trigger, record: record.to_owned() };
    assert_eq!(triggers.take(), [fired(0, "b"), fired(1, "d")]);
    assert!(!triggers.have_fired());
    assert!(Triggers::of(&[]).is_err());
    assert!(Triggers::of(&[" ".to_owned()]).is_err(), "an empty expression holds for everything");
    assert!(Triggers::of(&["status >".to_owned()]).is_err());
    assert!(Triggers::of(&["nothing_like_it = 1".to_owned()]).is_err());
    assert!(Triggers::of(&vec!["status = 1".to_owned(); 17]).is_err());
}

#[test]
fn cap_n_14e_each_trigger_is_told_of_once_while_it_is_open() {
    let began = Instant::now();
    let mut recorder = Recorder::new(second(1), second(10), 1 << 20);
    for (at, trigger, is_news) in [(0, 0, true), (5, 0, false), (6, 1, true), (7, 1, false), (30, 0, true)] {
        let now = began + second(at);
        assert_eq!(recorder.is_news(trigger, now), is_news, "at {at}");
        recorder.fire(now);
    }
    recorder.keep(Body::Records(RecordBatch { lines: b"{}\n".to_vec().into(), count: 1 }), began + second(31));
    assert!(recorder.owes());
}
