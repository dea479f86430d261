//! Of which revisions of blueprints a workspace is made, and how its launch went: blueprints that serve some alone count that.

use super::Job;
use crate::decide::Decision;
use crate::desired::Desired;
use crate::render::{Refused, Render, Rendered};
use crate::rollout::Outcome;
use crate::shelf::Launched;
use crate::stage::Stage;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a workspace is made of.
pub(super) struct Rolled {
    revisions: BTreeMap<String, String>,
    /// Nothing can be made of them, by no fault of the workspace itself.
    broken: bool,
}

impl Rolled {
    pub(super) fn of(
        render: &dyn Render,
        desired: &Desired,
        workspace: &Value,
        rendered: &Result<Rendered, Refused>,
    ) -> Self {
        let broken = rendered.as_ref().is_err_and(|refused| BROKEN.contains(&refused.reason) && !refused.queued);
        let revisions = match rendered {
            Ok(rendered) => rendered.revisions.clone(),
            Err(_) if desired.deleting => BTreeMap::new(),
            Err(_) => render.revisions(desired, workspace),
        };
        Self { revisions, broken }
    }

    /// Writes them into the status, and tells how the launch went.
    pub(super) fn tell(&self, job: &Job, desired: &Desired, decision: &Decision, status: &mut Value) {
        if desired.deleting {
            return keep(job.object.get("status").unwrap_or(&Value::Null), status);
        }
        if let (Some(fields), false) = (status.as_object_mut(), self.revisions.is_empty()) {
            fields.insert("revisions".to_owned(), json!(self.revisions));
        }
        let outcome = match decision.seen.stage {
            Stage::Running => Outcome::Ready,
            Stage::Failed if decision.refused.is_none() || self.broken => Outcome::Failed,
            _ if decision.refused.is_none() && is_stalled(status) => Outcome::Failed,
            _ => return,
        };
        let made = job.object.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
        let made_ms = made.and_then(crate::status::read).unwrap_or(job.now_ms);
        let namespace = &job.key.namespace;
        let launched = Launched { namespace, uid: &desired.uid, made_ms, revisions: &self.revisions };
        if job.shared.shelf.lock().launched(&launched, outcome) {
            job.shared.changed.notify_one();
        }
    }
}

/// What it is made of stands as it did.
pub(super) fn keep(previous: &Value, status: &mut Value) {
    if let (Some(fields), Some(revisions)) = (status.as_object_mut(), previous.get("revisions")) {
        fields.insert("revisions".to_owned(), revisions.clone());
    }
}

fn is_stalled(status: &Value) -> bool {
    let conditions = status.get("conditions").and_then(Value::as_array).into_iter().flatten();
    let is = |one: &Value, key: &str, text: &str| one.get(key).and_then(Value::as_str) == Some(text);
    conditions.into_iter().any(|one| is(one, "type", "Stalled") && is(one, "status", "True"))
}

/// Reasons that are a blueprint's own.
const BROKEN: &[&str] = &["BlueprintInvalid", "CELError", "Cycle"];
