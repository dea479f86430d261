//! Lengths of time as people write them: `90s`, `10m`, `2h`, `7d`, `1h30m`.

/// Whole seconds; `0` stands alone. `None` when the text is no length of time or does not fit.
#[must_use]
pub fn seconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut sum = 0_u64;
    let mut number = None::<u64>;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && !text.is_empty()).then_some(sum)
}
