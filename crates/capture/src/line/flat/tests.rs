#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Flat;
use serde_json::{Value, json};

fn names(value: &Value) -> Vec<&str> {
    let mut all: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    all.sort_unstable();
    all
}

#[test]
fn cap_43_flat_records_have_every_name_and_what_their_connection_says() {
    let mut flat = Flat::default();
    let mut entry = |record: Value| flat.entry(record.to_string().as_bytes()).unwrap();
    let ends = json!({
        "src": { "ip": "10.1.0.1", "port": 4000, "pod": "load-1", "ns": "shop" },
        "dst": { "ip": "10.1.0.2", "port": 443, "pod": "front-1", "ns": "shop", "service": "front" },
    });
    let record = |more: Value| {
        let mut all = json!({ "v": 1, "id": "0f", "flow": "0a", "ts": 1_700_000_000_123_456_u64 });
        for part in [&ends, &more] {
            all.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        all
    };
    let flow = entry(record(json!({
        "kind": "flow", "app": "tls", "proto": "tcp", "status": "open", "hs_us": 1500, "start": 1_000_000, "end": 1_250_000,
        "c": { "bytes": 700, "packets": 5 }, "s": { "bytes": 9000, "packets": 8 },
    })));
    assert_eq!(
        (&flow["status"], &flow["duration"], &flow["bytesReceived"]),
        (&json!("OPEN"), &json!(250.0), &json!(9000))
    );
    let tls = entry(record(json!({
        "kind": "tls", "version": "1.3", "sni": "shop.example", "cipher": "TLS_AES_128_GCM_SHA256", "hs_us": 4000,
        "ciphers": ["TLS_AES_128_GCM_SHA256"], "alpn": "h2", "verdict": { "code": "no_keys", "why": "" },
    })));
    assert_eq!(tls["tls"]["encrypted"], true);
    let http = entry(record(json!({
        "kind": "http", "method": "GET", "url": "https://shop.example/a?b", "host": "shop.example", "status": 200,
        "reason": "OK", "pair": "ok", "ttfb_us": 2500, "total_us": 3000,
        "request": { "head_len": 40, "wire_len": 0, "len": 0, "headers": [["A", "1"], ["A", "2"]] },
        "response": { "head_len": 60, "wire_len": 5, "len": 5, "headers": [["B", "3"]], "body": "hello", "type": "text/plain" },
    })));
    assert_eq!(
        names(&http),
        [
            "agentTrafficType",
            "bytesReceived",
            "bytesSent",
            "dstIP",
            "dstNamespace",
            "dstPod",
            "dstPort",
            "dstService",
            "duration",
            "http",
            "id",
            "isAgentTraffic",
            "packetsReceived",
            "packetsSent",
            "protocol",
            "srcIP",
            "srcNamespace",
            "srcPod",
            "srcPort",
            "status",
            "tcpHandshakeMs",
            "timestamp",
            "tls",
            "tlsHandshakeMs",
            "ttfbMs"
        ]
    );
    assert_eq!(
        names(&http["http"]),
        [
            "contentLength",
            "contentType",
            "host",
            "method",
            "requestBody",
            "requestHeaders",
            "responseBody",
            "responseHeaders",
            "statusCode",
            "statusText",
            "url"
        ]
    );
    assert_eq!(names(&http["tls"]), ["alpn", "cipherSuite", "cipherSuites", "encrypted", "sni", "version"]);
    assert_eq!(http["timestamp"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(
        (&http["tcpHandshakeMs"], &http["tlsHandshakeMs"], &http["ttfbMs"]),
        (&json!(1.5), &json!(4.0), &json!(2.5))
    );
    assert_eq!((&http["bytesSent"], &http["bytesReceived"], &http["packetsSent"]), (&json!(40), &json!(65), &json!(5)));
    assert_eq!(
        (&http["dstService"], &http["protocol"], &http["status"]),
        (&json!("front"), &json!("HTTP"), &json!("CLOSED"))
    );
    assert_eq!(http["http"]["requestHeaders"], json!({ "A": "1, 2" }));
    assert_eq!((&http["http"]["statusCode"], &http["http"]["responseBody"]), (&json!(200), &json!("hello")));
    assert_eq!(http["isAgentTraffic"], false);
    assert!(flat.entry(b"no record").is_none());
}
