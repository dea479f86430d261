//! One object, for the detail pane.

use crate::error::Error;
use crate::port::Clusters;
use crate::text;
use crate::words;
use api::rest::{ObjectDetail, ObjectRef};
use base::RequestId;
use cluster::Target;
use policy::action::{ObjectRead, ObjectReadObligations, ObjectTarget};
use policy::{Outcome, Permit};

/// Reads the object of a permit: YAML and JSON without managedFields, values of Secrets masked.
///
/// # Errors
/// When the cluster does not give it.
pub async fn detail(clusters: &dyn Clusters, permit: Permit<ObjectRead>) -> Result<ObjectDetail, Error> {
    let ObjectReadObligations {} = permit.obligations();
    match read(clusters, &permit).await {
        Ok(detail) => {
            permit.count_bytes(detail.yaml.len() as u64);
            permit.finish(Outcome::Closed);
            Ok(detail)
        }
        Err(error) => {
            permit.finish(failed(&error));
            Err(error)
        }
    }
}

async fn read(clusters: &dyn Clusters, permit: &Permit<ObjectRead>) -> Result<ObjectDetail, Error> {
    let object = &permit.target().object;
    let request = permit.principal().request().unwrap_or_default();
    let refused = |error: cluster::Error| refused(&error, "read", object, request);
    let kind = clusters.kind(&object.cluster, &object.kind).await.map_err(refused)?;
    let acts = clusters.reads(&object.cluster, permit).map_err(refused)?;
    let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
    let shown = text::shown(&kind, acts.get(target, "").await.map_err(refused)?);
    Ok(ObjectDetail {
        object: reference(object),
        yaml: shown.yaml()?,
        json: shown.json,
        secret_keys: shown.secret_keys,
    })
}

/// A cluster's refusal in plain words.
pub(crate) fn refused(error: &cluster::Error, verb: &str, object: &ObjectTarget, request: RequestId) -> Error {
    Error::Cluster(Box::new(words::plain(error, &doing(verb, object), request)))
}

/// `delete pods shop/web-1 in dev`.
pub(crate) fn doing(verb: &str, object: &ObjectTarget) -> String {
    format!("{verb} {object}")
}

/// How a failure is journalled.
pub(crate) fn failed(error: &Error) -> Outcome {
    Outcome::Failed { code: base::Coded::code(error).as_str().to_owned(), message: error.to_string() }
}

/// An object's name in answers.
pub(crate) fn reference(object: &ObjectTarget) -> ObjectRef {
    ObjectRef {
        cluster: object.cluster.clone(),
        kind: object.kind.clone(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
    }
}
