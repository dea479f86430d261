//! Which workspace a path names, for terminals and files.

use crate::caller::Caller;
use crate::server::Shared;
use base::ClusterName;
use cluster::Cluster;
use policy::action::ObjectTarget;
use policy::{Action, Answers, Permit};
use workspace::Key;
use workspace::activity::Meter;
use workspace::doors::{DoorError, Named};

/// The workspace of a path.
pub(crate) fn object(cluster: ClusterName, namespace: String, name: String) -> ObjectTarget {
    ObjectTarget { cluster, kind: "workspaces.quarterdeck.dev".to_owned(), namespace, name }
}

/// The cluster that it is in, as whoever asks reaches it.
pub(crate) fn cluster(shared: &Shared, caller: &Caller, object: &ObjectTarget) -> Result<Cluster, mirror::Error> {
    shared.services.mirror.of(&caller.principal).cluster(&object.cluster)
}

/// Decides what whoever asks wants in it.
pub(crate) fn permit<A: Action>(
    shared: &Shared,
    caller: &Caller,
    object: &ObjectTarget,
    action: A,
    answers: &Answers,
) -> Result<Permit<A>, DoorError> {
    let ObjectTarget { cluster, namespace, name, .. } = object.clone();
    shared.workspaces().permit(&caller.principal, &Named { cluster, namespace, name }, action, answers)
}

/// Where its use is told.
pub(crate) fn meter(shared: &Shared, object: &ObjectTarget) -> Meter {
    shared
        .services
        .activity
        .meter(&object.cluster, &Key { namespace: object.namespace.clone(), name: object.name.clone() })
}
