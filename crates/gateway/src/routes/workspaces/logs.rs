//! `…/logs`: what the programs of a workspace wrote, and write.

use super::of::Of;
use super::told::{Message, Upgrade, answer, last};
use super::wrong;
use crate::error::Failure;
use crate::routes::Params;
use api::workspace::WorkspaceLogLine;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base::Code;
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use serde_json::json;
use workspace::doors::{Following, Heard};

/// `…/logs?cluster=&container=&tail=&previous=&follow=`
#[derive(Deserialize)]
pub(super) struct LogParams {
    #[serde(default)]
    container: Option<String>,
    #[serde(default)]
    tail: Option<u32>,
    #[serde(default)]
    previous: bool,
    /// As messages, each line with its time as `id`, from one run of the container to the next.
    #[serde(default)]
    follow: bool,
}

pub(super) async fn logs(
    of: Of,
    Params(params): Params<LogParams>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Failure> {
    let LogParams { container, tail, previous, follow } = params;
    let container = container.filter(|name| !name.is_empty()).unwrap_or_else(|| MAIN.to_owned());
    let lines = tail.unwrap_or(200).min(MOST_LINES);
    if !follow {
        let log = of.doors().logs(of.who(), &of.named, &container, lines, previous).await.map_err(wrong(&of.caller))?;
        return Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], log).into_response());
    }
    if previous || container != MAIN {
        return Err(of.refused(Code::BadRequest, "only the main container's log of now is followed"));
    }
    let since = last(&headers).map(str::to_owned);
    let log = of.doors().follow_log(of.who(), &of.named, lines, since).await.map_err(wrong(&of.caller))?;
    let Some(log) = log else {
        return Err(of.refused(Code::WorkspaceStopped, "it has no pod: start it first"));
    };
    let ends = of.ends(log.end());
    Ok(answer(&of.shared, upgrade, stream::unfold(log, step), ends))
}

async fn step(mut log: Following) -> Option<(Message, Following)> {
    let message = match log.next().await? {
        Heard::Line(line) => of_line(&line),
        Heard::Again(words) => Message::new("again", "", &json!({ "message": words })),
    };
    Some((message, log))
}

/// A line is behind the kubelet's time.
fn of_line(line: &Bytes) -> Message {
    let line = String::from_utf8_lossy(line);
    let (at, text) = line.split_once(' ').unwrap_or((&line, ""));
    Message::new("line", at, &WorkspaceLogLine { at: at.to_owned(), text: text.to_owned() })
}

const MAIN: &str = "main";
/// Lines of a log in one answer.
const MOST_LINES: u32 = 10_000;
