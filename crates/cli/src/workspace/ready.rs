//! Whether a workspace can be entered: started where that was asked for, waited for with its stages.

use super::follow;
use super::{Which, ask, view};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::ReachArgs;
use base::{Code, Coded};
use policy::action::{ObjectTarget, WorkspaceStart};
use policy::{Action, Outcome, Permit};
use serde_json::Value;
use std::io::ErrorKind;
use workspace::acts;
use workspace::reach::{ReachError, stopped};
use workspace::until::{Look, Until, look};

/// Control-C ends what was begun here, until the program elsewhere has it.
pub(super) async fn interruptible<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
    }
}

/// Waits until it is ready.
pub(super) async fn ready(desk: &Desk, which: &Which<'_>, args: &ReachArgs) -> Result<(), Error> {
    let permit = view(desk, &which.object)?;
    let mut seen = acts::show(which.cluster, &permit).await.map_err(Error::of)?;
    if let Some(why) = stopped(&seen) {
        if !args.start {
            return Err(at_rest(&which.object, &why));
        }
        let start = ask::permit(desk, WorkspaceStart { object: which.object.clone() })?;
        seen = acts::start(which.cluster, start).await.map_err(Error::of)?;
    }
    let generation = seen.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
    if look(Some(&seen), Until::Ready, generation) != Look::Done {
        follow::follow(which.cluster, &permit, Until::Ready, args.timeout, &seen).await?;
    }
    Ok(())
}

/// What is said of a workspace that is stopped: how it is started.
pub(super) fn at_rest(object: &ObjectTarget, why: &str) -> Error {
    let (namespace, name) = (&object.namespace, &object.name);
    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
    Error::of(AtRest(format!(
        "workspace {namespace}/{name} is stopped{why}: `qd ws start {name} -n {namespace}` starts it, or say --start"
    )))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct AtRest(String);

impl Coded for AtRest {
    fn code(&self) -> Code {
        Code::WorkspaceStopped
    }
}

/// The same, where it became known on the way.
pub(super) fn failed(object: &ObjectTarget, error: ReachError) -> Error {
    match error {
        ReachError::Stopped { why, .. } => at_rest(object, &why),
        error => Error::of(error),
    }
}

/// Ends a permit with how it went: what was done, or why it was not.
pub(super) fn finish<A: Action, T>(permit: Permit<A>, result: &Result<T, Error>, done: impl FnOnce(&T) -> String) {
    permit.finish(match result {
        Ok(value) => Outcome::Done { message: done(value) },
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            Outcome::Done { message: "its output was not read to the end".to_owned() }
        }
        Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
    });
}
