//! Requests that two readers could read differently: each is answered with 400, the connection ends, and the app never hears of it.

use super::*;

#[tokio::test]
async fn wx_06h_what_could_be_read_in_two_ways_is_refused_and_never_passed_on() {
    let place = Place::new().await;
    let cookie = format!("Cookie: qdapp_5050={}\r\n", place.cookie);
    let post = |fields: &str, body: &str| format!("POST / HTTP/1.1\r\nHost: {HOST}\r\n{cookie}{fields}\r\n{body}");
    let get = |line: &str, fields: &str| format!("{line}\r\nHost: {HOST}\r\n{cookie}{fields}\r\n");
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut all = Vec::new();
    for length in ["Content-Length: 6", "content-length:6", "CONTENT-LENGTH: 6 ", "Content-Length:\t6"] {
        for coding in ["Transfer-Encoding: chunked", "transfer-encoding:chunked", "Transfer-Encoding: Chunked"] {
            all.push(post(&format!("{length}\r\n{coding}\r\n"), &format!("0\r\n\r\n{hidden}")));
            all.push(post(&format!("{coding}\r\n{length}\r\n"), &format!("0\r\n\r\n{hidden}")));
        }
    }
    for coding in [
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding: chunked\r\n\tidentity",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding: chunked\x00",
        "Transfer-Encoding: chunked\x01",
        "Transfer-Encoding: \x7fchunked",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "Content-Length: 3\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 5",
        "Content-Length: 5,3",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 5 3",
        "Content-Length: 0x5",
        "Content-Length: 5.0",
        "Content-Length: 5a",
        "Content-Length: \u{665}",
        "Content-Length: 18446744073709551621",
        "Content-Length:",
        "Content-Length",
        "Content Length: 5",
        "Content-Length: 5\r\nConnection: Content-Length",
        "Content-Length: 5\r\nConnection: close, content-length",
        "Connection: host",
        "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
        ": 5",
        "(a): b",
        "a@b: c",
        "Host: 3000--w.localhost:5050",
        "Host: other",
        "host: 4000--w.localhost:5050",
    ] {
        all.push(post(&format!("{coding}\r\n"), &format!("0\r\n\r\n{hidden}")));
    }
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "5\r\nhel\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "\t5\r\nhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";x\r\nhello\r\n0\r\n\r\n",
        "5;x\ny\r\nhello\r\n0\r\n\r\n",
        "5;x\ry\r\nhello\r\n0\r\n\r\n",
        "5;\x00\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffb\r\nhello\r\n0\r\n\r\n",
        "0\r\n\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "0\r\nHost: x\r\n\r\n",
        "0\r\nCookie: a\r\n\r\n",
        "0\r\n folded\r\n\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nX: a\nY: b\r\n\r\n",
        "0\r\nX: a\rY: b\r\n\r\n",
        "0\r\nX: \x00\r\n\r\n",
    ] {
        all.push(post("Transfer-Encoding: chunked\r\n", body));
    }
    for line in [
        "GET / HTTP/1.1 ",
        "GET  / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/1.2",
        "GET / HTTP/2.0",
        "GET / HTTP/01.1",
        "GET / HTTP/1.10",
        "GET /",
        "GET",
        "GET / x HTTP/1.1",
        "GET /\u{e4} HTTP/1.1",
        "GET /\x00 HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /#a HTTP/1.1",
        "GET a HTTP/1.1",
        "GET * HTTP/1.1",
        "GET http://other/ HTTP/1.1",
        "GET http://4000--w.localhost:5050/ HTTP/1.1",
        "GET http://3000--w.localhost:5050@x/ HTTP/1.1",
        "GET ftp://3000--w.localhost:5050/ HTTP/1.1",
        "CONNECT other:80 HTTP/1.1",
        "CONNECT 3000--w.localhost:5050 HTTP/1.1",
        "G\"T / HTTP/1.1",
        "GET{} / HTTP/1.1",
        "GE\u{fc} / HTTP/1.1",
    ] {
        all.push(get(line, ""));
    }
    // an old client has no chunks, and nobody has no host
    all.push(format!("POST / HTTP/1.0\r\nHost: {HOST}\r\n{cookie}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    all.push(format!("GET / HTTP/1.1\r\n{cookie}\r\n"));
    all.push(format!("GET / HTTP/1.1\nHost: {HOST}\n{cookie}\n"));
    all.push(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{cookie}{}\r\n", "A: b\r\n".repeat(300)));
    all.push(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{cookie}A: {}\r\n\r\n", "b".repeat(70_000)));
    assert!(all.len() >= 130, "{}", all.len());
    for text in &all {
        let mut browser = place.come();
        let (mut from, mut to) = tokio::io::split(&mut browser);
        let write = async {
            let _ = to.write_all(text.as_bytes()).await; // it may be closed before all is said
        };
        let (out, ()) = tokio::join!(rest(&mut from), write);
        let status = out.get(9..12).unwrap_or_default();
        let long = out.contains("longer than 64 KiB") && status == "431";
        assert!((status == "400" || long) && out.contains("\"bad_request\""), "{text:?}: {out}");
        assert!(out.contains("\r\nConnection: close\r\n"), "{text:?}: {out}");
        assert_eq!(out.matches("HTTP/1.1 ").count(), 1, "one answer to {text:?}: {out}");
    }
    place.quiet().await;
}

#[tokio::test]
async fn wx_06i_a_chunk_that_goes_bad_later_ends_what_was_passed_on() {
    let place = Place::new().await;
    let mut browser = place.come();
    browser.write_all(place.request("POST /", "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    until(&mut app, "\r\n\r\n").await;
    browser.write_all(b"1\r\na\r\n").await.unwrap();
    until(&mut app, "a\r\n").await;
    browser.write_all(b"0\nGET /hidden HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(rest(&mut app).await, "", "the rest was not passed on");
    assert!(rest(&mut browser).await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn wx_06j_answers_that_could_be_read_in_two_ways_are_not_passed_on() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "garbage\r\n\r\n",
        "",
    ] {
        let place = Place::new().await;
        let mut browser = place.come();
        browser.write_all(place.request("GET /", "Connection: close\r\n").as_bytes()).await.unwrap();
        let mut app = place.accept().await;
        until(&mut app, "\r\n\r\n").await;
        app.write_all(answer.as_bytes()).await.unwrap();
        drop(app);
        let out = rest(&mut browser).await;
        assert!(out.starts_with("HTTP/1.1 502 ") && out.contains("\"proxy_refused\""), "{answer:?}: {out}");
    }
}
