//! Requests that the gateway carries out: credentials, the end of the whole workspace, checks of blueprints.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Asker, parse};
use crate::daemon::Daemon;

/// Short-lived credentials: for the user's programs, and never for callers, who have their own.
pub(super) async fn credentials(daemon: &Daemon, asker: Asker, body: &[u8]) -> Answer {
    let Asker::Local(uid) = asker else {
        return Answer::error(403, "denied", "credentials are for programs of the workspace");
    };
    let asked: Wanted = match parse(body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let what = format!("{} {}", asked.service, asked.host);
    let answer = daemon.upward.ask("credentials", json!(asked)).await;
    let how = if answer.status == 200 { "given" } else { "not given" };
    daemon.log.info("credentials", format!("{what}: asked for by the user number {uid}, {how}"));
    answer
}

/// What credentials are for.
#[derive(Default, Deserialize, serde::Serialize)]
struct Wanted {
    /// `git`, `registry` or `kubernetes`.
    service: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    username: String,
}

/// Ends the pod, or the whole workspace with its files.
pub(super) async fn shutdown(daemon: &Arc<Daemon>, body: &[u8]) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Shutdown {
        delete: bool,
    }
    let asked: Shutdown = match parse(body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    if asked.delete {
        daemon.log.info("daemon", "the deletion of the workspace was asked for");
        return daemon.upward.ask("delete", json!({})).await;
    }
    daemon.log.info("daemon", "shutdown was asked for");
    daemon.stop.send_replace(true);
    Answer::ok(json!({}))
}

/// Something that is handed on as it is.
pub(super) async fn hand_on(daemon: &Daemon, what: &str, body: &[u8]) -> Answer {
    match parse::<Value>(body) {
        Ok(with) => daemon.upward.ask(what, with).await,
        Err(answer) => answer,
    }
}
