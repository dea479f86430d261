//! RFC 3339 moments, read and written without a calendar library: an API server writes no other form.

use std::fmt::Write;

const DAY_SECONDS: i64 = 86_400;

/// Epoch seconds and nanoseconds of `2024-05-01T10:00:00Z`, with or without a fraction and with any offset.
pub(crate) fn parse(text: &str) -> Option<(i64, u32)> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0_i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    };
    let mark = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    if !(mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt ") && mark(13, b":") && mark(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    let mut nanos = 0_u32;
    if mark(at, b".") {
        at += 1;
        let mut scale = 100_000_000_u32;
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            nanos += u32::from(digit - b'0') * scale;
            scale /= 10;
            at += 1;
        }
    }
    let offset = match bytes.get(at)? {
        b'Z' | b'z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && mark(at + 3, b":") => {
            let minutes = number(at + 1, at + 3)? * 60 + number(at + 4, at + 6)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset * 60;
    Some((seconds, nanos))
}

/// `2024-05-01T10:00:00Z`, or with six digits of microseconds.
pub(crate) fn format(seconds: i64, nanos: u32, micro: bool) -> String {
    let (year, month, day) = civil(seconds.div_euclid(DAY_SECONDS));
    let rest = seconds.rem_euclid(DAY_SECONDS);
    let mut out = String::with_capacity(27);
    // Writing to a String cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", rest / 3600, rest % 3600 / 60, rest % 60);
    if micro {
        let _ = write!(out, ".{:06}", nanos / 1000);
    }
    out.push('Z');
    out
}

/// A Go `time.Duration` of nanoseconds as Go prints it: `1h30m0s`, `1.5s`, `250ms`.
pub(crate) fn duration(nanos: i64) -> String {
    let mut out = String::new();
    let sign = if nanos < 0 { "-" } else { "" };
    let all = nanos.unsigned_abs();
    let fraction = |value: u64, unit: u64| {
        let mut text = format!("{}", value / unit);
        if !value.is_multiple_of(unit) {
            let width = unit.ilog10() as usize;
            let digits = format!("{:0width$}", value % unit);
            text.push('.');
            text.push_str(digits.trim_end_matches('0'));
        }
        text
    };
    let _ = match all {
        0 => write!(out, "0s"),
        1..1_000 => write!(out, "{sign}{all}ns"),
        1_000..1_000_000 => write!(out, "{sign}{}µs", fraction(all, 1_000)),
        1_000_000..1_000_000_000 => write!(out, "{sign}{}ms", fraction(all, 1_000_000)),
        _ => {
            let seconds = all / 1_000_000_000;
            let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
            let below = fraction(all % 60_000_000_000, 1_000_000_000);
            match (hours, minutes) {
                (0, 0) => write!(out, "{sign}{below}s"),
                (0, minutes) => write!(out, "{sign}{minutes}m{below}s"),
                (hours, minutes) => write!(out, "{sign}{hours}h{minutes}m{below}s"),
            }
        }
    };
    out
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day.saturating_add(719_468);
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let calendar_month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(calendar_month <= 2), calendar_month, of_year - (153 * month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests;
