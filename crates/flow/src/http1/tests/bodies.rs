//! What bodies carry over HTTP/1: server-sent events, gRPC-Web, GraphQL.

use serde_json::json;

use super::{Client, Server, http};

#[test]
fn cap_n_01m_server_sent_events_are_counted_beyond_the_preview() {
    let get = b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let event = b"event: tick\ndata: {\"n\": 1}\n\n".repeat(500);
    let records = http(&[(Client, get), (Server, head), (Server, &event)]);
    assert_eq!(records[0]["sse"], json!({"events": 500}));
    assert_eq!(records[0]["response"]["len"], event.len());
    assert_eq!(records[0]["truncated"], json!(["response_body"]));
}

#[test]
fn cap_n_01n_grpc_web_messages_and_status() {
    let message = |flags: u8, body: &[u8]| [&[flags][..], &(body.len() as u32).to_be_bytes(), body].concat();
    let body = message(0, b"request");
    let head = format!(
        "POST /shop.Cart/Add HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web+proto\r\ngrpc-timeout: 2S\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let parts =
        [message(0, b"one"), message(0, &[7; 6000]), message(0x80, b"grpc-status: 5\r\ngrpc-message: no%20cart\r\n")];
    let answer = parts.concat();
    let reply =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web\r\nContent-Length: {}\r\n\r\n", answer.len());
    let records = http(&[(Client, head.as_bytes()), (Client, &body), (Server, reply.as_bytes()), (Server, &answer)]);
    let want = json!({
        "service": "shop.Cart", "method": "Add", "status": 5, "message": "no cart",
        "req_msgs": 1, "resp_msgs": 2, "req_sizes": [7], "resp_sizes": [3, 6000], "deadline_us": 2_000_000,
    });
    assert_eq!(records[0]["grpc"], want);
    assert_eq!(records[0]["response"]["len"], answer.len());
}

#[test]
fn cap_n_01o_a_graphql_operation_is_named() {
    let body = br#"{"query":"mutation Pay($id: ID!) { pay(id: $id) { ok } }","variables":{"id":"4"}}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let records = http(&[(Client, head.as_bytes()), (Client, body), (Server, super::EMPTY)]);
    assert_eq!(records[0]["graphql"], json!({"op": "mutation", "name": "Pay"}));
}
