#![allow(clippy::unwrap_used)]

use super::{Client, Error, Rules, names};
use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A host that answers everybody the same; its name.
async fn host(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    name
}

fn get(address: &str) -> Request<Bytes> {
    Request::builder().uri(address).body(Bytes::new()).unwrap()
}

#[test]
fn a_list_names_a_host_alone_or_with_its_port() {
    let list = ["git.lab".to_owned(), "10.0.0.7:8443".to_owned()];
    for (host, is) in
        [("git.lab", true), ("GIT.lab:9000", true), ("10.0.0.7:8443", true), ("10.0.0.7:22", false), ("lab", false)]
    {
        assert_eq!(names(&list, host), is, "{host}");
    }
}

#[tokio::test]
async fn a_host_is_asked_by_the_rules_alone_and_read_within_the_budget() {
    let name = host("HTTP/1.1 418 Teapot\r\ncontent-length: 5\r\nx-one: 1\r\n\r\nhello").await;
    let plain = format!("http://{name}/x");
    let refused = |error: Error| matches!(error, Error::Refused { .. });
    let here = || vec!["127.0.0.1".to_owned()];
    for rules in [
        Rules::default(),
        Rules { private_hosts: here(), ..Rules::default() },
        Rules { plain_hosts: here(), ..Rules::default() },
    ] {
        assert!(refused(Client::new(rules.clone()).ask(get(&plain), 100).await.unwrap_err()), "{rules:?}");
    }
    let client = Client::new(Rules { private_hosts: here(), plain_hosts: here(), ..Rules::default() });
    let answer = client.ask(get(&plain), 5).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::IM_A_TEAPOT, &b"hello"[..]));
    assert_eq!(answer.headers["x-one"], "1");
    let most = client.ask(get(&plain), 4).await.unwrap_err();
    assert_eq!(most, Error::TooLarge { host: name.clone(), most: 4 });
    assert!(refused(client.ask(get("ftp://127.0.0.1/x"), 5).await.unwrap_err()));
    let gone = client.ask(get(&format!("https://{name}/x")), 5).await.unwrap_err();
    assert!(matches!(gone, Error::Unreachable { .. }), "it speaks no TLS: {gone}");
}
