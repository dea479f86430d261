//! How long a feed rests after a failure.

use cluster::Error;
use std::time::Duration;

/// 1 s doubling to 30 s with jitter, by how often it has failed in a row; at least what the server asks for, where it
/// does; a minute after a denial.
pub(crate) fn pause(failures: u32, error: &Error) -> Duration {
    let doubled = |first: Duration| first.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST);
    match error {
        // It may ask everybody for the same second: longer each time, and never shorter than it asks.
        Error::Throttled { retry_after, .. } => (*retry_after).max(doubled(FIRST / 2)).mul_f64(1.0 + 0.25 * jitter()),
        Error::Denied { .. } => AFTER_DENIAL.mul_f64(0.75 + 0.5 * jitter()),
        _ => doubled(FIRST).mul_f64(0.75 + 0.5 * jitter()),
    }
}

/// From 0 to 1, from the low bits of the clock: enough to keep clients from coming all at once.
fn jitter() -> f64 {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    f64::from(nanos % 1000) / 1000.0
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
const AFTER_DENIAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::pause;
    use cluster::Error;
    use std::time::Duration;

    fn within(pause: Duration, least: f64, most: f64) {
        let seconds = pause.as_secs_f64();
        assert!(seconds >= least && seconds <= most, "{seconds} s, not {least} to {most}");
    }

    #[test]
    fn exf_01c_tries_come_after_one_second_to_thirty_with_jitter() {
        let away = Error::Unreachable { server: "s".to_owned(), message: "m".to_owned(), source: None };
        for (failures, seconds) in [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (60, 30.0), (u32::MAX, 30.0)] {
            within(pause(failures, &away), seconds * 0.75, seconds * 1.25);
        }
        let mut seen: Vec<Duration> = (0..200)
            .map(|_| {
                std::thread::sleep(Duration::from_micros(20));
                pause(6, &away)
            })
            .collect();
        seen.sort();
        seen.dedup();
        assert!(seen.len() > 10, "clients do not come all at once: {seen:?}");
    }

    #[test]
    fn exf_06c_a_server_that_asks_for_rest_gets_at_least_that() {
        let busy = |seconds| Error::Throttled { server: "s".to_owned(), retry_after: Duration::from_secs(seconds) };
        within(pause(1, &busy(1)), 1.0, 1.25);
        within(pause(1, &busy(120)), 120.0, 150.0);
        within(pause(4, &busy(1)), 4.0, 5.0);
        within(pause(50, &busy(1)), 30.0, 37.5);
    }
}
