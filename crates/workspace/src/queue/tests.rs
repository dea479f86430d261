#![allow(clippy::unwrap_used)]

use super::Queue;
use std::time::Duration;

#[test]
fn wo_03a_failures_wait_from_a_fifth_of_a_second_to_half_a_minute() {
    let mut queue = Queue::default();
    queue.mark(&"a", 0);
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert_eq!(queue.take(now), Some("a"));
        let wait = queue.failed(&"a", now);
        waits.push(wait.as_millis());
        // What changes meanwhile does not hurry it.
        queue.mark(&"a", now);
        assert_eq!(queue.take(now), None);
        now += u64::try_from(wait.as_millis()).unwrap();
    }
    assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    assert_eq!(queue.take(now), Some("a"));
    queue.done(&"a", None, now);
    queue.mark(&"a", now);
    assert_eq!(queue.take(now), Some("a"));
    assert_eq!(queue.failed(&"a", now), Duration::from_millis(200), "a success forgets failures");
}

#[test]
fn wo_03b_one_look_at_a_time_and_no_change_is_lost() {
    let mut queue = Queue::default();
    queue.mark(&1, 5);
    queue.mark(&1, 5);
    queue.mark(&2, 6);
    assert_eq!((queue.take(4), queue.next_due()), (None, Some(5)));
    assert_eq!(queue.take(5), Some(1));
    queue.mark(&1, 5);
    assert_eq!(queue.take(5), None, "1 is being looked at, 2 is not due");
    queue.done(&1, Some(1000), 6);
    assert_eq!((queue.take(6), queue.take(6)), (Some(1), Some(2)), "1 changed while it was looked at");
    queue.done(&1, Some(1000), 6);
    queue.done(&2, None, 6);
    assert_eq!((queue.take(999), queue.next_due()), (None, Some(1000)));
    queue.mark(&1, 20);
    assert_eq!(queue.take(20), Some(1), "sooner than planned");
    queue.failed(&1, 20);
    queue.hurry(&1, 21);
    assert_eq!(queue.take(21), Some(1), "a new generation does not wait");
}
