//! How long is waited, how much is open at once, and how much is read into.

use super::*;
use crate::exchange::quiet;
use crate::pulse::Pulse;

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

fn short() -> Times {
    let short = Duration::from_millis(80);
    Times { rest: short, upgraded: short, ..Times::default() }
}

#[tokio::test]
async fn wx_08e_what_is_quiet_for_too_long_is_closed_at_both_ends() {
    // no next request
    let place = Place::with(short()).await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1").await.unwrap();
    assert!(rest(&mut browser).await.ends_with("\r\n\r\n1"));
    // no more of an answer that has begun
    for head in ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n", "Content-Type: text/event-stream\r\n"] {
        let place = Place::with(short()).await;
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        until(&mut app, "\r\n\r\n").await;
        app.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes()).await.unwrap();
        assert!(rest(&mut browser).await.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(rest(&mut app).await, "", "{head}");
    }
    // nothing on a socket
    let place = Place::with(short()).await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /ws", UPGRADE).as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(UPGRADED).await.unwrap();
    assert!(rest(&mut browser).await.starts_with("HTTP/1.1 101 "));
    assert_eq!(rest(&mut app).await, "");
}

#[tokio::test(start_paused = true)]
async fn wx_08f_an_answer_that_takes_its_time_is_waited_for_as_long_as_the_request_moves() {
    let second = Duration::from_secs(1);
    for (beats, came) in [(0, None), (5, Some(())), (2, None)] {
        let moved = Pulse::new();
        let moves = async {
            for _ in 0..beats {
                tokio::time::sleep(second).await;
                moved.beat();
            }
            std::future::pending::<()>().await;
        };
        let waits = quiet(tokio::time::sleep(6 * second), &moved, 2 * second);
        tokio::select! {
            got = waits => assert_eq!(got, came, "{beats} times something moved"),
            () = moves => {}
        }
    }
}

/// Whoever is called takes no connection and refuses none.
struct Nowhere;

impl Way for Nowhere {
    fn dial(&self, _: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>> {
        std::future::pending().boxed()
    }

    fn word(&self) -> &'static str {
        "nowhere"
    }
}

#[tokio::test]
async fn wx_08h_a_connection_to_the_app_is_waited_for_and_then_given_up() {
    let Times { connect, answer, rest: idle, upgraded, .. } = Times::default();
    assert_eq!([connect, answer, idle, upgraded].map(|time| time.as_secs()), [5, 60, 600, 3600]);
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let times = Times { connect: Duration::from_millis(80), ..Times::default() };
    let place = Place::by(times, app, Box::new(Nowhere), Service::Port(3000));
    let mut browser = place.come();
    browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
    let out = rest(&mut browser).await;
    assert!(out.starts_with("HTTP/1.1 504 ") && out.contains("\"proxy_timeout\""), "{out}");
}

#[tokio::test]
async fn wx_09b_a_login_has_256_connections_to_its_workspace_and_one_that_ends_makes_room() {
    let place = Place::new().await;
    let mut open = Vec::new();
    for _ in 0..256 {
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "").as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        until(&mut app, "\r\n\r\n").await;
        open.push((browser, app));
    }
    let mut browser = place.come();
    browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
    let out = rest(&mut browser).await;
    assert!(out.contains("\"limit_reached\"") && out.contains("Retry-After: 1\r\n"), "{out}");
    place.quiet().await;
    let (gone, mut app) = open.pop().unwrap();
    drop(gone);
    assert_eq!(rest(&mut app).await, "");
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
        match tokio::time::timeout(Duration::from_millis(200), place.app.accept()).await {
            Ok(accepted) => break drop(accepted.unwrap()),
            // its place is given back a moment after the app is told
            Err(_) => assert!(tokio::time::Instant::now() < end, "no room was made"),
        }
    }
}

#[tokio::test]
async fn wx_03i_much_passes_a_socket_as_it_came_after_little_did() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /ws", UPGRADE).as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    app.write_all(UPGRADED).await.unwrap();
    until(&mut browser, "\r\n\r\n").await;
    for len in [1, 1_000_000, 3, 70_000, 1] {
        let bytes: Vec<u8> = (0..len).map(|at: u32| u8::try_from(at % 251).unwrap()).collect();
        let mut back = vec![0; bytes.len()];
        let (sent, read) = tokio::join!(browser.write_all(&bytes), app.read_exact(&mut back));
        assert!(sent.is_ok() && read.is_ok() && back == bytes, "{len} bytes to the app");
        let mut back = vec![0; bytes.len()];
        let (sent, read) = tokio::join!(app.write_all(&bytes), browser.read_exact(&mut back));
        assert!(sent.is_ok() && read.is_ok() && back == bytes, "{len} bytes to the browser");
    }
}
