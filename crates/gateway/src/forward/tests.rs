#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::asked::{Original, with_code};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    pairs.iter().map(pair).collect()
}

#[test]
fn ge_06d_the_request_that_is_asked_about_is_read_as_controllers_tell_it() {
    let nginx = headers(&[
        ("x-original-url", "https://Web.ws.test/a?b=c&__qd_code=77&d=e"),
        ("x-original-method", "GET"),
        ("cookie", "x=y; __Host-qdvisit=5"),
    ]);
    let asked = Original::of(&nginx).unwrap();
    assert_eq!((asked.host.as_str(), asked.code().as_deref()), ("web.ws.test", Some("77")));
    assert_eq!(asked.cookies().collect::<Vec<_>>(), ["x=y", "__Host-qdvisit=5"]);
    let other = headers(&[("x-forwarded-host", "web.ws.test"), ("x-forwarded-uri", "/a?__qd_code=8")]);
    let asked = Original::of(&other).unwrap();
    assert_eq!((asked.host.as_str(), asked.code().as_deref()), ("web.ws.test", Some("8")));
    assert!(Original::of(&headers(&[("cookie", "a=b")])).is_none());
}

#[test]
fn ge_06e_pages_of_other_origins_get_nothing_by_the_visitors_cookie() {
    let foreign = |pairs: &[(&str, &str)]| {
        let mut all = vec![("x-original-url", "https://web.ws.test/")];
        all.extend(pairs);
        Original::of(&headers(&all)).unwrap().is_foreign()
    };
    for own in [
        &[][..],
        &[("origin", "https://web.ws.test"), ("x-original-method", "POST")],
        &[("sec-fetch-site", "same-origin"), ("x-original-method", "POST")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
    ] {
        assert!(!foreign(own), "{own:?}");
    }
    for other in [
        &[("origin", "https://other.ws.test")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("x-original-method", "POST")],
    ] {
        assert!(foreign(other), "{other:?}");
    }
}

#[test]
fn ge_06f_a_visitor_comes_back_to_what_they_wanted() {
    let wanted = "https://web.ws.test/a/b?x=1&__qd_code=old&y=2".parse().unwrap();
    assert_eq!(with_code("web.ws.test", Some(&wanted), "new"), "https://web.ws.test/a/b?x=1&y=2&__qd_code=new");
    assert_eq!(with_code("web.ws.test", None, "new"), "https://web.ws.test/?__qd_code=new");
}
