//! What a workspace's daemon says of its shells.

use crate::acts::ActError;
use crate::calling::Calling;
use crate::reach::ReachError;
use base::Coded;
use cluster::Cluster;
use link::Link;
use link::files::{FileError, Files};
use policy::action::WorkspaceConnect;
use policy::{Outcome, Permit};
use serde_json::Value;

/// The shells of a workspace, as its daemon tells them.
///
/// # Errors
/// When the workspace cannot be reached.
pub async fn shells(
    calling: &Calling,
    cluster: &Cluster,
    permit: Permit<WorkspaceConnect>,
) -> Result<Vec<Value>, ReachError> {
    let told: Result<_, ReachError> = async {
        permit.settled().await.map_err(ActError::from)?;
        let link = Box::pin(calling.reach(cluster, &permit)).await?;
        Ok(sessions(&link).await?)
    }
    .await;
    permit.finish(match &told {
        Ok(_) => Outcome::Done { message: "listed".to_owned() },
        Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
    });
    told
}

/// Where a shell is now: its folder, as far as the system tells it.
///
/// # Errors
/// When the connection is over.
pub async fn folder(link: &Link, shell: &str) -> Result<Option<Vec<u8>>, link::Error> {
    let told = sessions(link).await?;
    let one = told.iter().find(|one| one.get("id").and_then(Value::as_str) == Some(shell));
    let Some(pid) = one.and_then(|one| one.get("pid")).and_then(Value::as_u64) else { return Ok(None) };
    let found = async {
        let mut files = Files::open(link.files().await?).await?;
        files.read_link(format!("/proc/{pid}/cwd").as_bytes()).await
    };
    match found.await {
        Ok(path) => Ok(Some(path)),
        Err(FileError::Link(error)) => Err(error),
        Err(_) => Ok(None), // it ended, or is another user's
    }
}

async fn sessions(link: &Link) -> Result<Vec<Value>, link::Error> {
    let (_, told) = link.request("GET", "/api/v1/sessions", None).await?;
    Ok(told.get("sessions").and_then(Value::as_array).cloned().unwrap_or_default())
}
