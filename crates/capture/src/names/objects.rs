//! The other way round: which addresses an object has that a capture filter names.

use super::Names;
use super::index::Index;
use bpf::{Object, ObjectKind, Resolve};
use std::net::IpAddr;
use std::time::Duration;

/// The objects of a cluster, for filters.
pub(crate) struct Objects<'a> {
    names: Option<&'a Names>,
    /// An object that is not known is wrong. In a filter that was right once, it is gone for the time being.
    strict: bool,
}

impl<'a> Objects<'a> {
    /// For a filter that somebody wrote.
    pub(crate) const fn new(names: Option<&'a Names>) -> Self {
        Self { names, strict: true }
    }

    /// For a filter that runs.
    pub(crate) const fn again(names: &'a Names) -> Self {
        Self { names: Some(names), strict: false }
    }
}

impl Resolve for Objects<'_> {
    fn addresses(&self, object: &Object) -> Result<Vec<IpAddr>, String> {
        let names = self.names.ok_or("this tap knows no names of the cluster: write addresses")?;
        let found = find(&names.kept.index.borrow(), object, &names.namespaces);
        match found {
            Some(found) => Ok(found),
            None if !self.strict => Ok(Vec::new()),
            None => Err(match object.kind {
                ObjectKind::Service => "no such service is seen".to_owned(),
                ObjectKind::Pod => "no such pod with an address of its own is seen".to_owned(),
                ObjectKind::Workload => "no pod of it with an address of its own is seen".to_owned(),
            }),
        }
    }
}

impl Names {
    /// Waits until the objects of the cluster are known, as far as they may be seen.
    pub(crate) async fn known(&self) {
        let mut index = self.kept.index.subscribe();
        // What is not known by then may not be seen.
        let _ = tokio::time::timeout(PATIENCE, index.wait_for(Index::is_whole)).await;
    }
}

/// Without a namespace: in those of the tap, else in all. `None` where there is no such object.
fn find(index: &Index, object: &Object, namespaces: &[String]) -> Option<Vec<IpAddr>> {
    let among = |within: &dyn Fn(&str) -> bool| match object.kind {
        ObjectKind::Pod => index.addresses_of_pods(within, |name, _| name == object.name),
        ObjectKind::Workload => index.addresses_of_pods(within, |_, workload| workload == object.name),
        ObjectKind::Service => index.addresses_of_service(within, &object.name),
    };
    match &object.namespace {
        Some(namespace) => among(&|ns| ns == namespace),
        None => among(&|ns| namespaces.iter().any(|have| have == ns)).or_else(|| among(&|_| true)),
    }
}

/// Names are waited for this long.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
