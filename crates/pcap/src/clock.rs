//! What the time stamps of an interface mean: `if_tsresol` and `if_tsoffset`.

/// Turns the ticks of an interface into epoch nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    scale: Scale,
    /// Seconds added to every stamp.
    offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// A tick is so many nanoseconds.
    Times(u64),
    /// A nanosecond is so many ticks.
    Over(u64),
    /// A tick is 2^-n seconds.
    Binary(u8),
}

impl Clock {
    /// Microseconds, as pcapng has them where nothing is said.
    pub(crate) const MICROS: Self = Self { scale: Scale::Times(1000), offset: 0 };
    /// Nanoseconds.
    #[cfg(test)]
    pub(crate) const NANOS: Self = Self { scale: Scale::Times(1), offset: 0 };

    /// From the values of the two options.
    pub(crate) fn new(resolution: Option<u8>, offset: Option<i64>) -> Self {
        let scale = match resolution {
            None => Scale::Times(1000),
            Some(power) if power & 0x80 != 0 => Scale::Binary(power & 0x7f),
            Some(power @ 0..=9) => Scale::Times(10_u64.pow(u32::from(9 - power))),
            // ticks so short that 64 bits of them are no nanosecond: zero, as the shortest binary ones give it
            Some(power) => 10_u64.checked_pow(u32::from(power - 9)).map_or(Scale::Binary(127), Scale::Over),
        };
        Self { scale, offset: offset.unwrap_or(0) }
    }

    /// Epoch nanoseconds; none for a time before 1970 or after 2262, which no capture was taken at.
    #[inline]
    pub(crate) fn nanos(self, ticks: u64) -> Option<u64> {
        let plain = match self.scale {
            Scale::Times(nanos) => ticks.checked_mul(nanos)?,
            Scale::Over(ticks_each) => ticks.checked_div(ticks_each)?,
            Scale::Binary(power) => u64::try_from((u128::from(ticks) * 1_000_000_000) >> power).ok()?,
        };
        let nanos = if self.offset == 0 {
            plain
        } else {
            u64::try_from(i128::from(plain) + i128::from(self.offset) * 1_000_000_000).ok()?
        };
        (nanos <= i64::MAX as u64).then_some(nanos)
    }
}

#[cfg(test)]
mod tests;
