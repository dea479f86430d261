//! Requests about the workspaces of a namespace, and a stream of what happens to them.

use e2e::console::Console;
use e2e::context;
use e2e::curl::Answer;
use e2e::workspaces::until;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A console with the operator, and a namespace.
pub(crate) struct Desk<'a> {
    pub(crate) console: &'a Console,
    pub(crate) cluster: String,
    pub(crate) namespace: &'a str,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(console: &'a Console, namespace: &'a str) -> Self {
        Self { console, cluster: context(), namespace }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.console.base)
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: Option<Value>, headers: &[&str]) -> Answer {
        let more: Vec<&str> = headers.iter().flat_map(|header| ["-H", header]).collect();
        self.console.ask(method, path, body.as_ref(), &more)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, &[])
    }

    /// The path of a workspace, or of something of it.
    pub(crate) fn of(&self, name: &str, more: &str) -> String {
        let separator = if more.contains('?') { '&' } else { '?' };
        format!("/workspaces/{}/{name}{more}{separator}cluster={}", self.namespace, self.cluster)
    }

    pub(crate) fn create(&self, mut body: Value, headers: &[&str]) -> Answer {
        body["cluster"] = self.cluster.as_str().into();
        body["namespace"] = self.namespace.into();
        self.call("POST", "/workspaces", Some(body), headers)
    }

    /// Waits until a job is over; the job.
    pub(crate) fn over(&self, id: &str) -> Value {
        let mut job = Value::Null;
        until("the job is over", 90, || {
            job = self.get(&format!("/jobs/{id}")).json();
            !matches!(job["state"].as_str(), Some("queued" | "running"))
        });
        job
    }

    pub(crate) fn listen(&self, path: &str, headers: &[&str]) -> Stream {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let mut command = Command::new("curl");
        command.args(["-sSN", "--max-time", "90", "--noproxy", "*", "-H", &token]);
        for header in headers {
            command.args(["-H", header]);
        }
        let mut child = command.arg(self.url(path)).stdout(Stdio::piped()).spawn().expect("curl runs");
        let lines = BufReader::new(child.stdout.take().unwrap());
        Stream { child, lines }
    }
}

/// A stream of server-sent events.
pub(crate) struct Stream {
    pub(crate) child: Child,
    pub(crate) lines: BufReader<std::process::ChildStdout>,
}

impl Stream {
    /// The next message: its event, id and data. `None` at the end.
    pub(crate) fn next(&mut self) -> Option<(String, String, Value)> {
        let (mut event, mut id, mut data) = (String::new(), String::new(), Value::Null);
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", text)) => event = text.to_owned(),
                Some(("id", text)) => id = text.to_owned(),
                Some(("data", text)) => data = serde_json::from_str(text).unwrap(),
                _ if line.trim().is_empty() && !data.is_null() => return Some((event, id, data)),
                _ => {}
            }
        }
    }

    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&str, &Value) -> bool) -> Vec<(String, String, Value)> {
        let mut told = Vec::new();
        while let Some(next) = self.next() {
            let over = is(&next.0, &next.2);
            told.push(next);
            if over {
                return told;
            }
        }
        panic!("the stream ended before {what}: {told:#?}");
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
