//! The way back to a shell whose connection was lost: for terminals at every door.

use crate::calling::Calling;
use crate::reach::{ReachError, Reaches};
use cluster::Cluster;
use link::{Link, Session};
use policy::Permit;
use proto::workspace::Attach;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Why a shell is not come back to.
#[derive(Debug)]
pub enum Gone {
    /// Not in [`PATIENCE`]; what was wrong last.
    Lost(String),
    /// Trying on would not help.
    Failed(ReachError),
}

/// Opens a connection again, and comes back to the same shell: its screen comes first.
///
/// # Errors
/// As [`Gone`] says.
pub async fn again<A: Reaches>(
    calling: &Calling,
    cluster: &Cluster,
    permit: &Permit<A>,
    asked: &Attach,
) -> Result<(Link, Session), Gone> {
    let until = Instant::now() + PATIENCE;
    let (mut pause, mut last) = (FIRST, "no answer".to_owned());
    loop {
        match timeout_at(until, attach(calling, cluster, permit, asked)).await {
            Ok(Ok(open)) => return Ok(open),
            Ok(Err(error)) if !error.is_passing() => return Err(Gone::Failed(error)),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => return Err(Gone::Lost(last)),
        }
        if Instant::now() + pause >= until {
            return Err(Gone::Lost(last));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Returns when nothing comes through a link any more, and says what is wrong: a quiet one is asked.
pub async fn silence(link: &Link) -> String {
    loop {
        sleep(BEAT).await;
        match timeout(BEAT, link.request("GET", "/api/v1/health", None)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return "nothing comes through it".to_owned(),
        }
    }
}

async fn attach<A: Reaches>(
    calling: &Calling,
    cluster: &Cluster,
    permit: &Permit<A>,
    asked: &Attach,
) -> Result<(Link, Session), ReachError> {
    let link = calling.reach(cluster, permit).await?;
    let session = link.attach(asked.clone()).await?;
    Ok((link, session))
}

/// How long a lost connection is tried.
pub const PATIENCE: Duration = Duration::from_secs(15);
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(2);
/// How often a quiet connection is tried, and how long the answer may take.
const BEAT: Duration = Duration::from_secs(10);
