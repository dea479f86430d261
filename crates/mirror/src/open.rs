//! Opening a view: from a query to the runs that answer it.

use crate::live::{Live, User};
use crate::mirror::Mirror;
use api::socket::RowsQuery;
use futures::future::select_all;
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
    pub(crate) fn add(&mut self, receiver: watch::Receiver<u64>) {
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
        let target = permit.target();
        if target.kind != query.kind || target.clusters != query.clusters || target.namespaces != query.namespaces {
            return Err(crate::Error::NotCovered);
        }
        let mut lives: Vec<(base::ClusterName, Arc<Live>)> = Vec::new();
        let mut users: Vec<User> = Vec::new();
        let mut last = None;
        for name in &query.clusters {
            let place = self.place(name)?;
            place.start();
            // With several clusters, one that does not have the kind leaves the others alone.
            let kind = match place.kind(&query.kind).await {
                Ok(kind) => kind,
                Err(error) if query.clusters.len() > 1 => {
                    last = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let live = self.live(place, &kind, &query.namespaces);
            let clock = place.clock();
            users.push(live.use_it(move || clock.now_ms()));
            lives.push((name.clone(), live));
        }
        if lives.is_empty() {
            return Err(last.unwrap_or(crate::Error::NoCluster));
        }
        let mut changed = Changed::default();
        let mut sources = Vec::new();
        for (cluster, live) in lives {
            changed.add(live.moved.subscribe());
            let schema = live.table.read().schema().clone();
            let run = run(&live, &schema, query)?;
            sources.push(Source { cluster, table: live.table.clone(), run, state: live.state.clone() });
        }
        let view = View::new(sources, query.namespaces.len() == 1);
        Ok(Opened { rows: Rows::new(view, (permit, users)), changed })
    }
}

fn run(live: &Live, schema: &Arc<Schema>, query: &RowsQuery) -> Result<table::SharedRun, crate::Error> {
    let namespaces: &[String] = if live.kind.namespaced { &query.namespaces } else { &[] };
    let scope = Scope::namespaces(namespaces.iter().map(String::as_str));
    let filter = Filter::parse(&query.filter, &**schema)?;
    let sort = schema.sort_keys(&query.sort)?;
    Ok(live.runs.lock().get(scope, Some(Arc::new(filter)), sort))
}
