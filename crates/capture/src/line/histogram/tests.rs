#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Histogram;

#[test]
fn cap_n_17a_shares_are_within_a_thousandth() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.at(0.5), None);
    let all: Vec<u64> = (1..=100_000).map(|at| at * 37).collect();
    all.iter().for_each(|value| histogram.add(*value));
    for (share, exact) in [(0.0, 37), (0.5, 50_000 * 37), (0.95, 95_000 * 37), (0.99, 99_000 * 37), (1.0, 100_000 * 37)]
    {
        let near = histogram.at(share).unwrap();
        assert!(near <= exact && near as f64 >= exact as f64 * 0.999, "{share}: {near} for {exact}");
    }
    histogram.add(u64::MAX);
    assert!(histogram.at(1.0).unwrap() > u64::MAX / 1025 * 1024);
}
