//! Rights, as the feeds and views of a place ask for them.

use super::Access;
use crate::place::Place;
use catalog::Kind;
use parking_lot::RwLockReadGuard;
use std::time::Duration;

impl Place {
    /// Namespaces that views ask for by name.
    pub(crate) fn asked_namespaces(&self) -> Vec<String> {
        self.lives().iter().flat_map(|live| live.asked_namespaces()).collect()
    }

    /// Our rights may be others than they were.
    pub(crate) fn stir(&self) {
        self.stirred.send_modify(|seq| *seq = seq.wrapping_add(1));
    }

    /// A view names namespaces: what we may there is asked, unless it is known.
    pub(crate) fn stir_for(&self, namespaces: &[String]) {
        if *self.rights_asked.borrow() && !self.access.read().knows(namespaces) {
            self.stir();
        }
    }

    /// What was found out about our rights.
    pub(crate) fn set_access(&self, access: Access) {
        let moved = {
            let mut now = self.access.write();
            let moved = *now != access;
            *now = access;
            moved
        };
        self.rights_asked.send_replace(true);
        if moved {
            self.publish();
        }
    }

    /// Waits until it was asked what we may; not for long.
    pub(crate) async fn knows_rights(&self) {
        let mut asked = self.rights_asked.subscribe();
        let wait = asked.wait_for(|asked| *asked);
        if tokio::time::timeout(RIGHTS_WAIT, wait).await.is_err() {
            tracing::debug!(cluster = %self.name(), "rights are not known yet; trying");
        }
    }

    /// What we may, as it is known now.
    pub(crate) fn access(&self) -> RwLockReadGuard<'_, Access> {
        self.access.read()
    }

    /// The denial that an API server would answer to a list, where it is known that it would.
    pub(crate) fn refusal(&self, kind: &Kind, namespace: Option<&str>) -> Option<cluster::Error> {
        let namespace = namespace.unwrap_or_default();
        if !self.access.read().denies_rows(kind, namespace) {
            return None;
        }
        let user = self.known.read().user.as_ref().map(|user| user.username.clone()).unwrap_or_default();
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{namespace}\"")
        };
        let message = format!(
            "{} is forbidden: User \"{user}\" cannot list resource \"{}\" in API group \"{}\" {place}",
            kind.id, kind.plural, kind.group
        );
        let (verb, kind, namespace) = ("list".to_owned(), kind.id.clone(), namespace.to_owned());
        Some(cluster::Error::Denied { verb, kind, namespace, message })
    }
}

/// How long what nobody looks at waits to know whether it may be listed.
const RIGHTS_WAIT: Duration = Duration::from_secs(20);
