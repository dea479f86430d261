//! What a newer blueprint would change, where one waits: looked up once for each of them.

use super::Job;
use crate::desired::Desired;
use crate::differs::changes;
use crate::pinned;
use crate::render::Rendered;
use cluster::{Hands, Owned};
use serde_json::Value;

/// The changes from the pod that is there, or that the next start would make, to the one that is wanted.
pub(super) async fn newer(hands: &Hands, job: &Job, desired: &Desired, rendered: &Rendered) -> Vec<Value> {
    let previous = job.written.as_ref().or_else(|| job.object.get("status")).unwrap_or(&Value::Null);
    let text = |at: &str| previous.pointer(at).and_then(Value::as_str);
    let uid = job.observed.pod.as_ref().map(|pod| pod.uid.as_str());
    let known = previous.pointer("/updateAvailable/changes").and_then(Value::as_array);
    if let Some(known) = known
        && text("/updateAvailable/digest") == Some(rendered.pod_hash.as_str())
        && text("/pod/uid") == uid
    {
        return known.clone();
    }
    let Some(wants) = &rendered.pod else { return Vec::new() };
    let there = match &job.observed.pod {
        Some(pod) => hands.get(Owned::Pod, &pod.name).await,
        None => {
            let kept = hands.get(Owned::ConfigMap, &pinned::name(desired)).await;
            kept.map(|kept| kept.and_then(|kept| pinned::pod(desired, &kept)))
        }
    };
    match there {
        Ok(there) => there.map(|there| changes(&there, &wants.body)).unwrap_or_default(),
        // That there is a newer one is told all the same; the next look tries again.
        Err(error) => {
            tracing::warn!(workspace = %job.key, %error, "what a newer blueprint changes cannot be told");
            Vec::new()
        }
    }
}
