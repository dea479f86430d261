//! Follows a workspace on its way, with a line on stderr for each stage.

use crate::error::Error;
use base::{Code, Coded};
use cluster::Cluster;
use policy::Permit;
use policy::action::WorkspaceView;
use serde_json::Value;
use std::io::Write;
use std::time::Duration;
use workspace::until::{Look, Until, look};
use workspace::watch::Watched;

/// Waits until it is there; the object then. What is in `from` was there when it was asked for.
pub(super) async fn follow(
    cluster: &Cluster,
    permit: &Permit<WorkspaceView>,
    until: Until,
    seconds: u64,
    from: &Value,
) -> Result<Option<Value>, Error> {
    let mut watched = Watched::new(cluster, permit).map_err(Error::of)?;
    let generation = from.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
    let mut last = String::new();
    let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
    loop {
        let next = tokio::time::timeout_at(end, watched.next()).await;
        let Ok(next) = next else {
            let message = format!("not within {seconds} s; last: {last}");
            return Err(Error::of(NotThere { code: Code::WorkspaceTimeout, message }));
        };
        let object = next.map_err(Error::of)?;
        match look(object.as_ref(), until, generation) {
            Look::Done => return Ok(object),
            Look::Going(words) if words != last => {
                let mut err = std::io::stderr().lock();
                writeln!(err, "  {words}")?;
                last = words;
            }
            Look::Going(_) => {}
            Look::Failed(code, message) => return Err(Error::of(NotThere { code, message })),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct NotThere {
    code: Code,
    message: String,
}

impl Coded for NotThere {
    fn code(&self) -> Code {
        self.code
    }
}
