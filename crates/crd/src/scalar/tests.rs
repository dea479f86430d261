#![allow(clippy::unwrap_used)]

use super::{Quantity, Span, Time};

#[test]
fn ws_14a_lengths_of_time_are_read_as_they_are_written() {
    let table = [
        ("0", Some(0)),
        ("90s", Some(90)),
        ("10m", Some(600)),
        ("2h", Some(7_200)),
        ("7d", Some(604_800)),
        ("1h30m", Some(5_400)),
        ("", None),
        ("10", None),
        ("h", None),
        ("1w", None),
        ("-1h", None),
        ("99999999999999999999d", None),
    ];
    for (text, seconds) in table {
        assert_eq!(Span::from(text).seconds(), seconds, "{text}");
    }
}

#[test]
fn ws_12a_a_whole_number_is_a_quantity() {
    let cpu: Quantity = serde_json::from_str("2").unwrap();
    assert_eq!(cpu, Quantity::from("2"));
    assert_eq!(serde_json::to_string(&cpu).unwrap(), "\"2\"");
    assert_eq!(cpu.milli(), Some(2_000));
}

#[test]
fn ws_14b_moments_are_rfc_3339() {
    let time: Time = serde_json::from_str("\"2026-01-02T03:04:05Z\"").unwrap();
    assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-01-02T03:04:05Z\"");
    assert_eq!(Time::from_millis(time.millis()), Some(time));
}
