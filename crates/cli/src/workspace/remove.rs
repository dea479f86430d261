//! `qd ws delete`, `qd ws delete-all`: workspaces that go, and those of somebody that are stopped and kept for a while.

use super::{ask, finish, follow, items, namespace, seen, view, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::{DeleteAllArgs, DeleteArgs};
use policy::action::{ObjectTarget, WorkspaceDelete, WorkspaceDeleteAll, WorkspacePurge};
use serde_json::Value;
use std::io::Write;
use workspace::acts;
use workspace::until::Until;

/// Runs `qd ws delete`.
pub(super) async fn delete(desk: &Desk, args: &DeleteArgs, out: &mut impl Write) -> Result<(), Error> {
    let (wait, object) = (&args.wait, which(desk, &args.wait.which).await?);
    // The one that was seen, and none that is made of the same name meanwhile.
    let there = seen(desk, &wait.which).await?;
    let uid = there.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
    if args.purge {
        let volumes = there.pointer("/status/volumes").and_then(Value::as_array).into_iter().flatten();
        let claims = volumes.filter_map(|one| one.get("claim")?.as_str().map(str::to_owned)).collect();
        let permit = ask::permit(desk, WorkspacePurge { object: object.object.clone(), uid, claims })?;
        acts::purge(object.cluster, permit).await.map_err(Error::of)?;
        return finish(desk, &object, wait, Until::Gone, there, "deleted with its volumes", out).await;
    }
    let permit = ask::permit(desk, WorkspaceDelete { object: object.object.clone(), uid })?;
    acts::delete(object.cluster, permit).await.map_err(Error::of)?;
    finish(desk, &object, wait, Until::Gone, there, "deleted", out).await
}

/// Runs `qd ws delete-all`: says of each what became of it, and fails where one did not come to it.
pub(super) async fn delete_all(desk: &Desk, args: &DeleteAllArgs, out: &mut impl Write) -> Result<(), Error> {
    let cluster = desk.cluster()?;
    let place = &args.list;
    let namespace = if place.all_namespaces { String::new() } else { namespace(cluster, place.namespace.as_deref()) };
    let mut found = items(desk, &namespace).await?;
    let org = args.org.clone().unwrap_or_default();
    let text = |one: &Value, at: &str| one.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    found.retain(|one| text(one, "/spec/owner") == args.user && (org.is_empty() || text(one, "/spec/org") == org));
    if found.is_empty() {
        return Err(Error::of(acts::ActError::NotFound(format!("of {} there", args.user))));
    }
    if found.len() > acts::MOST_AT_ONCE {
        let (many, most) = (found.len(), acts::MOST_AT_ONCE);
        return Err(Error::Usage(format!("there are {many}, and {most} go at once: name a namespace")));
    }
    let target = |one: &Value| {
        ObjectTarget::workspace(cluster.name(), text(one, "/metadata/namespace"), text(one, "/metadata/name"))
    };
    let action = WorkspaceDeleteAll {
        cluster: cluster.name().clone(),
        owner: args.user.clone(),
        org,
        kept_seconds: if args.preserve { acts::KEPT_SECONDS } else { 0 },
        workspaces: found.iter().map(target).collect(),
        uids: found.iter().map(|one| text(one, "/metadata/uid")).collect(),
    };
    let all = acts::delete_all(cluster, ask::permit(desk, action)?).await.map_err(Error::of)?;
    let (until, word) = if args.preserve { (Until::Stopped, "stopped") } else { (Until::Gone, "deleted") };
    let mut failed = None;
    for (one, done) in found.iter().zip(all) {
        let object = target(one);
        let came = match done {
            Ok(now) if !args.no_wait => {
                // What is deleted may be told by its status alone, without the object.
                let from = if args.preserve { &now } else { one };
                follow::follow(cluster, &view(desk, &object)?, until, args.timeout, from).await.map(drop)
            }
            Ok(_) | Err(acts::ActError::NotFound(_)) => Ok(()),
            Err(error) => Err(Error::of(error)),
        };
        let name = format!("{}/{}", object.namespace, object.name);
        match came {
            Ok(()) => writeln!(out, "workspace {name} {word}")?,
            Err(error) => {
                eprintln!("workspace {name} is not {word}: {error}");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}
