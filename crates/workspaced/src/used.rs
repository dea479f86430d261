//! When apps of the workspace were used last, as they say themselves at URLs of their own: notebooks and editors know better than
//! what goes over their sockets.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::log::now_ms;

/// Which apps are asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    urls: Vec<String>,
}

/// Asks each app beside the others: uses by door, and what was not told and why.
pub(crate) async fn told(asked: Asked) -> Value {
    let mut asking = JoinSet::new();
    for url in asked.urls.into_iter().take(MOST) {
        asking.spawn(async move {
            let said = timeout(PATIENCE, ask(&url)).await;
            let said = said.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())));
            let used = said.and_then(|said| used_ms(&said, now_ms()).ok_or_else(|| "it tells no time".to_owned()));
            (url, used)
        });
    }
    let (mut uses, mut failed) = (Vec::new(), Vec::new());
    for (url, used) in asking.join_all().await {
        match used {
            Ok(at_ms) => {
                uses.push(json!({ "door": "http", "at_ms": at_ms, "now": false, "detail": format!("{url} says so") }))
            }
            Err(why) => failed.push(format!("{url}: {why}")),
        }
    }
    json!({ "uses": uses, "failed": failed })
}

/// What one says. It is asked inside of the workspace alone.
async fn ask(url: &str) -> Result<Value, String> {
    let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    if uri.scheme_str() != Some("http") || !uri.host().is_some_and(|host| HERE.contains(&host)) {
        return Err("it is not of this workspace".to_owned());
    }
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let words = |error: &dyn std::error::Error| error.to_string();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, uri.port_u16().unwrap_or(80))).await;
    let stream = stream.map_err(|error| words(&error))?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| words(&error))?;
    // It ends with what is sent over it.
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = Request::get(path).header(HOST, authority).header(ACCEPT, "application/json");
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| words(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| words(&error))?;
    if !answer.status().is_success() {
        return Err(format!("it answers {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), LONGEST).collect().await;
    let body = body.map_err(|error| words(&*error))?.to_bytes();
    serde_json::from_slice(&body).map_err(|error| words(&error))
}

/// When it was used last, in milliseconds: Jupyter and its kin say a moment, editors a number.
fn used_ms(said: &Value, now: u64) -> Option<u64> {
    let told = NAMES.iter().find_map(|name| said.get(*name))?;
    let ms = match told {
        Value::String(text) => u64::try_from(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()).ok()?,
        number => {
            let number = number.as_u64()?;
            if number < LEAST_MS { number.saturating_mul(1_000) } else { number }
        }
    };
    Some(ms.min(now))
}

/// Jupyter's, and that of code-server.
const NAMES: &[&str] = &["last_activity", "lastActivity", "lastHeartbeat"];
const HERE: &[&str] = &["localhost", "127.0.0.1"];
/// Less is seconds: this many milliseconds were over in 1973.
const LEAST_MS: u64 = 100_000_000_000;
const MOST: usize = 16;
const LONGEST: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::used_ms;
    use serde_json::json;

    #[test]
    fn wb_05q_apps_say_when_they_were_used_as_a_moment_or_a_number() {
        const NOW: u64 = 1_800_000_000_000;
        for (said, expected) in [
            (
                json!({ "started": "2026-01-01T00:00:00Z", "last_activity": "2026-01-01T00:00:01.5Z" }),
                Some(1_767_225_601_500),
            ),
            (json!({ "status": "alive", "lastHeartbeat": 1_767_225_601_500_u64 }), Some(1_767_225_601_500)),
            (json!({ "lastActivity": 1_767_225_601 }), Some(1_767_225_601_000)),
            (json!({ "last_activity": "2100-01-01T00:00:00Z" }), Some(NOW)),
            (json!({ "last_activity": "yesterday" }), None),
            (json!({ "last_activity": -5 }), None),
            (json!({ "last_activity": null }), None),
            (json!([]), None),
        ] {
            assert_eq!(used_ms(&said, NOW), expected, "{said}");
        }
    }
}
