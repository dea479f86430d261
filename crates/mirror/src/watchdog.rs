//! What looks after a cluster: learns what it serves, notices when it falls silent, follows its namespaces.

use crate::place::{CRDS, Place};
use api::socket::SourceState;
use catalog::Kind;
use std::sync::Arc;
use std::time::Duration;

/// Learns what the cluster is, then again whenever its CRDs change.
pub(crate) async fn supervise(place: Arc<Place>) {
    let mut pause = Duration::from_secs(1);
    let mut back = place.back.subscribe();
    let crds = Kind::builtin(CRDS).map(|kind| place.live(&kind).moved.subscribe());
    let Some(mut crds) = crds else { return };
    loop {
        // Before the question: what moves while it is answered is asked about again.
        crds.mark_unchanged();
        back.mark_unchanged();
        match learn(&place).await {
            Ok(()) => {
                pause = Duration::from_secs(1);
                place.reached();
                tokio::select! {
                    moved = crds.changed() => {
                        if moved.is_err() {
                            return;
                        }
                        // Definitions come in flocks, and each says several times how it is doing.
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                    // A cluster that was away may be another version now.
                    _ = back.changed() => {}
                }
            }
            Err(error) => {
                tracing::debug!(%error, cluster = %place.name(), "discovery failed");
                place.failed(&error);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
        }
    }
}

async fn learn(place: &Arc<Place>) -> Result<(), cluster::Error> {
    let reader = place.reader();
    let (served, crds) = tokio::try_join!(reader.discover(), reader.crds())?;
    let kinds = catalog::kinds(&served, &crds).into_iter().map(|kind| reader.printed(kind));
    let kinds = futures::future::join_all(kinds).await;
    place.retire_changed(&kinds);
    {
        let mut known = place.known.write();
        known.kinds = Arc::new(kinds);
    }
    place.stir();
    place.discovered.send_replace(true);
    place.publish();
    // Who we are and what runs there is nice to know; a server without these answers is still a cluster.
    let (version, user) = tokio::join!(reader.version(), reader.whoami());
    {
        let mut known = place.known.write();
        known.version = version.ok().or_else(|| known.version.take());
        known.user = user.ok().or_else(|| known.user.take());
    }
    place.publish();
    Ok(())
}

/// Asks a cluster that has been silent whether it is there. A connection can die without a word (a laptop that slept, a
/// firewall that forgot), and a watch of which nothing comes looks just like a quiet cluster.
pub(crate) async fn heart(place: Arc<Place>) {
    let reader = place.reader();
    let quiet = place.config.quiet;
    let mut tick = tokio::time::interval((quiet / 3).max(Duration::from_millis(10)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if reader.silence() < quiet || *place.state.read() != SourceState::Live {
            continue;
        }
        let answer = tokio::time::timeout(place.config.probe, reader.probe()).await;
        let error = match answer {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error,
            Err(_) => cluster::Error::Unreachable {
                server: place.server(),
                message: format!("nothing was heard for {} s", reader.silence().as_secs()),
                source: None,
            },
        };
        tracing::info!(%error, cluster = %place.name(), "the cluster is silent");
        let message = match &error {
            cluster::Error::Unreachable { message, .. } => message.clone(),
            other => other.to_string(),
        };
        place.failed(&error);
        place.lost.send_replace(message);
    }
}

/// Where the whole cluster may not be listed, each namespace is asked for: also one that comes later.
pub(crate) async fn follow_namespaces(place: Arc<Place>) {
    let mut pulse = place.pulse.subscribe();
    let mut seen = Vec::new();
    while pulse.changed().await.is_ok() {
        let split: Vec<_> = place.lives().into_iter().filter(|live| live.is_split()).collect();
        if !split.is_empty() {
            let known = place.known_namespaces();
            if known != seen {
                split.iter().for_each(|live| live.want(&place, &known));
                place.stir();
                seen = known;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
