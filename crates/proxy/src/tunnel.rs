//! The way through the daemon of a workspace: links for each login, made again when they are lost.
//!
//! Bytes go over the network, past the API server, where that leads to pods and this process is certified; otherwise by the
//! API server. What a daemon is asked goes by the API server while that answers: in a service it leads into the main container.

use crate::login::Held;
use crate::tls;
use crate::way::{NoWay, Stream};
use base::{Code, Coded};
use cluster::Cluster;
use link::Link;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use workspace::Calling;
use workspace::reach::ReachError;

/// The way to one workspace under one permit.
pub(crate) struct Tunnel {
    cluster: Cluster,
    held: Arc<Held>,
    calling: Calling,
    /// Past the API server.
    straight: Mutex<Vec<Link>>,
    /// When the next is called past it: after one that was not, later.
    calls: parking_lot::Mutex<Option<Instant>>,
    /// By the API server.
    relayed: Mutex<Vec<Link>>,
}

impl Tunnel {
    pub(crate) fn new(cluster: Cluster, held: Arc<Held>, calling: Calling) -> Self {
        let (straight, calls, relayed) = Default::default();
        Self { cluster, held, calling, straight, calls, relayed }
    }

    /// One of the links, made if it is missing: by one of those who wait for it.
    async fn link(&self, links: &Mutex<Vec<Link>>, at: usize) -> Result<Link, NoWay> {
        let is_straight = std::ptr::eq(links, &raw const self.straight);
        let mut links = links.lock().await;
        if let Some(link) = links.get(at) {
            return Ok(link.clone());
        }
        let held = self.held.read().await;
        let permit = held.as_ref().ok_or(NoWay::Over)?;
        let made = if is_straight {
            Box::pin(self.calling.call(&self.cluster, permit)).await
        } else {
            Box::pin(self.calling.reach(&self.cluster, permit)).await
        };
        let made = made.map_err(narrow)?;
        links.push(made.clone());
        Ok(made)
    }

    /// Asks over a link; over another where that has all the channels it may have, and over a new one if it was lost.
    async fn ask<T, F>(&self, links: &Mutex<Vec<Link>>, ask: impl Fn(Link) -> F) -> Result<T, NoWay>
    where
        F: Future<Output = Result<T, link::Error>>,
    {
        let (mut at, mut again) = (0, true);
        loop {
            let link = self.link(links, at).await?;
            match ask(link).await {
                Ok(given) => return Ok(given),
                Err(link::Error::Refused { code, .. }) if code == "too_many" && at + 1 < MOST_LINKS => at += 1,
                Err(link::Error::Refused { code, .. }) if code == "too_many" => return Err(NoWay::Busy),
                Err(link::Error::Refused { code, .. }) if code == "unavailable" => return Err(NoWay::Nothing),
                Err(link::Error::Refused { message, .. }) => return Err(NoWay::Failed(Code::WorkspaceDaemon, message)),
                Err(error) => {
                    links.lock().await.clear();
                    if !std::mem::take(&mut again) {
                        return Err(NoWay::Failed(Code::WorkspaceDaemon, error.to_string()));
                    }
                    at = 0;
                }
            }
        }
    }

    /// Does it past the API server; `None` where that is no way now.
    async fn straight<T, F>(&self, ask: impl Fn(Link) -> F) -> Option<Result<T, NoWay>>
    where
        F: Future<Output = Result<T, link::Error>>,
    {
        let later = self.calls.lock().is_some_and(|at| Instant::now() < at);
        if later || !self.calling.may(self.cluster.name()) {
            return None;
        }
        match self.ask(&self.straight, ask).await {
            // its certificate may be on its way
            Err(NoWay::Failed(_, why)) => {
                tracing::debug!(why, "a daemon is not reached past the API server");
                *self.calls.lock() = Some(Instant::now() + CALLS);
                None
            }
            told => Some(told),
        }
    }
}

impl Tunnel {
    /// Makes sure that there is a link.
    pub(crate) async fn ready(&self) -> Result<(), NoWay> {
        match self.straight(|_| std::future::ready(Ok(()))).await {
            Some(told) => told,
            None => self.link(&self.relayed, 0).await.map(|_| ()),
        }
    }

    /// A connection to a port of the pod's loopback.
    pub(crate) async fn dial(&self, port: u16) -> Result<Box<dyn Stream>, NoWay> {
        let ask = move |link: Link| async move { link.tunnel(port).await };
        let session = match self.straight(ask).await {
            Some(told) => told?,
            None => self.ask(&self.relayed, ask).await?,
        };
        Ok(Box::new(link::Stream::new(session)) as Box<dyn Stream>)
    }

    /// The port of an app, and whether it speaks TLS there.
    pub(crate) async fn app(&self, name: &str) -> Result<(u16, bool), NoWay> {
        let apps = self.ask(&self.relayed, |link| async move { link.apps().await }).await?;
        let app = apps.into_iter().find(|app| app.id == name).ok_or(NoWay::Unknown)?;
        let port = app.port.ok_or(NoWay::Unknown)?;
        Ok((port, tls::protocol(&app.protocol) == Some(true) || tls::usual(port)))
    }

    /// The ports on which something listens.
    pub(crate) async fn ports(&self) -> Result<Vec<(u16, String)>, NoWay> {
        let ports = self.ask(&self.relayed, |link| async move { link.ports().await }).await?;
        Ok(ports.into_iter().map(|port| (port.port, port.process)).collect())
    }

    /// It did not answer in time: the next ones take another link.
    pub(crate) fn stale(&self) {
        // whoever has it makes one anew; connections over the old one go on as long as it carries them
        for links in [&self.straight, &self.relayed] {
            if let Ok(mut links) = links.try_lock() {
                links.clear();
            }
        }
    }
}

fn narrow(error: ReachError) -> NoWay {
    match error {
        ReachError::Stopped { why, .. } => NoWay::Stopped(why),
        ReachError::NoPod(_) | ReachError::Queued { .. } => NoWay::Waking,
        // its pod is there and its container is not yet
        error @ ReachError::Closed(_) if error.is_passing() => NoWay::Waking,
        error => NoWay::Failed(error.code(), error.to_string()),
    }
}

/// After a call that failed.
const CALLS: Duration = Duration::from_secs(2);
/// A link has 128 channels; a login has twice as many connections.
const MOST_LINKS: usize = 3;
