//! The views protocol of one client, without IO: frames in, `poll` gives frames out.
//!
//! The host passes on what the client says (`receive`), opens what that asks for (`attach`, `refuse`), says when
//! something changed (`mark_dirty`) and sends what `poll` returns until it returns nothing, then waits for the next
//! change or `next_deadline`. Nothing is queued: a frame is written when it can be sent, from the state of that
//! moment, so a slow client gets fewer frames and costs no memory.

use crate::json;
use crate::limits::{Limits, MAX_FRAME};
use crate::rows::Rows;
use crate::shown::{Shown, Window};
use crate::tally::{MAX_FILTERS, Tallied};
use api::ErrorBody;
use api::socket::{Ack, ClientFrame, Cluster, Hello, ListQuery, Move, Resume, RowsQuery, Sub, SubId, TallyQuery, What};
use base::Code;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the host has to do.
#[derive(Debug)]
pub enum Command {
    /// Open this and call [`Subscriber::attach`] or [`Subscriber::refuse`].
    Open {
        /// The subscription.
        id: SubId,
        /// What to open.
        query: What,
    },
    /// The subscription is over: let go of what was opened for it.
    Close {
        /// The subscription.
        id: SubId,
    },
    /// The client does not keep to the protocol: close the connection with this error.
    Fail(ErrorBody),
}

/// Reads objects by kind.
pub type ReadCounts = Arc<dyn Fn() -> BTreeMap<String, u32> + Send + Sync>;
/// Reads the clusters.
pub type ReadClusters = Arc<dyn Fn() -> Vec<Cluster> + Send + Sync>;

/// What a subscription shows.
pub enum Content {
    /// Rows.
    Rows(Rows),
    /// Counts of objects by kind.
    Counts(ReadCounts),
    /// Counts of the rows of a list by filter.
    Tally(Tallied),
    /// The clusters.
    Clusters(ReadClusters),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rows(_) => "Rows",
            Self::Counts(_) => "Counts",
            Self::Tally(_) => "Tally",
            Self::Clusters(_) => "Clusters",
        })
    }
}

/// One client.
#[derive(Debug)]
pub struct Subscriber {
    epoch: u64,
    limits: Limits,
    greeted: bool,
    subs: Vec<Subscription>,
    /// Where the next poll begins, so that each subscription gets its turn.
    turn: usize,
    ends: VecDeque<(SubId, Option<ErrorBody>)>,
    closed: Vec<SubId>,
    now_ms: u64,
}

#[derive(Debug)]
struct Subscription {
    id: SubId,
    query: What,
    window: Window,
    resume: Option<Resume>,
    content: Option<Content>,
    last: Last,
    /// Something may have changed since the last look.
    dirty: bool,
    /// Send a frame even if nothing changed: the client waits for one.
    owed: bool,
    /// No frame before this.
    not_before_ms: u64,
    /// The frame that is not acknowledged yet, and when it was sent.
    unacked: Option<(u64, u64)>,
    /// The last frame.
    seq: u64,
    /// Look again then: time alone may change what is shown.
    stale_at: Option<u64>,
}

/// What the client was sent last.
#[derive(Debug)]
enum Last {
    Rows(Shown),
    Counts(Option<BTreeMap<String, u32>>),
    Clusters(Option<Vec<Cluster>>),
}

/// Sequences count up for all clients of a process, so that one names a state of one client.
static NEXT_SEQ: AtomicU64 = AtomicU64::new(1);

/// Rows of work for which a subscription waits a millisecond longer. Building a list of 150,000 rows anew takes about
/// 30 ms; while changes come so fast that every look does, a client is served three times a second.
const ROWS_PER_MS: u64 = 500;
/// Ends that wait to be sent; a client that asks for more without reading is cut off.
const MAX_ENDS: usize = 1_000;

impl Subscriber {
    /// A client of the server process `epoch`.
    #[must_use]
    pub fn new(epoch: u64, limits: Limits) -> Self {
        Self {
            epoch,
            limits,
            greeted: false,
            subs: Vec::new(),
            turn: 0,
            ends: VecDeque::new(),
            closed: Vec::new(),
            now_ms: 0,
        }
    }

    /// Takes a frame of the client.
    pub fn receive(&mut self, frame: &str, now_ms: u64) -> Vec<Command> {
        self.now_ms = now_ms;
        if frame.len() > MAX_FRAME {
            let message = format!("a frame has at most {MAX_FRAME} bytes");
            return vec![Command::Fail(self.error(Code::TooLarge, message))];
        }
        match serde_json::from_str(frame) {
            Ok(ClientFrame::Sub(sub)) => self.sub(sub),
            Ok(ClientFrame::Move(to)) => self.move_window(to),
            Ok(ClientFrame::Ack(ack)) => {
                self.ack(ack);
                Vec::new()
            }
            Ok(ClientFrame::Unsub(unsub)) => self.close(unsub.id, None),
            Err(error) => {
                vec![Command::Fail(self.error(Code::BadRequest, format!("not a frame of this protocol: {error}")))]
            }
        }
    }

    /// Gives the subscription what it shows. What it showed before is let go; a client that has rows of the same
    /// tables keeps them and gets a delta.
    pub fn attach(&mut self, id: SubId, content: Content) {
        let now_ms = self.now_ms;
        let Some(sub) = self.subs.iter_mut().find(|sub| sub.id == id) else { return };
        sub.last = match &content {
            Content::Rows(rows) => {
                let resume = sub.resume.take().filter(|resume| resume.epoch == self.epoch);
                let parking = self.limits.parking.as_ref();
                let parked = resume.zip(parking).and_then(|(at, parking)| parking.take(at, &sub.query, now_ms));
                let shown = match &mut sub.last {
                    Last::Rows(shown) if shown.begun() => std::mem::take(shown),
                    _ => parked.unwrap_or_default(),
                };
                Last::Rows(if shown.fits(rows) { shown } else { Shown::default() })
            }
            Content::Counts(_) | Content::Tally(_) => Last::Counts(None),
            Content::Clusters(_) => Last::Clusters(None),
        };
        sub.content = Some(content);
        sub.dirty = true;
        sub.owed = true;
    }

    /// Ends a subscription with an error: it could not be opened, or may no longer be shown.
    pub fn refuse(&mut self, id: SubId, error: ErrorBody) {
        if let Some(at) = self.subs.iter().position(|sub| sub.id == id) {
            self.subs.remove(at);
            self.ends.push_back((id, Some(error)));
        }
    }

    /// Something that the subscription shows changed.
    pub fn mark_dirty(&mut self, id: SubId) {
        if let Some(sub) = self.subs.iter_mut().find(|sub| sub.id == id) {
            sub.dirty = true;
        }
    }

    /// Something changed that any subscription may show.
    pub fn mark_all_dirty(&mut self) {
        for sub in &mut self.subs {
            sub.dirty = true;
        }
    }

    /// The next frame to send now, if there is one. Call until it returns nothing.
    pub fn poll(&mut self, now_ms: u64) -> Option<String> {
        self.now_ms = now_ms;
        if !self.greeted {
            self.greeted = true;
            return Some(self.hello());
        }
        if let Some((id, error)) = self.ends.pop_front() {
            let end = api::socket::ServerFrame::End(api::socket::End { id, error });
            let mut out = String::new();
            json::value(&mut out, &end);
            return Some(out);
        }
        let (first, count) = (self.turn, self.subs.len());
        for step in 0..count {
            let at = (first + step) % count;
            let Some(sub) = self.subs.get_mut(at) else { continue };
            if !sub.due(now_ms, &self.limits) {
                continue;
            }
            self.turn = at + 1;
            match sub.look(now_ms, &self.limits) {
                Ok(Some(frame)) => return Some(frame),
                Ok(None) => {}
                Err(fault) => {
                    let id = sub.id;
                    let body = match fault {
                        Fault::Rows(error) => ErrorBody::of(&error, self.limits.request),
                        Fault::Slow => self.error(
                            Code::SlowClient,
                            "this client does not acknowledge what it is sent: subscribe again".to_owned(),
                        ),
                    };
                    self.subs.remove(at);
                    self.closed.push(id);
                    self.ends.push_back((id, Some(body)));
                    return self.poll(now_ms);
                }
            }
        }
        None
    }

    /// When to poll again although nothing happens; epoch milliseconds, in the past when something waits.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        if !self.greeted || !self.ends.is_empty() {
            return Some(0);
        }
        self.subs.iter().filter_map(|sub| sub.deadline(&self.limits)).min()
    }

    /// Subscriptions that `poll` ended by itself since the last call: let go of what was opened for them.
    pub fn take_closed(&mut self) -> Vec<SubId> {
        std::mem::take(&mut self.closed)
    }

    /// Subscriptions that are open or being opened.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subs.len()
    }

    /// No subscriptions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subs.is_empty()
    }

    /// Bytes of heap that this client holds for itself. Runs and tables are shared and not counted.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.subs.capacity() * size_of::<Subscription>() + self.subs.iter().map(Subscription::heap_bytes).sum::<usize>()
    }

    fn hello(&self) -> String {
        let now_ms = i64::try_from(self.now_ms).unwrap_or(i64::MAX);
        let hello = Hello { epoch: self.epoch, now_ms, max_views: self.limits.views };
        let mut out = String::new();
        json::value(&mut out, &api::socket::ServerFrame::Hello(hello));
        out
    }

    fn sub(&mut self, sub: Sub) -> Vec<Command> {
        let Sub { id, what, resume } = sub;
        if self.subs.iter().any(|own| own.id == id) {
            return vec![Command::Fail(self.error(Code::BadRequest, format!("subscription {id} is open already")))];
        }
        if self.subs.len() >= self.limits.views as usize {
            let message = format!("at most {} views at a time (limit `max_views`): close one", self.limits.views);
            return self.turn_away(id, message);
        }
        let window = match &what {
            What::Rows(RowsQuery { len, .. }) | What::List(ListQuery { len, .. }) if *len > self.limits.window => {
                let message = format!("a window has at most {} rows (limit `max_window`)", self.limits.window);
                return self.turn_away(id, message);
            }
            What::Rows(RowsQuery { at, len, .. }) | What::List(ListQuery { at, len, .. }) => {
                Window { at: *at, len: *len }
            }
            What::Tally(TallyQuery { filters, .. }) if filters.len() > MAX_FILTERS => {
                let message = format!("at most {MAX_FILTERS} filters are counted at a time (limit `max_filters`)");
                return self.turn_away(id, message);
            }
            _ => Window { at: 0, len: 0 },
        };
        self.subs.push(Subscription::new(id, what.clone(), window, resume));
        vec![Command::Open { id, query: what }]
    }

    /// Ends a subscription that was never opened.
    fn turn_away(&mut self, id: SubId, message: String) -> Vec<Command> {
        let error = self.error(Code::LimitReached, message);
        if self.ends.len() >= MAX_ENDS {
            return vec![Command::Fail(error)];
        }
        self.ends.push_back((id, Some(error)));
        Vec::new()
    }

    fn move_window(&mut self, to: Move) -> Vec<Command> {
        let limit = self.limits.window;
        // a subscription that is not there may have ended while the frame was on its way
        let Some(sub) = self.subs.iter_mut().find(|sub| sub.id == to.id) else { return Vec::new() };
        if to.len > limit {
            let message = format!("a window has at most {limit} rows (limit `max_window`)");
            let error = self.error(Code::LimitReached, message);
            return self.close(to.id, Some(error));
        }
        if let What::Rows(RowsQuery { at, len, .. }) | What::List(ListQuery { at, len, .. }) = &mut sub.query {
            (*at, *len) = (to.at, to.len);
            sub.window = Window { at: to.at, len: to.len };
            sub.dirty = true;
        }
        Vec::new()
    }

    fn ack(&mut self, ack: Ack) {
        if let Some(sub) = self.subs.iter_mut().find(|sub| sub.id == ack.id)
            && sub.unacked.is_some_and(|(seq, _)| seq <= ack.seq)
        {
            sub.unacked = None;
        }
    }

    fn close(&mut self, id: SubId, error: Option<ErrorBody>) -> Vec<Command> {
        let Some(at) = self.subs.iter().position(|sub| sub.id == id) else { return Vec::new() };
        self.subs.remove(at);
        if self.ends.len() >= MAX_ENDS {
            return vec![Command::Fail(self.error(Code::SlowClient, "this client does not read".to_owned()))];
        }
        self.ends.push_back((id, error));
        vec![Command::Close { id }]
    }

    fn error(&self, code: Code, message: String) -> ErrorBody {
        ErrorBody { code, message, details: None, request_id: self.limits.request }
    }
}

impl Drop for Subscriber {
    /// Leaves what the client has on its screen where its next socket finds it.
    fn drop(&mut self) {
        let Some(parking) = self.limits.parking.take() else { return };
        for sub in self.subs.drain(..) {
            if let Last::Rows(shown) = sub.last
                && shown.begun()
            {
                parking.park(sub.seq, sub.query, shown, self.now_ms);
            }
        }
    }
}

/// Why a subscription ends by itself.
enum Fault {
    Rows(crate::Error),
    Slow,
}

impl Subscription {
    fn new(id: SubId, query: What, window: Window, resume: Option<Resume>) -> Self {
        Self {
            id,
            query,
            window,
            resume,
            content: None,
            last: Last::Counts(None),
            dirty: false,
            owed: false,
            not_before_ms: 0,
            unacked: None,
            seq: 0,
            stale_at: None,
        }
    }

    fn due(&self, now_ms: u64, limits: &Limits) -> bool {
        self.deadline(limits).is_some_and(|at| at <= now_ms)
    }

    /// When there may be something to do.
    fn deadline(&self, limits: &Limits) -> Option<u64> {
        self.content.as_ref()?;
        let wanted = if self.dirty { Some(0) } else { self.stale_at };
        match self.unacked {
            // only a change that waits makes a client slow
            Some((_, sent)) => limits.patience_ms.zip(wanted).map(|(patience, at)| (sent + patience).max(at)),
            None => wanted.map(|at| at.max(self.not_before_ms)),
        }
    }

    /// Compares what there is with what the client has.
    fn look(&mut self, now_ms: u64, limits: &Limits) -> Result<Option<String>, Fault> {
        if self.unacked.is_some() {
            return Err(Fault::Slow);
        }
        let mut work = 0;
        let seq = NEXT_SEQ.fetch_add(1, Ordering::Relaxed);
        self.stale_at = None;
        let frame = match (&self.content, &mut self.last) {
            (Some(Content::Rows(rows)), Last::Rows(shown)) => {
                let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
                let look = shown.look(rows, self.id, seq, self.window, now, self.owed).map_err(Fault::Rows)?;
                work = look.work;
                self.stale_at = look.stale_at.and_then(|at| u64::try_from(at).ok());
                look.frame
            }
            (Some(Content::Counts(read)), Last::Counts(last)) => {
                let kinds = read();
                let frame = (last.as_ref() != Some(&kinds)).then(|| small("counts", self.id, seq, "kinds", &kinds));
                *last = Some(kinds);
                frame
            }
            (Some(Content::Tally(tallied)), Last::Counts(last)) => {
                let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
                let (counts, looked) = tallied.read(now).map_err(Fault::Rows)?;
                work = looked;
                let frame = (last.as_ref() != Some(&counts)).then(|| small("counts", self.id, seq, "kinds", &counts));
                *last = Some(counts);
                frame
            }
            (Some(Content::Clusters(read)), Last::Clusters(last)) => {
                let clusters = read();
                let frame =
                    (last.as_ref() != Some(&clusters)).then(|| small("clusters", self.id, seq, "clusters", &clusters));
                *last = Some(clusters);
                frame
            }
            _ => None,
        };
        (self.dirty, self.owed) = (false, false);
        self.not_before_ms = now_ms + limits.flush_ms.max(work / ROWS_PER_MS);
        if frame.is_some() {
            self.unacked = Some((seq, now_ms));
            self.seq = seq;
        }
        Ok(frame)
    }

    fn heap_bytes(&self) -> usize {
        match &self.last {
            Last::Rows(shown) => shown.heap_bytes(),
            Last::Counts(last) => last.iter().flatten().map(|(kind, _)| kind.len() + 48).sum(),
            Last::Clusters(last) => last.iter().flatten().map(|cluster| 256 + cluster.kinds.len() * 512).sum(),
        }
    }
}

/// `{"frame":{"id":…,"seq":…,"member":…}}`
fn small(frame: &str, id: SubId, seq: u64, member: &str, value: &impl serde::Serialize) -> String {
    let mut out = format!("{{\"{frame}\":{{\"id\":{id},\"seq\":{seq},\"{member}\":");
    json::value(&mut out, value);
    out.push_str("}}");
    out
}

#[cfg(test)]
mod tests;
