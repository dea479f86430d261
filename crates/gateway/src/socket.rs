//! The views socket: one per tab, driven by one `table::Subscriber`.

use crate::caller::Caller;
use crate::server::Shared;
use api::ErrorBody;
use api::socket::{List, ListQuery, MAX_VIEWS, SubId, TallyQuery, What};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, State};
use axum::response::Response;
use base::Coded;
use futures::StreamExt;
use futures::stream::{BoxStream, FuturesUnordered, SelectAll};
use mirror::Changed;
use policy::action::{ClusterView, ObjectView, TapView};
use policy::{Answers, Permit, Principal};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use table::{Command, Content, Limits, Subscriber};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// `GET /api/v1/socket`
pub(crate) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sockets = shared.sockets.clone();
    let upgrade = upgrade.max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME);
    upgrade.on_upgrade(move |socket| sockets.track_future(serve(shared, caller, socket)))
}

/// An opening under way: its subscription and what came of it.
type Opening = Pin<Box<dyn Future<Output = (SubId, Result<Opened, ErrorBody>)> + Send>>;

/// What was opened, and what tells that it moved.
struct Opened {
    content: Content,
    changed: Changed,
    /// The permit's end: revoked, or the process ends.
    over: CancellationToken,
}

/// Something that a subscription's watcher says.
enum News {
    /// What it shows has moved.
    Moved(SubId),
    /// It may no longer be shown.
    Over(SubId),
}

/// A console that ends waits no longer than this for a client to close.
pub(crate) const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

async fn serve(shared: Arc<Shared>, caller: Caller, mut socket: WebSocket) {
    let (patience, end, request) = (shared.patience, shared.end.clone(), caller.request);
    let close = Tab::new(shared, caller).run(&mut socket).await;
    if let Some(frame) = close {
        // The other side may be gone already; there is nobody left to tell then.
        let told = timeout(patience.send, socket.send(Message::Close(Some(frame)))).await;
        // A connection that is dropped with words of the client unread is reset, and what was on the way to it is lost:
        // the reason with it. So they are read, until the client closes or for as long as it had to read.
        let time = if end.is_cancelled() { LAST_WORDS } else { patience.send };
        let heard = timeout(time, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
        tracing::debug!(%request, told = told.is_ok(), heard = heard.is_ok(), "socket closed");
    }
}

struct Tab {
    shared: Arc<Shared>,
    caller: Caller,
    subscriber: Subscriber,
    opening: FuturesUnordered<Opening>,
    watching: SelectAll<BoxStream<'static, News>>,
    /// Ends a subscription's watcher.
    ends: HashMap<SubId, CancellationToken>,
}

impl Tab {
    fn new(shared: Arc<Shared>, caller: Caller) -> Self {
        let limits = Limits { request: caller.request, parking: Some(shared.parking.clone()), ..Limits::default() };
        let subscriber = Subscriber::new(shared.epoch, limits);
        Self {
            shared,
            caller,
            subscriber,
            opening: FuturesUnordered::new(),
            watching: SelectAll::new(),
            ends: HashMap::new(),
        }
    }

    fn now_ms(&self) -> u64 {
        self.shared.clock.now_ms()
    }

    /// Serves one tab until it goes, or must; the close frame to send, if somebody is still there.
    async fn run(&mut self, socket: &mut WebSocket) -> Option<CloseFrame> {
        let (end, over) = (self.shared.end.clone(), self.caller.end.clone());
        let patience = self.shared.patience;
        let mut ping = tokio::time::interval(patience.ping);
        let mut heard = true;
        loop {
            if let Some(frame) = self.flush(socket).await {
                return frame;
            }
            let pause = self.subscriber.next_deadline().map(|at| at.saturating_sub(self.now_ms()));
            tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        heard = true;
                        let now = self.now_ms();
                        for command in self.subscriber.receive(&text, now) {
                            if let Some(error) = self.obey(command) {
                                return Some(closing(close_code::POLICY, &error));
                            }
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => heard = true,
                    Some(Ok(Message::Binary(_))) => return Some(refusal("this socket speaks text")),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                },
                Some((id, opened)) = self.opening.next(), if !self.opening.is_empty() => self.opened(id, opened),
                Some(news) = self.watching.next(), if !self.watching.is_empty() => match news {
                    News::Moved(id) => self.subscriber.mark_dirty(id),
                    News::Over(id) => self.over(id),
                },
                () = tokio::time::sleep(Duration::from_millis(pause.unwrap_or(0))), if pause.is_some() => {}
                _ = ping.tick() => {
                    if !heard {
                        return None;
                    }
                    heard = false;
                    if !matches!(timeout(patience.send, socket.send(Message::Ping(bytes::Bytes::new()))).await, Ok(Ok(()))) {
                        return None;
                    }
                }
                () = over.cancelled() => return Some(refusal("signed_out: what let you in has ended")),
                () = end.cancelled() => {
                    return Some(CloseFrame { code: close_code::AWAY, reason: "the console is ending".into() });
                }
            }
        }
    }

    /// Sends what is to be sent. `Some` when the socket is over, with the frame to close it by.
    async fn flush(&mut self, socket: &mut WebSocket) -> Option<Option<CloseFrame>> {
        loop {
            let frame = self.subscriber.poll(self.shared.clock.now_ms());
            for id in self.subscriber.take_closed() {
                self.let_go(id);
            }
            let text = Utf8Bytes::from(frame.as_ref()?.as_str());
            match timeout(self.shared.patience.send, socket.send(Message::Text(text))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Some(None),
                Err(_) => return Some(Some(refusal("slow_client: this client does not read"))),
            }
        }
    }

    /// Does what the client asks for; an error ends the socket.
    fn obey(&mut self, command: Command) -> Option<ErrorBody> {
        match command {
            Command::Open { id, query } => {
                self.opening.push(Box::pin(open(self.shared.clone(), self.caller.clone(), id, query)))
            }
            Command::Close { id } => self.let_go(id),
            Command::Fail(error) => return Some(error),
        }
        // A client that opens and closes quickly leaves openings behind; they end by themselves, but not without limit.
        (self.opening.len() > 4 * MAX_VIEWS as usize).then(|| ErrorBody {
            code: base::Code::LimitReached,
            message: "too many views are being opened at once".to_owned(),
            details: None,
            request_id: self.caller.request,
        })
    }

    fn opened(&mut self, id: SubId, opened: Result<Opened, ErrorBody>) {
        match opened {
            Ok(Opened { content, changed, over }) => {
                self.subscriber.attach(id, content);
                let end = CancellationToken::new();
                if let Some(before) = self.ends.insert(id, end.clone()) {
                    before.cancel();
                }
                self.watching.push(watcher(id, changed, end, over));
            }
            Err(error) => self.subscriber.refuse(id, error),
        }
    }

    fn over(&mut self, id: SubId) {
        self.let_go(id);
        let error = ErrorBody {
            code: base::Code::PolicyDenied,
            message: "what allowed this view has ended: open it again".to_owned(),
            details: None,
            request_id: self.caller.request,
        };
        self.subscriber.refuse(id, error);
    }

    fn let_go(&mut self, id: SubId) {
        if let Some(end) = self.ends.remove(&id) {
            end.cancel();
        }
    }
}

/// Says each time that something moved, until the subscription or its permit ends.
fn watcher(id: SubId, changed: Changed, end: CancellationToken, over: CancellationToken) -> BoxStream<'static, News> {
    futures::stream::unfold(Some((changed, end, over)), move |state| async move {
        let (mut changed, end, over) = state?;
        tokio::select! {
            biased;
            () = end.cancelled() => None,
            () = over.cancelled() => Some((News::Over(id), None)),
            () = changed.wait() => Some((News::Moved(id), Some((changed, end, over)))),
        }
    })
    .boxed()
}

/// Decides, then opens.
async fn open(shared: Arc<Shared>, caller: Caller, id: SubId, query: What) -> (SubId, Result<Opened, ErrorBody>) {
    let principal = &caller.principal;
    let opened = match query {
        What::Rows(query) => rows(&shared, principal, query).await,
        What::Counts(query) => counts(&shared, principal, query),
        What::Clusters => clusters(&shared, principal),
        What::List(query) => list(&shared, principal, &query),
        What::Tally(query) => tally(&shared, principal, query),
    };
    (id, opened.map_err(|error| ErrorBody::of(&*error, caller.request)))
}

type Fault = Box<dyn Coded + Send + Sync>;

async fn rows(shared: &Shared, principal: &Principal, query: api::socket::RowsQuery) -> Result<Opened, Fault> {
    let action =
        ObjectView { kind: query.kind.clone(), clusters: query.clusters.clone(), namespaces: query.namespaces.clone() };
    let permit = shared.services.gate.permit(principal, action, &Answers::default()).map_err(fault)?;
    let over = permit.end_token();
    let opened = shared.services.mirror.open(permit, &query).await.map_err(fault)?;
    Ok(Opened { content: Content::Rows(opened.rows), changed: opened.changed, over })
}

fn counts(shared: &Shared, principal: &Principal, query: api::socket::CountsQuery) -> Result<Opened, Fault> {
    let action = ClusterView { clusters: query.clusters.clone(), namespaces: query.namespaces.clone() };
    let permit = shared.services.gate.permit(principal, action, &Answers::default()).map_err(fault)?;
    let over = permit.end_token();
    let (source, changed) = shared.services.mirror.counts(permit, query).map_err(fault)?;
    Ok(Opened { content: Content::Counts(Arc::new(move || source.counts())), changed, over })
}

fn clusters(shared: &Shared, principal: &Principal) -> Result<Opened, Fault> {
    let action = ClusterView { clusters: Vec::new(), namespaces: Vec::new() };
    let permit = shared.services.gate.permit(principal, action, &Answers::default()).map_err(fault)?;
    let over = permit.end_token();
    let (overview, changed) = shared.services.mirror.overview(permit);
    Ok(Opened { content: Content::Clusters(Arc::new(move || overview.clusters())), changed, over })
}

fn list(shared: &Shared, principal: &Principal, query: &ListQuery) -> Result<Opened, Fault> {
    let (permit, over) = list_permit(shared, principal, &query.list)?;
    let opened = shared.services.taps.open(permit, query).map_err(fault)?;
    Ok(Opened { content: Content::Rows(opened.rows), changed: opened.changed, over })
}

fn tally(shared: &Shared, principal: &Principal, query: TallyQuery) -> Result<Opened, Fault> {
    let (permit, over) = list_permit(shared, principal, &query.list)?;
    let (tallied, changed) = shared.services.taps.tally(permit, query).map_err(fault)?;
    Ok(Opened { content: Content::Tally(tallied), changed, over })
}

fn list_permit(
    shared: &Shared,
    principal: &Principal,
    list: &List,
) -> Result<(Permit<TapView>, CancellationToken), Fault> {
    let tap = match list {
        List::Taps => None,
        List::Records(id) => Some(shared.services.taps.target(id).map_err(fault)?),
    };
    let permit = shared.services.gate.permit(principal, TapView { tap }, &Answers::default()).map_err(fault)?;
    let over = permit.end_token();
    Ok((permit, over))
}

fn fault(error: impl Coded + Send + Sync + 'static) -> Fault {
    Box::new(error)
}

fn closing(code: u16, error: &ErrorBody) -> CloseFrame {
    // RFC 6455 gives a reason 123 bytes.
    let text = format!("{}: {}", error.code, error.message);
    let cut = text.floor_char_boundary(120);
    CloseFrame { code, reason: text.get(..cut).unwrap_or_default().into() }
}

fn refusal(reason: &'static str) -> CloseFrame {
    CloseFrame { code: close_code::POLICY, reason: reason.into() }
}

const MAX_FRAME: usize = 64 * 1024;

#[cfg(test)]
mod tests;
