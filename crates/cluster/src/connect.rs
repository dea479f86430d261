//! A cluster: one API server reached through one context.

use crate::acting::Acting;
use crate::error::Error;
use crate::kubeconfig::{Context, Kubeconfig};
use crate::reader::Reader;
use crate::transport::Transport;
use base::ClusterName;
use std::sync::Arc;

/// How to connect.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// Marked production by the user.
    pub production: bool,
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
        let transport =
            Arc::new(Transport::new(kubeconfig.inner.clone(), context.name.clone(), context.server.clone()));
        Ok(Self(Arc::new(Inner { name: ClusterName::new(context.name.as_str()), context, options, transport })))
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

    /// Changes it, within the permit: every request carries the decision's id.
    #[must_use]
    pub fn acting<A: policy::Action>(&self, permit: &policy::Permit<A>) -> Acting {
        Acting::new(self.0.transport.clone(), &permit.decision_id().to_string())
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cluster").field(&self.0.name).finish()
    }
}
