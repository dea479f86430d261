//! Opening a view: from a query to the runs that answer it.

use crate::live::Live;
use crate::mirror::Mirror;
use crate::place::Place;
use api::socket::RowsQuery;
use catalog::Kind;
use futures::StreamExt;
use futures::future::select_all;
use futures::stream::FuturesUnordered;
use policy::Permit;
use policy::action::ObjectView;
use query::Filter;
use std::sync::Arc;
use table::{Rows, Schema, Scope, Source, View};
use tokio::sync::watch;

pub use crate::counts::{CountsSource, Overview};

/// An open view.
pub struct Opened {
    /// Its rows; they hold the permit and keep the feeds alive.
    pub rows: Rows,
    /// Tells when to look again.
    pub changed: Changed,
}

/// Tells when something that a view shows has moved.
#[derive(Default)]
pub struct Changed(Vec<watch::Receiver<u64>>);

impl Changed {
    /// Watches this too.
    pub fn add(&mut self, receiver: watch::Receiver<u64>) {
        self.0.push(receiver);
    }

    /// Waits until something moved since the last call. Never returns once everything it watches has ended.
    pub async fn wait(&mut self) {
        loop {
            if self.0.is_empty() {
                return std::future::pending().await;
            }
            let (ended, at) = {
                let waits = self.0.iter_mut().map(|receiver| Box::pin(receiver.changed()));
                let (result, at, _) = select_all(waits).await;
                (result.is_err(), at)
            };
            if !ended {
                return;
            }
            self.0.swap_remove(at);
        }
    }
}

impl Mirror {
    /// Opens a view of a kind in one or several clusters. The permit is held as long as the rows are.
    ///
    /// # Errors
    /// As [`crate::Error`] says. A cluster that cannot be reached is no error here: its state is in the view.
    pub async fn open(&self, permit: Permit<ObjectView>, query: &RowsQuery) -> Result<Opened, crate::Error> {
        self.of(permit.principal()).open_here(permit, query).await
    }

    async fn open_here(&self, permit: Permit<ObjectView>, query: &RowsQuery) -> Result<Opened, crate::Error> {
        let target = permit.target();
        if target.kind != query.kind || target.clusters != query.clusters || target.namespaces != query.namespaces {
            return Err(crate::Error::NotCovered);
        }
        let (mut lives, mut users) = (Vec::new(), Vec::new());
        for (place, kind) in self.kinds_of(query).await? {
            let (live, user) = place.look(&kind, &query.namespaces);
            users.push(user.looking());
            lives.push((place.name().clone(), live));
        }
        let mut changed = Changed::default();
        let mut sources = Vec::new();
        for (cluster, live) in lives {
            changed.add(live.moved.subscribe());
            let schema = live.table.read().schema().clone();
            let run = run(&live, &schema, query)?;
            sources.push(Source { cluster, table: live.table.clone(), run, state: live.state_of(&query.namespaces) });
        }
        for name in &query.clusters {
            self.place(name)?.stir_for(&query.namespaces);
        }
        let view = View::new(sources, query.namespaces.len() == 1);
        Ok(Opened { rows: Rows::new(view, (permit, users)), changed })
    }

    /// The kind in each cluster of a query. With several clusters, one that does not have it leaves the others alone,
    /// and one that is not known yet is taken to have it as the others do: its own state will tell.
    async fn kinds_of(&self, query: &RowsQuery) -> Result<Vec<(Arc<Place>, Arc<Kind>)>, crate::Error> {
        let mut places = Vec::new();
        for name in &query.clusters {
            let place = self.place(name)?;
            place.start();
            places.push(place);
        }
        let mut waiting: FuturesUnordered<_> =
            places.iter().enumerate().map(|(at, place)| async move { (at, place.kind(&query.kind).await) }).collect();
        let mut found: Vec<Option<Result<Arc<Kind>, crate::Error>>> = places.iter().map(|_| None).collect();
        let mut first: Option<Arc<Kind>> = None;
        let late = tokio::time::sleep(std::time::Duration::MAX / 4);
        tokio::pin!(late);
        loop {
            tokio::select! {
                next = waiting.next() => {
                    let Some((at, answer)) = next else { break };
                    if let (Ok(kind), None) = (&answer, &first) {
                        first = Some(kind.clone());
                        late.as_mut().reset(tokio::time::Instant::now() + OTHERS_WAIT);
                    }
                    if let Some(slot) = found.get_mut(at) {
                        *slot = Some(answer);
                    }
                }
                () = &mut late => break,
            }
        }
        drop(waiting);
        let (mut kinds, mut last) = (Vec::new(), None);
        for (place, answer) in places.into_iter().zip(found) {
            match (answer, &first) {
                (Some(Ok(kind)), _) => kinds.push((place, kind)),
                (None | Some(Err(crate::Error::Unavailable { .. } | crate::Error::Cluster(_))), Some(kind)) => {
                    kinds.push((place, kind.clone()));
                }
                (Some(Err(error)), _) => last = Some(error),
                (None, None) => {}
            }
        }
        if kinds.is_empty() { Err(last.unwrap_or(crate::Error::NoCluster)) } else { Ok(kinds) }
    }
}

fn run(live: &Live, schema: &Arc<Schema>, query: &RowsQuery) -> Result<table::SharedRun, crate::Error> {
    let namespaces: &[String] = if live.kind.namespaced { &query.namespaces } else { &[] };
    let scope = Scope::namespaces(namespaces.iter().map(String::as_str));
    let filter = Filter::parse(&query.filter, &**schema)?;
    let sort = schema.sort_keys(&query.sort)?;
    Ok(live.runs.lock().get(scope, Some(Arc::new(filter)), sort))
}

/// Once one cluster knows the kind, the others have this long to say that they do.
const OTHERS_WAIT: std::time::Duration = std::time::Duration::from_millis(500);
