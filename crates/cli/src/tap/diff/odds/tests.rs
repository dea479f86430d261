#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use capture::line::Histogram;

use super::{differs, shifted, sure};

fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
    let mut all = Histogram::default();
    values.into_iter().for_each(|value| all.add(value));
    all
}

#[test]
fn cap_n_25a_the_odds_are_those_of_the_textbook() {
    // two-sided p-values of the normal distribution
    for (deviations, p) in [(0.0, 1.0), (1.0, 0.317_310), (1.959_964, 0.05), (2.575_829, 0.01), (3.290_527, 0.001)] {
        assert!((1.0 - sure(deviations) - p).abs() < 1e-5, "{deviations}");
    }
    // R: wilcox.test(1:10, 4:13, exact = FALSE)$p.value
    let p = 1.0 - shifted(&of(1..=10), &of(4..=13)).unwrap();
    assert!((p - 0.058_117).abs() < 1e-5, "{p}");
    // R: prop.test(c(15, 30), c(100, 100))$p.value
    let p = 1.0 - differs((15, 100), (30, 100)).unwrap();
    assert!((p - 0.017_756).abs() < 1e-5, "{p}");
}

#[test]
fn cap_n_25b_what_chance_explains_is_not_sure() {
    let same = shifted(&of((0..200).map(|at| 1000 + at)), &of((0..200).map(|at| 1000 + at))).unwrap();
    assert!(same < 0.05, "{same}");
    assert_eq!(shifted(&of([5; 100]), &of([5; 100])), Some(0.0), "all equal");
    let twice = shifted(&of((0..200).map(|at| 1000 + at)), &of((0..200).map(|at| 2000 + at))).unwrap();
    assert!(twice > 0.999_9, "{twice}");
    assert_eq!(shifted(&of(0..7), &of(0..100)), None, "too few");
    assert_eq!((differs((0, 100), (0, 100)), differs((1, 3), (2, 3))), (Some(0.0), None));
}
