#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Rotate, size};

#[test]
fn sizes_are_powers_of_1024() {
    for (text, bytes) in [("1", 1), ("64k", 65_536), ("100M", 104_857_600), ("2G", 2_147_483_648)] {
        assert_eq!(size(text), Ok(bytes), "{text}");
    }
    for text in ["", "0", "K", "-1", "1T", "1.5M", "99999999999G"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn cap_n_18c_rotation_has_a_size_and_perhaps_a_count() {
    assert_eq!("100M,10".parse(), Ok(Rotate { size: 100 << 20, count: Some(10) }));
    assert_eq!("64K".parse(), Ok(Rotate { size: 65_536, count: None }));
    for text in ["100M,0", "100M,x", "1K,3", "", ",3"] {
        assert!(text.parse::<Rotate>().is_err(), "{text}");
    }
}
