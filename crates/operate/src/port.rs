//! What this service needs of clusters, as narrow as it can be: what reads, what tries, and what changes are different
//! types, and only the permit of such an action gives them. `cluster::Acting` satisfies them; whoever holds the clusters
//! (the composition) implements [`Clusters`] by one line each: `Box::new(grant.acting(&cluster))`.

use base::ClusterName;
use catalog::Kind;
use cluster::{Acting, Cluster, DeleteOptions, Error, PatchKind, Target};
use policy::action::{Changes, Effect, Reads, Tries};
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

    /// What reads in the cluster under a permit.
    ///
    /// # Errors
    /// When there is no such cluster.
    fn reads(&self, cluster: &ClusterName, grant: &dyn Grant<Reads>) -> Result<Box<dyn Reading>, Error>;

    /// What tries changes in the cluster under a permit.
    ///
    /// # Errors
    /// When there is no such cluster.
    fn tries(&self, cluster: &ClusterName, grant: &dyn Grant<Tries>) -> Result<Box<dyn Trying>, Error>;

    /// What changes the cluster under a permit.
    ///
    /// # Errors
    /// When there is no such cluster.
    fn changes(&self, cluster: &ClusterName, grant: &dyn Grant<Changes>) -> Result<Box<dyn Changing>, Error>;
}

/// A permit of any action with this effect. Only permits are.
pub trait Grant<E: Effect>: sealed::Sealed + Send + Sync {
    /// The decision.
    fn decision_id(&self) -> DecisionId;

    /// What acts in this cluster under this permit.
    fn acting(&self, cluster: &Cluster) -> Acting<E>;
}

mod sealed {
    pub trait Sealed {}
    impl<A: policy::Action> Sealed for policy::Permit<A> {}
}

impl<A: Action> Grant<A::Effect> for Permit<A> {
    fn decision_id(&self) -> DecisionId {
        Permit::decision_id(self)
    }

    fn acting(&self, cluster: &Cluster) -> Acting<A::Effect> {
        cluster.acting(self)
    }
}

/// Reads in one cluster under one decision.
pub trait Reading: Send + Sync {
    /// Reads an object, or a subresource of it.
    fn get<'a>(&'a self, target: Target<'a>, subresource: &'a str) -> Pending<'a, Value>;
}

/// Tries changes in one cluster under one decision, and makes none.
pub trait Trying: Reading {
    /// Lets the server try a deletion.
    fn try_delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value>;

    /// Lets the server try a patch of an object, or of a subresource of it.
    fn try_patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        kind: PatchKind,
        patch: &'a Value,
    ) -> Pending<'a, Value>;
}

/// Changes one cluster under one decision.
pub trait Changing: Reading {
    /// Deletes an object.
    fn delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value>;

    /// Patches an object, or a subresource of it.
    fn patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        kind: PatchKind,
        patch: &'a Value,
    ) -> Pending<'a, Value>;
}

impl<E: Effect> Reading for Acting<E> {
    fn get<'a>(&'a self, target: Target<'a>, subresource: &'a str) -> Pending<'a, Value> {
        Box::pin(Self::get(self, target, subresource))
    }
}

impl Trying for Acting<Tries> {
    fn try_delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value> {
        Box::pin(Self::try_delete(self, target, options))
    }

    fn try_patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        kind: PatchKind,
        patch: &'a Value,
    ) -> Pending<'a, Value> {
        Box::pin(Self::try_patch(self, target, subresource, kind, patch))
    }
}

impl Changing for Acting<Changes> {
    fn delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value> {
        Box::pin(Self::delete(self, target, options))
    }

    fn patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        kind: PatchKind,
        patch: &'a Value,
    ) -> Pending<'a, Value> {
        Box::pin(Self::patch(self, target, subresource, kind, patch))
    }
}
