//! What the workspace asks of the gateway: credentials, and what only the gateway can carry out.
//!
//! A caller that answers such questions holds a channel open for them; the one that came last is asked first. Answers pass
//! through and are neither kept nor logged.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use proto::workspace::{Answered, Asked};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::rest::Answer;

/// Those who answer.
#[derive(Debug, Default)]
pub(crate) struct Upward {
    all: Mutex<Vec<Arc<Holder>>>,
    last: AtomicU64,
}

/// One who answers.
#[derive(Debug)]
pub(crate) struct Holder {
    number: u64,
    to: mpsc::Sender<Asked>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answered>>>,
}

/// The place of one who answers; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    all: &'a Upward,
    pub(crate) holder: Arc<Holder>,
    pub(crate) asked: mpsc::Receiver<Asked>,
}

impl Upward {
    /// Another who answers, unless there are too many.
    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        let (to, asked) = mpsc::channel(MAX_WAITING);
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let holder = Arc::new(Holder { number, to, waiting: Mutex::default() });
        let mut all = self.all.lock();
        if all.len() >= MAX_HOLDERS {
            return None;
        }
        all.push(holder.clone());
        Some(Place { all: self, holder, asked })
    }

    /// Asks, and says what was answered; who goes without an answer is followed by the one before.
    pub(crate) async fn ask(&self, what: &str, with: Value) -> Answer {
        let mut holders = self.all.lock().clone();
        while let Some(holder) = holders.pop() {
            let id = self.last.fetch_add(1, Ordering::Relaxed);
            let (tell, told) = oneshot::channel();
            {
                let mut waiting = holder.waiting.lock();
                if waiting.len() >= MAX_WAITING {
                    return Answer::error(429, "too_many", "too many questions wait for the gateway");
                }
                waiting.insert(id, tell);
            }
            let asked = Asked { id, ask: what.to_owned(), with: with.clone() };
            let answered = async {
                holder.to.send(asked).await.ok()?;
                told.await.ok()
            };
            let answered = timeout(PATIENCE, answered).await;
            holder.waiting.lock().remove(&id);
            match answered {
                Ok(Some(answered)) => return Answer { status: answered.status, body: answered.body },
                Ok(None) => {} // it is gone
                Err(_) => return Answer::error(504, "timed_out", "the gateway does not answer"),
            }
        }
        Answer::error(503, "unavailable", "no gateway is connected to this workspace, which alone can do this")
    }
}

impl Holder {
    /// It answered something; what nobody waits for is dropped.
    pub(crate) fn answered(&self, answered: Answered) {
        if let Some(tell) = self.waiting.lock().remove(&answered.id) {
            let _ = tell.send(answered); // who asked has gone
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.all.all.lock().retain(|one| one.number != self.holder.number);
        self.holder.waiting.lock().clear();
    }
}

const MAX_HOLDERS: usize = 16;
const MAX_WAITING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(30);
