//! Connections that workspaces make to hosts by name: an HTTP proxy on their loopback, whose other end is here.
//!
//! ```text
//! program ─► 127.0.0.1:2823 in the pod ─ daemon ─ the link that the operator holds ─► CONNECT host:port, or http://host/…
//!            what the blueprint lists ─► Permit<WorkspaceAsk> ─► the name's addresses, each looked at ─► the host
//! ```
//!
//! Names are resolved here and nowhere else, and the address that was looked at is the one that is called: a name that means
//! something else a moment later opens nothing. What is inside of a connection nobody looks at.

mod dial;
mod request;

use crate::upward::{Desk, Pace, Who};
use blueprint::objects::Egress;
use link::{Arrival, Link};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Answers what programs of a workspace ask for, as what is opened to it says at the time.
///
/// # Errors
/// When the link broke. Where the daemon has nothing of the kind this ends and says nothing.
pub(crate) async fn serve(
    desk: &Arc<Desk>,
    who: &Who,
    link: &Link,
    mut opened: watch::Receiver<Option<Arc<Egress>>>,
) -> Result<(), link::Error> {
    let pace = Arc::new(Mutex::new(Pace::of(MOST_A_MINUTE)));
    loop {
        // who asks before anything is known waits in its daemon
        let Ok(egress) = opened.wait_for(Option::is_some).await.map(|egress| egress.clone()) else { return Ok(()) };
        let mut arrivals = match link.egress().await {
            Ok(arrivals) => arrivals,
            Err(link::Error::Refused { code, message }) => {
                tracing::debug!(workspace = %who.key, code, message, "it has no proxy for hosts by name yet");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        // they go with what opened them
        let mut running: JoinSet<()> = JoinSet::new();
        loop {
            tokio::select! {
                arrival = arrivals.next(), if running.len() < MOST => {
                    let (Some(arrival), Some(egress)) = (arrival?, egress.clone()) else { return Ok(()) };
                    running.spawn(answer(desk.clone(), who.clone(), egress, pace.clone(), arrival));
                }
                Some(_) = running.join_next() => {}
                changed = opened.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    break;
                }
            }
        }
    }
}

async fn answer(desk: Arc<Desk>, who: Who, egress: Arc<Egress>, pace: Arc<Mutex<Pace>>, arrival: Arrival) {
    let served = async {
        let stream = arrival.take().await?;
        request::Asker { desk: &desk, who: &who, egress: &egress, pace: &pace }.serve(stream).await
    };
    if let Err(error) = served.await {
        tracing::debug!(workspace = %who.key, %error, "a connection to a host by name broke off");
    }
}

/// The port of a workspace's loopback, beside its agent's.
pub const PORT: u16 = crd::AGENT_PORT + 1;
/// Connections of one workspace at a time; more wait in its daemon.
const MOST: usize = 64;
/// What one workspace asks for in a minute: each is a line of the journal.
const MOST_A_MINUTE: u32 = 1_200;
