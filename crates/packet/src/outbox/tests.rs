#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Lost, Outbox};
use proto::capture::{Body, Decoder, FIRST_CREDIT, Loss, MAX_UNACKED, PacketBatch, RecordBatch, Stats};

fn packets(count: u32, len: usize) -> Body {
    Body::Packets(PacketBatch { count, packets: vec![7; len].into(), ..PacketBatch::default() })
}

fn records(count: u32, len: usize) -> Body {
    Body::Records(RecordBatch { count, lines: vec![b'x'; len].into() })
}

/// Writes all that waits to a stream; what came on it.
fn write(outbox: &mut Outbox, decoder: &mut Decoder) -> Vec<(u64, Option<Body>)> {
    while !outbox.waiting().is_empty() {
        let bytes = outbox.waiting().to_vec();
        decoder.feed(&bytes);
        outbox.wrote(bytes.len());
    }
    let mut all = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        all.push((frame.seq, frame.body));
    }
    all
}

fn counted(frames: &[(u64, Option<Body>)]) -> Lost {
    let mut all = Lost::default();
    for (_, body) in frames {
        match body {
            Some(Body::Packets(batch)) => all.packets += u64::from(batch.count),
            Some(Body::Records(batch)) => all.records += u64::from(batch.count),
            Some(Body::Loss(loss)) if loss.records => all.records += loss.packets,
            Some(Body::Loss(loss)) => all.packets += loss.packets,
            _ => {}
        }
    }
    all
}

fn resumed() -> Decoder {
    let mut decoder = Decoder::of_owner();
    decoder.any_number_next();
    decoder
}

#[test]
fn cap_f_10b_what_was_not_acknowledged_is_written_again_and_nothing_twice() {
    let mut outbox = Outbox::new();
    let mut decoder = Decoder::of_owner();
    for _ in 0..10 {
        outbox.push(records(3, 100));
    }
    let first = write(&mut outbox, &mut decoder);
    assert_eq!(first.len(), 10);
    outbox.acknowledged(4);
    // The stream breaks: of what was written, frames up to 7 had arrived.
    for _ in 0..5 {
        outbox.push(records(3, 100));
        outbox.shed();
    }
    outbox.resume(7);
    let numbers: Vec<u64> = write(&mut outbox, &mut resumed()).iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (8..=15).collect::<Vec<_>>());
    assert_eq!(outbox.take_lost(), Lost::default());
}

#[test]
fn cap_f_10c_without_a_stream_packets_go_first_and_every_loss_is_counted() {
    let (mut outbox, mut decoder) = (Outbox::new(), Decoder::of_owner());
    outbox.push(records(1, 100));
    assert_eq!(write(&mut outbox, &mut decoder).len(), 1);
    let mut made = Lost::default();
    for _ in 0..100 {
        outbox.push(packets(10, 50_000));
        outbox.push(records(2, 1_000));
        made.packets += 10;
        made.records += 2;
        outbox.shed();
        assert!(outbox.held() <= MAX_UNACKED, "{}", outbox.held());
    }
    outbox.resume(1);
    let came = counted(&write(&mut outbox, &mut resumed()));
    let lost = outbox.take_lost();
    assert_eq!(came.records, made.records, "records stay while packets can go");
    assert_eq!(lost, Lost { packets: made.packets - came.packets, records: 0 });
    assert!(came.packets > 0);
    // Too many records are lost from their beginning, and counted too.
    for _ in 0..300 {
        outbox.push(records(1, 10_000));
        outbox.shed();
    }
    let before = outbox.next;
    outbox.resume(before - 301);
    let came = counted(&write(&mut outbox, &mut resumed()));
    assert_eq!(came.records + outbox.take_lost().records, 300);
}

#[test]
fn cap_f_10g_a_loss_that_was_told_where_nobody_heard_it_is_told_again() {
    let mut outbox = Outbox::new();
    let batches = 4 * MAX_UNACKED / 50_000;
    for batch in 0..batches {
        outbox.push(records(10, 50_000));
        outbox.push(packets(3, 1_000));
        outbox.shed();
        // As each second does, while the stream is away.
        if batch % 8 == 7 {
            let lost = outbox.take_lost();
            outbox.push(Body::Loss(Loss { packets: lost.packets, ..Loss::default() }));
            outbox.push(Body::Loss(Loss { packets: lost.records, records: true, ..Loss::default() }));
        }
    }
    outbox.resume(0);
    let came = counted(&write(&mut outbox, &mut resumed()));
    let mut all = outbox.take_lost();
    all.add(came);
    assert_eq!(all, Lost { packets: 3 * batches as u64, records: 10 * batches as u64 });
}

#[test]
fn cap_f_10d_frames_written_and_let_go_are_lost_only_if_they_did_not_arrive() {
    let (mut outbox, mut decoder) = (Outbox::new(), Decoder::of_owner());
    for _ in 0..40 {
        outbox.push(packets(1, 100_000));
        write(&mut outbox, &mut decoder);
    }
    // Frames up to 20 arrived; the oldest that are still kept come again.
    outbox.resume(20);
    let again = write(&mut outbox, &mut resumed());
    let first = again[0].0;
    assert!(first > 21, "{first}");
    assert_eq!(outbox.take_lost(), Lost { packets: first - 21, records: 0 });
    assert_eq!(counted(&again).packets, 40 - first + 1);
}

#[test]
fn cap_f_10e_credit_begins_anew_without_what_is_written_again() {
    let mut outbox = Outbox::new();
    outbox.push(packets(1, 1_000));
    outbox.push(records(1, 300));
    outbox.push(Body::Stats(Stats::default()));
    (outbox.packet_credit, outbox.record_credit) = (5, 7);
    outbox.resume(0);
    assert_eq!(outbox.packet_credit, FIRST_CREDIT - 1_000);
    assert_eq!(outbox.record_credit, FIRST_CREDIT - 300);
    outbox.resume(2);
    assert_eq!((outbox.packet_credit, outbox.record_credit), (FIRST_CREDIT, FIRST_CREDIT));
}

#[test]
fn cap_n_13f_who_gives_credit_and_does_not_read_gets_no_more_memory_than_the_first_credit() {
    let mut outbox = Outbox::new();
    outbox.record_credit = 1 << 32;
    let mut taken = 0;
    while outbox.spend(&records(1, 64 << 10)) {
        outbox.push(records(1, 64 << 10));
        taken += 1;
        assert!(taken < 10_000, "no end");
    }
    assert!(outbox.held() <= MAX_UNACKED + 2 * FIRST_CREDIT as usize + (64 << 10), "{}", outbox.held());
    assert!(taken > 64, "a window of its owner's fits: {taken}");
    // What is read makes room.
    write(&mut outbox, &mut Decoder::of_owner());
    assert!(outbox.spend(&records(1, 64 << 10)));
}
