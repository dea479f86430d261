//! What happens to a workspace, over a WebSocket: the same messages as the event stream, each listener from its own place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, operator};
use futures::StreamExt;
use serde_json::Value;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A listener.
struct Listener {
    runtime: Runtime,
    stream: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

impl Listener {
    fn new(console: &Console, path: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = format!("{}{path}", console.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("x-quarterdeck-token", console.token().parse().unwrap());
        let (stream, _) = runtime.block_on(connect_async(request)).expect("the socket opens");
        Self { runtime, stream }
    }

    /// The next message.
    fn next(&mut self) -> Value {
        loop {
            let next = self.runtime.block_on(async { timeout(Duration::from_secs(120), self.stream.next()).await });
            match next.expect("it comes in time").expect("the socket is open").expect("a frame") {
                Message::Text(text) => return serde_json::from_str(text.as_str()).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// All messages until one is so; those without a number are left out.
    fn until(&mut self, is: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let next = self.next();
            let over = is(&next);
            if next["id"] != "" {
                all.push(next);
            }
            if over {
                return all;
            }
        }
    }
}

#[test]
fn wl_05_any_number_of_watchers_hear_the_same_over_sockets_and_go_on_where_they_were() {
    let fresh = Fresh::new("ws-events");
    let console = operator();
    let context = e2e::context();
    apply(fresh.name(), "w", &Value::Null);
    let path = |more: &str| format!("/api/v1/workspaces/{}/w/events?cluster={context}{more}", fresh.name());
    let runs = |message: &Value| message["data"]["stage"] == "Running" && message["event"] == "status";
    let mut watchers: Vec<Listener> = (0..3).map(|_| Listener::new(&console, &path(""))).collect();
    let mut heard = Vec::new();
    for watcher in &mut watchers {
        let handshake = watcher.next();
        assert_eq!((handshake["event"].as_str(), handshake["id"].as_str()), (Some("handshake"), Some("")));
        let data = &handshake["data"];
        assert_eq!((data["workspace"].as_str(), &data["error"]), (Some(&*format!("{}/w", fresh.name())), &"".into()));
        heard.push(watcher.until(runs));
    }
    // Who came later begins at a later event, and hears the same from there on.
    let last = heard[0].last().unwrap()["id"].clone();
    for one in &heard {
        assert_eq!(one.last().unwrap()["id"], last);
        let from = heard[0].iter().position(|message| message["id"] == one[0]["id"]);
        if let Some(from) = from {
            assert_eq!(&heard[0][from..], &one[..]);
        }
    }
    let event = heard[0].last().unwrap();
    for member in ["id", "type", "timestamp", "object_name", "status", "message", "stage", "reason", "severity"] {
        assert!(event["data"][member].is_string(), "{member}: {event}");
    }
    // After a message that is known it goes on behind it.
    let second_last = heard[0].iter().rev().nth(1);
    if let Some(known) = second_last {
        let mut on = Listener::new(&console, &path(&format!("&after={}", known["id"].as_str().unwrap())));
        assert_eq!(on.next()["data"]["resumed"], true);
        assert_eq!(on.until(runs)[0]["id"], last);
    }
    // Without events and progress the changes of its stage are left.
    let mut quiet = Listener::new(&console, &path("&send_events=false&send_progress=false"));
    assert_eq!(quiet.next()["data"]["resumed"], false);
    let told = quiet.until(runs);
    assert!(told.iter().all(|message| message["event"] == "status"), "{told:#?}");
    let unknown =
        std::panic::catch_unwind(|| Listener::new(&console, "/api/v1/workspaces/none/none/events?cluster=none"));
    assert!(unknown.is_err(), "what is not there has no socket");
}
