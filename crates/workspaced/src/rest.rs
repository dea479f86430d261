//! What the daemon answers to requests, over the local socket and over channels of callers alike.

mod gateway;

use std::sync::Arc;
use std::time::Duration;

use proto::workspace::{Size, told};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::apps::{Act, Refusal};
use crate::daemon::Daemon;
use crate::feeds::Feed;
use crate::log::Log;
use crate::{canary, ports, processes, secure, sysinfo, used};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A caller that was let in.
    Link,
    /// A process of the pod, by its uid.
    Local(u32),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    pub(crate) fn error(status: u16, code: &str, message: impl ToString) -> Self {
        Self { status, body: json!({ "code": code, "message": message.to_string() }) }
    }
}

/// What follows the question mark of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn word(&self, name: &str) -> Option<&'a str> {
        let mut parts = self.0.split('&').filter_map(|part| part.split_once('='));
        parts.find(|(key, _)| *key == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    pub(crate) fn number(&self, name: &str, or: u64) -> u64 {
        self.word(name).and_then(|value| value.parse().ok()).unwrap_or(or)
    }

    /// How many lines of a log.
    pub(crate) fn limit(&self) -> usize {
        usize::try_from(self.number("limit", 200).min(1000)).unwrap_or(1000)
    }
}

/// What is told at this path with each change.
pub(crate) fn feed(daemon: &Arc<Daemon>, asker: Asker, path: &str) -> Result<Feed, Answer> {
    let (parts, query) = split(path).ok_or_else(unknown)?;
    if private(&parts) && !may(daemon, asker) {
        return Err(denied());
    }
    Feed::of(daemon, &parts, &query)
}

fn split(path: &str) -> Option<(Vec<&str>, Query<'_>)> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Some((path.strip_prefix("/api/v1/")?.split('/').collect(), Query(query)))
}

/// Answers one request.
pub(crate) async fn answer(daemon: &Arc<Daemon>, asker: Asker, method: &str, path: &str, body: &[u8]) -> Answer {
    let Some((parts, query)) = split(path) else { return unknown() };
    if (method != "GET" || private(&parts)) && !may(daemon, asker) {
        return denied();
    }
    match (method, parts.as_slice()) {
        ("GET", ["health"]) => Answer::ok(health(daemon)),
        ("GET", ["identity"]) => Answer::ok(identity(daemon)),
        ("GET", ["splash"]) => Answer::ok(json!({ "splash": daemon.config.splash })),
        ("GET", ["sessions"]) => Answer::ok(json!({ "sessions": shells(daemon) })),
        ("GET", ["streams"]) => Answer::ok(streams(daemon)),
        ("GET", ["logs"]) => Answer::ok(lines(&daemon.log, &query)),
        ("GET", ["ports"]) => Answer::ok(json!({ "ports": *ports::now(daemon).await })),
        ("GET", ["sysinfo"]) => Answer::ok(json!(sysinfo::now(daemon).await)),
        ("GET", ["activity"]) => {
            let (window_ms, percent) = (query.number("window_ms", 300_000), query.number("percent", 5));
            Answer::ok(daemon.activity.told(daemon, window_ms, percent))
        }
        ("POST", ["used"]) if asker == Asker::Link => match parse(body) {
            Ok(asked) => Answer::ok(used::told(asked).await),
            Err(answer) => answer,
        },
        ("POST", ["keep"]) => keep(daemon, body),
        ("POST", ["canary"]) if asker == Asker::Link => fly(daemon).await,
        ("GET", ["shells", id, "cwd"]) => cwd(daemon, id).await,
        ("GET", ["apps"]) => Answer::ok(json!({ "apps": daemon.apps.told() })),
        ("GET", ["apps", id]) => app(daemon.apps.find(id).map(|app| app.told())),
        ("GET", ["apps", id, "logs"]) => match daemon.apps.find(id) {
            Ok(app) => Answer::ok(lines(&app.log, &query)),
            Err(refusal) => refused(&refusal),
        },
        ("POST", ["apps", id, act]) => app_act(daemon, id, act, body).await,
        ("POST", ["shells", id, "detach"]) => detach(daemon, id, body),
        ("POST", ["shells", id, "resize"]) => resize(daemon, id, body),
        ("GET", ["key"]) if asker == Asker::Link => secure::key(daemon),
        ("POST", ["certificate"]) if asker == Asker::Link => secure::certify(daemon, body),
        ("POST", ["creds"]) => gateway::credentials(daemon, asker, body).await,
        ("POST", ["shutdown"]) => gateway::shutdown(daemon, body).await,
        ("POST", [what @ ("validate" | "passwd")]) if asker != Asker::Link => {
            gateway::hand_on(daemon, what, body).await
        }
        _ => unknown(),
    }
}

#[derive(Deserialize)]
struct Keep {
    /// 0 ends it.
    seconds: u64,
    #[serde(default)]
    reason: String,
}

/// It is not stopped for a while though nobody uses it.
fn keep(daemon: &Daemon, body: &[u8]) -> Answer {
    match parse::<Keep>(body) {
        Ok(asked) => Answer::ok(json!({ "until_ms": daemon.activity.keep(asked.seconds, &asked.reason) })),
        Err(answer) => answer,
    }
}

async fn fly(daemon: &Daemon) -> Answer {
    match canary::fly().await {
        Some(told) => Answer::ok(told),
        None => {
            daemon.log.info("canary", "nothing is known that the network would have to refuse");
            Answer::error(404, "not_found", "nothing is known that the network would have to refuse")
        }
    }
}

/// What is told to those alone who may change it.
fn private(parts: &[&str]) -> bool {
    matches!(parts, ["apps", _, "logs"] | ["shells", _, "cwd"])
}

pub(crate) fn denied() -> Answer {
    Answer::error(403, "denied", "only the workspace's user and the daemon's account may do this")
}

async fn cwd(daemon: &Daemon, id: &str) -> Answer {
    let shell = match daemon.shells.find(id) {
        Ok(shell) => shell,
        Err(error) => return Answer::error(404, error.code(), error),
    };
    let front = shell.terminal.foreground().map_or(shell.pid, |group| group.as_raw_nonzero().get());
    let mut folder = processes::folder(daemon, front).await;
    if folder.is_err() {
        folder = processes::folder(daemon, shell.pid).await;
    }
    match folder {
        Ok(folder) => Answer::ok(json!({ "id": shell.id, "cwd": folder })),
        Err(error) => Answer::error(409, "conflict", format!("where it works cannot be seen: {error}")),
    }
}

/// Whether who asks may change anything: the user, and whoever the daemon is.
pub(crate) fn may(daemon: &Daemon, asker: Asker) -> bool {
    match asker {
        Asker::Link => true,
        Asker::Local(uid) => uid == daemon.account.uid || uid == 0 || uid == rustix::process::geteuid().as_raw(),
    }
}

fn health(daemon: &Daemon) -> Value {
    let stopping = *daemon.stop.borrow();
    let up = daemon.started.elapsed().as_secs();
    json!({ "ready": !stopping, "uptime_seconds": up, "init_scripts": *daemon.scripts.borrow() })
}

fn identity(daemon: &Daemon) -> Value {
    let (workspace, user) = (&daemon.config.workspace, &daemon.config.user);
    json!({
        "workspace": workspace.name,
        "uid": workspace.uid,
        "namespace": workspace.namespace,
        "canonical_id": workspace.canonical_id,
        "owner": workspace.owner,
        "organization": workspace.organization,
        "blueprint": workspace.blueprint,
        "image": workspace.image,
        "agent_version": env!("CARGO_PKG_VERSION"),
        "user": {
            "name": user.name, "uid": user.uid, "gid": user.gid, "email": user.email, "full_name": user.full_name,
            "shell": daemon.account.shell, "home": daemon.account.home,
        },
    })
}

fn streams(daemon: &Daemon) -> Value {
    let others = daemon.streams.told().into_iter().map(|one| json!(one));
    json!({ "streams": shells(daemon).into_iter().chain(others).collect::<Vec<Value>>() })
}

/// Those that ended with the stop before stand first.
fn shells(daemon: &Daemon) -> Vec<Value> {
    let now = daemon.shells.told().into_iter().map(|one| json!(one));
    daemon.kept.told().into_iter().chain(now).collect()
}

/// The lines of a log that a query asks for.
pub(crate) fn lines(log: &Log, query: &Query<'_>) -> Value {
    let found = log.after(query.number("after", 0), query.word("component"), query.word("level"), query.limit());
    json!({ "lines": found })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detach {
    /// Seconds; 0 for no end, where that is allowed.
    ttl: Option<u64>,
}

fn detach(daemon: &Daemon, id: &str, body: &[u8]) -> Answer {
    let asked: Detach = match parse(body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let rule = daemon.config.detach;
    if !rule.enabled {
        return Answer::error(409, "conflict", "shells of this workspace end with their viewers");
    }
    let most = u64::from(rule.ttl_seconds);
    if asked.ttl == Some(0) && !rule.unlimited || asked.ttl.is_some_and(|ttl| ttl > most) {
        return Answer::error(422, "invalid", format!("a shell may stay without a viewer for {most} s"));
    }
    match daemon.shells.find(id) {
        Ok(shell) => {
            shell.detach(asked.ttl.map(Duration::from_secs));
            Answer::ok(json!({ "id": shell.id }))
        }
        Err(error) => Answer::error(404, error.code(), error),
    }
}

#[derive(Deserialize)]
struct Resize {
    rows: u32,
    cols: u32,
}

fn resize(daemon: &Daemon, id: &str, body: &[u8]) -> Answer {
    let asked: Resize = match parse(body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match daemon.shells.find(id) {
        Ok(shell) => {
            shell.resize(Size { rows: asked.rows, cols: asked.cols });
            Answer::ok(json!({ "id": shell.id }))
        }
        Err(error) => Answer::error(404, error.code(), error),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Install {
    /// Though it is there.
    force: bool,
}

async fn app_act(daemon: &Daemon, id: &str, act: &str, body: &[u8]) -> Answer {
    let asked: Install = match parse(body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let act = match act {
        "install" => Act::Install { force: asked.force },
        "start" => Act::Start,
        "stop" => Act::Stop,
        "restart" => Act::Restart,
        _ => return unknown(),
    };
    app(daemon.apps.act(daemon, id, act).await)
}

fn app(told: Result<told::App, Refusal>) -> Answer {
    match told {
        Ok(told) => Answer::ok(json!({ "app": told })),
        Err(refusal) => refused(&refusal),
    }
}

pub(crate) fn refused(refusal: &Refusal) -> Answer {
    let (status, code) = refusal.status();
    Answer::error(status, code, refusal)
}

fn parse<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Answer> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Answer::error(400, "bad_request", error))
}

fn unknown() -> Answer {
    Answer::error(404, "not_found", "there is no such path")
}
