//! Counts of lengths of time, with three significant digits.

use std::collections::BTreeMap;

/// How often each length was seen. A length is kept to a thousandth of itself.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: BTreeMap<u64, u64>,
    count: u64,
}

impl Histogram {
    /// Each length, as far as it is kept, and how often it was seen, in order.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.buckets.iter().map(|(value, count)| (*value, *count))
    }

    /// How many were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Counts one.
    pub fn add(&mut self, value: u64) {
        let shift = shift(value);
        *self.buckets.entry(value >> shift << shift).or_default() += 1;
        self.count += 1;
    }

    /// The length that this share of all is not longer than.
    #[must_use]
    pub fn at(&self, share: f64) -> Option<u64> {
        let rank = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        self.buckets
            .iter()
            .find(|(_, count)| {
                seen += **count;
                seen >= rank
            })
            .map(|(value, _)| *value)
    }
}

/// Low bits that are dropped, so that eleven are left.
fn shift(value: u64) -> u32 {
    (64 - value.leading_zeros()).saturating_sub(11)
}

#[cfg(test)]
mod tests;
