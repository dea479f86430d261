//! Secrets known by the name they stand under.

use proptest::prelude::*;

use super::{Redaction, Rules, Spans, Why, body, header, redaction, shown, target};

#[test]
fn cap_n_15_authorization_keeps_its_scheme() {
    assert_eq!(header("Authorization", "Bearer abc.def"), "Bearer <authorization:abc.def>");
    assert_eq!(header("authorization", "Basic dXNlcjpwdw=="), "Basic <authorization:dXNlcjpwdw==>");
    assert_eq!(
        header("Proxy-Authorization", "Digest username=\"a\", response=\"b\""),
        "Digest <authorization:username=\"a\", response=\"b\">"
    );
    assert_eq!(header("authorization", "justatoken"), "<authorization:justatoken>");
    assert_eq!(header("authorization", "Bearer "), "<authorization:Bearer >", "nothing but a word may be the secret");
    assert_eq!(
        header("authorization", "AWS4-HMAC-SHA256 Credential=x"),
        "AWS4-HMAC-SHA256 <authorization:Credential=x>"
    );
}

#[test]
fn cap_n_15_cookies_keep_their_names() {
    assert_eq!(header("Cookie", "a=1; session=xyz;b=\"q\""), "a=<cookie:1>; session=<cookie:xyz>;b=<cookie:\"q\">");
    assert_eq!(header("cookie", "bare; x="), "<cookie:bare>; x=");
    assert_eq!(
        header("Set-Cookie", "id=abc=d; Path=/; HttpOnly; Max-Age=5"),
        "id=<cookie:abc=d>; Path=/; HttpOnly; Max-Age=5"
    );
}

#[test]
fn cap_n_15_headers_with_keys() {
    for name in
        ["X-Api-Key", "apikey", "X-Auth-Token", "X-CSRF-Token", "Private-Token", "my-app-secret", "X-Vault-Token"]
    {
        assert_eq!(header(name, "s3cr3t"), "<header:s3cr3t>", "{name}");
    }
    for name in ["Accept", "X-Request-Id", "Content-Type", "X-Tokens-Left"] {
        assert_eq!(header(name, "s3cr3t"), "s3cr3t", "{name}");
    }
    assert_eq!(header("Referer", "https://a/?token=x"), "https://a/?token=<key:x>");
    assert_eq!(
        header("Location", "https://u:p@a/cb?code=1&access_token=t"),
        "https://<url:u:p>@a/cb?code=1&access_token=<key:t>"
    );
}

#[test]
fn cap_n_15_targets() {
    assert_eq!(target("/a?user=u&password=p&x=1"), "/a?user=u&password=<key:p>&x=1");
    assert_eq!(target("/a?Access-Token=t;X-Amz-Signature=s#y"), "/a?Access-Token=<key:t>;X-Amz-Signature=<key:s>#y");
    assert_eq!(target("/a?pass%77ord=p"), "/a?pass%77ord=<key:p>");
    assert_eq!(target("/a?filter[password]=p"), "/a?filter[password]=<key:p>");
    assert_eq!(target("http://me:pw@host/a@b?x=1"), "http://<url:me:pw>@host/a@b?x=1");
    assert_eq!(target("/mail/me@host"), "/mail/me@host");
    assert_eq!(target("/a?token="), "/a?token=", "an empty value is no secret");
    assert_eq!(
        target("/reset/eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln"),
        "/reset/<jwt:eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln>"
    );
}

#[test]
fn cap_n_15_forms() {
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    assert_eq!(body(form, "user=a&passwd=b+c&client_secret=d"), "user=a&passwd=<key:b+c>&client_secret=<key:d>");
    assert_eq!(body(form, "password=cut in the mid"), "password=<key:cut in the mid>");
}

#[test]
fn cap_n_15_json_members() {
    let json = "application/json";
    assert_eq!(
        body(json, r#"{"user": "a", "password": "p\"q", "n": 1}"#),
        r#"{"user": "a", "password": "<key:p\"q>", "n": 1}"#
    );
    assert_eq!(
        body("application/problem+json", r#"{"pin":1234,"otp":null,"ssn":true}"#),
        r#"{"pin":<key:1234>,"otp":null,"ssn":true}"#
    );
    assert_eq!(
        body(json, r#"{"credentials": {"user": "a", "keys": ["b", 7, {"x": "c"}]}, "d": "e"}"#),
        r#"{"credentials": {"user": "<key:a>", "keys": ["<key:b>", <key:7>, {"x": "<key:c>"}]}, "d": "e"}"#
    );
    assert_eq!(body("text/plain", r#" [{"apiKey" : "x"}]"#), r#" [{"apiKey" : "<key:x>"}]"#, "JSON under another type");
    assert_eq!(body(json, r#"["password", "is a word"]"#), r#"["password", "is a word"]"#);
    assert_eq!(body(json, r#"{"a": "password"}"#), r#"{"a": "password"}"#, "a value, not a name");
}

#[test]
fn cap_n_15_json_that_is_cut_shows_no_secret() {
    let whole = r#"{"user":"a","password":"hunter2hunter2","nested":{"token":{"a":["s1secret","s2secret"]}},"z":1}"#;
    for cut in 0..=whole.len() {
        let shown = body("application/json", &whole[..cut]);
        let open =
            shown.split('<').map(|part| part.split_once('>').map_or(part, |(_, after)| after)).collect::<String>();
        for secret in ["hunter", "s1", "s2"] {
            assert!(!open.contains(secret), "cut at {cut}: {shown}");
        }
    }
}

#[test]
fn cap_n_15_rules_are_configurable() {
    let rules = Rules { keys: vec!["iban".to_owned()], headers: vec!["x-tenant-*".to_owned()], ..Rules::default() };
    let rules = Redaction::new(Rules { cookies: false, jwt: false, cards: false, ..rules }, [1; 16]);
    let mut spans = Spans::new();
    rules.header(b"X-Tenant-Key", b"x", &mut spans);
    rules.header(b"cookie", b"a=1", &mut spans);
    assert_eq!(spans.why(), Why::Header.bit());
    spans.clear();
    let bytes = br#"{"IBAN": "DE00", "password": "p", "card": "4111111111111111"}"#;
    rules.json(bytes, &mut spans);
    assert!(shown(bytes, &spans).contains("<key:DE00>") && spans.iter().count() == 1);
}

/// Everything that can be asked about some bytes; spans must be sorted, apart and inside.
fn ask_all(bytes: &[u8]) {
    let rules = redaction();
    let mut spans = Spans::new();
    let asks: [&dyn Fn(&mut Spans); 8] = [
        &|spans| rules.header(b"authorization", bytes, spans),
        &|spans| rules.header(b"cookie", bytes, spans),
        &|spans| rules.header(b"set-cookie", bytes, spans),
        &|spans| rules.header(bytes, bytes, spans),
        &|spans| rules.target(bytes, spans),
        &|spans| rules.form(bytes, spans),
        &|spans| rules.json(bytes, spans),
        &|spans| rules.body(b"text/plain", bytes, spans),
    ];
    for ask in asks {
        spans.clear();
        ask(&mut spans);
        shown(bytes, &spans);
        let mut out = Vec::new();
        rules.write(bytes, &spans, &mut out);
    }
    rules.redis_key(bytes);
    rules.secret_key(bytes);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        ask_all(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in r#"([{}\[\]":,=&;%#@/ .-]|eyJ|password|token|[0-9]{1,5}|\\|é){0,60}"#) {
        (0..=text.len()).for_each(|cut| ask_all(&text.as_bytes()[..cut]));
    }

    /// The value of a secret member is never shown, whatever it is.
    #[test]
    fn a_secret_member_is_hidden(value in "[a-zA-Z0-9 {}\\[\\],:&=]{1,40}") {
        let whole = format!(r#"{{"a":1,"password":"{value}","b":2}}"#);
        prop_assert_eq!(body("application/json", &whole), format!(r#"{{"a":1,"password":"<key:{value}>","b":2}}"#));
    }
}
