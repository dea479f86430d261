//! Ages and durations as kubectl prints them (`k8s.io/apimachinery/pkg/util/duration.HumanDuration`).

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The age of something that happened at `then_ms`, seen at `now_ms`; both epoch milliseconds.
#[must_use]
pub fn age(now_ms: i64, then_ms: i64) -> String {
    // kubectl takes whole seconds towards zero and calls anything over a second in the future invalid.
    human((now_ms - then_ms).div_euclid(1000) + i64::from(now_ms < then_ms && (now_ms - then_ms).rem_euclid(1000) != 0))
}

/// A length of `seconds` in at most two units: `119s`, `9m5s`, `179m`, `7h3m`, `47h`, `7d3h`, `729d`, `7y3d`.
#[must_use]
pub fn human(seconds: i64) -> String {
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        s if s < 2 * MINUTE => format!("{s}s"),
        s if s < 10 * MINUTE => two(s / MINUTE, "m", s % MINUTE, "s"),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => two(s / HOUR, "h", s % HOUR / MINUTE, "m"),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => two(s / DAY, "d", s % DAY / HOUR, "h"),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => two(s / YEAR, "y", s % YEAR / DAY, "d"),
        s => format!("{}y", s / YEAR),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit}{small}{small_unit}") }
}

#[cfg(test)]
mod tests;
