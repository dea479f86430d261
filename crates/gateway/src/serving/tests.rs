#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Serving;
use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

async fn serving(patience: Duration) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let end = CancellationToken::new();
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let app = Router::new().route("/", get(|| async { "here" })).route("/slow", get(slow));
    let serving = Serving { app, beside: None, http2: false, patience, end: end.clone() };
    (address, end, tokio::spawn(serving.serve(listener)))
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_string(&mut text)).await;
    read.expect("the connection ends").unwrap();
    text
}

#[tokio::test]
async fn wx_08g_heads_that_do_not_come_whole_end_the_connection_the_first_and_the_next() {
    let (address, _end, _serving) = serving(Duration::from_millis(200)).await;
    for begun in ["", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let text = rest(&mut stream).await;
        assert_eq!(text.contains("here"), begun.contains("\r\n\r\n"), "{begun:?}: {text}");
    }
}

#[tokio::test]
async fn what_is_being_answered_at_the_end_is_answered() {
    let (address, end, serving) = serving(Duration::from_secs(30)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    end.cancel();
    assert!(rest(&mut stream).await.ends_with("slow"));
    serving.await.unwrap();
}
