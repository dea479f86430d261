#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{BATCH, FLUSH, Way};
use crate::batch::{Meta, Out, Records};
use crate::outbox::Outbox;
use flow::record::AnomalyRecord;
use flow::{Direction, Envelope, Marks, Record, RecordId, Sink};
use proto::capture::{Body, Decoder, FIRST_CREDIT};
use std::time::Instant;

fn meta(number: u64) -> Meta {
    Meta { iface: 1, ts_ns: number, orig_len: 1_000, dir: Direction::In, number }
}

/// A record whose line has about so many bytes.
fn tell(records: &mut Records, seq: u64, len: usize) {
    let envelope = Envelope {
        seq,
        id: RecordId(u128::from(seq)),
        ts_us: 1,
        flow: None,
        src: None,
        dst: None,
        vantage: None,
        iface: 0,
        marks: Marks::default(),
        names: [None; 2],
    };
    let detail = "x".repeat(len);
    let record = AnomalyRecord { code: "time_jump", detail: &detail, count: 1 };
    records.record(&envelope, &Record::Anomaly(&record));
}

/// What came of packets and of records.
fn came(outbox: &mut Outbox) -> (u64, u64) {
    let mut decoder = Decoder::of_owner();
    while !outbox.waiting().is_empty() {
        let bytes = outbox.waiting().to_vec();
        decoder.feed(&bytes);
        outbox.wrote(bytes.len());
    }
    let (mut packets, mut records) = (0, 0);
    while let Some(frame) = decoder.next_frame().unwrap() {
        match frame.body {
            Some(Body::Packets(batch)) => packets += u64::from(batch.count),
            Some(Body::Records(batch)) => records += u64::from(batch.count),
            _ => {}
        }
    }
    (packets, records)
}

#[test]
fn cap_28a_packets_and_records_leave_after_20_ms_or_when_they_are_64_k() {
    assert_eq!((FLUSH.as_millis(), BATCH), (20, 64 << 10));
    let now = Instant::now();
    let (mut way, _) = Way::new(None, now).unwrap();
    let (mut records, mut outbox) = (Records::new(true, None), Outbox::new());
    way.send(&Out { meta: meta(1), bytes: &[7; 1_000], flags: 0 }, false, &mut outbox);
    tell(&mut records, 1, 100);
    way.flush_due(now + FLUSH / 2, &mut records, &mut outbox);
    assert!(outbox.waiting().is_empty(), "neither long nor much");
    way.flush_due(now + FLUSH, &mut records, &mut outbox);
    assert_eq!(came(&mut outbox), (1, 1));

    let (mut way, _) = Way::new(None, now).unwrap();
    let mut outbox = Outbox::new();
    for number in 0..70 {
        way.send(&Out { meta: meta(number), bytes: &[7; 1_000], flags: 0 }, false, &mut outbox);
    }
    way.flush_due(now, &mut records, &mut outbox);
    assert_eq!(came(&mut outbox), (70, 0), "much does not wait");
}

#[test]
fn cap_28_what_credit_does_not_reach_for_is_counted_and_nothing_is_lost_unsaid() {
    let now = Instant::now();
    let (mut way, _) = Way::new(None, now).unwrap();
    let (mut records, mut outbox) = (Records::new(true, None), Outbox::new());
    let many = 2 * FIRST_CREDIT / 10_000;
    for number in 0..many {
        way.send(&Out { meta: meta(number), bytes: &[7; 10_000], flags: 0 }, false, &mut outbox);
        tell(&mut records, number, 10_000);
        way.flush(&mut records, &mut outbox);
    }
    let (packets, lines) = came(&mut outbox);
    assert!(packets > 0 && lines > 0 && packets < many && lines < many, "{packets} packets, {lines} records");
    assert_eq!(way.sent, packets);
    assert_eq!((way.shed.packets + packets, way.shed.records + lines), (many, many));
    assert!(way.shed.bytes >= way.shed.packets * 10_000);
}
