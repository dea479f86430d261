//! A console whose taps are asked, and a list of it as a client keeps it.

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::kubeconfig;
use e2e::tapping::FRONT;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A console and its token.
pub(crate) struct Desk {
    pub(crate) console: Console,
    pub(crate) token: String,
    pub(crate) cluster: String,
}

impl Desk {
    pub(crate) fn start(args: &[&str]) -> Self {
        let kubeconfig = kubeconfig();
        let console = Console::start(Some(&kubeconfig), args);
        let text = std::fs::read_to_string(&kubeconfig).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("current-context:")).unwrap();
        let (token, cluster) = (console.token(), line.trim().trim_matches('"').to_owned());
        Self { console, token, cluster }
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.token);
        let (url, text) = (format!("{}/api/v1{path}", self.console.base), body.map(Value::to_string));
        let mut args = vec!["-X", method, "-H", &token];
        if let Some(text) = &text {
            args.extend(["-H", "content-type: application/json", "-d", text]);
        }
        curl(&url, &args)
    }

    /// Taps the front of the demo's shop.
    pub(crate) fn tap(&self) -> String {
        let body = json!({ "cluster": self.cluster, "namespaces": ["shop"], "selector": FRONT });
        let answer = self.call("POST", "/taps", Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn detail(&self, tap: &str) -> Value {
        let answer = self.call("GET", &format!("/taps/{tap}"), None);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Waits until the tap is as wanted.
    pub(crate) fn until(&self, tap: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + Duration::from_secs(40);
        loop {
            let now = self.detail(tap);
            if wanted(&now) {
                return now;
            }
            assert!(Instant::now() < until, "{what}: {now}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub(crate) async fn socket(&self) -> WebSocketStream<TcpStream> {
        self.upgraded("socket").await
    }

    pub(crate) async fn packets(&self, path: &str) -> WebSocketStream<TcpStream> {
        self.upgraded(&format!("taps/{path}")).await
    }

    /// What is at this path, kept as a file.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        let file = self.console.home().join("kept");
        let token = format!("x-quarterdeck-token: {}", self.token);
        let url = format!("{}/api/v1{path}", self.console.base);
        let words = ["-sS", "--fail-with-body", "--noproxy", "*", "-H", &token, "-o"];
        let output = Command::new("curl").args(words).arg(&file).arg(&url).output().unwrap();
        assert!(output.status.success(), "{path}: {}", std::fs::read_to_string(&file).unwrap_or_default());
        file
    }

    pub(crate) async fn upgraded(&self, path: &str) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.console.port)).await.unwrap();
        let url = format!("ws://127.0.0.1:{}/api/v1/{path}", self.console.port);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("x-quarterdeck-token", self.token.parse().unwrap());
        tokio_tungstenite::client_async(request, stream).await.unwrap().0
    }
}

/// A list as a client of the socket keeps it.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: BTreeMap<u64, Vec<Value>>,
    pub(crate) names: BTreeMap<u64, String>,
    pub(crate) total: u64,
    pub(crate) frames: u32,
}

impl View {
    pub(crate) fn take(&mut self, frame: &Value) {
        if let Some(columns) = frame.get("columns").and_then(Value::as_array) {
            self.columns = columns.iter().map(|column| column["id"].as_str().unwrap().to_owned()).collect();
            self.rows.clear();
        }
        for row in frame.get("rows").and_then(Value::as_array).into_iter().flatten() {
            let key = row[0].as_u64().unwrap();
            self.rows.insert(key, row[4].as_array().unwrap().clone());
            self.names.insert(key, row[3].as_str().unwrap().to_owned());
        }
        for change in frame.get("cells").and_then(Value::as_array).into_iter().flatten() {
            let Some(row) = self.rows.get_mut(&change[0].as_u64().unwrap()) else { continue };
            for cell in change[1].as_array().unwrap() {
                row[cell[0].as_u64().unwrap() as usize] = cell[1].clone();
            }
        }
        self.total = frame["total"].as_u64().unwrap();
        self.frames += 1;
    }

    pub(crate) fn cells(&self, column: &str) -> Vec<&Value> {
        let at = self.columns.iter().position(|own| own == column).unwrap_or_else(|| panic!("{column} is no column"));
        self.rows.values().map(|row| &row[at]).collect()
    }
}

/// Subscribes to a list and follows it until it is as wanted.
pub(crate) async fn follow(desk: &Desk, query: Value, what: &str, wanted: impl Fn(&View) -> bool) -> View {
    let mut socket = desk.socket().await;
    let sub = json!({ "sub": { "id": 1, "what": { "list": query } } });
    socket.send(Message::text(sub.to_string())).await.unwrap();
    let mut view = View::default();
    let until = tokio::time::Instant::now() + Duration::from_secs(40);
    while !wanted(&view) {
        let next = tokio::time::timeout_at(until, socket.next()).await;
        let next = next.unwrap_or_else(|_| panic!("{what}: {} rows after {} frames", view.total, view.frames));
        let Message::Text(text) = next.unwrap().unwrap() else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert!(frame.get("end").is_none(), "{text}");
        let Some(body) = frame.get("snap").or(frame.get("delta")) else { continue };
        view.take(body);
        let ack = json!({ "ack": { "id": 1, "seq": body["seq"] } });
        socket.send(Message::text(ack.to_string())).await.unwrap();
    }
    view
}
