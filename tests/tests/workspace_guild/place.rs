//! A console that serves the paths, for one test or for all that leave its workspace as it is.

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::kubeconfig;
use e2e::place::Borrowed;
use e2e::workspaces::wait;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

pub(crate) const SHELL: &str = "images.invalid/shell:1";
pub(crate) const OWN: &str = "https://ui.test:5173";

/// A console with the operator that serves the paths for one namespace.
pub(crate) struct Place {
    pub(crate) console: Console,
    pub(crate) fresh: Fresh,
}

/// The same with a workspace `web`, for all tests that leave it as it is; what was told before it was there.
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) before: Answer,
    pub(crate) made: Answer,
}

static SHARED: e2e::place::Place<Shared> = e2e::place::Place::of(11);

pub(crate) fn shared() -> Borrowed<Shared> {
    SHARED.borrow(|| {
        let place = place("ws-guild");
        let before = place.get("/api/servers");
        let made = place.create(&spec("Web"));
        place.running("web");
        Shared { place, before, made }
    })
}

/// All that can be said of a new one.
pub(crate) fn spec(name: &str) -> Value {
    json!({
        "name": name, "image": SHELL, "env": { "A": "1", "API_TOKEN": "secret", "": "x", "BLANK": " " },
        "resources": { "cpu": "200m", "memory": "128Mi" }, "labels": { "team": "red" },
        "expose": [{ "name": "http", "port": 3000 }], "args": null,
    })
}

pub(crate) fn place(namespace: &'static str) -> Place {
    let fresh = Fresh::new(namespace);
    let variables = [
        ("QD__COMPAT__GUILDNET", "true"),
        ("QD__COMPAT__NAMESPACE", namespace),
        ("QD__COMPAT__NAME", "Lab"),
        ("QD__COMPAT__ORIGIN", OWN),
    ];
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
    Place { console, fresh }
}

impl Place {
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>, headers: &[&str]) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let text = body.map(Value::to_string);
        let mut args = vec!["-X", method, "-H", &token];
        headers.iter().for_each(|header| args.extend(["-H", header]));
        if let Some(text) = &text {
            args.extend(["-H", "content-type: application/json", "-d", text]);
        }
        curl(&format!("{}{path}", self.console.base), &args)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, &[])
    }

    pub(crate) fn create(&self, body: &Value) -> Answer {
        self.ask("POST", "/api/jobs", Some(body), &[])
    }

    pub(crate) fn running(&self, id: &str) {
        wait(self.fresh.name(), id, "condition=Ready");
    }

    /// The lines of a log as they come: the id and the data of each message, and comments.
    pub(crate) fn follow(&self, query: &str, headers: &[&str]) -> Stream {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let mut command = Command::new("curl");
        command.args(["-sSN", "--max-time", "300", "--noproxy", "*", "-H", &token]);
        for header in headers {
            command.args(["-H", header]);
        }
        let url = format!("{}/sse/logs?{query}", self.console.base);
        let mut child = command.arg(url).stdout(Stdio::piped()).spawn().expect("curl runs");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Stream { child, told, id: String::new() }
    }
}

pub(crate) struct Stream {
    child: Child,
    told: Receiver<String>,
    pub(crate) id: String,
}

impl Stream {
    /// Reads until a message, or a comment, has this in it; all that came.
    pub(crate) fn until(&mut self, what: &str) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(120);
        let mut all = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.told.recv_timeout(left).unwrap_or_else(|_| panic!("no {what:?} in {all:#?}"));
            if let Some(id) = line.strip_prefix("id: ") {
                id.clone_into(&mut self.id);
            }
            let found = line.contains(what);
            all.push(line);
            if found {
                return all;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
