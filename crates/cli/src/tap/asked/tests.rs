#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Asked, template};
use capture::line::Members;

#[test]
fn values_in_paths_have_one_name() {
    for (path, common) in [
        ("/", "/"),
        ("/items/17", "/items/{}"),
        ("/items/17/parts/2", "/items/{}/parts/{}"),
        ("/v1/orders", "/v1/orders"),
        ("/o/3f2a9c1d", "/o/{}"),
        ("/o/6f1c9a4e-8b3e-4f5a-9d7e-1a2b3c4d5e6f/x", "/o/{}/x"),
        ("/cafe", "/cafe"),
        ("/app.3f9ac01b2d44.js", "/app.3f9ac01b2d44.js"),
    ] {
        assert_eq!(template(path), common);
    }
}

#[test]
fn transactions_of_every_kind_say_what_went_wrong() {
    let cases: &[(&str, &str, &str, &str, bool)] = &[
        ("http", r#"{"method":"GET","host":"shop","path":"/a/1","status":200}"#, "http GET shop/a/{}", "200", false),
        ("http", r#"{"method":"GET","host":"shop","path":"/a","status":404}"#, "http GET shop/a", "404", true),
        ("http", r#"{"method":"GET","host":"shop","path":"/a"}"#, "http GET shop/a", "no answer", true),
        (
            "http",
            r#"{"method":"POST","host":"x","path":"/s/M","status":200,"grpc":{"status":14}}"#,
            "http POST x/s/M",
            "200/14",
            true,
        ),
        ("dns", r#"{"qtype":"A","qname":"a.b","rcode":"NXDOMAIN"}"#, "dns A a.b", "NXDOMAIN", true),
        ("redis", r#"{"commands":["GET"],"latency_us":5}"#, "redis GET", "ok", false),
        ("sql", r#"{"query":"SELECT ?","error":{"code":"42P01"}}"#, "sql SELECT ?", "42P01", true),
        ("tls", r#"{"sni":"a","version":"1.3"}"#, "tls a", "1.3", false),
    ];
    for (kind, line, what, status, error) in cases {
        let asked = Asked::of(kind, &Members::of(line.as_bytes())).unwrap();
        assert_eq!((asked.what.as_str(), asked.status.as_str(), asked.error), (*what, *status, *error), "{line}");
    }
    assert_eq!(Asked::of("flow", &Members::of(b"{}")), None);
    assert_eq!(Asked::of("redis", &Members::of(br#"{"commands":["GET"],"latency_us":5}"#)).unwrap().micros, Some(5));
}
