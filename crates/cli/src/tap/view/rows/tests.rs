#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn rows(count: u64) -> Rows {
    let mut rows = Rows::default();
    (0..count).for_each(|n| rows.push(record(n).as_bytes()));
    rows
}

fn record(number: u64) -> String {
    format!(r#"{{"kind":"http","status":{},"seq":{number}}}"#, if number.is_multiple_of(10) { 500 } else { 200 })
}

fn seen(rows: &mut Rows, height: usize) -> (Vec<u64>, Option<usize>) {
    let (window, chosen) = rows.window(height);
    let number = |line: &&[u8]| {
        let line = std::str::from_utf8(line).unwrap();
        line.rsplit_once(':').unwrap().1.trim_end_matches('}').parse().unwrap()
    };
    (window.iter().map(number).collect(), chosen)
}

#[test]
fn the_newest_is_in_view_until_one_looks_elsewhere_and_then_nothing_moves() {
    let mut rows = rows(100);
    assert_eq!(seen(&mut rows, 3).0, [97, 98, 99]);
    rows.go(-5);
    assert_eq!(seen(&mut rows, 3), (vec![94, 95, 96], Some(0)));
    (100..150).for_each(|n| rows.push(record(n).as_bytes()));
    assert_eq!(seen(&mut rows, 3), (vec![94, 95, 96], Some(0)), "what comes moves nothing");
    assert!(!rows.follows());
    rows.go(1);
    assert_eq!(seen(&mut rows, 3), (vec![94, 95, 96], Some(1)));
    rows.go(isize::MIN);
    assert_eq!(seen(&mut rows, 3), (vec![0, 1, 2], Some(0)));
    rows.go(isize::MAX);
    rows.go(1);
    assert!(rows.follows(), "down from the last row follows again");
    assert_eq!(seen(&mut rows, 3).0, [147, 148, 149]);
}

#[test]
fn a_pause_hides_what_comes_and_counts_it() {
    let mut rows = rows(10);
    rows.pause();
    (10..15).for_each(|n| rows.push(record(n).as_bytes()));
    assert_eq!((seen(&mut rows, 2).0, rows.news()), (vec![8, 9], 5));
    rows.pause();
    assert_eq!((seen(&mut rows, 2).0, rows.news()), (vec![13, 14], 0));
}

#[test]
fn an_expression_chooses_among_what_was_and_what_comes() {
    let mut rows = rows(100);
    rows.choose(Choice::of("status >= 500").unwrap());
    assert_eq!((rows.counts(), seen(&mut rows, 3).0), ((10, 100), vec![70, 80, 90]));
    (100..111).for_each(|n| rows.push(record(n).as_bytes()));
    assert_eq!(seen(&mut rows, 3).0, [90, 100, 110]);
    rows.choose(None);
    assert_eq!(seen(&mut rows, 2).0, [109, 110]);
}

#[test]
fn what_is_kept_is_bounded_and_the_oldest_goes() {
    let mut rows = rows(MOST as u64 + 10);
    rows.go(isize::MIN);
    assert_eq!((rows.counts(), seen(&mut rows, 2).0), ((MOST, MOST), vec![10, 11]));
    for n in 0..40 {
        rows.push(format!(r#"{{"pad":"{}","seq":{n}}}"#, "x".repeat(1 << 20)).as_bytes());
    }
    assert!(rows.bytes <= MOST_BYTES && rows.counts().1 < 40);
    assert_eq!(seen(&mut rows, 0).0, Vec::<u64>::new());
}
