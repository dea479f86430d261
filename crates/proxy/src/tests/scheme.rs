//! Which scheme an app speaks is found out: openssl's own server, which speaks TLS alone.

use super::{Place, rest};
use crate::Times;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended
        let _ = self.0.wait();
    }
}

fn openssl(folder: &std::path::Path, words: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[tokio::test]
async fn wx_01a_an_app_that_speaks_tls_on_any_port_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "crt", "-subj", "/CN=app"];
    assert!(openssl(folder.path(), &make).status().expect("openssl runs").success());
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let at = port.to_string();
    let serve = ["s_server", "-accept", &at, "-key", "key", "-cert", "crt", "-www", "-quiet"];
    let _server = Server(openssl(folder.path(), &serve).spawn().expect("openssl runs"));
    let listens = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listens).await.expect("it listens");
    let place = Place::leading(Times::default(), TcpListener::bind("127.0.0.1:0").await.unwrap(), port);
    for _ in 0..2 {
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
        let text = rest(&mut browser).await;
        assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("s_server"), "{text}");
    }
    assert_eq!(place.login.pool.speaks_tls(3000), Some(true));
}

#[tokio::test]
async fn wx_01b_a_refusal_of_an_app_without_tls_is_its_own() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
    for number in 0..3 {
        let mut app = place.accept().await;
        if number != 1 {
            super::until(&mut app, "\r\n\r\n").await;
            app.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
                .await
                .unwrap();
        } // a handshake that nobody answers
    }
    let text = rest(&mut browser).await;
    assert!(text.starts_with("HTTP/1.1 400 ") && text.ends_with("no"), "{text}");
    assert_eq!(place.login.pool.speaks_tls(3000), Some(false));
}

#[test]
fn wx_01c_the_name_of_a_port_says_its_scheme_before_its_number_does() {
    let workspace = serde_json::json!({ "spec": { "ports": [
        { "containerPort": 443, "name": "http" }, { "containerPort": 8443, "name": "web" }, { "containerPort": 3000, "name": "https" },
        { "containerPort": 3001, "name": "wss-live" }, { "containerPort": 3002, "name": "http-admin" }, { "containerPort": 3003 },
        { "containerPort": 3004, "name": "httpsx" },
    ] } });
    let secure = |port| crate::tls::said(&workspace, port).unwrap_or(crate::tls::usual(port));
    for (port, tls) in [
        (443, false),
        (8443, true),
        (3000, true),
        (3001, true),
        (3002, false),
        (3003, false),
        (3004, false),
        (9, false),
    ] {
        assert_eq!(secure(port), tls, "{port}");
    }
    assert!(crate::tls::usual(443) && crate::tls::said(&serde_json::Value::Null, 443).is_none());
}
