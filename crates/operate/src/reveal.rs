//! The value of one key of a Secret: the only way by which one leaves.

use crate::detail::{failed, refused};
use crate::error::Error;
use crate::port::Clusters;
use api::rest::Revealed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::Target;
use policy::action::{SecretReveal, SecretRevealObligations};
use policy::{Outcome, Permit};
use serde_json::Value;

/// Reads the key that the permit names, once the decision is on disk.
///
/// # Errors
/// When the journal does not take the decision, the cluster does not give the Secret, it has no such key, or the value
/// is larger than policy shows.
pub async fn reveal(clusters: &dyn Clusters, permit: Permit<SecretReveal>) -> Result<Revealed, Error> {
    match read(clusters, &permit).await {
        Ok((revealed, bytes)) => {
            permit.count_bytes(bytes);
            permit.finish(Outcome::Done { message: "revealed".to_owned() });
            Ok(revealed)
        }
        Err(error) => {
            permit.finish(failed(&error));
            Err(error)
        }
    }
}

async fn read(clusters: &dyn Clusters, permit: &Permit<SecretReveal>) -> Result<(Revealed, u64), Error> {
    let SecretRevealObligations { max_bytes } = permit.obligations();
    let SecretReveal { object, key } = permit.target();
    let request = permit.principal().request().unwrap_or_default();
    let refused = |error: cluster::Error| refused(&error, "reveal a value of", object, request);
    permit.settled().await?;
    let kind = clusters.kind(&object.cluster, &object.kind).await.map_err(refused)?;
    if !kind.is_secret() {
        return Err(Error::Invalid { message: format!("{} are not Secrets: look at the object itself", kind.id) });
    }
    let acts = clusters.reads(&object.cluster, permit).map_err(refused)?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let secret = acts.get(target, "").await.map_err(refused)?;
    let value = secret.get("data").and_then(|data| data.get(key)).and_then(Value::as_str);
    let value = value.ok_or_else(|| Error::KeyUnknown { key: key.clone() })?;
    let bytes = STANDARD.decode(value).map_err(Error::internal)?.len() as u64;
    match max_bytes {
        Some(most) if bytes > *most => Err(Error::TooLarge { bytes, most: *most }),
        _ => Ok((Revealed { value_base64: value.to_owned(), decision: permit.decision_id().to_string() }, bytes)),
    }
}

#[cfg(test)]
mod tests;
