//! Calls daemons over the network, past the API server: TLS where each end proves by the operator's authority who it is.
//!
//! The operator certifies the key of the process that it runs in, as it certifies daemons; doors of that process call with it.
//! Whoever has no certificate, or does not reach the network of pods, comes by the API server. Keys are never written.

use crate::reach::{ReachError, Reaches, look};
use crate::trust::TRUST;
use base::ClusterName;
use cluster::Cluster;
use link::{Error, Link};
use parking_lot::Mutex;
use pki::{Authority, Keys, Name};
use policy::Permit;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// What the doors of this process call daemons with. Clones are one.
#[derive(Clone, Default)]
pub struct Calling(Arc<Mutex<HashMap<ClusterName, Line>>>);

/// What is known of one cluster.
struct Line {
    keys: Arc<Keys>,
    /// The roots by which they are certified.
    roots: Vec<Vec<u8>>,
    /// Its pods were not reached: until when nobody tries.
    rests: Option<Instant>,
    pause: Duration,
}

impl Calling {
    /// Certifies the key of this process as the gateway's, when half of its certificate's life is over or the authority is another.
    pub(crate) fn certify(
        &self,
        cluster: &ClusterName,
        authority: &Authority,
        now: SystemTime,
    ) -> Result<(), pki::Error> {
        let mut lines = self.0.lock();
        let line = match lines.get_mut(cluster) {
            Some(line) => line,
            None => lines.entry(cluster.clone()).or_insert(Line::new()?),
        };
        let roots: Vec<Vec<u8>> = authority.roots().iter().map(|root| root.as_ref().to_vec()).collect();
        if line.roots != roots || line.keys.due(now) {
            let leaf = authority.certify(line.keys.public(), &Name::role(TRUST, ROLE), now)?;
            line.keys.take(leaf, now)?;
            line.roots = roots;
        }
        Ok(())
    }

    /// Whether it is worth a try.
    #[must_use]
    pub fn may(&self, cluster: &ClusterName) -> bool {
        self.keys(cluster).is_some()
    }

    fn keys(&self, cluster: &ClusterName) -> Option<Arc<Keys>> {
        let lines = self.0.lock();
        let line = lines.get(cluster)?;
        let good = line.keys.until().is_some_and(|until| until > SystemTime::now());
        let rests = line.rests.is_some_and(|until| until > Instant::now());
        (good && !rests).then(|| line.keys.clone())
    }

    /// Calls the daemon of the workspace that the permit names.
    ///
    /// # Errors
    /// As [`ReachError`] says. Where its network is not reached, [`Calling::may`] says no for a while.
    pub async fn call<A: Reaches>(&self, cluster: &Cluster, permit: &Permit<A>) -> Result<Link, ReachError> {
        let keys = self.keys(cluster.name()).ok_or(Error::Closed)?;
        let place = look(cluster, permit).await?;
        let ip = place.ip.ok_or(ReachError::NoPod(place.workspace))?;
        let address = SocketAddr::new(ip, crd::AGENT_PORT).to_string();
        let name = Name::workspace(TRUST, &place.uid);
        let (principal, decision) = (permit.principal().id(), permit.decision_id().to_string());
        let called = timeout(PATIENCE, Link::call(&address, keys, name, principal, &decision)).await;
        let called = called.unwrap_or(Err(Error::Late));
        self.heard(cluster.name(), &called);
        Ok(called?)
    }

    /// Learns whether the network leads to pods.
    fn heard(&self, cluster: &ClusterName, called: &Result<Link, Error>) {
        let mut lines = self.0.lock();
        let Some(line) = lines.get_mut(cluster) else { return };
        match called {
            // one that refuses is reached
            Err(Error::Unreachable(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => line.reached(),
            Err(error @ (Error::Late | Error::Unreachable(_))) => {
                tracing::debug!(%cluster, %error, "pods are not reached over the network");
                line.rests = Some(Instant::now() + line.pause);
                line.pause = (line.pause * 2).min(LONGEST);
            }
            _ => line.reached(),
        }
    }
}

impl Line {
    fn new() -> Result<Self, pki::Error> {
        Ok(Self { keys: Keys::new()?, roots: Vec::new(), rests: None, pause: FIRST })
    }

    fn reached(&mut self) {
        (self.rests, self.pause) = (None, FIRST);
    }
}

const ROLE: &str = "gateway";
/// A network that leads there does so at once; by the API server it goes on.
const PATIENCE: Duration = Duration::from_secs(1);
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Calling, TRUST};
    use base::ClusterName;
    use link::Error;
    use pki::Authority;
    use std::io::ErrorKind;
    use std::time::{Duration, SystemTime};

    #[tokio::test(start_paused = true)]
    async fn wx_02c_a_network_that_leads_to_no_pod_is_left_for_a_while_longer_each_time() {
        let (calling, here) = (Calling::default(), ClusterName::new("here"));
        assert!(!calling.may(&here), "nobody has certified it");
        let now = SystemTime::now();
        calling.certify(&here, &Authority::new(TRUST, now).unwrap(), now).unwrap();
        assert!(calling.may(&here) && !calling.may(&ClusterName::new("there")));
        let refused = Error::Unreachable(ErrorKind::ConnectionRefused.into());
        calling.heard(&here, &Err(refused));
        assert!(calling.may(&here), "a pod that refuses is reached");
        calling.heard(&here, &Err(Error::Late));
        assert!(!calling.may(&here));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(calling.may(&here));
        calling.heard(&here, &Err(Error::Unreachable(ErrorKind::NetworkUnreachable.into())));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(!calling.may(&here), "longer the second time");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(calling.may(&here));
    }

    #[test]
    fn ac_113e_another_authority_certifies_the_gateway_anew_and_its_own_only_when_it_is_due() {
        let (calling, here, now) = (Calling::default(), ClusterName::new("here"), SystemTime::now());
        let until = |calling: &Calling| calling.0.lock().get(&here).unwrap().keys.until().unwrap();
        let one = Authority::new(TRUST, now).unwrap();
        calling.certify(&here, &one, now).unwrap();
        let first = until(&calling);
        let hour = Duration::from_secs(3_600);
        calling.certify(&here, &one, now + hour).unwrap();
        assert_eq!(until(&calling), first);
        calling.certify(&here, &one, now + 13 * hour).unwrap();
        let second = until(&calling);
        assert!(second > first);
        calling.certify(&here, &Authority::new(TRUST, now).unwrap(), now + 14 * hour).unwrap();
        assert!(until(&calling) > second);
    }
}
