//! `qd ws update`: other fields of a workspace, or a new pod of what it asks for by now.

use super::{ask, finish, follow, seen, view, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::UpdateArgs;
use policy::action::{WorkspaceStart, WorkspaceStop, WorkspaceUpdate};
use serde_json::{Map, Value};
use std::io::Write;
use workspace::acts;
use workspace::until::Until;

/// Runs `qd ws update`.
pub(super) async fn update(desk: &Desk, args: &UpdateArgs, out: &mut impl Write) -> Result<(), Error> {
    if is_empty(args) {
        return take_up(desk, args, out).await;
    }
    if args.force {
        return Err(Error::Usage("--force makes the pod anew: say it without what changes".to_owned()));
    }
    let which = which(desk, &args.wait.which).await?;
    let patch = patch(args)?;
    let fields = patch.keys().map(|field| format!("/spec/{field}")).collect();
    let permit = ask::permit(desk, WorkspaceUpdate { object: which.object.clone(), fields })?;
    let object = acts::update(which.cluster, permit, &Value::Object(patch), None).await.map_err(Error::of)?;
    let stopped = object.pointer("/spec/state").and_then(Value::as_str) == Some("Stopped");
    let until = if stopped { Until::Stopped } else { Until::Ready };
    finish(desk, &which, &args.wait, until, object, "changed", out).await
}

/// The merge patch of `spec` that the words of an update are.
pub(super) fn patch(args: &UpdateArgs) -> Result<Map<String, Value>, Error> {
    let mut patch = match &args.patch {
        None => Map::new(),
        Some(text) => {
            serde_json::from_str(text).map_err(|error| Error::Usage(format!("--patch is a JSON object: {error}")))?
        }
    };
    let texts = |pairs: Vec<(&str, &Option<String>)>| -> Map<String, Value> {
        pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.as_deref()?.into()))).collect()
    };
    patch.extend(texts(vec![("image", &args.image), ("notes", &args.notes)]));
    let resources = texts(vec![("cpu", &args.cpu), ("memory", &args.memory)]);
    if !resources.is_empty() {
        patch.insert("resources".to_owned(), resources.into());
    }
    if !args.params.is_empty() {
        let params = args.params.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        patch.insert("params".to_owned(), Value::Object(params.collect()));
    }
    if patch.is_empty() {
        return Err(Error::Usage(
            "this changes nothing: say --image, --cpu, --memory, --param, --notes or --patch".to_owned(),
        ));
    }
    Ok(patch)
}

/// Whether nothing is named that changes.
fn is_empty(args: &UpdateArgs) -> bool {
    let UpdateArgs { wait: _, image, params, cpu, memory, notes, patch, force: _ } = args;
    [image, cpu, memory, notes, patch].iter().all(|one| one.is_none()) && params.is_empty()
}

/// Makes the pod anew of what the workspace and its blueprint say by now. Its volumes are those of before.
async fn take_up(desk: &Desk, args: &UpdateArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, &args.wait.which).await?;
    let there = seen(desk, &args.wait.which).await?;
    let name = format!("{}/{}", which.object.namespace, which.object.name);
    let digest = there.pointer("/status/updateAvailable/digest").and_then(Value::as_str).map(str::to_owned);
    let stopped = there.pointer("/spec/state").and_then(Value::as_str) == Some("Stopped");
    let by_hand = there.pointer("/spec/update").and_then(Value::as_str) == Some("Manual") && digest.is_some();
    if stopped && !by_hand {
        writeln!(out, "workspace {name} is stopped: its next start takes up what it asks for")?;
        return Ok(());
    }
    if digest.is_none() && !args.force {
        writeln!(out, "workspace {name} runs as it asks for; --force makes its pod anew all the same")?;
        return Ok(());
    }
    if !stopped {
        let permit = ask::permit(desk, WorkspaceStop { object: which.object.clone(), delay_seconds: 0 })?;
        let object = acts::stop(which.cluster, permit).await.map_err(Error::of)?;
        // Started before the pod is gone, the operator would find nothing to do.
        let permit = view(desk, &which.object)?;
        follow::follow(which.cluster, &permit, Until::Stopped, args.wait.timeout, &object).await?;
    }
    let permit = ask::permit(desk, WorkspaceStart { object: which.object.clone() })?;
    let object = match digest.filter(|_| by_hand) {
        Some(digest) => acts::take_up(which.cluster, permit, &digest).await,
        None => acts::start(which.cluster, permit).await,
    };
    let object = object.map_err(Error::of)?;
    finish(desk, &which, &args.wait, Until::Ready, object, "updated", out).await
}
