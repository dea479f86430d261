//! How sure a difference is: one minus the probability that chance alone makes one as large.

use capture::line::Histogram;

/// Whether one of two sets of lengths of time is larger, by the rank sums of Mann, Whitney and Wilcoxon, with its correction
/// for ties. `None` with too few of either for the normal approximation.
pub(super) fn shifted(before: &Histogram, after: &Histogram) -> Option<f64> {
    let (first, second) = (before.count() as f64, after.count() as f64);
    if first < LEAST || second < LEAST {
        return None;
    }
    let all = first + second;
    let (mut seen, mut sum, mut ties) = (0.0, 0.0, 0.0);
    for (ours, theirs) in merged(before, after) {
        let (ours, both) = (ours as f64, (ours + theirs) as f64);
        // equal values share their ranks
        sum += ours * (seen + (both + 1.0) / 2.0);
        ties += both * both * both - both;
        seen += both;
    }
    let above = sum - first * (first + 1.0) / 2.0;
    let spread = first * second / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    if spread <= 0.0 {
        return Some(0.0);
    }
    let distance = ((above - first * second / 2.0).abs() - 0.5).max(0.0);
    Some(sure(distance / spread.sqrt()))
}

/// Whether a share of one differs from that of another: `part` of `all` each. `None` with too few.
pub(super) fn differs(before: (u64, u64), after: (u64, u64)) -> Option<f64> {
    let ((part, all), (other_part, other_all)) = (before, after);
    let (first, second) = (all as f64, other_all as f64);
    if first < LEAST || second < LEAST {
        return None;
    }
    let pooled = (part + other_part) as f64 / (first + second);
    let spread = pooled * (1.0 - pooled) * (1.0 / first + 1.0 / second);
    if spread <= 0.0 {
        return Some(0.0);
    }
    let distance = (part as f64 / first - other_part as f64 / second).abs();
    // what one transaction more or less could do is chance
    let distance = (distance - 0.5 * (1.0 / first + 1.0 / second)).max(0.0);
    Some(sure(distance / spread.sqrt()))
}

/// How often each length is in the one and in the other, from the shortest on.
fn merged(before: &Histogram, after: &Histogram) -> Vec<(u64, u64)> {
    let mut all = std::collections::BTreeMap::<u64, (u64, u64)>::new();
    before.buckets().for_each(|(value, count)| all.entry(value).or_default().0 += count);
    after.buckets().for_each(|(value, count)| all.entry(value).or_default().1 += count);
    all.into_values().collect()
}

/// The part of a normal distribution within so many deviations (Abramowitz and Stegun 7.1.26, to 1.5e-7).
fn sure(deviations: f64) -> f64 {
    let x = deviations / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    (1.0 - series * (-x * x).exp()).clamp(0.0, 1.0)
}

/// With fewer of either nothing is said.
const LEAST: f64 = 8.0;

#[cfg(test)]
mod tests;
