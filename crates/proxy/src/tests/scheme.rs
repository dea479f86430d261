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
