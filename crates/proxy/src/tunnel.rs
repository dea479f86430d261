//! The way through the daemon of a workspace: a link for each login, made again when it is lost.

use crate::login::Held;
use crate::tls;
use crate::way::{NoWay, Stream};
use base::{Code, Coded};
use cluster::Cluster;
use link::Link;
use std::sync::Arc;
use tokio::sync::Mutex;
use workspace::reach::{ReachError, reach};

/// The way to one workspace under one permit.
pub(crate) struct Tunnel {
    cluster: Cluster,
    held: Arc<Held>,
    links: Mutex<Vec<Link>>,
}

impl Tunnel {
    pub(crate) fn new(cluster: Cluster, held: Arc<Held>) -> Self {
        Self { cluster, held, links: Mutex::default() }
    }

    /// One of the links, made if it is missing: by one of those who wait for it.
    async fn link(&self, at: usize) -> Result<Link, NoWay> {
        let mut links = self.links.lock().await;
        if let Some(link) = links.get(at) {
            return Ok(link.clone());
        }
        let held = self.held.read().await;
        let permit = held.as_ref().ok_or(NoWay::Over)?;
        let made = Box::pin(reach(&self.cluster, permit)).await.map_err(narrow)?;
        links.push(made.clone());
        Ok(made)
    }

    /// Asks over a link; over another where that has all the channels it may have, and over a new one if it was lost.
    async fn ask<T, F>(&self, ask: impl Fn(Link) -> F) -> Result<T, NoWay>
    where
        F: Future<Output = Result<T, link::Error>>,
    {
        let (mut at, mut again) = (0, true);
        loop {
            let link = self.link(at).await?;
            match ask(link).await {
                Ok(given) => return Ok(given),
                Err(link::Error::Refused { code, .. }) if code == "too_many" && at + 1 < MOST_LINKS => at += 1,
                Err(link::Error::Refused { code, .. }) if code == "too_many" => return Err(NoWay::Busy),
                Err(link::Error::Refused { code, .. }) if code == "unavailable" => return Err(NoWay::Nothing),
                Err(link::Error::Refused { message, .. }) => return Err(NoWay::Failed(Code::WorkspaceDaemon, message)),
                Err(error) => {
                    self.links.lock().await.clear();
                    if !std::mem::take(&mut again) {
                        return Err(NoWay::Failed(Code::WorkspaceDaemon, error.to_string()));
                    }
                    at = 0;
                }
            }
        }
    }
}

impl Tunnel {
    /// Makes sure that there is a link.
    pub(crate) async fn ready(&self) -> Result<(), NoWay> {
        self.link(0).await.map(|_| ())
    }

    /// A connection to a port of the pod's loopback.
    pub(crate) async fn dial(&self, port: u16) -> Result<Box<dyn Stream>, NoWay> {
        let session = self.ask(move |link| async move { link.tunnel(port).await }).await?;
        Ok(Box::new(link::Stream::new(session)) as Box<dyn Stream>)
    }

    /// The port of an app, and whether it speaks TLS there.
    pub(crate) async fn app(&self, name: &str) -> Result<(u16, bool), NoWay> {
        let apps = self.ask(|link| async move { link.apps().await }).await?;
        let app = apps.into_iter().find(|app| app.id == name).ok_or(NoWay::Unknown)?;
        let port = app.port.ok_or(NoWay::Unknown)?;
        Ok((port, tls::protocol(&app.protocol) == Some(true) || tls::usual(port)))
    }

    /// The ports on which something listens.
    pub(crate) async fn ports(&self) -> Result<Vec<(u16, String)>, NoWay> {
        let ports = self.ask(|link| async move { link.ports().await }).await?;
        Ok(ports.into_iter().map(|port| (port.port, port.process)).collect())
    }

    /// It did not answer in time: the next ones take another link.
    pub(crate) fn stale(&self) {
        // whoever has it makes one anew; connections over the old one go on as long as it carries them
        if let Ok(mut links) = self.links.try_lock() {
            links.clear();
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

/// A link has 128 channels; a login has twice as many connections.
const MOST_LINKS: usize = 3;
