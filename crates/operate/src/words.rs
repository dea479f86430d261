//! Refusals of an API server in plain words: what was refused, by whom, and what to do next.

use api::ErrorBody;
use base::{Code, Coded, RequestId};
use cluster::Error;
use serde_json::{Value, json};

/// The error body for a cluster's refusal of something done to one object. `doing` is `delete pods shop/web-1`.
#[must_use]
pub fn plain(error: &Error, doing: &str, request_id: RequestId) -> ErrorBody {
    let code = error.code();
    let (message, details) = match error {
        Error::Denied { verb, kind, namespace, message } => {
            let place =
                if namespace.is_empty() { "in the whole cluster".to_owned() } else { format!("in {namespace}") };
            let mut details = error.details().unwrap_or_else(|| json!({}));
            // RBAC's own words name the subresource too.
            let grant = details.get("grant").and_then(Value::as_str).map_or_else(
                || "Ask whoever grants rights in this cluster for it".to_owned(),
                |commands| format!("Whoever grants rights in this cluster can give it: {commands}"),
            );
            let says = format!("you may not {doing}: Kubernetes gives you no right to {verb} {kind} {place}. {grant}");
            if let Some(fields) = details.as_object_mut() {
                fields.insert("server".to_owned(), message.as_str().into());
            }
            (says, Some(details))
        }
        Error::Admission { message } => {
            let by = admission(message);
            (format!("cannot {doing}: {} denies it: {}", by.who, by.reason), Some(by.details))
        }
        Error::Invalid { message, causes } => {
            let fields = fields(causes);
            let list = fields.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join("; ");
            let reason = if list.is_empty() { message.clone() } else { list };
            let next = if message.contains("immutable") || reason.contains("immutable") {
                ". That field cannot be changed on an existing object: delete it and make it anew"
            } else {
                ""
            };
            let fields: Vec<_> = fields.iter().map(|(field, why)| json!({ "field": field, "message": why })).collect();
            (format!("cannot {doing}: {reason}{next}"), Some(json!({ "fields": fields, "server": message })))
        }
        Error::Conflict { message } => {
            let says = format!("cannot {doing}: it was changed by somebody else at the same time. Look at it again");
            (says, Some(json!({ "server": message })))
        }
        Error::NotFound { message } => {
            (format!("cannot {doing}: it does not exist"), Some(json!({ "server": message })))
        }
        Error::Throttled { retry_after, .. } => {
            let says = format!("cannot {doing} now: the cluster is busy. Try again in {} s", retry_after.as_secs());
            (says, error.details())
        }
        other => (format!("cannot {doing}: {other}"), other.details()),
    };
    ErrorBody { code, message, details, request_id }
}

struct Admission {
    who: String,
    reason: String,
    details: Value,
}

/// Reads `admission webhook "NAME" denied the request: REASON` and
/// `… ValidatingAdmissionPolicy 'NAME' with binding 'BINDING' denied request: REASON`.
fn admission(message: &str) -> Admission {
    let reason = ["denied the request:", "denied request:", "denied the request", "denied request"]
        .iter()
        .find_map(|mark| message.split_once(mark))
        .map(|(_, reason)| reason.trim())
        .filter(|reason| !reason.is_empty())
        .unwrap_or(message)
        .to_owned();
    if let Some(name) = between(message, "admission webhook \"", "\"") {
        let details = json!({ "webhook": name, "server": message });
        return Admission { who: format!("the admission webhook {name}"), reason, details };
    }
    if let Some(name) = between(message, "ValidatingAdmissionPolicy '", "'") {
        let details = json!({ "policy": name, "server": message });
        return Admission { who: format!("the admission policy {name}"), reason, details };
    }
    Admission { who: "the cluster's admission".to_owned(), reason, details: json!({ "server": message }) }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

/// `field` and `message` of each cause.
fn fields(causes: &Value) -> Vec<(String, String)> {
    let text = |cause: &Value, key: &str| cause.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let causes = causes.as_array().map(Vec::as_slice).unwrap_or_default();
    causes.iter().map(|cause| (text(cause, "field"), text(cause, "message"))).filter(|(f, _)| !f.is_empty()).collect()
}

/// An error body of our own about one step.
pub(crate) fn own(code: Code, message: impl Into<String>, request_id: RequestId) -> ErrorBody {
    ErrorBody { code, message: message.into(), details: None, request_id }
}

#[cfg(test)]
mod tests;
