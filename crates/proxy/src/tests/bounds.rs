//! What one person and one workspace may have, and where whoever comes from elsewhere is sent.

use super::*;
use crate::limits::{Rate, Route};
use crate::way::Room;

fn bodies(body_bytes: u64) -> Limits {
    let route = Route { namespace: None, workspace: None, service: Some("3000".to_owned()), body_bytes };
    Limits { routes: Arc::new([route]), ..Limits::default() }
}

#[tokio::test]
async fn wx_09f_a_body_that_is_longer_than_its_route_takes_ends_with_413_and_all_others_pass() {
    let place = Place::bounded(bodies(10)).await;
    // a length that is said is believed before the app is asked
    let mut browser = place.come();
    browser.write_all(place.request("POST /", "Content-Length: 11\r\n").as_bytes()).await.unwrap();
    let out = rest(&mut browser).await;
    assert!(out.starts_with("HTTP/1.1 413 ") && out.contains("\"too_large\"") && out.contains("10 bytes"), "{out}");
    place.quiet().await;
    // one that is not said is counted
    let mut browser = place.come();
    browser.write_all(place.request("POST /", "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    browser.write_all(b"3\r\nabc\r\n").await.unwrap();
    until(&mut app, "abc\r\n").await;
    browser.write_all(b"3\r\ndef\r\n0\r\n\r\n").await.unwrap();
    assert!(rest(&mut browser).await.starts_with("HTTP/1.1 413 "));
    assert!(!rest(&mut app).await.contains("def"), "no more of it is passed on");
    // what fits passes whole, as does what is asked for without a body
    for (line, fields, body) in [("POST /", "Content-Length: 10\r\n", "0123456789"), ("GET /", "", "")] {
        let mut browser = place.come();
        let text = place.request(line, &format!("Connection: close\r\n{fields}")) + body;
        browser.write_all(text.as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        until(&mut app, &format!("\r\n\r\n{body}")).await;
        app.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 20\r\n\r\n01234567890123456789")
            .await
            .unwrap();
        assert!(rest(&mut browser).await.ends_with("\r\n\r\n01234567890123456789"));
    }
}

#[tokio::test]
async fn wx_09g_a_person_who_asks_too_often_is_told_when_to_come_again_and_the_app_is_left_alone() {
    let rate = Some(Rate { per_second: 1, burst: 3 });
    let place = Place::bounded(Limits { rate, ..Limits::default() }).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        until(&mut app, "\r\n\r\n").await;
        app.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert!(rest(&mut browser).await.starts_with("HTTP/1.1 204 "));
    }
    // a slow machine may have earned itself one more meanwhile
    for _ in 0..3 {
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
        tokio::select! {
            out = rest(&mut browser) => told.push(out),
            app = place.app.accept() => drop(app.unwrap()),
        }
    }
    let refused = told.iter().find(|out| out.starts_with("HTTP/1.1 429 ")).unwrap_or_else(|| panic!("{told:?}"));
    assert!(refused.contains("\"limit_reached\"") && refused.contains("Retry-After: 1\r\n"), "{refused}");
}

#[tokio::test]
async fn wx_09_two_who_come_to_one_workspace_share_its_256_connections() {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = app.local_addr().unwrap().port();
    let room = Arc::<Room>::default();
    let pools = [(); 2].map(|()| Pool::new(Box::new(Loopback(port)), room.clone()));
    let second = Duration::from_secs(5);
    let mut open = Vec::new();
    for at in 0..256 {
        open.push(pools[at % 2].dial(3000, false, second).await.unwrap_or_else(|no| panic!("{at}: {no:?}")));
        let _ = app.accept().await.unwrap();
    }
    for pool in &pools {
        assert_eq!(pool.dial(3000, false, second).await.map(|_| ()), Err(NoWay::Busy));
    }
    // one that rests at the one makes room for the other
    pools[0].rest(3000, open.swap_remove(0));
    assert!(pools[1].dial(3000, false, second).await.is_ok());
    // and what rests at one is not taken by the other
    pools[0].rest(3000, open.swap_remove(1));
    assert!(pools[1].rested(3000, Duration::MAX).await.is_none());
    pools[0].close();
    assert_eq!(pools[0].dial(3000, false, second).await.map(|_| ()), Err(NoWay::Over));
    assert!(pools[1].dial(3000, false, second).await.is_ok(), "who leaves makes room and shuts nobody out");
}

#[tokio::test]
async fn wx_05g_a_browser_that_comes_from_elsewhere_is_sent_to_the_console_and_programs_are_told() {
    let times = Times::default();
    let page = "Connection: close\r\nAccept: text/html\r\n";
    let framed = format!("{page}Sec-Fetch-Dest: iframe\r\n");
    let shown = format!("{page}Sec-Fetch-Dest: document\r\n");
    for (signs_in, line, fields, sent) in [
        (true, "GET /a?b=c", page, true),
        (true, "GET /a?b=c", shown.as_str(), true),
        (true, "GET /a?b=c", framed.as_str(), false),
        (true, "GET /a?b=c", "Connection: close\r\n", false),
        (true, "HEAD /", page, false),
        (false, "GET /a?b=c", page, false),
    ] {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Box::new(Loopback(app.local_addr().unwrap().port()));
        let place = Place::within(times, Limits::default(), signs_in, app, way, Service::Port(3000));
        let mut browser = place.come();
        let text = format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nCookie: a=b\r\n{fields}\r\n");
        browser.write_all(text.as_bytes()).await.unwrap();
        let out = rest(&mut browser).await;
        let to = "Location: http://qd.localhost:5050/apps/enter?host=3000--w.localhost%3A5050&to=/a%3Fb%3Dc\r\n";
        assert_eq!(out.starts_with("HTTP/1.1 303 ") && out.contains(to), sent, "{line} {fields}: {out}");
        assert_eq!(out.starts_with("HTTP/1.1 401 "), !sent, "{line} {fields}: {out}");
        place.quiet().await;
    }
}
