//! What this service needs of clusters, as narrow as it can be. `cluster::Acting` satisfies [`Acts`]; whoever holds
//! the clusters (the composition) implements [`Clusters`] by one line: `grant.acting(&cluster)`.

use base::ClusterName;
use catalog::Kind;
use cluster::{Cluster, DeleteOptions, Error, PatchKind, Target};
use policy::{Action, DecisionId, Permit};
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;

/// A future of a port.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The clusters.
pub trait Clusters: Send + Sync + 'static {
    /// The kind with this id (`plural` or `plural.group`) as the cluster serves it.
    fn kind<'a>(&'a self, cluster: &'a ClusterName, id: &'a str) -> Pending<'a, Arc<Kind>>;

    /// What acts in the cluster under a permit.
    ///
    /// # Errors
    /// When there is no such cluster.
    fn acting(&self, cluster: &ClusterName, grant: &dyn Grant) -> Result<Box<dyn Acts>, Error>;
}

/// A permit of any action. Only permits are.
pub trait Grant: sealed::Sealed + Send + Sync {
    /// The decision.
    fn decision_id(&self) -> DecisionId;

    /// What acts in this cluster under this permit.
    fn acting(&self, cluster: &Cluster) -> Box<dyn Acts>;
}

mod sealed {
    pub trait Sealed {}
    impl<A: policy::Action> Sealed for policy::Permit<A> {}
}

impl<A: Action> Grant for Permit<A> {
    fn decision_id(&self) -> DecisionId {
        Permit::decision_id(self)
    }

    fn acting(&self, cluster: &Cluster) -> Box<dyn Acts> {
        Box::new(cluster.acting(self))
    }
}

/// Requests to one cluster under one decision.
pub trait Acts: Send + Sync {
    /// Reads an object, or a subresource of it.
    fn get<'a>(&'a self, target: Target<'a>, subresource: &'a str) -> Pending<'a, Value>;

    /// Deletes an object.
    fn delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value>;

    /// Patches an object, or a subresource of it.
    fn patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        kind: PatchKind,
        patch: &'a Value,
        dry_run: bool,
    ) -> Pending<'a, Value>;
}

impl Acts for cluster::Acting {
    fn get<'a>(&'a self, target: Target<'a>, subresource: &'a str) -> Pending<'a, Value> {
        Box::pin(cluster::Acting::get(self, target, subresource))
    }

    fn delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value> {
        Box::pin(cluster::Acting::delete(self, target, options))
    }

    fn patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        kind: PatchKind,
        patch: &'a Value,
        dry_run: bool,
    ) -> Pending<'a, Value> {
        Box::pin(cluster::Acting::patch(self, target, subresource, kind, patch, dry_run))
    }
}
