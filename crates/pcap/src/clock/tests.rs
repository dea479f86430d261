#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Clock;

#[test]
fn cap_n_23a_every_resolution_becomes_nanoseconds() {
    for (resolution, offset, ticks, nanos) in [
        (None, None, 1_700_000_000_123_456, Some(1_700_000_000_123_456_000)),
        (Some(9), None, 1_700_000_000_123_456_789, Some(1_700_000_000_123_456_789)),
        (Some(3), None, 1_700_000_000_123, Some(1_700_000_000_123_000_000)),
        (Some(0), None, 1_700_000_000, Some(1_700_000_000_000_000_000)),
        (Some(10), None, 17_000_000_001_234_567_899, Some(1_700_000_000_123_456_789)),
        (Some(12), None, 5_001, Some(5)),
        (Some(0x7f), None, u64::MAX, Some(0)),
        // 2^-20 s: half a second is 2^19 ticks
        (Some(0x80 | 20), None, (1_700_000_000 << 20) + (1 << 19), Some(1_700_000_000_500_000_000)),
        (Some(0xff), None, u64::MAX, Some(0)),
        (Some(9), Some(-10), 15_000_000_001, Some(5_000_000_001)),
        (Some(9), Some(1_700_000_000), 7, Some(1_700_000_000_000_000_007)),
        // before the epoch, and what overflows
        (Some(9), Some(-10), 5, None),
        (Some(9), None, u64::MAX, None),
        (None, None, u64::MAX, None),
        (Some(9), Some(i64::MAX), 1, None),
    ] {
        assert_eq!(Clock::new(resolution, offset).nanos(ticks), nanos, "{resolution:?} {offset:?} {ticks}");
    }
    assert_eq!(Clock::NANOS, Clock::new(Some(9), Some(0)));
}
