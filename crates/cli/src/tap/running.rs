//! A tap of this user that runs: others of his commands find it, end it, and see what is left of it when it was killed.
//!
//! ```text
//! taps/ID.sock    the tap's process answers here: what it is of, and to end
//! taps/ID.jsonl   what its guard knows, locked as long as the guard lives; left when both were killed
//! taps/owner.key  the key of this user's agents
//! ```

mod board;
mod folder;
mod guard;
mod record;
mod socket;

pub(super) use board::{Board, PodState};
pub(super) use folder::{Folder, Orphan};
pub use guard::Left;
pub(super) use guard::watch;
pub(super) use record::{Agent, Record, short};
pub(super) use socket::{Found, ask, follow, found, named};

use super::error::TapError;
use crate::Desk;
use crate::error::Error;
use base::ClusterName;
use capture::{Event, Owner, Step, Teller};
use guard::Guard;
use parking_lot::Mutex;
use policy::action::TapTarget;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, watch as value};

/// What a running tap has beside its stream of events.
pub(super) struct Running {
    guard: Arc<Guard>,
    board: Arc<Mutex<Board>>,
    /// Somebody asks it to end.
    asked: mpsc::Receiver<()>,
    /// Records, for those who have joined.
    records: broadcast::Sender<Arc<[u8]>>,
    /// Teller that all has been said.
    over: value::Sender<bool>,
    socket: Option<socket::Server>,
    /// What says how to reach the cluster, for commands that are printed.
    reach: Vec<String>,
}

impl Running {
    /// Starts the guard and opens the socket. Nothing is in the cluster yet.
    ///
    /// # Errors
    /// When there is no guard: whoever kills this process would leave agents behind.
    pub(super) async fn begin(desk: &Desk, owner: &Owner, title: String) -> Result<Self, Error> {
        let folder = Folder::open(&desk.state).map_err(|source| failed("keep the taps' folder", source))?;
        let cluster = desk.cluster()?.name().to_string();
        let record = Record::new(cluster, owner.public(), title).map_err(|source| failed("name the tap", source))?;
        let guard = Guard::start(&desk.global, &folder, &record, owner).await;
        let guard = Arc::new(guard.map_err(|source| failed("start the guard of the tap", source))?);
        let board = Arc::new(Mutex::new(Board::new(&record)));
        let (ask, asked) = mpsc::channel(1);
        let over = value::channel(false).0;
        let records = broadcast::channel(RECORDS).0;
        let about = socket::About { board: board.clone(), ask, records: records.clone(), over: over.subscribe() };
        let socket = socket::Server::open(&folder, &record.id, about);
        let socket = socket.inspect_err(|error| eprintln!("qd: `qd tap stop` will not find this tap: {error}")).ok();
        let global = &desk.global;
        let mut reach = Vec::new();
        for (flag, value) in [
            ("--kubeconfig", global.kubeconfig.as_ref().map(|path| path.display().to_string())),
            ("--context", Some(desk.cluster()?.context().name.clone())),
        ] {
            reach.extend(value.map(|value| format!("{flag} {value}")));
        }
        Ok(Self { guard, board, asked, records, over, socket, reach })
    }

    /// What policy calls it.
    pub(super) fn target(&self) -> TapTarget {
        let board = self.board.lock();
        TapTarget { cluster: ClusterName::new(board.cluster.as_str()), tap: board.id.clone() }
    }

    /// Tells the guard of containers before they are added.
    pub(super) fn told(&self) -> Teller {
        let guard = self.guard.clone();
        Teller::new(move |pod, container| guard.added(&Agent::of(pod, container)))
    }

    /// Tells a record to those who have joined.
    pub(super) fn tell(&self, line: &[u8]) {
        if self.records.receiver_count() > 0 {
            // The last of them may just have gone.
            let _ = self.records.send(line.into());
        }
    }

    /// Takes note of what happens.
    pub(super) fn note(&self, event: &Event) {
        let mut board = self.board.lock();
        match event {
            Event::Joined { pod, target, .. } => board.joined(*pod, target),
            Event::Step { pod, step } => {
                if let Step::Added { container, .. } | Step::Reused { container } = step {
                    board.container(*pod, container);
                }
                board.state(*pod, word(step));
            }
            Event::Stats { pod, stats } => board.stats(*pod, stats),
            Event::Ended { pod, error, stats } => {
                let container = board.ended(*pod, error.as_ref(), stats.as_ref());
                // One that failed may still be there: the guard looks after it.
                if let (Some(container), None) = (container, error) {
                    self.guard.ended(&container);
                }
            }
            _ => {}
        }
    }

    /// Waits until another command asks this tap to end.
    pub(super) async fn asked(&mut self) {
        if self.asked.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// The commands that end what has not ended yet.
    pub(super) fn commands(&self) -> Vec<String> {
        let reach = self.reach.join(" ");
        let board = self.board.lock();
        let left = board.pods.iter().filter(|pod| !pod.container.is_empty() && pod.state != "ended");
        left.map(|pod| {
            let PodState { namespace, pod, container, .. } = pod;
            format!("kubectl {reach} exec -n {namespace} {pod} -c {container} -- /qd-agent end {container}")
        })
        .collect()
    }

    /// The tap has ended: who waits for that is told, and the guard has nothing more to do than what failed.
    pub(super) async fn end(self) {
        self.board.lock().ended = true;
        self.over.send_replace(true);
        if let Some(socket) = self.socket {
            socket.close().await;
        }
        self.guard.done().await;
    }
}

fn word(step: &Step) -> &'static str {
    match step {
        Step::Waiting { .. } => "waiting",
        Step::Permitted => "permitted",
        Step::Tried { .. } => "tried",
        Step::Added { .. } => "added",
        Step::Reused { .. } | Step::Running => "running",
        Step::Capturing | Step::Resumed => "capturing",
        Step::Lost { .. } => "lost",
        Step::Gone => "gone",
    }
}

pub(super) fn failed(what: &'static str, source: std::io::Error) -> Error {
    Error::of(TapError::Guard { what, source })
}

/// Records that wait for the slowest of those who have joined: what it misses is told as a loss.
const RECORDS: usize = 4096;

#[cfg(test)]
mod tests;
