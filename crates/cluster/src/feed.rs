//! A live list: what is there, then every change.
//!
//! ```text
//! start ─► WatchList (KEP-3157) ─ not served ─► paged list ─► watch from its version
//!            │                                                  │
//!            └── Begin, Events…, Synced, Events… ◄──────────────┘
//! stream closed ─► watch again from the last version ─ 410 ─► Begin … Synced behind the rows that stand
//! ```

use crate::error::Error;
use crate::pace::Urgency;
use crate::reader::{PageQuery, Reader, collection, escape, format_of};
use crate::transport::Call;
use bytes::Bytes;
use catalog::Kind;
use http_body_util::BodyExt;
use kube::client::Body;
use std::sync::Arc;
use std::time::Duration;
use stream::{at_hand, ends_list, failure, latest, text};
use tokio::time::Instant;
use wire::watch::{Event, EventType, FrameReader};
use wire::{Budget, Format};

mod stream;

/// A live list of one kind. Ask it for the next step; after an error, ask again when it is time: it goes on where it
/// was, or begins anew where it must.
pub struct Feed {
    reader: Reader,
    kind: Arc<Kind>,
    namespace: Option<String>,
    /// Label and field selector; empty for none.
    selector: String,
    fields: String,
    budget: Budget,
    ways: Ways,
    /// The version to go on from; empty begins anew.
    version: String,
    state: State,
    events: Vec<Event>,
    /// The caller has had `events`.
    told: bool,
    /// The initial list has ended, and the caller was not told yet.
    synced: bool,
    /// Watches in a row that ended before they gave anything.
    barren: u32,
    silence: Duration,
    /// When all there was was known last: the watch was heard then.
    whole: Option<Instant>,
    /// Watches in a row for which the server was not ready.
    put_off: u32,
    /// The list that begins next stands in for a watch that could not go on.
    missed: bool,
}

/// How this server is asked: learnt from what it refuses.
#[derive(Clone, Copy)]
struct Ways {
    /// By pages and a watch from there, without WatchList.
    paged: bool,
    /// In JSON, though the kind has protobuf.
    json: bool,
    /// By lists alone: the kind cannot be watched, or not by us.
    unwatched: bool,
    /// Objects of a page; 0 asks for all at once.
    limit: u32,
}

enum State {
    /// Nothing is open.
    Idle,
    /// A page has come, and the caller was not given it yet.
    Page { format: Format, bytes: Bytes, next: String },
    /// A paged list is under way; the token of the next page.
    Paging(String),
    /// The last page was given.
    Listed,
    /// The next list of what cannot be watched is due then.
    Waiting(Instant),
    /// A watch is open.
    Open { body: Body, frames: FrameReader, syncing: bool, since: Instant },
}

/// What happened.
#[derive(Debug)]
pub enum Step<'a> {
    /// What comes until [`Step::Synced`] is all there is: what does not come is gone. `missed` tells how long ago
    /// everything was known last, where a watch could not go on: what came and went since was not seen.
    Begin {
        /// The length of the gap so far.
        missed: Option<Duration>,
    },
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
        let unwatched = !kind.has_verb("watch");
        Self {
            reader,
            kind,
            namespace: namespace.map(str::to_owned),
            selector: String::new(),
            fields: String::new(),
            budget: Budget::default(),
            ways: Ways { paged: unwatched, json: false, unwatched, limit: PAGE },
            version: String::new(),
            state: State::Idle,
            events: Vec::new(),
            told: true,
            synced: false,
            barren: 0,
            silence: SILENCE,
            whole: None,
            missed: false,
            put_off: 0,
        }
    }

    /// Only objects with these labels and fields, in the server's own words; empty takes all. An object that begins or
    /// ceases to match comes as one that is new or gone.
    #[must_use]
    pub fn with_selectors(mut self, labels: &str, fields: &str) -> Self {
        self.selector = labels.to_owned();
        self.fields = fields.to_owned();
        self
    }

    /// An open watch of which nothing comes for this long counts as broken. A server sends a bookmark about every
    /// minute.
    #[must_use]
    pub fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Nobody waits for it now, or somebody does: what nobody waits for lets everything else go first.
    pub fn set_background(&mut self, background: bool) {
        self.reader.urgency = if background { Urgency::Background } else { Urgency::Wanted };
    }

    /// Lets go of the connection. The next step goes on from the last version.
    pub fn disconnect(&mut self) {
        self.state = State::Idle;
        self.told = true;
        self.synced = false;
    }

    /// How the server is asked, for diagnostics: `watch-list`, `pages`, `lists`; with `+json` where the kind has
    /// protobuf and the server does not.
    #[must_use]
    pub fn ways(&self) -> String {
        let way = match (self.ways.unwatched, self.ways.paged) {
            (true, _) => "lists",
            (_, true) => "pages",
            _ => "watch-list",
        };
        format!("{way}{}", if self.ways.json { "+json" } else { "" })
    }

    /// Waits for the next step. Cancelling it loses nothing but an open or a page that was under way.
    ///
    /// # Errors
    /// As [`Error`] says. The feed is idle then: call again after a while.
    pub async fn next(&mut self) -> Result<Step<'_>, Error> {
        loop {
            match std::mem::replace(&mut self.state, State::Idle) {
                State::Idle if self.version.is_empty() && self.ways.paged => {
                    if let Some(page) = self.page(String::new()).await? {
                        self.state = page;
                        return Ok(self.begin());
                    }
                }
                State::Idle => {
                    let syncing = self.version.is_empty();
                    if self.barren > 0 {
                        tokio::time::sleep(Duration::from_secs(self.barren.min(30).into())).await;
                    }
                    if let Some(state) = self.open(syncing).await? {
                        self.state = state;
                        return Ok(if syncing { self.begin() } else { Step::Resumed });
                    }
                }
                State::Page { format, bytes, next } => {
                    self.state = if next.is_empty() { State::Listed } else { State::Paging(next) };
                    return Ok(Step::Page(format, bytes));
                }
                State::Paging(token) => {
                    if let Some(page) = self.page(token).await? {
                        self.state = page;
                    }
                }
                State::Listed => {
                    self.whole = Some(Instant::now());
                    if self.ways.unwatched {
                        self.state = State::Waiting(Instant::now() + RELIST);
                    }
                    return Ok(Step::Synced);
                }
                State::Waiting(until) => {
                    self.state = State::Waiting(until);
                    tokio::time::sleep_until(until).await;
                    self.state = State::Idle;
                    self.version.clear();
                }
                open @ State::Open { .. } => {
                    self.state = open;
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

    fn begin<'a>(&mut self) -> Step<'a> {
        let missed = std::mem::take(&mut self.missed);
        Step::Begin { missed: self.whole.filter(|_| missed).map(|whole| whole.elapsed()) }
    }

    /// The watch cannot go on from its version: what is there is listed anew.
    fn lose(&mut self) {
        self.version.clear();
        self.missed = true;
    }

    fn format(&self) -> Format {
        if self.ways.json { Format::Json } else { self.kind.format }
    }

    /// Opens a watch. `None`: the server does not do it this way, and the feed has changed its ways.
    async fn open(&mut self, syncing: bool) -> Result<Option<State>, Error> {
        let mut path = collection(&self.kind, self.namespace.as_deref());
        path.push_str("?watch=true&allowWatchBookmarks=true&timeoutSeconds=");
        // Not all feeds of all clients at once.
        let spread = u64::from(std::process::id()).wrapping_add(self.kind.id.len() as u64 * 37) % 240;
        path.push_str(&(WATCH_SECONDS + spread).to_string());
        for (key, value) in [("&labelSelector=", &self.selector), ("&fieldSelector=", &self.fields)] {
            if !value.is_empty() {
                path.push_str(key);
                escape(value, &mut path);
            }
        }
        if syncing {
            path.push_str("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
        } else {
            path.push_str("&resourceVersion=");
            escape(&self.version, &mut path);
        }
        let accept = match self.format() {
            Format::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch,application/json",
            Format::Json => "application/json",
        };
        let namespace = self.namespace.as_deref().unwrap_or_default();
        let verb = if syncing { "list" } else { "watch" };
        let call = Call::get(&path, accept, verb, &self.kind.id, namespace).urgency(self.reader.urgency);
        match self.reader.transport.open(&call).await {
            Ok(response) => {
                let content = response.headers().get(http::header::CONTENT_TYPE);
                let protobuf =
                    content.and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains("protobuf"));
                let format = if protobuf { Format::Protobuf } else { Format::Json };
                let frames = FrameReader::new(format, &self.budget);
                Ok(Some(State::Open { body: response.into_body(), frames, syncing, since: Instant::now() }))
            }
            Err(error) => self.refused(error, syncing),
        }
    }

    fn refused(&mut self, error: Error, syncing: bool) -> Result<Option<State>, Error> {
        match error {
            Error::Server { status: 406 | 415, .. } if !self.ways.json => self.ways.json = true,
            // Servers before 1.32, or with the gate off, find the parameter invalid.
            Error::Invalid { .. } | Error::Server { status: 400, .. } if syncing => self.ways.paged = true,
            // Perhaps we may list, and not watch.
            Error::Denied { .. } if syncing => self.ways.paged = true,
            Error::Denied { .. } if self.ways.paged => {
                self.ways.unwatched = true;
                return Ok(Some(State::Waiting(Instant::now() + RELIST)));
            }
            Error::Gone if !syncing => self.lose(),
            // A list that is not from the server's cache says what is wrong, where the cache cannot be filled at all.
            Error::NotReady { .. } if syncing && self.put_off >= PUT_OFF => self.ways.paged = true,
            not_ready @ Error::NotReady { .. } => {
                self.put_off += 1;
                return Err(not_ready);
            }
            other => return Err(other),
        }
        Ok(None)
    }

    /// Asks for a page. `None`: the feed has changed its ways, or begins anew.
    async fn page(&mut self, token: String) -> Result<Option<State>, Error> {
        let query = PageQuery {
            namespace: self.namespace.as_deref(),
            limit: self.ways.limit,
            token: &token,
            selector: &self.selector,
            fields: &self.fields,
            // Not `0`: servers before 1.34 answer that from their cache, whole, whatever the limit says.
            version: "",
            format: self.format(),
        };
        let printed = self.kind.is_served_as_table();
        let answer = match printed {
            true => self.reader.printed_page(&self.kind, query).await,
            false => self.reader.page(&self.kind, query).await,
        };
        let bytes = match answer {
            Ok(bytes) => bytes,
            Err(Error::Server { status: 406 | 415, .. }) if !self.ways.json => {
                self.ways.json = true;
                return Ok(None);
            }
            // The token is too old: the list took longer than etcd keeps history. All at once, then.
            Err(Error::Gone) if !token.is_empty() => {
                self.ways.limit = 0;
                return Ok(None);
            }
            Err(error) => {
                if matches!(error, Error::Denied { .. }) {
                    let unwatched = !self.kind.has_verb("watch");
                    self.ways = Ways { paged: unwatched, unwatched, ..self.ways };
                }
                return Err(error);
            }
        };
        let format = format_of(&bytes);
        let list =
            wire::list::List::open(format, &bytes, &self.budget).map_err(|error| Error::Decode(error.to_string()))?;
        let next = list.continue_token().into_owned();
        if next.is_empty() {
            self.version = list.resource_version().into_owned();
        }
        Ok(Some(State::Page { format, bytes, next }))
    }

    /// Reads until there are events, or the initial list has ended, or the stream has.
    async fn read(&mut self) -> Result<(), Error> {
        // What was read before a cancellation was not told yet.
        if std::mem::replace(&mut self.told, false) {
            self.events.clear();
        }
        let State::Open { body, frames, syncing, since } = &mut self.state else { return Ok(()) };
        loop {
            loop {
                let event = match frames.next_event() {
                    Ok(Some(event)) => event,
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, kind = %self.kind.id, "an event cannot be read; listing by pages");
                        return self.unreadable();
                    }
                };
                match event.ty {
                    EventType::Bookmark => {
                        let Ok(node) = event.node(&self.budget) else { continue };
                        if *syncing && !ends_list(node) {
                            // A server before 1.27 overlooks the parameter, and would never say that this is all.
                            self.ways.paged = true;
                            self.state = State::Idle;
                            return Ok(());
                        }
                        let version = text(node, &["metadata", "resourceVersion"]);
                        if !version.is_empty() {
                            self.version = version;
                        }
                        self.whole = Some(Instant::now());
                        if *syncing {
                            *syncing = false;
                            self.synced = true;
                            self.barren = 0;
                            return Ok(());
                        }
                    }
                    EventType::Error => {
                        let error = failure(&event, &self.budget, &self.reader.transport.server);
                        self.state = State::Idle;
                        self.events.clear();
                        if matches!(error, Error::Gone) {
                            self.lose();
                            self.barren = self.barren.saturating_add(1);
                            return Ok(());
                        }
                        return Err(error);
                    }
                    EventType::Added | EventType::Modified | EventType::Deleted => self.events.push(event),
                }
            }
            if !self.events.is_empty()
                && self.events.len() < BATCH
                && let Some(Some(Ok(frame))) = at_hand(body).await
            {
                if let Ok(data) = frame.into_data() {
                    frames.feed(data);
                }
                continue;
            }
            if !self.events.is_empty() {
                self.reader.transport.hear();
                self.barren = 0;
                self.put_off = 0;
                // Inside the initial list objects come in no order of versions.
                if !*syncing && let Some(version) = latest(&self.events, &self.budget) {
                    self.version = version;
                    self.whole = Some(Instant::now());
                }
                return Ok(());
            }
            match tokio::time::timeout(self.silence, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    self.reader.transport.hear();
                    if let Ok(data) = frame.into_data() {
                        frames.feed(data);
                    }
                }
                // Closed: go on from the last version. Inside the initial list that means from the start.
                Ok(None) => {
                    let (whole, barren) = (!*syncing, since.elapsed() < Duration::from_secs(1));
                    self.state = State::Idle;
                    self.barren = if barren { self.barren.saturating_add(1) } else { 0 };
                    if !whole {
                        // A server closes a watch that it cannot feed fast enough: where much changes while the list
                        // is under way, that is this one. Pages stand still.
                        tracing::info!(kind = %self.kind.id, "the list ended early; listing by pages");
                        self.ways.paged = true;
                    }
                    return Ok(());
                }
                Ok(Some(Err(error))) => {
                    self.state = State::Idle;
                    return Err(self.broken("the connection broke", Some(Box::new(error))));
                }
                Err(_) => {
                    self.state = State::Idle;
                    return Err(self.broken(&format!("nothing was heard for {} s", self.silence.as_secs()), None));
                }
            }
        }
    }

    /// An event cannot be cut out of the stream, so the place in it is lost. A paged list has a place for every object.
    fn unreadable(&mut self) -> Result<(), Error> {
        self.state = State::Idle;
        self.events.clear();
        self.ways.paged = true;
        self.lose();
        self.barren = self.barren.saturating_add(1);
        Ok(())
    }

    fn broken(&self, message: &str, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Unreachable { server: self.reader.transport.server.clone(), message: message.to_owned(), source }
    }
}

/// Most events of one step.
const BATCH: usize = 500;
const PAGE: u32 = 500;
/// Tries that a server gets to fill its cache of a kind.
const PUT_OFF: u32 = 2;
/// A server sends a bookmark about every minute.
const SILENCE: Duration = Duration::from_secs(90);
const WATCH_SECONDS: u64 = 300;
/// Between two lists of a kind that cannot be watched.
const RELIST: Duration = Duration::from_secs(30);
