//! Who comes, as an app is told it and can check it.

use super::*;
use crate::signed::Signer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

#[tokio::test]
async fn wx_06k_an_app_is_told_who_comes_where_that_is_asked_for_and_can_check_it() {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = Box::new(Loopback(app.local_addr().unwrap().port()));
    let signer = Arc::new(Signer::new().unwrap());
    let place = Place::set(|config| config.tells = Some(signer), app, way, Service::Port(3000));
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let mut browser = place.come();
        let forged = "X-Qd-User: root\r\nx_qd_user: root\r\nConnection: close\r\n";
        browser.write_all(place.request("GET /", forged).as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        let head = until(&mut app, "\r\n\r\n").await;
        app.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await.unwrap();
        rest(&mut browser).await;
        let said: Vec<&str> = head.lines().filter_map(|line| line.strip_prefix("X-Qd-User: ")).collect();
        assert!(said.len() == 1 && !head.contains("root"), "{head}");
        tokens.push(said[0].to_owned());
    }
    assert_eq!(tokens[0], tokens[1], "it is good for a while");
    // the key is public: no login is asked for
    let mut anybody = place.come();
    let ask = format!("GET /.quarterdeck/keys HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    anybody.write_all(ask.as_bytes()).await.unwrap();
    let keys = rest(&mut anybody).await;
    let keys: Value = serde_json::from_str(keys.split_once("\r\n\r\n").unwrap().1).unwrap();
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = &keys["keys"][0];
    let point = [vec![4], bytes(key["x"].as_str().unwrap()), bytes(key["y"].as_str().unwrap())].concat();
    let parts: Vec<&str> = tokens[0].split('.').collect();
    let text = format!("{}.{}", parts[0], parts[1]);
    let key_of = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key_of.verify(text.as_bytes(), &bytes(parts[2])).expect("it is signed by that key");
    assert!(key_of.verify(b"another", &bytes(parts[2])).is_err());
    let head: Value = serde_json::from_slice(&bytes(parts[0])).unwrap();
    assert_eq!((&head["alg"], &head["kid"]), (&Value::from("ES256"), &key["kid"]));
    let claims: Value = serde_json::from_slice(&bytes(parts[1])).unwrap();
    let now = place.gate.clock.now_ms() / 1000;
    assert_eq!((&claims["sub"], &claims["aud"]), (&Value::from("desk:ada"), &Value::from(format!("http://{HOST}"))));
    assert_eq!((&claims["workspace"], &claims["iss"]), (&Value::from("n/w"), &Value::from("http://qd.localhost:5050")));
    assert!(claims["iat"] == now && claims["exp"] == now + 300, "{claims}");
}

#[tokio::test]
async fn wx_06l_an_app_is_told_nothing_of_who_comes_unless_that_is_asked_for() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("GET /", "X-Qd-User: root\r\n").as_bytes()).await.unwrap();
    let head = until(&mut place.accept().await, "\r\n\r\n").await;
    assert!(!head.to_ascii_lowercase().contains("x-qd-"), "{head}");
    let mut anybody = place.come();
    let ask = format!("GET /.quarterdeck/keys HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    anybody.write_all(ask.as_bytes()).await.unwrap();
    assert!(rest(&mut anybody).await.starts_with("HTTP/1.1 404 "));
}
