//! What a request is answered, again with each change: for callers that watch, and for programs that follow a log.
//!
//! A feed keeps nothing but its place: who is slow skips states, and lines that the log no longer keeps.

use std::collections::VecDeque;
use std::sync::Arc;

use proto::workspace::told::{Line, Port};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::daemon::Daemon;
use crate::log::Log;
use crate::ports;
use crate::rest::{self, Answer, Query};

/// Something that is told with each change.
pub(crate) enum Feed {
    /// The ports: looked at as long as this is there.
    Ports { daemon: Arc<Daemon>, last: Option<Arc<Vec<Port>>> },
    /// The apps.
    Apps { daemon: Arc<Daemon>, moved: watch::Receiver<u64>, first: bool },
    /// Lines of a log.
    Lines(Follow),
}

/// A place in a log.
pub(crate) struct Follow {
    log: Arc<Log>,
    moved: watch::Receiver<u64>,
    component: Option<String>,
    level: Option<String>,
    after: u64,
    /// Of the lines that are there already, until they were told.
    limit: Option<usize>,
    next: VecDeque<Line>,
}

impl Feed {
    /// The feed of a path, without `/api/v1/`.
    pub(crate) fn of(daemon: &Arc<Daemon>, parts: &[&str], query: &Query<'_>) -> Result<Self, Answer> {
        match parts {
            ["ports"] => Ok(Self::Ports { daemon: daemon.clone(), last: None }),
            ["apps"] => Ok(Self::Apps { daemon: daemon.clone(), moved: daemon.apps.moved(), first: true }),
            ["apps", id, "logs"] => match daemon.apps.find(id) {
                Ok(app) => Ok(Self::Lines(Follow::new(app.log.clone(), query))),
                Err(refusal) => Err(rest::refused(&refusal)),
            },
            ["logs"] => Ok(Self::Lines(Follow::new(daemon.log.clone(), query))),
            _ => Err(Answer::error(404, "not_found", "there is nothing to watch at this path")),
        }
    }

    /// The next answer, or line; `None` when there will be none.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        match self {
            Self::Ports { daemon, last } => loop {
                let now = ports::now(daemon).await;
                if last.as_ref() != Some(&now) {
                    *last = Some(now.clone());
                    return Some(json!({ "ports": *now }));
                }
                sleep(ports::EVERY).await;
            },
            Self::Apps { daemon, moved, first } => {
                if !std::mem::take(first) {
                    moved.changed().await.ok()?;
                }
                moved.mark_unchanged();
                Some(json!({ "apps": daemon.apps.told() }))
            }
            Self::Lines(follow) => follow.next().await.map(|line| json!(line)),
        }
    }
}

impl Follow {
    pub(crate) fn new(log: Arc<Log>, query: &Query<'_>) -> Self {
        let owned = |name| query.word(name).map(str::to_owned);
        Self {
            moved: log.last(),
            log,
            component: owned("component"),
            level: owned("level"),
            after: query.number("after", 0),
            limit: Some(query.limit()),
            next: VecDeque::new(),
        }
    }

    async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.next.pop_front() {
                return Some(line);
            }
            let newest = *self.moved.borrow_and_update();
            let (component, level) = (self.component.as_deref(), self.level.as_deref());
            self.next = match self.limit.take() {
                Some(limit) => self.log.after(self.after, component, level, limit),
                None => self.log.following(self.after, component, level, MOST),
            }
            .into();
            self.after = self.next.back().map_or(newest, |line| line.id).max(self.after);
            if self.next.is_empty() {
                self.moved.changed().await.ok()?;
            }
        }
    }
}

/// Lines that are kept for one who follows.
const MOST: usize = 200;
