//! Whether a workspace has come to where somebody wants it, by one look at it. Pure.

use crate::about::{condition, text};
use api::workspace::WorkspaceCondition;
use base::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where it is to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// It can be entered.
    Ready,
    /// Its container starts, if it is not ready already: whoever tries gets in any moment.
    Near,
    /// It has no pod.
    Stopped,
    /// It is not there.
    Gone,
}

/// What a look at it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is there.
    Done,
    /// It is on its way: the stage, in words.
    Going(String),
    /// It will not come there: why.
    Failed(Code, String),
}

/// What a look at a workspace says, once its status is of this generation.
#[must_use]
pub fn look(object: Option<&Value>, until: Until, generation: i64) -> Look {
    let Some(object) = object else {
        return match until {
            Until::Gone => Look::Done,
            _ => Look::Failed(Code::WorkspaceFailed, "it was deleted".to_owned()),
        };
    };
    let observed = object.pointer("/status/observedGeneration").and_then(Value::as_i64).unwrap_or_default();
    if observed < generation && until != Until::Gone {
        return Look::Going("waits for the operator".to_owned());
    }
    let ready = condition(object, "Ready");
    let (phase, stage) = (text(object, "/status/phase"), text(object, "/status/stage"));
    let holds = |one: &Option<WorkspaceCondition>, status: &str| one.as_ref().is_some_and(|one| one.status == status);
    let message = ready.as_ref().map(|one| one.message.clone()).unwrap_or_default();
    let refused = ["Accepted", "BlueprintResolved"].into_iter().filter_map(|kind| condition(object, kind));
    // What waits for room gets its turn.
    let refused = refused.into_iter().find(|one| one.status == "False" && stage != "Queued");
    let stalled = holds(&condition(object, "Stalled"), "True");
    match until {
        Until::Ready | Until::Near if holds(&ready, "True") => Look::Done,
        Until::Near if matches!(stage.as_str(), "Starting" | "Running") && phase != "Failed" && !stalled => Look::Done,
        Until::Ready | Until::Near if phase == "Failed" || refused.is_some() || stalled => {
            let error = text(object, "/status/lastError");
            let code = match &refused {
                Some(refused) => of_reason(&refused.reason),
                None if stalled && phase != "Failed" => match crate::stage::cause(&error) {
                    Some("volume_in_use") => Code::VolumeInUse,
                    Some(_) => Code::WorkspaceFailed,
                    None => Code::WorkspaceTimeout,
                },
                None => Code::WorkspaceFailed,
            };
            Look::Failed(code, if error.is_empty() { message } else { error })
        }
        Until::Stopped if phase == "Stopped" => Look::Done,
        _ => Look::Going(format!("{stage}: {message}")),
    }
}

/// What programs may want of a failure: the kind of it, and what to do next.
#[must_use]
pub fn details(error: &str) -> Option<Value> {
    let cause = crate::stage::cause(error)?;
    Some(json!({ "reason": cause, "hint": crate::stage::next(cause) }))
}

/// The code for why a workspace is not accepted.
fn of_reason(reason: &str) -> Code {
    match reason {
        "BlueprintNotFound" => Code::BlueprintNotFound,
        "BlueprintInvalid" => Code::BlueprintInvalid,
        "Cycle" => Code::BlueprintCycle,
        "CELError" => Code::CelError,
        "ParamInvalid" => Code::ParamInvalid,
        "FieldNotAllowed" => Code::FieldNotAllowed,
        "PolicyDenied" => Code::PolicyDenied,
        "GrantMissing" => Code::GrantMissing,
        "QuotaExceeded" => Code::QuotaExceeded,
        "InjectDisabled" | "FeatureUnavailable" => Code::FeatureUnavailable,
        _ => Code::WorkspaceFailed,
    }
}

#[cfg(test)]
mod tests;
