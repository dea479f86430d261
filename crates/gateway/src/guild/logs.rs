//! `/api/servers/{id}/logs`, `/sse/logs`: what the programs of a workspace write.

use super::level::Level;
use super::wrong::Wrong;
use super::{Asking, Place};
use api::guild::LogLine;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Version};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use workspace::doors::{Following, Heard};

/// `?level=&limit=`, `?target=&level=&tail=`
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    target: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    tail: Option<u32>,
}

impl Asked {
    fn read(query: Result<Query<Self>, QueryRejection>) -> Result<(Self, Level), Wrong> {
        let bad = |words: String| Wrong::new(StatusCode::BAD_REQUEST, "bad_request", words);
        let Query(asked) = query.map_err(|error| bad(error.body_text()))?;
        let level = match asked.level.as_str() {
            "" => Some(Level::Info),
            name => Level::named(name),
        };
        let level = level.ok_or_else(|| bad("level is debug, info, warn or error".to_owned()))?;
        Ok((asked, level))
    }
}

pub(super) async fn last(
    State(place): State<Place>,
    Extension(caller): Asking,
    Path(id): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Vec<LogLine>>, Wrong> {
    let (asked, level) = Asked::read(query)?;
    let named = place.named(&caller, &id)?;
    let limit = asked.limit.unwrap_or(USUAL).clamp(1, MOST);
    let logs = place.shared.services.workspaces.pod_logs(&caller.principal, &named, limit).await;
    let logs = logs.map_err(|error| Wrong::of(&error, "read_failed"))?;
    if logs.is_empty() {
        return Err(no_pods(&id));
    }
    let mut lines: Vec<(Option<Timestamp>, LogLine)> = Vec::new();
    for log in &logs {
        let text = String::from_utf8_lossy(&log.lines);
        // What has no time of its own stays behind the line before it.
        let mut at = None;
        for line in text.lines() {
            let told = told(line, &format!("[{}] ", log.pod));
            at = told.t.parse().ok().or(at);
            if Level::named(&told.lvl).is_none_or(|own| own >= level) {
                lines.push((at, told));
            }
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    Ok(Json(lines.into_iter().map(|(_, line)| line).collect()))
}

pub(super) async fn follow(
    State(place): State<Place>,
    Extension(caller): Asking,
    version: Version,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Wrong> {
    let (asked, level) = Asked::read(query)?;
    if asked.target.is_empty() {
        let words = "say whose log it is: target=ID";
        return Err(Wrong::new(StatusCode::BAD_REQUEST, "missing_target", words));
    }
    if version < Version::HTTP_11 {
        let words = "a stream needs HTTP/1.1 or later";
        return Err(Wrong::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "stream_unsupported", words));
    }
    let named = place.named(&caller, &asked.target)?;
    let tail = asked.tail.unwrap_or(USUAL).min(MOST);
    let since = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let since = since.filter(|id| id.parse::<Timestamp>().is_ok()).map(str::to_owned);
    let following = place.shared.services.workspaces.follow_log(&caller.principal, &named, tail, since).await;
    let following = following.map_err(|error| Wrong::of(&error, "read_failed"))?;
    let Some(following) = following else { return Err(no_pods(&asked.target)) };
    let ends = [place.shared.end.clone(), caller.end.clone(), following.end()];
    let over = async move {
        let waits: Vec<_> = ends.iter().map(|end| Box::pin(end.cancelled())).collect();
        futures::future::select_all(waits).await;
    };
    let lines = stream::unfold(following, move |following| next(following, level));
    let lines = lines.take_until(Box::pin(over)).map(Ok::<_, Infallible>);
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(QUIET).text("ping")).into_response())
}

/// The next message: a line that weighs enough, or that the container began anew.
async fn next(mut following: Following, level: Level) -> Option<(Event, Following)> {
    loop {
        let (line, id) = match following.next().await? {
            Heard::Line(line) => {
                let line = told(&String::from_utf8_lossy(&line), "");
                let id = line.t.clone();
                (line, id)
            }
            Heard::Again(words) => {
                let (t, lvl) = (Timestamp::now().to_string(), Level::Info.as_str().to_owned());
                (LogLine { t, lvl, msg: format!("--- {words} ---") }, String::new())
            }
        };
        if Level::named(&line.lvl).is_some_and(|own| own < level) && !line.msg.starts_with("--- ") {
            continue;
        }
        // Plain data is always text, without a line break in it.
        let event = Event::default().data(serde_json::to_string(&line).unwrap_or_default());
        return Some((if id.is_empty() { event } else { event.id(id) }, following));
    }
}

/// A line of a log, behind its time.
fn told(line: &str, before: &str) -> LogLine {
    let (t, msg) = match line.split_once(' ') {
        Some((t, msg)) if t.parse::<Timestamp>().is_ok() => (t, msg),
        _ if line.parse::<Timestamp>().is_ok() => (line, ""),
        _ => ("", line),
    };
    let lvl = Level::of(msg).as_str().to_owned();
    LogLine { t: t.to_owned(), lvl, msg: format!("{before}{msg}") }
}

fn no_pods(id: &str) -> Wrong {
    Wrong::new(StatusCode::NOT_FOUND, "no_pods", format!("{id} has no pod now: it is stopped, or not placed yet"))
}

const USUAL: u32 = 200;
const MOST: u32 = 10_000;
/// A comment goes out after this time.
const QUIET: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn gn_05c_a_line_has_its_time_its_weight_and_its_pod() {
        let line = told("2026-01-02T03:04:05.123456789Z ERROR it broke", "[w] ");
        assert_eq!(
            (line.t.as_str(), line.lvl.as_str(), line.msg.as_str()),
            ("2026-01-02T03:04:05.123456789Z", "error", "[w] ERROR it broke")
        );
        let bare = told("unable to read", "");
        assert_eq!((bare.t.as_str(), bare.lvl.as_str(), bare.msg.as_str()), ("", "info", "unable to read"));
        assert_eq!(told("2026-01-02T03:04:05Z ", "").msg, "");
        assert_eq!(told("2026-01-02T03:04:05Z   in", "").msg, "  in");
    }
}
