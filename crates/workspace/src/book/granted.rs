//! By which grant a workspace may be.

use super::launch::Launch;
use super::{Book, Told};
use crate::key::Key;
use crd::Time;
use crd::grant::{Action, Asked, Denied, Grant, Subject, Wanted};
use crd::quota::Who;

impl Book {
    /// The grant that lets a workspace be: the one that it has, as long as that allows it.
    pub(super) fn granted(&self, key: &Key, who: &Who, launch: &Launch, now_ms: i64) -> Result<Key, Denied> {
        let own = self.launched.get(key);
        let first = own.and_then(|own| self.grants.get(own));
        self.allows(first, &|_| true, key, who, launch, now_ms).map(key_of)
    }

    /// Whether a workspace may have all privileges on its node, where that needs a grant; until when, where that ends.
    pub(super) fn privileged(&self, key: &Key, who: &Who, launch: &Launch, now_ms: i64) -> Result<Option<i64>, Denied> {
        if !launch.privileged || !self.rules.require_grants {
            return Ok(None);
        }
        let admin = |grant: &Grant| grant.spec.actions.contains(&Action::Admin);
        let grant = self.allows(None, &admin, key, who, launch, now_ms)?;
        Ok(grant.spec.not_after.map(|at| at.millis()))
    }

    /// The grant, of those that are asked for, which allows somebody what a workspace would be; `first` is looked at before all
    /// others.
    fn allows<'a>(
        &'a self,
        first: Option<&'a Told<Grant>>,
        which: &dyn Fn(&Grant) -> bool,
        key: &Key,
        who: &Who,
        launch: &Launch,
        now_ms: i64,
    ) -> Result<&'a Grant, Denied> {
        let all = first.into_iter().chain(self.grants.values()).map(|told| &told.object).filter(|grant| which(grant));
        let in_use = |grant: &Grant| {
            let grant = key_of(grant);
            let others = self.launched.iter().filter(|(workspace, by)| *workspace != key && **by == grant);
            i32::try_from(others.count()).unwrap_or(i32::MAX)
        };
        let orgs: Vec<String> = Some(who.org.clone()).filter(|org| !org.is_empty()).into_iter().collect();
        let images = launch.images();
        let asked = Asked {
            subject: Subject { user: &who.user, roles: &who.roles, orgs: &orgs, agent: None },
            action: Action::Launch,
            namespace: &key.namespace,
            labels: &launch.labels,
            wanted: launch.wanted(&images),
            now: Time::from_millis(now_ms).unwrap_or(Time(jiff::Timestamp::UNIX_EPOCH)),
        };
        crd::grant::decide(all, &self.rules.system_namespace, &in_use, &asked)
    }

    /// Whether who wrote a workspace past Quarterdeck may say whose it is; until when, where that ends.
    pub(super) fn written(&self, key: &Key, launch: &Launch, now_ms: i64) -> Result<Option<i64>, Denied> {
        let Some(writer) = launch.writer.as_deref().filter(|_| self.rules.guards_owners) else { return Ok(None) };
        let asked = Asked {
            subject: Subject { user: writer, ..Subject::default() },
            action: Action::ImpersonateOwner,
            namespace: &key.namespace,
            labels: &launch.labels,
            wanted: Wanted::default(),
            now: Time::from_millis(now_ms).unwrap_or(Time(jiff::Timestamp::UNIX_EPOCH)),
        };
        let all = self.grants.values().map(|told| &told.object);
        let grant = crd::grant::decide(all, &self.rules.system_namespace, &|_| 0, &asked)?;
        Ok(grant.spec.not_after.map(|at| at.millis()))
    }
}

fn key_of(grant: &Grant) -> Key {
    let meta = &grant.metadata;
    Key { namespace: meta.namespace.clone().unwrap_or_default(), name: meta.name.clone().unwrap_or_default() }
}
