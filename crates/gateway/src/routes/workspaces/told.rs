//! `…/events`: what happens to a workspace or a job, as server-sent events, or over a WebSocket where one is asked for.

use super::of::Of;
use super::{Asking, wrong};
use crate::error::Failure;
use crate::routes::Params;
use crate::server::Shared;
use api::job::Job;
use api::workspace::{WorkspaceEvent, WorkspaceEventKind, WorkspaceHandshake};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{self, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use workspace::jobs::Told;
use workspace::story::{News, Watcher};

/// `?send_events=&send_progress=&after=`: both when nothing is said.
#[derive(Clone, Deserialize)]
pub(super) struct Wanted {
    #[serde(default = "yes")]
    send_events: bool,
    #[serde(default = "yes")]
    send_progress: bool,
    /// The message that the client had last, for those that cannot say so in a header.
    #[serde(default)]
    after: String,
}

fn yes() -> bool {
    true
}

impl Wanted {
    fn takes(&self, event: &WorkspaceEvent) -> bool {
        match event.kind {
            WorkspaceEventKind::Event => self.send_events,
            WorkspaceEventKind::Progress => self.send_progress,
            WorkspaceEventKind::Status | WorkspaceEventKind::Gone => true,
        }
    }

    fn after<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        last(headers).or(Some(self.after.as_str())).filter(|id| !id.is_empty())
    }
}

/// One message of a stream.
pub(super) struct Message {
    event: &'static str,
    id: String,
    data: Value,
}

impl Message {
    pub(super) fn new(event: &'static str, id: &str, body: &impl Serialize) -> Self {
        // Plain data always has a JSON form.
        Self { event, id: id.to_owned(), data: serde_json::to_value(body).unwrap_or_default() }
    }

    fn sse(self) -> Event {
        let event = Event::default().event(self.event).data(self.data.to_string());
        if self.id.is_empty() { event } else { event.id(self.id) }
    }

    fn frame(self) -> ws::Message {
        let Self { event, id, data } = self;
        ws::Message::text(json!({ "event": event, "id": id, "data": data }).to_string())
    }
}

/// A WebSocket, where one is asked for.
pub(super) type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

pub(super) async fn events(
    of: Of,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Failure> {
    let listened = of.doors().listen(of.who(), &of.named, wanted.after(&headers)).await;
    let (handshake, watcher) = listened.map_err(wrong(&of.caller))?;
    let ends = of.ends(watcher.end());
    let queue = VecDeque::from([Message::new("handshake", "", &handshake)]);
    let state = Story { watcher, queue, handshake, wanted, over: false };
    Ok(answer(&of.shared, upgrade, stream::unfold(state, Story::step), ends))
}

/// What one listener to a workspace has before them.
struct Story {
    watcher: Watcher,
    queue: VecDeque<Message>,
    handshake: WorkspaceHandshake,
    wanted: Wanted,
    over: bool,
}

impl Story {
    async fn step(mut self) -> Option<(Message, Self)> {
        loop {
            if let Some(next) = self.queue.pop_front() {
                return Some((next, self));
            }
            if self.over {
                return None;
            }
            match self.watcher.news().await {
                Ok(News { events, .. }) => {
                    self.over = events.last().is_some_and(|event| event.kind == WorkspaceEventKind::Gone);
                    if events.is_empty() {
                        self.queue.push_back(Message::new("changed", "", &self.handshake));
                    }
                    let wanted = &self.wanted;
                    self.queue.extend(events.iter().filter(|event| wanted.takes(event)).map(|event| of(event)));
                }
                Err(error) => {
                    self.over = true;
                    let handshake = WorkspaceHandshake { error: error.to_string(), ..self.handshake.clone() };
                    self.queue.push_back(Message::new("handshake", "", &handshake));
                }
            }
        }
    }
}

pub(super) async fn job_events(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(id): Path<String>,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Failure> {
    let mut told = shared.workspaces().job(&caller.principal, &id).await.map_err(wrong(&caller))?;
    let job = told.job();
    let resumed = wanted.after(&headers).is_some_and(|last| told.after(last));
    let handshake = WorkspaceHandshake {
        workspace: format!("{}/{}", job.namespace, job.name),
        jobid: job.id,
        error: String::new(),
        resumed,
    };
    let ends = vec![shared.end.clone(), caller.end.clone()];
    let state = (told, VecDeque::from([Message::new("handshake", "", &handshake)]));
    let messages = stream::unfold(state, move |state| job_step(state, wanted.clone()));
    Ok(answer(&shared, upgrade, messages, ends))
}

/// Each change of a job is told by its events, then by the job itself (`event: job`).
async fn job_step(
    (mut told, mut queue): (Told, VecDeque<Message>),
    wanted: Wanted,
) -> Option<(Message, (Told, VecDeque<Message>))> {
    loop {
        if let Some(next) = queue.pop_front() {
            return Some((next, (told, queue)));
        }
        let (events, job): (Vec<WorkspaceEvent>, Job) = told.news().await?;
        queue.extend(events.iter().filter(|event| wanted.takes(event)).map(of));
        queue.push_back(Message::new("job", "", &job));
    }
}

/// Sends messages until they end, or one of these does.
pub(super) fn answer(
    shared: &Shared,
    upgrade: Upgrade,
    messages: impl Stream<Item = Message> + Send + 'static,
    ends: Vec<CancellationToken>,
) -> Response {
    let over = async move {
        let waits: Vec<_> = ends.iter().map(|end| Box::pin(end.cancelled())).collect();
        futures::future::select_all(waits).await;
    };
    let messages = messages.take_until(Box::pin(over));
    match upgrade {
        Ok(upgrade) => {
            let sockets = shared.sockets.clone();
            let upgrade = upgrade.max_message_size(MOST_HEARD).max_frame_size(MOST_HEARD);
            upgrade.on_upgrade(move |socket| sockets.track_future(relay(socket, messages.boxed())))
        }
        Err(_) => {
            let messages = messages.map(|message| Ok::<_, Infallible>(message.sse())).boxed();
            Sse::new(messages).keep_alive(KeepAlive::new().interval(QUIET)).into_response()
        }
    }
}

/// The same over a WebSocket. What the client says is not asked for, and not answered.
async fn relay(mut socket: WebSocket, mut messages: stream::BoxStream<'static, Message>) {
    loop {
        let frame = tokio::select! {
            message = messages.next() => match message {
                Some(message) => message.frame(),
                None => break,
            },
            heard = socket.recv() => match heard {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            () = sleep(QUIET) => ws::Message::Ping(axum::body::Bytes::new()),
        };
        if !matches!(timeout(SLOW, socket.send(frame)).await, Ok(Ok(()))) {
            return;
        }
    }
    // Whoever went already is not told.
    let _ = timeout(SLOW, socket.send(ws::Message::Close(None))).await;
}

fn of(event: &WorkspaceEvent) -> Message {
    let kind = match event.kind {
        WorkspaceEventKind::Status => "status",
        WorkspaceEventKind::Event => "event",
        WorkspaceEventKind::Progress => "progress",
        WorkspaceEventKind::Gone => "gone",
    };
    Message::new(kind, &event.id, event)
}

/// The event that the client had last.
pub(super) fn last(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty())
}

/// Something goes out after this time, so that nothing in between takes a quiet stream for a dead one.
const QUIET: Duration = Duration::from_secs(15);
/// Whoever takes nothing for so long is let go.
const SLOW: Duration = Duration::from_secs(30);
/// Bytes of what a client says.
const MOST_HEARD: usize = 1024;
