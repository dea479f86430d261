#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::head::{Content, etag, kept_as, wanted};
use axum::http::HeaderMap;
use workspace::files::Range;

fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
    all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[test]
fn ar_07h_a_range_is_one_of_bytes_or_all_of_it_comes() {
    let tag = etag(100, 7);
    for (value, range) in [
        ("bytes=0-9", Some(Range::Part(0, 10))),
        ("bytes=5-", Some(Range::From(5))),
        ("bytes=-5", Some(Range::Last(5))),
        ("bytes=9-5", None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("bytes=+1-2", None),
        ("lines=0-9", None),
        ("bytes=0-18446744073709551615", Some(Range::Part(0, u64::MAX))),
        ("bytes=0-18446744073709551616", None),
    ] {
        assert_eq!(wanted(&headers(&[("range", value)]), &tag), range, "{value}");
    }
    assert!(wanted(&headers(&[("range", "bytes=0-9"), ("if-range", &tag)]), &tag).is_some());
    assert!(wanted(&headers(&[("range", "bytes=0-9"), ("if-range", "\"other\"")]), &tag).is_none());
}

#[test]
fn ar_07i_a_part_says_which_bytes_it_is_and_has_as_many() {
    for (range, length, content) in [
        (None, "10", Ok(Content { at: 0, total: Some(10) })),
        (Some("bytes 0-9/10"), "10", Ok(Content { at: 0, total: Some(10) })),
        (Some("bytes 10-19/100"), "10", Ok(Content { at: 10, total: Some(100) })),
        (Some("bytes 10-19/100"), "11", Err(())),
        (Some("bytes 10-19/19"), "10", Err(())),
        (Some("bytes 19-10/100"), "10", Err(())),
        (Some("bytes 10-19/*"), "10", Err(())),
        (Some("bytes */100"), "0", Err(())),
        (Some("10-19/100"), "10", Err(())),
        (Some("bytes 0-18446744073709551615/18446744073709551615"), "10", Err(())),
    ] {
        let mut all = headers(&[("content-length", length)]);
        if let Some(range) = range {
            all.insert("content-range", range.parse().unwrap());
        }
        assert_eq!(Content::read(&all).map_err(drop), content, "{range:?} {length}");
    }
}

#[test]
fn ar_07j_names_in_headers_are_names_and_nothing_else() {
    assert_eq!(kept_as("a b.txt"), "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
    assert_eq!(
        kept_as("ä\"\\\r\n;x%41"),
        "attachment; filename=\"_____;x_41\"; filename*=UTF-8''%C3%A4%22%5C%0D%0A%3Bx%2541"
    );
}
