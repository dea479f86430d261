#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{LARGEST, is_gone, more};

#[test]
fn cap_f_12a_a_ring_doubles_up_to_the_largest_within_the_budget_of_all() {
    let mib = |count: usize| count << 20;
    let (mut total, mut steps) = (mib(8), Vec::new());
    while let bytes @ 1.. = more(total, total, mib(200)) {
        total += bytes;
        steps.push(total >> 20);
    }
    assert_eq!(steps, [16, 32, 64]);
    assert_eq!(total, LARGEST);
    // What others have is not there any more.
    assert_eq!(more(mib(8), mib(16), mib(12)), 0);
    assert_eq!(more(mib(8), mib(16), mib(20)), mib(4));
    assert_eq!(more(mib(1), mib(1), mib(2) - 1), 0, "less than a MiB is of no use");
}

#[test]
fn cap_61c_an_interface_that_went_is_told_from_one_that_cannot_be_captured() {
    let gone = std::io::Error::from_raw_os_error;
    assert!(is_gone(&gone(libc::ENODEV)) && is_gone(&gone(libc::ENXIO)));
    assert!(!is_gone(&gone(libc::EPERM)) && !is_gone(&gone(libc::ENOMEM)));
}
