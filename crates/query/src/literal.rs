//! Numbers, quantities and durations as people write them.

/// A number: plain, a quantity (`100m`, `1Gi`), a ratio (`1/2`) or per cent (`50%`, which is 50).
pub(crate) fn number(text: &str) -> Option<f64> {
    if let Some(percent) = text.strip_suffix('%') {
        return plain(percent);
    }
    if let Some((have, want)) = text.split_once('/') {
        let (have, want) = (plain(have)?, plain(want)?);
        return Some(ratio(have, want));
    }
    plain(text).or_else(|| base::quantity::milli(text).map(|milli| milli as f64 / 1000.0))
}

/// `have` of `want`; nothing of nothing is whole.
pub(crate) fn ratio(have: f64, want: f64) -> f64 {
    if want > 0.0 {
        have / want
    } else if have > 0.0 {
        f64::MAX
    } else {
        1.0
    }
}

fn plain(text: &str) -> Option<f64> {
    let first = text.bytes().find(|byte| !matches!(byte, b'-' | b'+'))?;
    // `inf` and `nan` are words, not numbers
    let number = if first.is_ascii_digit() || first == b'.' { text.parse::<f64>().ok()? } else { return None };
    number.is_finite().then_some(number)
}

/// A short time in microseconds: `350us`, `200ms`, `1.5s`, or a plain number of them.
pub(crate) fn micros(text: &str) -> Option<f64> {
    if let Some(us) = plain(text) {
        return Some(us);
    }
    let units = text.find(|c: char| c.is_alphabetic())?;
    let (number, unit) = text.split_at(units);
    let one = match unit {
        "us" | "µs" => 1.0,
        "ms" => 1_000.0,
        _ => return duration(text).map(|ms| ms as f64 * 1_000.0),
    };
    plain(number).map(|number| number * one)
}

/// A duration in milliseconds: `500ms`, `90s`, `5m`, `1h30m`, `3d`, `2w`, `1y`.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit_len = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        let unit_ms = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            "w" => 604_800_000.0,
            "y" => 31_536_000_000.0,
            _ => return None,
        };
        let ms = plain(number)? * unit_ms;
        if !(0.0..1e15).contains(&ms) {
            return None;
        }
        total = total.checked_add(ms as i64)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}
