//! One step of a plan: what the gate would say, and what the API server's dry-run finds.

use crate::act;
use crate::detail::{doing, reference};
use crate::effects;
use crate::error::Error;
use crate::port::Trying;
use crate::seen::Seen;
use crate::text;
use crate::words;
use api::ErrorBody;
use api::rest::{Act, PlanStep, Verdict};
use base::{Code, RequestId};
use catalog::Kind;
use cluster::{PatchKind, Target};
use policy::action::ObjectTarget;
use policy::{Decision, Requirements};
use serde_json::Value;
use std::sync::Arc;

/// A step while its plan lives.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) object: ObjectTarget,
    pub(crate) kind: Arc<Kind>,
    /// How it was seen; `None` when it was gone already or may not be read.
    pub(crate) seen: Option<Seen>,
    /// It was not there.
    pub(crate) missing: bool,
    /// As it is shown.
    pub(crate) shown: PlanStep,
}

impl Step {
    /// A step that nothing is known of but what the gate would say.
    pub(crate) fn decided<O>(object: ObjectTarget, kind: Arc<Kind>, decision: Decision<O>) -> (Self, Requirements) {
        let (verdict, reason, needs) = match decision {
            Decision::Allow(_) => (Verdict::Allow, String::new(), Requirements::default()),
            Decision::Needs(needs) => (Verdict::Needs, format!("needs {needs}"), needs),
            Decision::Deny(denial) => (Verdict::Deny, denial.reason, Requirements::default()),
        };
        let shown = PlanStep {
            object: reference(&object),
            decision: verdict,
            reason,
            diff: String::new(),
            effects: Vec::new(),
            error: None,
        };
        (Self { object, kind, seen: None, missing: false, shown }, needs)
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target { kind: &self.kind, namespace: &self.object.namespace, name: &self.object.name }
    }

    /// Lets the API server try. What it finds wrong stands in the step's error.
    pub(crate) async fn dry_run(&mut self, acts: &dyn Trying, act: &Act, now: &str, request: RequestId) {
        if let Err(error) = self.try_it(acts, act, now, request).await {
            self.shown.error = Some(*error);
        }
    }

    async fn try_it(
        &mut self,
        acts: &dyn Trying,
        act: &Act,
        now: &str,
        request: RequestId,
    ) -> Result<(), Box<ErrorBody>> {
        let doing = doing(act::verb(act), &self.object);
        let plain = |error: &cluster::Error| Box::new(words::plain(error, &doing, request));
        act::supported(&self.kind, act).map_err(|message| Box::new(words::own(Code::BadRequest, message, request)))?;
        let deleting = matches!(act, Act::Delete { .. });
        let object = match acts.get(self.target(), "").await {
            Ok(object) => object,
            Err(cluster::Error::NotFound { .. }) if deleting => {
                self.missing = true;
                self.shown.effects.push("is gone already".to_owned());
                return Ok(());
            }
            // The right to delete does not hold the right to read.
            Err(cluster::Error::Denied { .. }) if deleting => Value::Null,
            Err(error) => return Err(plain(&error)),
        };
        if !object.is_null() {
            self.seen = Some(Seen::of(&object));
        }
        let internal = |error: Error| Box::new(ErrorBody::of(&error, request));
        match act {
            Act::Delete { .. } => {
                self.shown.effects = effects::of_delete(&self.kind, &object, act);
                let options = act::delete_options(act, self.uid());
                match acts.try_delete(self.target(), &options).await {
                    Ok(_) | Err(cluster::Error::NotFound { .. }) => {}
                    Err(error) => return Err(plain(&error)),
                }
            }
            Act::Scale { replicas } => {
                let before = acts.get(self.target(), "scale").await.map_err(|error| plain(&error))?;
                let patch = act::scale_patch(*replicas, None);
                let after = acts.try_patch(self.target(), "scale", PatchKind::Merge, &patch).await;
                let after = after.map_err(|error| plain(&error))?;
                let replicas_before = before.pointer("/spec/replicas").map_or(Some(0), Value::as_u64);
                self.shown.effects = effects::of_scale(replicas_before, *replicas);
                self.shown.diff = text::diff(&self.kind, before, after).map_err(internal)?;
            }
            Act::Restart => {
                if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
                    let message = format!("cannot {doing}: its rollout is paused. Resume it first");
                    return Err(Box::new(words::own(Code::BadRequest, message, request)));
                }
                self.shown.effects = effects::of_restart(&object);
                let patch = act::restart_patch(now, None);
                let after = acts.try_patch(self.target(), "", PatchKind::Merge, &patch).await;
                let after = after.map_err(|error| plain(&error))?;
                self.shown.diff = text::diff(&self.kind, object, after).map_err(internal)?;
            }
        }
        Ok(())
    }

    pub(crate) fn uid(&self) -> Option<String> {
        self.seen.as_ref().map(|seen| seen.uid.clone()).filter(|uid| !uid.is_empty())
    }
}
