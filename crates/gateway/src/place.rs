//! Which workspace a path names, for terminals and files.

use crate::caller::Caller;
use crate::server::Shared;
use base::ClusterName;
use cluster::Cluster;
use policy::action::ObjectTarget;
use workspace::Key;
use workspace::activity::Meter;

/// The workspace of a path.
pub(crate) fn object(cluster: ClusterName, namespace: String, name: String) -> ObjectTarget {
    ObjectTarget::workspace(&cluster, namespace, name)
}

/// The cluster that it is in, as whoever asks reaches it.
pub(crate) fn cluster(shared: &Shared, caller: &Caller, object: &ObjectTarget) -> Result<Cluster, mirror::Error> {
    shared.services.mirror.of(&caller.principal).cluster(&object.cluster)
}

/// Where its use is told.
pub(crate) fn meter(shared: &Shared, object: &ObjectTarget) -> Meter {
    shared
        .services
        .activity
        .meter(&object.cluster, &Key { namespace: object.namespace.clone(), name: object.name.clone() })
}
