//! What is passed on, and when.

use super::*;

#[tokio::test]
async fn wx_03c_requests_follow_each_other_on_one_connection_and_one_to_the_app() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /a?x=%20&y", "").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    let head = until(&mut app, "\r\n\r\n").await;
    assert!(head.starts_with("GET /a?x=%20&y HTTP/1.1\r\nHost: 3000--w.localhost:5050\r\n"), "{head}");
    assert!(!head.contains("qdapp"), "{head}");
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
    assert_eq!(until(&mut browser, "hi").await, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    // a body in chunks, which passes as it comes
    browser.write_all(place.request("PUT /b", "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    let head = until(&mut app, "\r\n\r\n").await;
    assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
    browser.write_all(b"3\r\nabc\r\n").await.unwrap();
    assert_eq!(until(&mut app, "abc\r\n").await, "3\r\nabc\r\n");
    browser.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(until(&mut app, "0\r\n\r\n").await, "0\r\n\r\n");
    app.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    until(&mut browser, "204 No Content\r\n\r\n").await;
    // two at once, the second waits
    let two = [place.request("GET /c", ""), place.request("HEAD /d", "Connection: close\r\n")].concat();
    browser.write_all(two.as_bytes()).await.unwrap();
    assert!(until(&mut app, "\r\n\r\n").await.starts_with("GET /c "));
    app.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n").await.unwrap();
    assert!(until(&mut app, "\r\n\r\n").await.starts_with("HEAD /d "));
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await.unwrap();
    let out = rest(&mut browser).await;
    assert!(out.ends_with("Content-Length: 5\r\nConnection: close\r\n\r\n"), "{out}");
    place.quiet().await;
}

#[tokio::test]
async fn wx_08a_events_and_unknown_lengths_pass_at_once_and_a_browser_that_goes_ends_them() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /events", "").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await.unwrap();
    until(&mut browser, "\r\n\r\n").await;
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        app.write_all(event.as_bytes()).await.unwrap();
        assert_eq!(until(&mut browser, event).await, event);
    }
    drop(browser);
    assert_eq!(rest(&mut app).await, "");
}

#[tokio::test]
async fn wx_08b_nothing_is_read_ahead_of_whoever_takes_it() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /big", "").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n").await.unwrap();
    let piece = vec![b'x'; 1 << 16];
    let mut sent = 0_usize;
    // the browser reads nothing: the app is stopped by what the system holds, not by what we do
    while let Ok(wrote) = tokio::time::timeout(Duration::from_millis(300), app.write(&piece)).await {
        sent += wrote.unwrap();
        assert!(sent < 20_000_000, "{sent} bytes were taken");
    }
    drop(browser);
}

#[tokio::test]
async fn wx_03d_sockets_pass_both_ways_and_what_a_person_sends_counts_as_use() {
    let place = Place::new().await;
    let mut browser = place.come();
    let fields = format!(
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{HOST}\r\nSec-WebSocket-Key: k\r\n"
    );
    browser.write_all(place.request("GET /ws", &fields).as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    let head = until(&mut app, "\r\n\r\n").await;
    assert!(head.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n"), "{head}");
    assert!(
        head.contains(&format!("Origin: http://{HOST}\r\n")) && head.contains("Sec-WebSocket-Key: k\r\n"),
        "{head}"
    );
    app.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst")
        .await
        .unwrap();
    assert!(until(&mut browser, "first").await.contains("Upgrade: websocket\r\n\r\nfirst"));
    let key = Key { namespace: "n".to_owned(), name: "w".to_owned() };
    let doors = || place.activity.usage(&ClusterName::new("dev"), &key).doors;
    browser.write_all(&[0x89, 0x80, 1, 2, 3, 4]).await.unwrap();
    let mut six = [0; 6];
    app.read_exact(&mut six).await.unwrap();
    assert!(doors().is_empty(), "a ping is nobody's work");
    browser.write_all(&[0x81, 0x81, 1, 2, 3, 4, 9]).await.unwrap();
    let mut seven = [0; 7];
    app.read_exact(&mut seven).await.unwrap();
    assert_eq!(doors()[0].door, Use::Http);
    app.write_all(&[0x81, 1, 65]).await.unwrap();
    let mut three = [0; 3];
    browser.read_exact(&mut three).await.unwrap();
    app.shutdown().await.unwrap();
    drop(app);
    assert_eq!(rest(&mut browser).await, "");
}

#[tokio::test]
async fn wx_08c_an_app_that_does_not_answer_is_told_by_a_code_and_so_is_one_that_is_not_there() {
    let times = Times { answer: Duration::from_millis(80), ..Times::default() };
    let place = Place::with(times).await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /slow", "").as_bytes()).await.unwrap();
    let _app = place.accept().await;
    let out = until(&mut browser, "}").await;
    assert!(out.starts_with("HTTP/1.1 504 ") && out.contains("\"proxy_timeout\""), "{out}");
    let Place { door, app, cookie, .. } = place;
    drop(app);
    let (mut browser, theirs) = tokio::io::duplex(4096);
    tokio::spawn(async move { door.serve(Box::new(theirs), BytesMut::new(), "127.0.0.1".parse().unwrap()).await });
    let head = format!("GET / HTTP/1.0\r\nHost: {HOST}\r\nAccept: text/html\r\nCookie: qdapp_5050={cookie}\r\n\r\n");
    browser.write_all(head.as_bytes()).await.unwrap();
    let out = rest(&mut browser).await;
    assert!(out.starts_with("HTTP/1.1 502 ") && out.contains("nothing listens on 3000, 5173 does"), "{out}");
    assert!(out.contains("<!doctype html>") && !out.contains("<script"), "{out}");
}

#[tokio::test]
async fn wx_08d_a_connection_that_the_app_has_closed_meanwhile_is_not_the_browsers_trouble() {
    let place = Place::new().await;
    let mut browser = place.come();
    for round in 0..2 {
        browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        until(&mut app, "\r\n\r\n").await;
        app.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{round}").as_bytes()).await.unwrap();
        until(&mut browser, &round.to_string()).await;
    }
    // one that answers with more than it says is not used again, and its surplus goes to nobody
    browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n4")
        .await
        .unwrap();
    until(&mut browser, "3").await;
    browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
    until(&mut place.accept().await, "\r\n\r\n").await;
}

#[tokio::test]
async fn wx_06g_answers_before_the_answer_and_early_ones_pass() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser
        .write_all(place.request("POST /", "Content-Length: 5\r\nExpect: 100-continue\r\n").as_bytes())
        .await
        .unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
    until(&mut browser, "100 Continue\r\n\r\n").await;
    browser.write_all(b"hello").await.unwrap();
    until(&mut app, "hello").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    until(&mut browser, "\r\n\r\n").await;
    // an app that does not want the body says so, and the connection ends
    browser.write_all(place.request("POST /", "Content-Length: 5000000\r\n").as_bytes()).await.unwrap();
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert!(rest(&mut browser).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn wx_05b_a_login_is_for_one_host_and_ends_with_its_permit_which_says_how_much_was_asked() {
    let place = Place::new().await;
    let mut browser = place.come();
    for (host, cookie, code) in [
        ("3000--w.localhost:5050", "qdapp_5050=wrong", "token_missing"),
        ("3000--w.localhost:5050", "a=b", "token_missing"),
        ("3001--w.localhost:5050", place.cookie.as_str(), "token_missing"),
        ("3000--v.localhost:5050", place.cookie.as_str(), "token_missing"),
        ("qd.localhost:5050", place.cookie.as_str(), "host_not_allowed"),
    ] {
        let cookie = if cookie.contains('=') { cookie.to_owned() } else { format!("qdapp_5050={cookie}") };
        let mut stranger = place.come();
        stranger
            .write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let out = rest(&mut stranger).await;
        assert!(out.contains(&format!("\"{code}\"")), "{host} {cookie}: {out}");
    }
    for origin in [
        "http://evil.example",
        "http://qd.localhost:5050",
        "http://3001--w.localhost:5050",
        "https://3000--w.localhost:5050",
    ] {
        let mut stranger = place.come();
        stranger.write_all(place.request("GET /", &format!("Origin: {origin}\r\n")).as_bytes()).await.unwrap();
        assert!(rest(&mut stranger).await.contains("\"origin_not_allowed\""), "{origin}");
    }
    let mut stranger = place.come();
    stranger.write_all(place.request("POST /", "Origin: null\r\nContent-Length: 0\r\n").as_bytes()).await.unwrap();
    assert!(rest(&mut stranger).await.contains("\"origin_not_allowed\""));
    place.quiet().await;
    browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    until(&mut browser, "ok").await;
    place.login.close("signed out").await;
    browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
    assert!(rest(&mut browser).await.contains("\"token_missing\""));
    let ended = place.gate.journal.ended();
    assert!(format!("{:?}", ended[0].outcome).contains("signed out: 1 requests"), "{ended:?}");
    assert!(ended[0].bytes > 0);
}

#[tokio::test]
async fn wx_05c_a_code_works_once_for_its_host_and_its_browser() {
    let place = Place::new().await;
    let promise = |browser: Option<&str>| {
        let pending = crate::login::Pending { login: place.login.clone(), browser: browser.map(str::to_owned) };
        place.door.0.logins.promise(pending).unwrap().unwrap()
    };
    let enter = async |host: &str, code: &str, agent: &str, to: &str| {
        let mut browser = place.come();
        let head = format!(
            "GET /.quarterdeck/enter?code={code}&to={to} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n"
        );
        browser.write_all(head.as_bytes()).await.unwrap();
        rest(&mut browser).await
    };
    let code = promise(Some("Firefox"));
    let out = enter(HOST, &code, "Firefox", "%2Fa%3Fb=c").await;
    assert!(out.starts_with("HTTP/1.1 303 ") && out.contains("\r\nLocation: /a?b=c\r\n"), "{out}");
    let cookie = out.lines().find_map(|line| line.strip_prefix("Set-Cookie: qdapp_5050=")).unwrap();
    assert!(
        cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=28800") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert!(enter(HOST, &code, "Firefox", "/").await.contains("token_invalid"), "it was used");
    assert!(
        enter("3001--w.localhost:5050", &promise(None), "x", "/").await.contains("token_invalid"),
        "another host's"
    );
    assert!(enter(HOST, &promise(Some("Firefox")), "Chrome", "/").await.contains("token_invalid"), "another browser's");
    assert!(enter(HOST, "", "x", "/").await.contains("token_invalid"));
    for to in [
        "//evil.example",
        "/%5Cevil.example",
        "https://evil.example",
        "/%0d%0aSet-Cookie:x",
        "%2F%2Fevil",
        "/.quarterdeck/enter?code=1",
    ] {
        let out = enter(HOST, &promise(None), "x", to).await;
        assert!(out.contains("\r\nLocation: /\r\n"), "{to}: {out}");
    }
}

#[tokio::test]
async fn wx_08_a_body_whose_length_is_known_passes_as_it_comes_in_pieces_of_16_kib_at_most_and_is_a_use_all_the_while()
{
    assert_eq!(crate::way::PIECE, 16 << 10);
    let place = Place::new().await;
    let key = Key { namespace: "n".to_owned(), name: "w".to_owned() };
    let used_ms = || place.activity.usage(&ClusterName::new("dev"), &key).doors[0].at_ms;
    let mut browser = place.come();
    browser.write_all(place.request("PUT /f", "Content-Length: 8\r\n").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    let before = used_ms();
    place.gate.clock.advance(3_600_000);
    browser.write_all(b"half").await.unwrap();
    until(&mut app, "half").await;
    browser.write_all(b"full").await.unwrap();
    until(&mut app, "full").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\nbegun").await.unwrap();
    assert!(until(&mut browser, "begun").await.contains("Content-Length: 40000\r\n"));
    assert!(used_ms() >= before + 3_600_000, "an hour later somebody still sends");
    let more = vec![b'x'; 39_995];
    let mut came = vec![0; more.len()];
    let (sent, read) = tokio::join!(app.write_all(&more), browser.read_exact(&mut came));
    assert!(sent.is_ok() && read.is_ok() && came == more);
}
