//! The watches of a tap: what comes, changes and goes of the pods it follows. Nothing is asked twice.

use crate::pod::Pod;
use crate::targets::Source;
use catalog::Kind;
use cluster::{Error, Feed, Reader, Step};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::watch::EventType;
use wire::{Budget, Node};

/// What a watch tells. `usize` is the place of the watch.
#[derive(Debug)]
pub(crate) enum Change {
    /// A pod is there, or is another than before.
    Seen(usize, Box<Pod>),
    /// A pod, by its uid, is not there any more, or not among those watched.
    Gone(usize, String),
    /// All there is was told.
    Whole(usize),
    /// It may not be watched: nothing more comes.
    Refused(usize, Error),
}

/// Tells of the pods of one watch until nobody listens.
pub(crate) async fn run(reader: Reader, pods: Arc<Kind>, at: usize, source: Source, tell: mpsc::Sender<Change>) {
    let feed = reader.feed(pods, source.namespace.as_deref()).with_selectors(&source.labels, &source.fields);
    Watch { at, feed, tell, there: HashSet::new(), listed: None, failures: 0 }.run().await;
}

struct Watch {
    at: usize,
    feed: Feed,
    tell: mpsc::Sender<Change>,
    /// Uids of all pods that were told.
    there: HashSet<String>,
    /// Between the begin of a list and its end: those that came.
    listed: Option<HashSet<String>>,
    failures: u32,
}

impl Watch {
    async fn run(mut self) {
        while !self.tell.is_closed() {
            let told = match self.step().await {
                Ok(told) => told,
                Err(error @ (Error::Denied { .. } | Error::Invalid { .. } | Error::NotServed { .. })) => {
                    let _ = self.tell.send(Change::Refused(self.at, error)).await;
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "the watch of tapped pods");
                    self.failures = self.failures.saturating_add(1);
                    tokio::time::sleep(PAUSE * self.failures.min(15)).await;
                    continue;
                }
            };
            for change in told {
                if self.tell.send(change).await.is_err() {
                    return;
                }
            }
        }
    }

    /// What the next step of the feed changes.
    async fn step(&mut self) -> Result<Vec<Change>, Error> {
        let (budget, mut told) = (Budget::default(), Vec::new());
        let at = self.at;
        match self.feed.next().await? {
            Step::Begin { .. } => self.listed = Some(HashSet::new()),
            Step::Page(format, bytes) => {
                let list = wire::list::List::open(format, &bytes, &budget);
                let list = list.map_err(|error| Error::Decode(error.to_string()))?;
                for node in list.items().flatten() {
                    told.extend(seen(at, node, &mut self.there, &mut self.listed));
                }
            }
            Step::Events(events) => {
                for event in events {
                    let Ok(node) = event.node(&budget) else { continue };
                    if event.ty == EventType::Deleted {
                        let uid = node.path(&["metadata", "uid"]).and_then(Node::as_str).unwrap_or_default();
                        if self.there.remove(uid.as_ref()) {
                            told.push(Change::Gone(at, uid.into_owned()));
                        }
                    } else {
                        told.extend(seen(at, node, &mut self.there, &mut self.listed));
                    }
                }
            }
            Step::Synced => {
                if let Some(listed) = self.listed.take() {
                    let gone: Vec<String> = self.there.difference(&listed).cloned().collect();
                    for uid in gone {
                        self.there.remove(&uid);
                        told.push(Change::Gone(at, uid));
                    }
                }
                self.failures = 0;
                told.push(Change::Whole(at));
            }
            Step::Resumed => self.failures = 0,
        }
        Ok(told)
    }
}

fn seen(
    at: usize,
    node: Node<'_>,
    there: &mut HashSet<String>,
    listed: &mut Option<HashSet<String>>,
) -> Option<Change> {
    let pod = Pod::of(node)?;
    there.insert(pod.uid.clone());
    if let Some(listed) = listed {
        listed.insert(pod.uid.clone());
    }
    Some(Change::Seen(at, Box::new(pod)))
}

/// After the first failure; longer after more.
const PAUSE: Duration = Duration::from_secs(1);
