//! The views socket: one per tab, driven by one `table::Subscriber`.

use crate::server::Shared;
use api::ErrorBody;
use api::socket::{MAX_VIEWS, SubId, What};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, State};
use axum::response::Response;
use base::{Coded, RequestId};
use futures::StreamExt;
use futures::stream::{BoxStream, FuturesUnordered, SelectAll};
use mirror::Changed;
use policy::action::{ClusterView, ObjectView};
use policy::{Answers, Door, Principal};
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
    Extension(request): Extension<RequestId>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sockets = shared.sockets.clone();
    let upgrade = upgrade.max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME);
    upgrade.on_upgrade(move |socket| sockets.track_future(serve(shared, request, socket)))
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

async fn serve(shared: Arc<Shared>, request: RequestId, mut socket: WebSocket) {
    let close = Tab::new(shared, request).run(&mut socket).await;
    if let Some(frame) = close {
        // The other side may be gone already; there is nobody left to tell then.
        let told = timeout(SEND_TIME, socket.send(Message::Close(Some(frame)))).await;
        tracing::debug!(%request, told = told.is_ok(), "socket closed");
    }
}

struct Tab {
    shared: Arc<Shared>,
    request: RequestId,
    subscriber: Subscriber,
    opening: FuturesUnordered<Opening>,
    watching: SelectAll<BoxStream<'static, News>>,
    /// Ends a subscription's watcher.
    ends: HashMap<SubId, CancellationToken>,
}

impl Tab {
    fn new(shared: Arc<Shared>, request: RequestId) -> Self {
        let limits = Limits { request, parking: Some(shared.parking.clone()), ..Limits::default() };
        let subscriber = Subscriber::new(shared.epoch, limits);
        Self {
            shared,
            request,
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
        let end = self.shared.end.clone();
        let mut ping = tokio::time::interval(PING);
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
                    if !matches!(timeout(SEND_TIME, socket.send(Message::Ping(bytes::Bytes::new()))).await, Ok(Ok(()))) {
                        return None;
                    }
                }
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
            match timeout(SEND_TIME, socket.send(Message::Text(text))).await {
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
                self.opening.push(Box::pin(open(self.shared.clone(), self.request, id, query)))
            }
            Command::Close { id } => self.let_go(id),
            Command::Fail(error) => return Some(error),
        }
        // A client that opens and closes quickly leaves openings behind; they end by themselves, but not without limit.
        (self.opening.len() > 4 * MAX_VIEWS as usize).then(|| ErrorBody {
            code: base::Code::LimitReached,
            message: "too many views are being opened at once".to_owned(),
            details: None,
            request_id: self.request,
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
            request_id: self.request,
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
async fn open(shared: Arc<Shared>, request: RequestId, id: SubId, query: What) -> (SubId, Result<Opened, ErrorBody>) {
    let principal = shared.principal(request, Door::Console);
    let opened = match query {
        What::Rows(query) => rows(&shared, &principal, query).await,
        What::Counts(query) => counts(&shared, &principal, query),
        What::Clusters => clusters(&shared, &principal),
    };
    (id, opened.map_err(|error| ErrorBody::of(&*error, request)))
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
const SEND_TIME: Duration = Duration::from_secs(30);
/// A tab that has said nothing for two of these is gone.
const PING: Duration = Duration::from_secs(30);
