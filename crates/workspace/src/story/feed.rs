//! The watches of one story.

use crate::acts::{ActError, kind};
use crate::event::Event;
use crate::key::Key;
use catalog::Kind;
use cluster::{Cluster, Error, Feed, Step};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use wire::watch::EventType;
use wire::{Budget, Node};

/// What a watch tells.
#[derive(Debug)]
pub(super) enum Heard {
    /// The workspace as it is, or that it is not there.
    Object(Option<Value>),
    /// An event of something of this name, or of a claim of the namespace.
    Event(Event),
    /// One of the watches has told all there is.
    Whole,
    /// The workspace cannot be watched.
    Failed(ActError),
}

/// How many there are.
pub(super) const WATCHES: usize = 3;

/// Begins them. They end when nobody hears them.
pub(super) fn start(cluster: &Cluster, key: &Key, tell: &Sender<Heard>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    // Many at once would take the turns of those who wait for an answer.
    let reader = cluster.reader().in_background();
    let object = kind().map(|kind| {
        let feed = reader.feed(kind, Some(&key.namespace));
        feed.with_selectors("", &format!("metadata.name={}", key.name))
    });
    let failed = tell.clone();
    let object = match object {
        Ok(feed) => feed,
        Err(error) => {
            tasks.spawn(async move {
                // Nobody hears it: there is nobody to tell.
                let _ = failed.send(Heard::Failed(error)).await;
            });
            return tasks;
        }
    };
    tasks.spawn(run(object, tell.clone(), true));
    for fields in [format!("involvedObject.name={}", key.name), "involvedObject.kind=PersistentVolumeClaim".to_owned()]
    {
        if let Some(kind) = Kind::builtin("events") {
            let feed = reader.feed(kind, Some(&key.namespace)).with_selectors("", &fields);
            tasks.spawn(run(feed, tell.clone(), false));
        }
    }
    tasks
}

/// Tells of one watch until nobody hears it.
async fn run(mut feed: Feed, tell: Sender<Heard>, object: bool) {
    let (mut there, mut failures) = (false, 0_u32);
    while !tell.is_closed() {
        let told = match step(&mut feed, object, &mut there).await {
            Ok(told) => {
                failures = 0;
                told
            }
            Err(error) if error.is_passing() => {
                tracing::debug!(%error, object, "a watch of a workspace");
                failures = failures.saturating_add(1);
                tokio::time::sleep(PAUSE * failures.min(10)).await;
                continue;
            }
            Err(error) if object => {
                let error = match error {
                    Error::NotServed { .. } => ActError::NotInstalled,
                    other => ActError::Cluster(other),
                };
                // Nobody hears it: there is nobody to tell.
                let _ = tell.send(Heard::Failed(error)).await;
                return;
            }
            Err(error) => {
                tracing::debug!(%error, "events of a workspace are not told");
                // Nobody hears it: there is nobody to tell.
                let _ = tell.send(Heard::Whole).await;
                return;
            }
        };
        for heard in told {
            if tell.send(heard).await.is_err() {
                return;
            }
        }
    }
}

async fn step(feed: &mut Feed, object: bool, there: &mut bool) -> Result<Vec<Heard>, Error> {
    let budget = Budget::default();
    let read =
        |node: Node<'_>| if object { Heard::Object(Some(wire::to_json(node))) } else { Heard::Event(Event::of(node)) };
    let mut told = Vec::new();
    match feed.next().await? {
        Step::Begin { .. } => *there = false,
        Step::Page(format, bytes) => {
            let list = wire::list::List::open(format, &bytes, &budget);
            let list = list.map_err(|error| Error::Decode(error.to_string()))?;
            told.extend(list.items().flatten().map(read));
            *there |= !told.is_empty();
        }
        Step::Events(events) => {
            for event in events {
                let Ok(node) = event.node(&budget) else { continue };
                let gone = event.ty == EventType::Deleted;
                *there |= !gone;
                match (gone, object) {
                    (true, true) => told.push(Heard::Object(None)),
                    // An event that is too old goes without a word.
                    (true, false) => {}
                    (false, _) => told.push(read(node)),
                }
            }
        }
        Step::Synced => {
            if object && !*there {
                told.push(Heard::Object(None));
            }
            told.push(Heard::Whole);
        }
        Step::Resumed => {}
    }
    Ok(told)
}

/// After the first failure; longer after more.
const PAUSE: Duration = Duration::from_secs(1);
