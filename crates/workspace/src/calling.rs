//! Calls daemons over the network, past the API server: TLS where each end proves by the operator's authority who it is.
//!
//! The operator certifies the key of the process that it runs in, as it certifies daemons; doors of that process call with it.
//! Whoever has no certificate, or does not reach the network of pods, comes by the API server. Keys are never written.

use crate::acts::ActError;
use crate::key::Key;
use crate::places::{Known, Places, Right};
use crate::reach::{ReachError, Reaches, ask, place, reach};
use crate::trust::TRUST;
use base::ClusterName;
use cluster::Cluster;
use link::{Error, Link};
use parking_lot::Mutex;
use pki::{Authority, Keys, Name};
use policy::{Action, Permit, Principal};
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// What the doors of this process call daemons with. Clones are one.
#[derive(Clone, Default)]
pub struct Calling {
    lines: Arc<Mutex<HashMap<ClusterName, Line>>>,
    places: Places,
}

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
    /// Calls by what these watches tell.
    #[must_use]
    pub fn over(places: Places) -> Self {
        Self { places, ..Self::default() }
    }

    /// Certifies the key of this process as the gateway's, when half of its certificate's life is over or the authority is another.
    pub(crate) fn certify(
        &self,
        cluster: &ClusterName,
        authority: &Authority,
        now: SystemTime,
    ) -> Result<(), pki::Error> {
        let mut lines = self.lines.lock();
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
        let lines = self.lines.lock();
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
        let place = place(permit.target().workspace(), &*self.seen(cluster, permit).await?)?;
        let ip = place.ip.ok_or(ReachError::NoPod(place.workspace))?;
        let address = SocketAddr::new(ip, crd::AGENT_PORT).to_string();
        let name = Name::workspace(TRUST, &place.uid);
        let (principal, decision) = (permit.principal().id(), permit.decision_id().to_string());
        let called = timeout(PATIENCE, Link::call(&address, keys, name, principal, &decision)).await;
        let called = called.unwrap_or(Err(Error::Late));
        self.heard(cluster.name(), &called);
        Ok(called?)
    }

    /// The workspace that the permit names: as a watch tells it where it runs and this principal may see it, otherwise as the
    /// API server has it. Of it `metadata.uid`, `spec.state`, `spec.ports` and of its status where it is are there in any case.
    ///
    /// # Errors
    /// As [`ReachError`] says.
    pub async fn seen<A: Reaches>(&self, cluster: &Cluster, permit: &Permit<A>) -> Result<Arc<Value>, ReachError> {
        permit.settled().await.map_err(ActError::from)?;
        let (key, who) = (key(permit), permit.principal());
        self.places.watch(cluster, who);
        let known = match self.places.known(cluster.name(), &key, who) {
            Known::Stands(object) => return Ok(object),
            Known::Doubtful(object) => Some(object),
            Known::Nothing => None,
        };
        let asked = ask(cluster, permit);
        let asked = match known {
            Some(known) => match timeout(SOON, asked).await {
                Err(_) => Err(known),
                Ok(Err(ActError::Cluster(error))) if error.is_away() => Err(known),
                Ok(asked) => Ok(asked),
            },
            None => Ok(asked.await),
        };
        match asked {
            Ok(Ok(object)) => {
                self.places.lets(cluster.name(), &key, who, Right::See);
                self.places.hears(cluster.name());
                Ok(Arc::new(object))
            }
            Ok(Err(error)) => {
                let error = ReachError::from(error);
                if error.is_away() {
                    self.places.misses(cluster.name());
                } else {
                    self.places.refuses(cluster.name(), &key, who);
                }
                Err(error)
            }
            Err(known) => {
                self.places.misses(cluster.name());
                Ok(known)
            }
        }
    }

    /// Opens a link to the daemon where the user's programs are: by the API server, and past it while that does not answer, for
    /// whom it has let in there before.
    ///
    /// # Errors
    /// As [`ReachError`] says.
    pub async fn reach<A: Reaches>(&self, cluster: &Cluster, permit: &Permit<A>) -> Result<Link, ReachError> {
        let (key, who, name) = (key(permit), permit.principal(), cluster.name());
        self.places.watch(cluster, who);
        let past = self.may(name) && self.places.was_let(name, &key, who, Right::Exec);
        if past
            && self.places.is_away(name)
            && let Some(link) = self.past(cluster, permit).await
        {
            return Ok(link);
        }
        let mut by = Box::pin(reach(cluster, permit));
        let soon = timeout(SOON, &mut by).await.ok();
        if let Some(reached) = &soon {
            self.learns(name, &key, who, reached);
        }
        // A daemon that is late tells nothing of the API server.
        let waits = soon.as_ref().is_none_or(|reached| matches!(reached, Err(error) if error.is_away()));
        if past
            && waits
            && let Some(link) = self.past(cluster, permit).await
        {
            return Ok(link);
        }
        if let Some(reached) = soon {
            return reached;
        }
        let reached = by.await;
        self.learns(name, &key, who, &reached);
        reached
    }

    /// Learns from an answer of the API server, or from none.
    fn learns(&self, name: &ClusterName, key: &Key, who: &Principal, reached: &Result<Link, ReachError>) {
        match reached {
            Ok(_) => {
                self.places.hears(name);
                for right in [Right::See, Right::Exec] {
                    self.places.lets(name, key, who, right);
                }
            }
            Err(error) if error.is_denied() => self.places.refuses(name, key, who),
            Err(error) if error.is_away() => self.places.misses(name),
            Err(_) => {}
        }
    }

    /// Past the API server, where the daemon that is called has the user's programs beside it.
    async fn past<A: Reaches>(&self, cluster: &Cluster, permit: &Permit<A>) -> Option<Link> {
        match self.call(cluster, permit).await {
            Ok(link) => Some(link).filter(|link| link.welcome().programs),
            Err(error) => {
                tracing::debug!(%error, "a daemon is not reached past the API server");
                None
            }
        }
    }

    /// Learns whether the network leads to pods.
    fn heard(&self, cluster: &ClusterName, called: &Result<Link, Error>) {
        let mut lines = self.lines.lock();
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

fn key<A: Reaches + Action>(permit: &Permit<A>) -> Key {
    let object = permit.target().workspace();
    Key { namespace: object.namespace.clone(), name: object.name.clone() }
}

const ROLE: &str = "gateway";
/// An API server that has not answered by then is not waited for where there is another way.
const SOON: Duration = Duration::from_secs(3);
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
        let until = |calling: &Calling| calling.lines.lock().get(&here).unwrap().keys.until().unwrap();
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
