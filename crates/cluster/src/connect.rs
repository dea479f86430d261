//! A cluster: one API server reached through one context.

use crate::acting::Acting;
use crate::error::Error;
use crate::kubeconfig::{Context, Kubeconfig};
use crate::pace::Rate;
use crate::reader::Reader;
use crate::transport::Transport;
use base::ClusterName;
use policy::Principal;
use std::sync::Arc;

/// How to connect.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectOptions {
    /// Marked production by the user.
    pub production: bool,
    /// How often it is asked at most.
    pub rate: Rate,
}

/// A cluster. Nothing is asked of it until somebody does. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    name: ClusterName,
    context: Context,
    options: ConnectOptions,
    transport: Arc<Transport>,
}

impl Cluster {
    /// The cluster of a context.
    ///
    /// # Errors
    /// When the kubeconfig has no such context.
    pub fn connect(kubeconfig: &Kubeconfig, context: &str, options: ConnectOptions) -> Result<Self, Error> {
        let context = kubeconfig.choose(Some(context))?;
        let (inner, name, server) = (kubeconfig.inner.clone(), context.name.clone(), context.server.clone());
        let transport = Arc::new(Transport::new(inner, name, server, options.rate));
        let name = ClusterName::new(context.name.as_str());
        Ok(Self(Arc::new(Inner { name, context, options, transport })))
    }

    /// The same cluster on a principal's behalf: whatever is read there is so by their own rights (impersonation). That of
    /// somebody whom the process need not act for is the process's own.
    #[must_use]
    pub fn on_behalf(&self, principal: &Principal) -> Self {
        let Inner { name, context, options, transport } = &*self.0;
        let transport = Arc::new(transport.on_behalf(principal.acts_as()));
        let (name, context) = (name.clone(), context.clone());
        Self(Arc::new(Inner { name, context, options: *options, transport }))
    }

    /// Its name here: the context's.
    #[must_use]
    pub fn name(&self) -> &ClusterName {
        &self.0.name
    }

    /// Its context.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// Marked production by the user.
    #[must_use]
    pub fn production(&self) -> bool {
        self.0.options.production
    }

    /// Reads from it.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.0.transport.clone())
    }

    pub(crate) fn transport(&self) -> Arc<Transport> {
        self.0.transport.clone()
    }

    /// Acts in it, within the permit: what the action reads, tries or changes, and no more. Every request carries the
    /// decision's id, and is asked on behalf of whoever has the permit.
    #[must_use]
    pub fn acting<A: policy::Action>(&self, permit: &policy::Permit<A>) -> Acting<A::Effect> {
        let transport = self.0.transport.on_behalf(permit.principal().acts_as());
        Acting::new(Arc::new(transport), &permit.decision_id().to_string())
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cluster").field(&self.0.name).finish()
    }
}
