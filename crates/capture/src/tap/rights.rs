//! Whether an agent could be reached at all: asked before its container is added, for that is never taken back.

use crate::Error;
use catalog::Kind;
use cluster::{Cluster, Right};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What is known of the namespaces of a tap: what is missing there. Each is asked about once.
#[derive(Default)]
pub(super) struct Rights(Mutex<HashMap<String, Arc<OnceCell<Option<Right>>>>>);

impl Rights {
    /// That a container may be added in a namespace, and one of these ways (`exec`, `attach`) to it may be open.
    ///
    /// # Errors
    /// The denial that the API server would give, when it says that there is none.
    pub(super) async fn check(
        &self,
        cluster: &Cluster,
        pods: &Kind,
        namespace: &str,
        ways: &'static [&'static str],
    ) -> Result<(), Error> {
        let known = self.0.lock().entry(namespace.to_owned()).or_default().clone();
        let Some(Right { verb, subresource }) = *known.get_or_init(|| missing(cluster, pods, namespace, ways)).await
        else {
            return Ok(());
        };
        let user = cluster.reader().whoami().await.map(|user| user.username).unwrap_or_default();
        let (kind, namespace) = (format!("pods/{subresource}"), namespace.to_owned());
        let message = format!(
            "User \"{user}\" cannot {verb} resource \"{kind}\" in API group \"\" in the namespace \"{namespace}\""
        );
        Err(cluster::Error::Denied { verb: verb.to_owned(), kind, namespace, message }.into())
    }
}

/// What is missing for certain. Streams are asked for with `get` and, by newer servers, with `create` too: who has neither is
/// turned away by all; of the two ways the better one is worth asking for.
async fn missing(cluster: &Cluster, pods: &Kind, namespace: &str, ways: &'static [&'static str]) -> Option<Right> {
    let may = async |right| match cluster.reader().may(right, pods, namespace).await {
        Ok(may) => may,
        Err(error) => {
            // What is done then will tell.
            tracing::debug!(%error, namespace, "rights are not known");
            true
        }
    };
    let add = Right::on("patch", "ephemeralcontainers");
    if !may(add).await {
        return Some(add);
    }
    for way in ways.iter().copied() {
        if may(Right::on("get", way)).await || may(Right::on("create", way)).await {
            return None;
        }
    }
    ways.first().map(|way| Right::on("get", way))
}
