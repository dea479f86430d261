//! What leads to a workspace from outside of the cluster: which steps keep it, and what its objects tell.

use crate::decide::Step;
use crate::desired::Desired;
use crate::follow::part;
use crate::index::Seen;
use crate::observed::{Observed, Outside};
use crate::render::{Render, Rendered};
use catalog::{Kind, ServedResource};
use cluster::{Error, Hands, Owned};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// What is to be done for it, and when to look again.
pub(crate) fn steps(
    desired: &Desired,
    rendered: &Rendered,
    observed: &Observed,
    now_ms: i64,
) -> (Vec<Step>, Option<i64>) {
    let mut steps = Vec::new();
    let wanted = |kind: Owned, name: &str| rendered.parts.iter().any(|part| part.kind == kind && part.name == name);
    for ((kind, name), part) in &observed.parts {
        if part.ours && is_named(desired, *kind, name) && !wanted(*kind, name) {
            steps.push(Step::Withdraw { kind: *kind, name: name.clone(), uid: part.uid.clone() });
        }
    }
    let Some(reached) = rendered.reached.as_ref().filter(|reached| reached.problem.is_none()) else {
        return (steps, None);
    };
    let (Some(certificate), Some(host)) = (&reached.certificate, &reached.host) else { return (steps, None) };
    let known = observed.parts.get(&(Owned::Secret, certificate.secret.clone()));
    if !certificate.own {
        if known.is_some() {
            return (steps, None);
        }
        steps.push(Step::SeeSecret(certificate.secret.clone()));
        return (steps, Some(now_ms + LOOK_MS));
    }
    let due = known.and_then(|part| part.verified.as_deref()).and_then(|mark| due_ms(mark, host));
    match due {
        Some(due) if due > now_ms => (steps, Some(due)),
        _ => {
            steps.push(Step::Certify { secret: certificate.secret.clone(), host: host.clone() });
            (steps, Some(now_ms + SOON_MS))
        }
    }
}

/// Whether a step is about what leads to it from outside.
pub(crate) fn is_of(step: &Step, rendered: Option<&Rendered>) -> bool {
    match step {
        Step::Certify { .. } | Step::SeeSecret(_) | Step::Withdraw { .. } => true,
        Step::Apply(at) => rendered.and_then(|rendered| rendered.parts.get(*at)).is_some_and(|part| {
            let balances = part.body.pointer("/spec/type").is_some_and(|kind| kind == "LoadBalancer");
            matches!(part.kind, Owned::Ingress | Owned::HttpRoute) || part.kind == Owned::Service && balances
        }),
        _ => false,
    }
}

/// Whether an object has the name of one that leads to this workspace.
fn is_named(desired: &Desired, kind: Owned, name: &str) -> bool {
    match kind {
        Owned::Ingress | Owned::HttpRoute => name == desired.key.name,
        Owned::Service => name.strip_suffix("-lb") == Some(&desired.key.name),
        _ => false,
    }
}

/// Makes the certificate of a host, unless there is one that is good for a while.
pub(crate) async fn certify(
    hands: &Hands,
    render: &dyn Render,
    desired: &Desired,
    rendered: Option<&Rendered>,
    (name, host): (&str, &str),
    applied: &mut Vec<(Owned, String, Seen, String)>,
) -> Result<(), Error> {
    let there = hands.get(Owned::Secret, name).await?;
    let says = there.as_ref().and_then(|there| there.pointer("/metadata/annotations")?.get(CERTIFIED)?.as_str());
    let now_ms = UNIX_EPOCH.elapsed().map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    if let (Some(there), Some(mark)) = (&there, says.map(str::to_owned))
        && due_ms(&mark, host).is_some_and(|due| due > now_ms)
    {
        applied.push((Owned::Secret, name.to_owned(), part(there), mark));
        return Ok(());
    }
    let wrong = |message: String| Error::Invalid { message, causes: Value::Null };
    if there.is_some() && says.is_none() {
        return Err(wrong(format!("Secret {name} is not the operator's: it is not written over")));
    }
    let pair = match render.certify(host) {
        Some(Ok(pair)) => pair,
        Some(Err(error)) => return Err(wrong(format!("no certificate for {host}: {error}"))),
        None => return Err(wrong(format!("nobody certifies {host}"))),
    };
    let renew_ms = pair.renew_at().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let mark = format!("{renew_ms} {host}");
    let pod = rendered.and_then(|rendered| rendered.pod.as_ref());
    let labels = pod.and_then(|pod| pod.body.pointer("/metadata/labels")).cloned().unwrap_or_default();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "name": name, "namespace": desired.key.namespace, "labels": labels,
            "annotations": { CERTIFIED: mark },
            "ownerReferences": [{
                "apiVersion": Owned::Workspace.api_version(), "kind": Owned::Workspace.kind(),
                "name": desired.key.name, "uid": desired.uid, "controller": true,
            }],
        },
        "stringData": { "tls.crt": pair.certificate, "tls.key": pair.key.as_str() },
    });
    let made = hands.apply(Owned::Secret, name, &secret).await?;
    applied.push((Owned::Secret, name.to_owned(), part(&made), mark));
    Ok(())
}

/// When a certificate is to be renewed, by the mark on its Secret; nothing where it is for another host.
fn due_ms(mark: &str, host: &str) -> Option<i64> {
    let (due, of) = mark.split_once(' ')?;
    due.parse().ok().filter(|_| of == host)
}

/// What an object tells of how it is reached: a Service or Ingress by its addresses, a route by who has taken it.
pub(crate) fn seen(object: &Value) -> Outside {
    let list = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let balanced = list(object, "/status/loadBalancer/ingress");
    let mut outside = Outside {
        addresses: balanced.iter().filter_map(|one| text(one, "ip").or_else(|| text(one, "hostname"))).collect(),
        ..Outside::default()
    };
    for parent in list(object, "/status/parents") {
        let conditions = list(&parent, "/conditions");
        let accepted = conditions.iter().find(|one| text(one, "type").as_deref() == Some("Accepted"));
        let Some(accepted) = accepted else { continue };
        let taken = text(accepted, "status").as_deref() == Some("True");
        outside.taken = Some(outside.taken.unwrap_or_default() || taken);
        if !taken {
            outside.message = text(accepted, "message").unwrap_or_default();
        }
    }
    outside
}

/// Routes of Gateway API: they are no part of Kubernetes itself.
pub(crate) fn http_routes() -> Option<Arc<Kind>> {
    let served = ServedResource {
        group: "gateway.networking.k8s.io".to_owned(),
        version: "v1".to_owned(),
        preferred: true,
        kind: "HTTPRoute".to_owned(),
        plural: "httproutes".to_owned(),
        namespaced: true,
        verbs: ["get", "list", "watch", "patch"].map(str::to_owned).to_vec(),
        ..ServedResource::default()
    };
    catalog::kinds(&[served], &[]).into_iter().find(|kind| kind.plural == "httproutes")
}

/// On the Secret of a certificate of ours: when it is renewed, and its host.
const CERTIFIED: &str = "quarterdeck.dev/certified";
/// When it is looked again whether somebody has written a certificate: Secrets are not watched.
const LOOK_MS: i64 = 10_000;
/// When what was just made is looked at.
const SOON_MS: i64 = 300;

#[cfg(test)]
mod tests;
