#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{duration, format, parse};
use proptest::prelude::*;

#[test]
fn moments_are_read() {
    assert_eq!(parse("1970-01-01T00:00:00Z"), Some((0, 0)));
    assert_eq!(parse("2023-11-14T22:13:20Z"), Some((1_700_000_000, 0)));
    assert_eq!(parse("2023-11-14T22:13:20.5Z"), Some((1_700_000_000, 500_000_000)));
    assert_eq!(parse("2023-11-14T23:13:20.000001+01:00"), Some((1_700_000_000, 1000)));
    assert_eq!(parse("2000-02-29T12:00:00-00:30"), Some((951_827_400, 0)));
    for bad in [
        "",
        "2023-11-14",
        "2023-13-14T22:13:20Z",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20Zx",
        "x023-11-14T22:13:20Z",
    ] {
        assert_eq!(parse(bad), None, "{bad}");
    }
}

#[test]
fn lengths_are_written_as_go_writes_them() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5µs"),
        (250_000_000, "250ms"),
        (1_500_000_000, "1.5s"),
        (90_000_000_000, "1m30s"),
        (5_400_000_000_000, "1h30m0s"),
        (-3_600_000_000_000, "-1h0m0s"),
        (i64::MIN, "-2562047h47m16.854775808s"),
    ] {
        assert_eq!(duration(nanos), text);
    }
}

proptest! {
    #[test]
    fn writing_and_reading_agree(seconds in -62_135_596_800_i64..253_402_300_800, micros in 0_u32..1_000_000) {
        prop_assert_eq!(parse(&format(seconds, 0, false)), Some((seconds, 0)));
        prop_assert_eq!(parse(&format(seconds, micros * 1000, true)), Some((seconds, micros * 1000)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        let _ = parse(&text);
    }
}
