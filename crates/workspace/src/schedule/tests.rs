#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Schedule, ScheduleError};
use jiff::Timestamp;
use proptest::prelude::*;

fn next(cron: &str, zone: Option<&str>, after: &str) -> String {
    let after: Timestamp = after.parse().unwrap();
    let at = Schedule::parse(cron, zone).unwrap().next(after.as_millisecond());
    at.map_or_else(|| "never".to_owned(), |at| Timestamp::from_millisecond(at).unwrap().to_string())
}

#[test]
fn ws_14g_points_in_time_by_the_clock_of_a_zone() {
    let cases = [
        ("0 19 * * 1-5", None, "2026-11-20T18:59:59Z", "2026-11-20T19:00:00Z"),
        ("0 19 * * 1-5", None, "2026-11-20T19:00:00Z", "2026-11-23T19:00:00Z"),
        ("0 19 * * MON-FRI", Some("Europe/Berlin"), "2026-11-20T17:59:00Z", "2026-11-20T18:00:00Z"),
        ("0 8 * * 7", None, "2026-11-21T00:00:00Z", "2026-11-22T08:00:00Z"),
        ("0 8 * * 0", None, "2026-11-21T00:00:00Z", "2026-11-22T08:00:00Z"),
        ("*/20 9-10 * * *", None, "2026-01-01T09:41:00Z", "2026-01-01T10:00:00Z"),
        ("5/30 0 * * *", None, "2026-01-01T00:05:00Z", "2026-01-01T00:35:00Z"),
        ("1,31 6 1 jan,JUL *", None, "2026-01-01T06:31:00Z", "2026-07-01T06:01:00Z"),
        // Both kinds of day: either.
        ("0 0 13 * 5", None, "2026-11-21T00:00:00Z", "2026-11-27T00:00:00Z"),
        ("0 0 29 2 *", None, "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 31 2 *", None, "2026-01-01T00:00:00Z", "never"),
        // The clock skips 02:30 on that day, and shows it twice on the other.
        ("30 2 * * *", Some("Europe/Berlin"), "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),
        ("30 2 * * *", Some("Europe/Berlin"), "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", Some("Europe/Berlin"), "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
    ];
    for (cron, zone, after, expected) in cases {
        assert_eq!(next(cron, zone, after), expected, "{cron} {zone:?} after {after}");
    }
}

#[test]
fn ws_14h_a_schedule_that_is_none_says_which_field() {
    let wrong = |cron: &str, zone| Schedule::parse(cron, zone).unwrap_err();
    assert!(matches!(wrong("0 19 * *", None), ScheduleError::Fields(_)));
    assert_eq!(wrong("0 19 * * *", Some("Mars/Base")), ScheduleError::Zone("Mars/Base".to_owned()));
    for (cron, field) in [
        ("60 * * * *", "60"),
        ("* 24 * * *", "24"),
        ("* * 0 * *", "0"),
        ("* * * 13 *", "13"),
        ("* * * * 8", "8"),
        ("5-1 * * * *", "5-1"),
        ("*/0 * * * *", "*/0"),
        ("1,,2 * * * *", "1,,2"),
        ("-1 * * * *", "-1"),
        ("* * * mon *", "mon"),
        ("+5 * * * *", "+5"),
    ] {
        let ScheduleError::Field { field: told, .. } = wrong(cron, None) else { panic!("{cron}") };
        assert_eq!(told, field, "{cron}");
    }
}

proptest! {
    #[test]
    fn ws_14c_the_next_point_is_later_and_nothing_panics(cron in "[0-9*/,a-z-]{1,6}( [0-9*/,a-z-]{1,6}){4}", after in any::<i64>()) {
        if let Ok(schedule) = Schedule::parse(&cron, Some("America/Sao_Paulo"))
            && let Some(at) = schedule.next(after)
        {
            prop_assert!(at > after);
            prop_assert_eq!(at % 60_000, 0);
        }
    }
}
