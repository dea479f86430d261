//! Whether a workspace can be entered: started where that was asked for, waited for with its stages.

use super::follow;
use super::{Which, ask, view};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::ReachArgs;
use base::{Code, Coded};
use link::Link;
use policy::action::{ObjectTarget, WorkspaceStart};
use policy::{Action, Outcome, Permit};
use serde_json::Value;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use workspace::acts;
use workspace::reach::{ReachError, Reaches, reach, stopped};
use workspace::until::{Look, Until, look};

/// Control-C ends what was begun here, until the program elsewhere has it.
pub(super) async fn interruptible<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
    }
}

/// The way into a workspace that is ready, or about to be.
pub(super) struct Way<'a> {
    desk: &'a Desk,
    which: &'a Which<'a>,
    args: &'a ReachArgs,
    /// It was not ready yet: its daemon may need another moment.
    starts: bool,
}

impl Way<'_> {
    /// A link to its daemon. One that starts is tried again and again, while what keeps it is told.
    pub(super) async fn enter<A: Reaches>(&self, permit: &Permit<A>) -> Result<Link, Error> {
        // what is done here is large, and whoever waits for it is not
        Box::pin(self.entered(permit)).await
    }

    async fn entered<A: Reaches>(&self, permit: &Permit<A>) -> Result<Link, Error> {
        let Self { desk, which, args, starts } = *self;
        let reached = || async { Box::pin(reach(which.cluster, permit)).await };
        let failed = |error| failed(&which.object, error);
        if !starts {
            return reached().await.map_err(failed);
        }
        let began = Instant::now();
        let tries = async {
            loop {
                match reached().await {
                    Err(error) if error.is_passing() => sleep((began.elapsed() / 8).clamp(FIRST, LONGEST)).await,
                    done => return done.map_err(failed),
                }
            }
        };
        let ready = async {
            let view = view(desk, &which.object)?;
            let seen = acts::show(which.cluster, &view).await.map_err(Error::of)?;
            follow::follow(which.cluster, &view, Until::Ready, args.timeout, &seen).await
        };
        tokio::select! {
            done = tries => return done,
            told = ready => told?,
        };
        reached().await.map_err(failed)
    }
}

/// Waits until it is ready, or its container starts.
pub(super) async fn ready<'a>(desk: &'a Desk, which: &'a Which<'_>, args: &'a ReachArgs) -> Result<Way<'a>, Error> {
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
    let starts = look(Some(&seen), Until::Ready, generation) != Look::Done;
    if starts {
        follow::follow(which.cluster, &permit, Until::Near, args.timeout, &seen).await?;
    }
    Ok(Way { desk, which, args, starts })
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

/// Between two tries.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);
