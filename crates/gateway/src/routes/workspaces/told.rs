//! `…/events`: what happens to a workspace or a job, as server-sent events.

use super::{Asking, InCluster, Place, named, wrong};
use crate::error::Failure;
use crate::routes::Params;
use crate::server::Shared;
use api::job::Job;
use api::workspace::{WorkspaceEvent, WorkspaceEventKind, WorkspaceHandshake};
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, KeepAliveStream, Sse};
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use workspace::jobs::Told;
use workspace::story::{News, Watcher};

/// `?send_events=&send_progress=`: both when nothing is said.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Wanted {
    #[serde(default = "yes")]
    send_events: bool,
    #[serde(default = "yes")]
    send_progress: bool,
}

fn yes() -> bool {
    true
}

impl Wanted {
    fn takes(self, event: &WorkspaceEvent) -> bool {
        match event.kind {
            WorkspaceEventKind::Event => self.send_events,
            WorkspaceEventKind::Progress => self.send_progress,
            WorkspaceEventKind::Status | WorkspaceEventKind::Gone => true,
        }
    }
}

type Answer = Result<Sse<KeepAliveStream<Messages>>, Failure>;
pub(super) type Messages = stream::BoxStream<'static, Result<Event, Infallible>>;

pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Asking,
    Path(place): Place,
    Params(params): Params<InCluster>,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
) -> Answer {
    let named = named(params.cluster, place);
    let listened = shared.workspaces().listen(&caller.principal, &named, last(&headers)).await;
    let (handshake, watcher) = listened.map_err(wrong(&caller))?;
    let ends = vec![shared.end.clone(), caller.end.clone(), watcher.end()];
    let state = Story {
        watcher,
        queue: VecDeque::from([message("handshake", "", &handshake)]),
        handshake,
        wanted,
        over: false,
    };
    Ok(answer(stream::unfold(state, Story::step), ends))
}

/// What one listener to a workspace has before them.
struct Story {
    watcher: Watcher,
    queue: VecDeque<Event>,
    handshake: WorkspaceHandshake,
    wanted: Wanted,
    over: bool,
}

impl Story {
    async fn step(mut self) -> Option<(Event, Self)> {
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
                    let wanted = self.wanted;
                    if events.is_empty() {
                        self.queue.push_back(message("changed", "", &self.handshake));
                    }
                    self.queue.extend(events.iter().filter(|event| wanted.takes(event)).map(|event| of(event)));
                }
                Err(error) => {
                    self.over = true;
                    let handshake = WorkspaceHandshake { error: error.to_string(), ..self.handshake.clone() };
                    self.queue.push_back(message("handshake", "", &handshake));
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
) -> Answer {
    let mut told = shared.workspaces().job(&caller.principal, &id).await.map_err(wrong(&caller))?;
    let job = told.job();
    let resumed = last(&headers).is_some_and(|last| told.after(last));
    let handshake = WorkspaceHandshake {
        workspace: format!("{}/{}", job.namespace, job.name),
        jobid: job.id,
        error: String::new(),
        resumed,
    };
    let ends = vec![shared.end.clone(), caller.end.clone()];
    let state = (told, VecDeque::from([message("handshake", "", &handshake)]));
    Ok(answer(stream::unfold(state, move |state| job_step(state, wanted)), ends))
}

/// Each change of a job is told by its events, then by the job itself (`event: job`).
async fn job_step(
    (mut told, mut queue): (Told, VecDeque<Event>),
    wanted: Wanted,
) -> Option<(Event, (Told, VecDeque<Event>))> {
    loop {
        if let Some(next) = queue.pop_front() {
            return Some((next, (told, queue)));
        }
        let (events, job): (Vec<WorkspaceEvent>, Job) = told.news().await?;
        queue.extend(events.iter().filter(|event| wanted.takes(event)).map(of));
        queue.push_back(message("job", "", &job));
    }
}

pub(super) fn answer(
    messages: impl Stream<Item = Event> + Send + 'static,
    ends: Vec<CancellationToken>,
) -> Sse<KeepAliveStream<Messages>> {
    let over = async move {
        let waits: Vec<_> = ends.iter().map(|end| Box::pin(end.cancelled())).collect();
        futures::future::select_all(waits).await;
    };
    let messages: Messages = messages.take_until(Box::pin(over)).map(Ok).boxed();
    Sse::new(messages).keep_alive(KeepAlive::new().interval(QUIET))
}

fn of(event: &WorkspaceEvent) -> Event {
    let kind = match event.kind {
        WorkspaceEventKind::Status => "status",
        WorkspaceEventKind::Event => "event",
        WorkspaceEventKind::Progress => "progress",
        WorkspaceEventKind::Gone => "gone",
    };
    message(kind, &event.id, event)
}

pub(super) fn message(kind: &str, id: &str, body: &impl Serialize) -> Event {
    // Plain data is always text, without a line break in it.
    let event = Event::default().event(kind).data(serde_json::to_string(body).unwrap_or_default());
    if id.is_empty() { event } else { event.id(id) }
}

/// The event that the client had last.
fn last(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty())
}

/// A comment goes out after this time, so that nothing in between takes a quiet stream for a dead one.
const QUIET: Duration = Duration::from_secs(15);
