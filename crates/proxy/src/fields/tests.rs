#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Ending, Face, find_cookie, target, to_app, to_browser};
use crate::body::Body;
use bytes::BytesMut;
use head::{Bad, Head};
use std::sync::Arc;

fn face() -> Face {
    Face {
        host: "3000--w.localhost:5050".to_owned(),
        scheme: "http",
        port: 3000,
        secure: false,
        framed_by: None,
        user: None,
        base: None,
        trusted: Arc::default(),
    }
}

fn sent(fields: &str) -> String {
    let text = format!("GET /a HTTP/1.1\r\nHost: 3000--w.localhost:5050\r\n{fields}\r\n");
    let head = Head::request(&mut BytesMut::from(text.as_str())).unwrap().unwrap();
    let mut out = Vec::new();
    to_app(&head, b"/a", &face(), "127.0.0.1".parse().unwrap(), &Body::Over, None, &mut out);
    String::from_utf8(out).unwrap()
}

fn shown(face: &Face, fields: &str) -> String {
    let head = Head::answer(&mut BytesMut::from(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_str())).unwrap().unwrap();
    let mut out = Vec::new();
    to_browser(&head, face, &Body::Over, Ending::Stays, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn wx_06f_who_comes_and_how_is_said_by_us_alone() {
    let out = sent(
        "X-Forwarded-For: 1.2.3.4\r\nx_forwarded_proto: https\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n\
         X-Guild-Server-Id: z\r\nX-Qd-User: root\r\nAccept: */*\r\nTE: trailers, gzip\r\nKeep-Alive: 3\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: AA\r\nConnection: x-drop, upgrade\r\nX-Drop: 1\r\nProxy-Authorization: b\r\n",
    );
    assert_eq!(
        out,
        "GET /a HTTP/1.1\r\nHost: 3000--w.localhost:5050\r\nAccept: */*\r\nTE: trailers\r\nX-Forwarded-For: 127.0.0.1\r\n\
         X-Forwarded-Host: 3000--w.localhost:5050\r\nX-Forwarded-Proto: http\r\n\
         Forwarded: for=127.0.0.1;host=\"3000--w.localhost:5050\";proto=http\r\n\r\n"
    );
}

#[test]
fn wx_06_what_a_trusted_proxy_says_of_who_comes_stands_before_our_own_word() {
    let fields = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: apps.example\r\n\
                  X-Forwarded-Prefix: /team\r\nForwarded: for=203.0.113.9;proto=https\r\nX-Real-IP: 1.2.3.4\r\nX-Qd-User: root\r\n";
    let said = |fields: &str, peer: &str| {
        let text = format!("GET /a HTTP/1.1\r\nHost: 3000--w.localhost:5050\r\n{fields}\r\n");
        let head = Head::request(&mut BytesMut::from(text.as_str())).unwrap().unwrap();
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap());
        let (mut out, face) = (Vec::new(), Face { trusted: Arc::new(trusted), ..face() });
        to_app(&head, b"/a", &face, peer.parse().unwrap(), &Body::Over, None, &mut out);
        String::from_utf8(out).unwrap()
    };
    let of = |peer: &str| said(fields, peer);
    assert_eq!(
        of("10.1.2.3"),
        "GET /a HTTP/1.1\r\nHost: 3000--w.localhost:5050\r\nX-Forwarded-For: 203.0.113.9, 10.1.2.3\r\n\
         X-Forwarded-Host: apps.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /team\r\n\
         Forwarded: for=203.0.113.9;proto=https, for=10.1.2.3;host=\"3000--w.localhost:5050\";proto=http\r\n\r\n"
    );
    assert!(of("fd00::1").contains("X-Forwarded-For: 203.0.113.9, fd00::1\r\n"));
    assert!(of("::ffff:10.1.2.3").contains("X-Forwarded-For: 203.0.113.9, ::ffff:10.1.2.3\r\n"));
    for other in ["11.1.2.3", "127.0.0.1", "::1"] {
        let out = of(other);
        assert!(!out.contains("203.0.113.9") && !out.contains("Prefix") && out.contains("Proto: http\r\n"), "{out}");
    }
    let odd = said("X-Forwarded-Proto: ftp\r\nX-Forwarded-Host: a b\r\nX-Forwarded-Prefix: x\r\n", "10.0.0.1");
    assert!(odd.contains("Proto: http\r\n") && odd.contains("Host: 3000--w") && !odd.contains("Prefix"), "{odd}");
    let twice = said(
        "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\nX-Forwarded-For: a\r\nX-Forwarded-For: b\r\n",
        "10.0.0.1",
    );
    assert!(twice.contains("Proto: http\r\n") && twice.contains("X-Forwarded-For: a, b, 10.0.0.1\r\n"), "{twice}");
}

#[test]
fn wx_05a_our_cookies_never_reach_an_app_and_all_others_do_as_they_came() {
    for (given, kept) in [
        ("a=1; b=2", Some("a=1; b=2")),
        ("a=1;b=2;  c=\"x y\"", Some("a=1;b=2;  c=\"x y\"")),
        ("a=1; qdapp_5050=secret; b=2", Some("a=1; b=2")),
        ("qdapp_5050=secret", None),
        ("QDAPP_5050=secret; __Host-qdapp=s; qd_session_5050=t", None),
        ("qd_session_5050=s; theme=dark", Some("theme=dark")),
    ] {
        let out = sent(&format!("Cookie: {given}\r\n"));
        let cookie = out.lines().find_map(|line| line.strip_prefix("Cookie: "));
        assert_eq!(cookie, kept, "{given}");
        assert!(!out.contains("secret"));
    }
    assert_eq!(find_cookie(b"a=1; qdapp_5050=x; b", "qdapp_5050"), Some(&b"x"[..]));
    assert_eq!(find_cookie(b"xqdapp_5050=x", "qdapp_5050"), None);
}

#[test]
fn wx_07a_cookies_stay_with_the_host_of_their_app() {
    for (given, kept) in [
        ("a=1", Some("a=1")),
        ("a=1; Path=/x; HttpOnly; SameSite=Lax", Some("a=1; Path=/x; HttpOnly; SameSite=Lax")),
        ("a=1; Domain=localhost; Path=/", Some("a=1; Path=/")),
        ("a=1; domain=.LOCALHOST", Some("a=1")),
        ("a=1; Domain=3000--w.localhost", Some("a=1")),
        ("a=1; Domain=; Secure", Some("a=1; Secure")),
        ("a=1; Domain = localhost ; Path=/", Some("a=1; Path=/")),
        ("a=1; Domain=other.example", Some("a=1; Domain=other.example")),
        ("a=1; Domain=4000--w.localhost", Some("a=1; Domain=4000--w.localhost")),
        ("a=1; Domain=ocalhost", Some("a=1; Domain=ocalhost")),
        (
            "a=1; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Partitioned",
            Some("a=1; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Partitioned"),
        ),
        ("qdapp_5050=stolen; Path=/", None),
        (" __Host-qdapp=stolen", None),
        ("qd_session_5050=stolen", None),
    ] {
        let out = shown(&face(), &format!("Set-Cookie: {given}\r\n"));
        let cookie = out.lines().find_map(|line| line.strip_prefix("Set-Cookie: "));
        assert_eq!(cookie, kept, "{given}");
    }
}

#[test]
fn wx_07b_urls_of_the_apps_own_loopback_become_its_host_and_others_stay() {
    let own = "http://3000--w.localhost:5050";
    for (given, kept) in [
        ("/login?next=%2F#top", "/login?next=%2F#top".to_owned()),
        ("login", "login".to_owned()),
        ("http://localhost:3000/a?b=c#d", format!("{own}/a?b=c#d")),
        ("HTTPS://127.0.0.1:3000", own.to_owned()),
        ("http://[::1]:3000?x", format!("{own}?x")),
        ("http://0.0.0.0:3000/", format!("{own}/")),
        ("http://localhost:3001/a", "http://localhost:3001/a".to_owned()),
        ("http://localhost/a", "http://localhost/a".to_owned()),
        ("http://localhost:3000.evil.example/", "http://localhost:3000.evil.example/".to_owned()),
        ("http://localhost:3000@evil.example/", "http://localhost:3000@evil.example/".to_owned()),
        (
            "https://id.example.com/authorize?redirect_uri=http://localhost:3000/cb",
            "https://id.example.com/authorize?redirect_uri=http://localhost:3000/cb".to_owned(),
        ),
        ("//localhost:3000/a", "//localhost:3000/a".to_owned()),
    ] {
        for name in ["Location", "Content-Location"] {
            assert!(
                shown(&face(), &format!("{name}: {given}\r\n")).contains(&format!("\r\n{name}: {kept}\r\n")),
                "{given}"
            );
        }
    }
    let out = shown(&face(), "Refresh: 3; URL=http://localhost:3000/x\r\n");
    assert!(out.contains(&format!("Refresh: 3; URL={own}/x\r\n")), "{out}");
}

/// With `wx_07a` and `wx_07e` forty cookies, with `wx_07b` and `wx_07f` more than thirty URLs.
#[test]
fn wd_03a_cookies_and_urls_that_others_got_wrong_are_kept_to_the_letter() {
    for (given, kept) in [
        ("a", "a"),
        ("a=; Path=/", "a=; Path=/"),
        ("a=b=c; Path=/x=y", "a=b=c; Path=/x=y"),
        ("a=1;Secure;HttpOnly", "a=1;Secure;HttpOnly"),
        ("a=\"x y\"; Path=/", "a=\"x y\"; Path=/"),
        ("a=1; Max-Age=0", "a=1; Max-Age=0"),
        ("a=1; Priority=High", "a=1; Priority=High"),
        ("a=1; SameSite=Strict", "a=1; SameSite=Strict"),
        ("a=1; SameSite=None; Secure; Partitioned", "a=1; SameSite=None; Secure; Partitioned"),
        ("__Host-sid=1; Path=/; Secure", "__Host-sid=1; Path=/; Secure"),
        ("__Secure-a=1; Secure; Domain=localhost", "__Secure-a=1; Secure"),
        ("a=1; DOMAIN=localhost; Path=/; domain=.localhost", "a=1; Path=/"),
        ("qd=1; Path=/", "qd=1; Path=/"),
        ("xqd_session_5050=1", "xqd_session_5050=1"),
    ] {
        let out = shown(&face(), &format!("Set-Cookie: {given}\r\nSet-Cookie: z=9\r\n"));
        let cookies: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("Set-Cookie: ")).collect();
        assert_eq!(cookies, [kept, "z=9"], "{given}");
    }
    let own = "http://3000--w.localhost:5050";
    let authorize =
        "https://accounts.example.com/o/oauth2/auth?redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcb&state=a%2Fb#x";
    for (given, kept) in [
        ("?next=/a", "?next=/a".to_owned()),
        ("#top", "#top".to_owned()),
        ("../up?x=/../y", "../up?x=/../y".to_owned()),
        ("mailto:ada@example.com", "mailto:ada@example.com".to_owned()),
        ("http://user@localhost:3000/a", "http://user@localhost:3000/a".to_owned()),
        ("http://localhost:3000#x", format!("{own}#x")),
        ("http://LOCALHOST:3000/A?b=http://localhost:3000/", format!("{own}/A?b=http://localhost:3000/")),
        (authorize, authorize.to_owned()),
        ("https://other.example:3000/a", "https://other.example:3000/a".to_owned()),
    ] {
        let out = shown(&face(), &format!("Location: {given}\r\n"));
        assert!(out.contains(&format!("\r\nLocation: {kept}\r\n")), "{given}: {out}");
    }
}

#[test]
fn wx_07c_the_console_alone_may_show_an_app_in_a_frame_and_no_app_speaks_for_other_hosts() {
    let mut framed = face();
    framed.framed_by = Some("http://qd.localhost:5050".to_owned());
    let policy = |fields: &str| {
        let out = shown(&framed, fields);
        assert!(!out.contains("X-Frame-Options"), "{out}");
        out.lines().find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap().to_owned()
    };
    assert_eq!(policy("X-Frame-Options: DENY\r\n"), "frame-ancestors 'self' http://qd.localhost:5050");
    assert_eq!(
        policy("Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\n"),
        "default-src 'self'; frame-ancestors  http://qd.localhost:5050"
    );
    assert_eq!(
        policy("Content-Security-Policy: frame-ancestors https://a.example;\r\n"),
        "frame-ancestors https://a.example http://qd.localhost:5050"
    );
    assert!(shown(&face(), "X-Frame-Options: DENY\r\n").contains("X-Frame-Options: DENY"));
    let out = shown(
        &face(),
        "Clear-Site-Data: \"cookies\"\r\nAlt-Svc: h3=\":1\"\r\nStrict-Transport-Security: max-age=1; includeSubDomains\r\n\
         Connection: x-hop\r\nX-Hop: 1\r\nService-Worker-Allowed: /\r\n",
    );
    assert_eq!(out, "HTTP/1.1 200 OK\r\nService-Worker-Allowed: /\r\n\r\n");
}

fn below(framed: bool) -> Face {
    let by = framed.then(|| "http://qd.localhost:5050".to_owned());
    Face { host: "qd.localhost:5050".to_owned(), base: Some("/proxy/~k".to_owned()), framed_by: by, ..face() }
}

#[test]
fn wx_07e_cookies_of_an_app_below_a_path_stay_below_it() {
    for (given, kept, framed) in [
        ("a=1", Some("a=1; Secure"), "a=1"),
        ("a=1; Path=/", Some("a=1; Path=/proxy/~k/; Secure"), "a=1; Path=/proxy/~k/"),
        (
            "a=1; path=/x/y; HttpOnly",
            Some("a=1; Path=/proxy/~k/x/y; HttpOnly; Secure"),
            "a=1; Path=/proxy/~k/x/y; HttpOnly",
        ),
        ("a=1; Path=/proxy/~k/x", Some("a=1; Path=/proxy/~k/x; Secure"), "a=1; Path=/proxy/~k/x"),
        ("a=1; Path=/proxy/~kk", Some("a=1; Path=/proxy/~k/proxy/~kk; Secure"), "a=1; Path=/proxy/~k/proxy/~kk"),
        ("a=1; Path=x; Path=", Some("a=1; Secure"), "a=1"),
        ("a=1; Domain=localhost; Secure", Some("a=1; Secure"), "a=1"),
        ("a=1; Domain=other.example; Max-Age=3", Some("a=1; Max-Age=3; Secure"), "a=1; Max-Age=3"),
        ("a=1; SameSite=Strict", Some("a=1; SameSite=Strict; Secure"), "a=1"),
        ("a=1; SameSite=None; Partitioned; Secure", Some("a=1; SameSite=None; Partitioned; Secure"), "a=1"),
        ("qd_session_5050=stolen; Path=/", None, ""),
        ("__Host-qd=stolen; Path=/", None, ""),
    ] {
        let cookie = |framed| {
            let out = shown(&below(framed), &format!("Set-Cookie: {given}\r\n"));
            out.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).map(str::to_owned)
        };
        assert_eq!(cookie(false).as_deref(), kept, "{given}");
        let framed = kept.map(|_| format!("{framed}; Secure; SameSite=None; Partitioned"));
        assert_eq!(cookie(true), framed, "{given}");
    }
}

#[test]
fn wx_07f_urls_of_an_app_below_a_path_are_below_it() {
    for (given, kept) in [
        ("/login?next=%2F#top", "/proxy/~k/login?next=%2F#top"),
        ("/", "/proxy/~k/"),
        ("/proxy/~k", "/proxy/~k"),
        ("/proxy/~k/x", "/proxy/~k/x"),
        ("/proxy/~kk/x", "/proxy/~k/proxy/~kk/x"),
        ("login", "login"),
        ("http://localhost:3000", "/proxy/~k/"),
        ("http://localhost:3000?a=b#c", "/proxy/~k/?a=b#c"),
        ("http://127.0.0.1:3000/a?b=c#d", "/proxy/~k/a?b=c#d"),
        ("http://QD.localhost:5050/a", "/proxy/~k/a"),
        ("http://qd.localhost:5050/proxy/~k/a", "/proxy/~k/a"),
        ("http://qd.localhost:5050/api/v1/codes", "/proxy/~k/api/v1/codes"),
        ("http://qd.localhost:50501/a", "http://qd.localhost:50501/a"),
        ("http://qd.localhost:5050@evil.example/", "http://qd.localhost:5050@evil.example/"),
        ("//evil.example/a", "//evil.example/a"),
        ("https://id.example.com/authorize?to=/x#y", "https://id.example.com/authorize?to=/x#y"),
    ] {
        for name in ["Location", "Content-Location"] {
            let out = shown(&below(false), &format!("{name}: {given}\r\n"));
            assert!(out.contains(&format!("\r\n{name}: {kept}\r\n")), "{given}: {out}");
        }
        let out = shown(&below(false), &format!("Refresh: 3; url={given}\r\n"));
        assert!(out.contains(&format!("\r\nRefresh: 3; url={kept}\r\n")), "{given}: {out}");
    }
}

#[test]
fn wx_07g_pages_below_a_path_have_no_origin_and_speak_for_none() {
    let out = shown(
        &below(false),
        "Service-Worker-Allowed: /\r\nAccess-Control-Allow-Origin: *\r\nCross-Origin-Opener-Policy: unsafe-none\r\n\
         Referrer-Policy: unsafe-url\r\nNEL: {}\r\nReport-To: {}\r\nContent-Security-Policy: default-src 'self'\r\n\
         Strict-Transport-Security: max-age=1\r\nX-Frame-Options: DENY\r\n",
    );
    let sandbox = "Content-Security-Policy: sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts\r\n\
         Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         Access-Control-Allow-Origin: null\r\nAccess-Control-Allow-Credentials: true\r\n\r\n";
    let own = "HTTP/1.1 200 OK\r\nContent-Security-Policy: default-src 'self'\r\nX-Frame-Options: DENY\r\n";
    assert_eq!(out, format!("{own}{sandbox}"));
    let framed = shown(&below(true), "X-Frame-Options: DENY\r\n");
    let by = "HTTP/1.1 200 OK\r\nContent-Security-Policy: frame-ancestors 'self' http://qd.localhost:5050\r\n";
    assert_eq!(framed, format!("{by}{sandbox}"));
}

#[test]
fn wx_03b_a_whole_url_must_be_of_the_host_it_is_for() {
    let of = |line: &str| {
        let text = format!("{line} HTTP/1.1\r\nHost: 3000--w.localhost:5050\r\n\r\n");
        let head = Head::request(&mut BytesMut::from(text.as_str())).unwrap().unwrap();
        target(&head, "3000--w.localhost:5050").map(|target| String::from_utf8(target.to_vec()).unwrap())
    };
    assert_eq!(of("GET /a?b").unwrap(), "/a?b");
    assert_eq!(of("GET http://3000--w.localhost:5050/a").unwrap(), "/a");
    assert_eq!(of("OPTIONS *").unwrap(), "*");
    for line in [
        "GET http://4000--w.localhost:5050/a",
        "GET http://3000--w.localhost:50501/a",
        "GET http://3000--w.localhost:5050@x/a",
        "CONNECT 3000--w.localhost:5050",
        "GET *",
        "GET a",
    ] {
        assert!(matches!(of(line), Err(Bad::Start | Bad::Ambiguous)), "{line}");
    }
}
