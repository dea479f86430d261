//! What is said where an app cannot be reached: the code and the ports that answer for programs, a page for people.

use super::*;
use base::Code;
use serde_json::Value;

/// Nobody is reached.
struct Says(NoWay);

impl Way for Says {
    fn ready(&self) -> BoxFuture<'_, Result<(), NoWay>> {
        async { Err(self.0.clone()) }.boxed()
    }

    fn dial(&self, _: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>> {
        async { Err(self.0.clone()) }.boxed()
    }

    fn app<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(u16, bool), NoWay>> {
        async { Err(self.0.clone()) }.boxed()
    }

    fn ports(&self) -> BoxFuture<'_, Result<Vec<(u16, String)>, NoWay>> {
        async { Ok(vec![(5173, "node".to_owned()), (8080, "java".to_owned())]) }.boxed()
    }

    fn word(&self) -> &'static str {
        "nowhere"
    }
}

/// Status, fields and body of the answer for whoever asks so.
async fn asked(no: NoWay, service: Service, accept: &str) -> (u16, String, String) {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = Place::by(Times::default(), app, Box::new(Says(no)), service);
    let mut browser = place.come();
    let request = place.request("GET /", &format!("Connection: close\r\nAccept: {accept}\r\n"));
    browser.write_all(request.as_bytes()).await.unwrap();
    let out = rest(&mut browser).await;
    let (head, body) = out.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{out}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{out}"));
    (status, head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn wf_16a_what_is_not_reached_is_told_with_its_code_and_the_ports_that_answer() {
    let tls = NoWay::Failed(Code::ProxyTls, "port 3000 does not speak TLS as it should".to_owned());
    let app = || Service::App("ide".to_owned());
    for (no, service, status, code, message) in [
        (NoWay::Nothing, Service::Port(3000), 502, "proxy_refused", "nothing listens on 3000, 5173, 8080 do"),
        (NoWay::Unknown, app(), 404, "proxy_port_unknown", "n/w has no app ide with a port"),
        (NoWay::Late, Service::Port(3000), 504, "proxy_timeout", "port 3000 of n/w is not reached in time"),
        (tls, Service::Port(3000), 502, "proxy_tls", "port 3000 does not speak TLS as it should"),
    ] {
        let (got, head, body) = asked(no.clone(), service.clone(), "application/json").await;
        assert_eq!(got, status, "{head}\n{body}");
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((told["code"].as_str(), told["message"].as_str()), (Some(code), Some(message)));
        assert!(told["request_id"].as_str().is_some_and(|id| head.contains(id)), "{head}\n{body}");
        if matches!(no, NoWay::Nothing | NoWay::Unknown) {
            let ports = &told["details"]["ports"];
            assert_eq!(
                *ports,
                serde_json::json!([
                    { "port": 5173, "process": "node" }, { "port": 8080, "process": "java" },
                ])
            );
        }
        let (got, head, page) = asked(no, service, "text/html").await;
        assert!(got == status && head.contains("text/html"), "{head}");
        assert!(page.starts_with("<!doctype html>") && page.contains(message) && page.contains(code), "{page}");
    }
}

#[tokio::test]
async fn wf_18_what_is_stopped_or_starting_is_a_live_page_or_says_when_to_come_again() {
    for (no, code, again, words) in [
        (NoWay::Stopped("it was idle".to_owned()), "workspace_stopped", "5", "workspace n/w is stopped (it was idle)"),
        (NoWay::Waking, "workspace_waking", "2", "workspace n/w is starting"),
    ] {
        let (status, head, body) = asked(no.clone(), Service::Port(3000), "*/*").await;
        assert_eq!(status, 503, "{head}\n{body}");
        assert!(head.contains(&format!("Retry-After: {again}\r\n")), "{head}");
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((told["code"].as_str(), told["message"].as_str()), (Some(code), Some(words)));
        let (status, _, page) = asked(no.clone(), Service::Port(3000), "text/html").await;
        assert!(status == 503 && page.contains(words), "{page}");
        let live = page.contains("src='/.quarterdeck/wait.js'");
        let button = page.contains("<form method=post action='/.quarterdeck/start'>");
        assert_eq!((live, button), (no == NoWay::Waking, no != NoWay::Waking), "it looks for news, or offers a start");
    }
}

#[tokio::test]
async fn wf_17_what_could_be_read_in_two_ways_is_400_ends_the_connection_and_never_reaches_the_app() {
    let place = Place::new().await;
    let cookie = format!("Cookie: qdapp_5050={}\r\n", place.cookie);
    let of = |fields: &str, body: &str| format!("POST / HTTP/1.1\r\nHost: {HOST}\r\n{cookie}{fields}\r\n{body}");
    for (what, text) in [
        ("two lengths", of("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
        ("a bad chunk", of("Transfer-Encoding: chunked\r\n", "zz\r\n\r\n")),
        ("a byte that no field has", of("X: a\0b\r\n", "")),
        ("two hosts", of("Host: other.localhost:5050\r\n", "")),
    ] {
        let mut browser = place.come();
        browser.write_all(text.as_bytes()).await.unwrap();
        let out = rest(&mut browser).await;
        assert!(out.starts_with("HTTP/1.1 400 ") && out.contains("\"bad_request\""), "{what}: {out}");
        place.quiet().await;
    }
}

/// Nothing listens at first.
struct Comes(std::sync::atomic::AtomicU32, u16);

impl Way for Comes {
    fn dial(&self, _: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>> {
        async {
            if self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 3 {
                return Err(NoWay::Nothing);
            }
            let stream = TcpStream::connect(("127.0.0.1", self.1)).await.map_err(|_| NoWay::Nothing)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        }
        .boxed()
    }

    fn word(&self) -> &'static str {
        "comes"
    }
}

#[tokio::test]
async fn wx_12i_an_app_in_a_frame_is_waited_for_while_it_starts_and_nowhere_else() {
    for (framed, waits) in [(true, true), (false, false)] {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Comes(0.into(), app.local_addr().unwrap().port());
        let place = if framed {
            Place::framed(Times::default(), app, Box::new(way))
        } else {
            Place::by(Times::default(), app, Box::new(way), Service::Port(3000))
        };
        let mut browser = place.come();
        let request = place.request("GET /", "Connection: close\r\nAccept: text/html\r\n");
        browser.write_all(request.as_bytes()).await.unwrap();
        if waits {
            let mut app = place.accept().await;
            until(&mut app, "\r\n\r\n").await;
            app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await.unwrap();
        }
        let out = rest(&mut browser).await;
        assert_eq!((out.starts_with("HTTP/1.1 200 "), out.starts_with("HTTP/1.1 502 ")), (waits, !waits), "{out}");
    }
    // and not for longer than that
    let times = Times { framed: Duration::ZERO, ..Times::default() };
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = Place::framed(times, app, Box::new(Says(NoWay::Nothing)));
    let mut browser = place.come();
    let request = place.request("GET /", "Connection: close\r\nAccept: text/html\r\n");
    browser.write_all(request.as_bytes()).await.unwrap();
    assert!(rest(&mut browser).await.starts_with("HTTP/1.1 502 "));
}
