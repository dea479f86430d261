//! Lengths of time, as blueprints write them.

/// Seconds of `60s`, `2m`, `1h` or a bare number of at most six digits.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    let number = text.strip_suffix(['s', 'm', 'h']).unwrap_or(text);
    let unit = match text.get(number.len()..)? {
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    };
    let is_number = number.len() <= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u32>().ok().filter(|_| is_number)?.checked_mul(unit)
}
