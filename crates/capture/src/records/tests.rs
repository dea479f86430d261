#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Records, Row, Stands};

fn row(number: u64) -> Row {
    Row { number, pod: 0 }
}

fn line(number: u64) -> Vec<u8> {
    format!(r#"{{"kind":"http","n":{number},"path":"/items/{}","host":"shop"}}"#, number % 7).into_bytes()
}

/// Everything from `from` on, as numbers and lines.
fn all(records: &Records, from: u64) -> Vec<(u64, Vec<u8>)> {
    let (mut at, mut out) = (from, Vec::new());
    while let Some(held) = records.block(at) {
        let opened = held.open();
        out.extend(opened.from(at).map(|line| (line.number, line.line.to_vec())));
        at = opened.end();
    }
    out
}

#[test]
fn cap_45a_a_hundred_thousand_transactions_fit_and_the_oldest_go_first() {
    let mut records = Records::new(64 << 20, usize::MAX);
    // As long as a real transaction with its headers; headers repeat as they do.
    let headers = r#"["accept","text/html"],["user-agent","curl/8.5.0"],["x-request-id","#.repeat(12);
    for number in 1..=120_000_u64 {
        let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let line =
            format!(r#"{{"kind":"http","id":"{id:032x}","ts":{id},"headers":[{headers}"{id:x}"],"n":{number}}}"#);
        records.push(0, u128::from(number / 10 + 1), Stands::Row, false, line.as_bytes());
        assert!(records.shrink().is_empty() || records.len() > 100_000);
    }
    assert!(records.len() >= 100_000, "{} records in {} bytes", records.len(), records.bytes());
    assert!(records.bytes() <= 64 << 20);
}

#[test]
fn what_was_added_is_read_again_from_any_number_on() {
    let mut records = Records::new(1 << 20, usize::MAX);
    for number in 1..=5_000 {
        let change = records.push(3, 0, Stands::Row, false, &line(number));
        assert_eq!((change.number, change.row, change.gone), (number, Some(Row { number, pod: 3 }), None));
    }
    for from in [1, 2, 1_500, 4_999, 5_000] {
        let read = all(&records, from);
        assert_eq!(read.len() as u64, 5_001 - from);
        assert!(read.iter().zip(from..).all(|((number, text), want)| *number == want && *text == line(want)));
    }
    assert!(records.block(5_001).is_none());
}

#[test]
fn rows_go_with_their_records_and_reset_forgets_all() {
    let mut records = Records::new(40 << 10, usize::MAX);
    let mut rows = std::collections::BTreeSet::new();
    for number in 1..=20_000 {
        let stands = if number % 3 == 0 { Stands::Nothing } else { Stands::Row };
        if let Some(row) = records.push(0, u128::from(number), stands, false, &line(number)).row {
            rows.insert(row);
        }
        for gone in records.shrink() {
            assert!(rows.remove(&gone), "{gone:?} goes once");
        }
    }
    assert!(records.dropped() > 10_000 && records.bytes() <= 140 << 10, "{}", records.bytes());
    let kept = all(&records, 0);
    assert_eq!(kept.len(), records.len());
    let kept_rows: Vec<u64> = kept.iter().map(|(number, _)| *number).filter(|number| number % 3 != 0).collect();
    assert_eq!(kept_rows, rows.into_iter().map(|row| row.number).collect::<Vec<_>>());
    records.clear();
    assert_eq!((records.len(), records.block(0).is_none()), (0, true));
    assert_eq!(records.push(0, 0, Stands::Row, false, b"{}").number, 20_001, "numbers are never used again");
}

#[test]
fn cap_40a_a_flow_has_one_row_until_something_of_it_has_its_own() {
    let mut records = Records::new(1 << 20, usize::MAX);
    let flow = |records: &mut Records, id| records.push(0, id, Stands::Flow, true, b"{}");
    let first = flow(&mut records, 7);
    assert_eq!(first.row, Some(row(1)));
    let again = flow(&mut records, 7);
    assert_eq!((again.number, again.row), (2, Some(row(1))), "the row stays, what it shows is new");
    assert_eq!(records.behind(1), Some(2));
    let gap = records.push(0, 7, Stands::Beside, false, b"{}");
    assert_eq!((gap.row, gap.gone), (Some(row(3)), None), "a gap does not stand for its flow");
    let told = records.push(0, 7, Stands::Row, false, b"{}");
    assert_eq!((told.row, told.gone), (Some(row(4)), Some(row(1))));
    assert_eq!(flow(&mut records, 7).row, None);
    assert_eq!(records.latest(7), Some(5));
    assert_eq!(records.of_flow(7, 10), (vec![3, 4, 5], false), "of flow records the newest");
    assert_eq!(flow(&mut records, 8).row, Some(row(6)));
}

#[test]
fn a_row_of_a_flow_goes_with_the_newest_of_its_records() {
    let mut records = Records::new(1 << 20, 10);
    records.push(0, 7, Stands::Flow, true, b"{}");
    for number in 0..3_000 {
        records.push(0, 0, Stands::Nothing, false, &line(number));
    }
    records.push(0, 7, Stands::Flow, true, b"{}");
    assert!(records.shrink().is_empty(), "its newest record is still there");
    assert!(records.dropped() > 0);
    assert_eq!(records.behind(1), Some(3_002));
    for number in 0..3_000 {
        records.push(0, 0, Stands::Nothing, false, &line(number));
    }
    assert_eq!(records.shrink(), [row(1)]);
    assert_eq!((records.behind(1), records.flows.len(), records.rows.len()), (None, 0, 0));
}
