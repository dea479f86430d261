//! A live list: what is there, then every change.
//!
//! ```text
//! start ─► WatchList (KEP-3157) ─ not served ─► paged list ─► watch from its version
//!            │                                                  │
//!            └── Begin, Events…, Synced, Events… ◄──────────────┘
//! stream closed ─► watch again from the last version ─ 410 ─► Begin … Synced behind the rows that stand
//! ```

use crate::error::Error;
use crate::reader::{PageQuery, Reader, collection, escape, format_of};
use crate::transport::Call;
use bytes::Bytes;
use catalog::Kind;
use http_body_util::BodyExt;
use kube::client::Body;
use std::sync::Arc;
use std::time::Duration;
use wire::watch::{Event, EventType, FrameReader};
use wire::{Budget, Format, Node};

/// A live list of one kind. Ask it for the next step; after an error, ask again when it is time: it goes on where it
/// was, or begins anew where it must.
pub struct Feed {
    reader: Reader,
    kind: Arc<Kind>,
    namespace: Option<String>,
    budget: Budget,
    /// Without WatchList: learnt from a server that refuses it.
    paged: bool,
    /// The version to go on from; empty begins anew.
    version: String,
    state: State,
    events: Vec<Event>,
    /// The caller has had `events`.
    told: bool,
    /// The initial list has ended, and the caller was not told yet.
    synced: bool,
}

enum State {
    /// Nothing is open.
    Idle,
    /// A paged list is under way; the token of the next page.
    Paging(String),
    /// A watch is open.
    Open { body: Body, frames: FrameReader, syncing: bool },
}

/// What happened.
#[derive(Debug)]
pub enum Step<'a> {
    /// What comes until [`Step::Synced`] is all there is: what does not come is gone.
    Begin,
    /// A page of a list, for [`wire::list`].
    Page(Format, Bytes),
    /// Changes, in order.
    Events(&'a [Event]),
    /// All there is has come.
    Synced,
    /// A watch goes on from where the last one ended: nothing was missed.
    Resumed,
}

impl Feed {
    pub(crate) fn new(reader: Reader, kind: Arc<Kind>, namespace: Option<&str>) -> Self {
        Self {
            reader,
            kind,
            namespace: namespace.map(str::to_owned),
            budget: Budget::default(),
            paged: false,
            version: String::new(),
            state: State::Idle,
            events: Vec::new(),
            told: true,
            synced: false,
        }
    }

    /// Waits for the next step. Cancelling it loses nothing but an open that was under way.
    ///
    /// # Errors
    /// As [`Error`] says. The feed is idle then: call again after a while.
    pub async fn next(&mut self) -> Result<Step<'_>, Error> {
        loop {
            match &mut self.state {
                State::Idle if self.version.is_empty() && self.paged => {
                    self.state = State::Paging(String::new());
                    return Ok(Step::Begin);
                }
                State::Idle => {
                    let syncing = self.version.is_empty();
                    if let Some(state) = self.open(syncing).await? {
                        self.state = state;
                        return Ok(if syncing { Step::Begin } else { Step::Resumed });
                    }
                }
                State::Paging(token) => {
                    if token == END {
                        self.state = State::Idle;
                        return Ok(Step::Synced);
                    }
                    let token = std::mem::take(token);
                    return self.next_page(token).await;
                }
                State::Open { .. } => {
                    if !self.synced {
                        self.read().await?;
                    }
                    if !self.events.is_empty() && !self.told {
                        self.told = true;
                        return Ok(Step::Events(&self.events));
                    }
                    if std::mem::take(&mut self.synced) {
                        return Ok(Step::Synced);
                    }
                }
            }
        }
    }

    /// Opens a watch. `None`: the server does not do it this way, and the feed has changed its ways.
    async fn open(&mut self, syncing: bool) -> Result<Option<State>, Error> {
        let mut path = collection(&self.kind, self.namespace.as_deref());
        path.push_str("?watch=true&allowWatchBookmarks=true&timeoutSeconds=");
        // Not all feeds of all clients at once.
        let spread = u64::from(std::process::id()).wrapping_add(self.kind.id.len() as u64 * 37) % 240;
        path.push_str(&(WATCH_SECONDS + spread).to_string());
        if syncing {
            path.push_str("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
        } else {
            path.push_str("&resourceVersion=");
            escape(&self.version, &mut path);
        }
        let accept = match self.kind.format {
            Format::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch,application/json",
            Format::Json => "application/json",
        };
        let namespace = self.namespace.as_deref().unwrap_or_default();
        let call = Call::get(&path, accept, if syncing { "list" } else { "watch" }, &self.kind.id, namespace);
        match self.reader.transport.open(&call).await {
            Ok(response) => {
                let content = response.headers().get(http::header::CONTENT_TYPE);
                let protobuf =
                    content.and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains("protobuf"));
                let format = if protobuf { Format::Protobuf } else { Format::Json };
                let frames = FrameReader::new(format, &self.budget);
                Ok(Some(State::Open { body: response.into_body(), frames, syncing }))
            }
            // Servers before 1.32, or with the gate off, find the parameter invalid.
            Err(Error::Invalid { .. } | Error::Server { status: 400, .. }) if syncing => {
                self.paged = true;
                Ok(None)
            }
            Err(Error::Gone) if !syncing => {
                self.version.clear();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn next_page(&mut self, token: String) -> Result<Step<'_>, Error> {
        let query = PageQuery {
            namespace: self.namespace.as_deref(),
            limit: PAGE,
            token: &token,
            selector: "",
            version: if token.is_empty() { "0" } else { "" },
            format: self.kind.format,
        };
        self.state = State::Idle;
        let bytes = self.reader.page(&self.kind, query).await?;
        let format = format_of(&bytes);
        let list =
            wire::list::List::open(format, &bytes, &self.budget).map_err(|error| Error::Decode(error.to_string()))?;
        let next = list.continue_token().into_owned();
        self.state = if next.is_empty() {
            self.version = list.resource_version().into_owned();
            State::Paging(END.to_owned())
        } else {
            State::Paging(next)
        };
        Ok(Step::Page(format, bytes))
    }

    /// Reads until there are events, or the initial list has ended, or the stream has.
    async fn read(&mut self) -> Result<(), Error> {
        self.events.clear();
        self.told = false;
        let State::Open { body, frames, syncing } = &mut self.state else { return Ok(()) };
        let decode = |error: wire::Error| Error::Decode(error.to_string());
        loop {
            while let Some(event) = frames.next_event().map_err(decode)? {
                match event.ty {
                    EventType::Bookmark => {
                        let node = event.node(&self.budget).map_err(decode)?;
                        self.version = text(node, &["metadata", "resourceVersion"]);
                        if *syncing && ends_list(node) {
                            *syncing = false;
                            self.synced = true;
                            return Ok(());
                        }
                    }
                    EventType::Error => {
                        let error = failure(&event, &self.budget, &self.reader.transport.server);
                        self.state = State::Idle;
                        if matches!(error, Error::Gone) {
                            self.version.clear();
                            return Ok(());
                        }
                        return Err(error);
                    }
                    EventType::Added | EventType::Modified | EventType::Deleted => self.events.push(event),
                }
            }
            if let Some(last) = self.events.last() {
                // Inside the initial list objects come in no order of versions.
                if !*syncing {
                    self.version = text(last.node(&self.budget).map_err(decode)?, &["metadata", "resourceVersion"]);
                }
                return Ok(());
            }
            match tokio::time::timeout(SILENCE, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        frames.feed(data);
                    }
                }
                // Closed: go on from the last version. Inside the initial list that means from the start.
                Ok(None) => {
                    let whole = !*syncing;
                    self.state = State::Idle;
                    return if whole { Ok(()) } else { Err(self.broken("the list ended early", None)) };
                }
                Ok(Some(Err(error))) => {
                    self.state = State::Idle;
                    return Err(self.broken("the connection broke", Some(Box::new(error))));
                }
                Err(_) => {
                    self.state = State::Idle;
                    return Err(self.broken("nothing was heard for 90 s", None));
                }
            }
        }
    }

    fn broken(&self, message: &str, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Unreachable { server: self.reader.transport.server.clone(), message: message.to_owned(), source }
    }
}

fn text(node: Node<'_>, path: &[&str]) -> String {
    node.path(path).and_then(Node::as_str).unwrap_or_default().into_owned()
}

/// The bookmark that ends the initial list.
fn ends_list(node: Node<'_>) -> bool {
    let annotations = node.path(&["metadata", "annotations"]);
    annotations
        .and_then(|map| map.get("k8s.io/initial-events-end"))
        .and_then(Node::as_str)
        .is_some_and(|value| value == "true")
}

/// The `Status` of an error event.
fn failure(event: &Event, budget: &Budget, server: &str) -> Error {
    let Ok(node) = event.node(budget) else { return Error::Decode("a watch failed without saying why".to_owned()) };
    let message = text(node, &["message"]);
    match node.get("code").and_then(Node::as_i64) {
        Some(410) => Error::Gone,
        Some(429) => Error::Throttled { server: server.to_owned(), retry_after: Duration::from_secs(1) },
        code => Error::Server { status: code.and_then(|code| u16::try_from(code).ok()).unwrap_or(500), message },
    }
}

/// Marks that the last page was handed out.
const END: &str = "\u{0}end";
const PAGE: u32 = 500;
/// A server sends a bookmark about every minute.
const SILENCE: Duration = Duration::from_secs(90);
const WATCH_SECONDS: u64 = 300;
