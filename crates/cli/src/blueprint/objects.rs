//! `qd blueprint render`: the objects of a workspace.

use super::ask::Asked;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::blueprint::RenderArgs;
use blueprint::Place;
use serde_json::{Value, json};
use std::io::Write;

/// Prints the objects in the order in which they are applied; what a reader may not expect of them goes to stderr.
pub(super) fn render(asked: &Asked, args: &RenderArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let mut place =
        Place::new(&asked.id, &args.namespace, &asked.effective.name, asked.user.clone(), &args.agent_image);
    place.single_node = args.single_node;
    let objects = blueprint::objects(&asked.effective, &place).map_err(Error::of)?;
    let mut stderr = std::io::stderr().lock();
    writeln!(stderr, "qd: Pod Security: {}", objects.pod_security.as_str())?;
    for note in &objects.notes {
        writeln!(stderr, "qd: note: {note}")?;
    }
    if let Some(secret) = &objects.secret {
        writeln!(stderr, "qd: note: the pod reads the key {} of the Secret {}", secret.key, secret.name)?;
    }
    let all = objects.to_json().map_err(|error| Error::Usage(error.to_string()))?;
    match output {
        Output::Json => writeln!(out, "{:#}", json!({ "apiVersion": "v1", "kind": "List", "items": all }))?,
        Output::Jsonl => {
            for object in &all {
                writeln!(out, "{object}")?;
            }
        }
        _ => yaml(&all, out)?,
    }
    Ok(())
}

fn yaml(all: &[Value], out: &mut impl Write) -> Result<(), Error> {
    for object in all {
        let text = serde_saphyr::to_string(object).map_err(|error| Error::Usage(error.to_string()))?;
        write!(out, "---\n{text}")?;
    }
    Ok(())
}
