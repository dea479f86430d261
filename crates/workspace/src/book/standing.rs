//! How quotas and grants stand: what their statuses say of the workspaces that there are.

use super::{Book, Told};
use crate::key::Key;
use crate::status::condition::Conditions;
use cluster::Owned;
use crd::Time;
use crd::grant::{Grant, SubjectKind};
use crd::quota::{Queued, Quota, QuotaSpec, QuotaStatus, Who};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A status that is not as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) kind: Owned,
    pub(crate) key: Key,
    /// The whole object to apply.
    pub(crate) object: Value,
}

impl Book {
    /// The idle timeout that the quotas of a workspace leave of the one that is wanted, in seconds.
    pub(crate) fn idle_timeout(&self, key: &Key, who: &Who, wanted: u64) -> u64 {
        let own = super::of(key);
        let binds = |spec: &&QuotaSpec| spec.subject.pot(&own, who).is_some();
        crd::quota::idle_timeout(wanted, self.quotas.values().map(|told| &told.object.spec).filter(binds))
    }

    /// The statuses that have to be written, and when they change though nothing happens.
    pub(crate) fn standing(&self, now_ms: i64) -> (Vec<Standing>, Option<i64>) {
        let mut stale = Vec::new();
        let mut next = None::<i64>;
        for (name, told) in &self.quotas {
            let key = Key { namespace: String::new(), name: name.clone() };
            let (status, again) = self.of_quota(told, now_ms);
            next = [next, again].into_iter().flatten().min();
            stale.extend(differs(Owned::Quota, &key, &told.status, status));
        }
        for (key, told) in &self.grants {
            stale.extend(differs(Owned::Grant, key, &told.status, self.of_grant(key, told, now_ms)));
            let bounds = [told.object.spec.not_before, told.object.spec.not_after];
            let ahead = bounds.into_iter().flatten().map(|at| at.millis()).filter(|at| *at > now_ms).min();
            next = [next, ahead].into_iter().flatten().min();
        }
        (stale, next)
    }

    fn of_quota(&self, told: &Told<Quota>, now_ms: i64) -> (Value, Option<i64>) {
        let quota = &told.object;
        let name = quota.metadata.name.as_deref().unwrap_or_default();
        let mut status = self.ledger.status(&quota.spec, &self.promised);
        status.observed_generation = quota.metadata.generation;
        let stands = QuotaStatus::deserialize(&told.status).unwrap_or_default();
        let quotas = self.quotas.values().map(|told| &told.object);
        let again = self.ledger.hours.tell(quota, &stands, &mut status, now_ms, quotas);
        let mut queued: Vec<Queued> = self
            .waiting
            .iter()
            .filter_map(|(key, waits)| {
                let line = waits.queue.as_ref()?;
                let since = Time::from_millis(waits.since_ms.div_euclid(1000).saturating_mul(1000))?;
                let (namespace, name_of) = (key.namespace.clone(), key.name.clone());
                (line.quota == name).then(|| Queued { namespace, name: name_of, since, bound: line.bound.clone() })
            })
            .collect();
        queued.sort_by(|a, b| (a.since, &a.namespace, &a.name).cmp(&(b.since, &b.namespace, &b.name)));
        queued.truncate(MOST_QUEUED);
        status.queued = queued;
        let hard = quota.spec.hard.clone().unwrap_or_default();
        let unmeasured = hard.snapshots.is_some();
        let (valid, reason, message) = if quota.spec.subject.role.is_some() && !self.rules.knows_roles {
            (false, "RolesUnknown", "nobody says yet who has which role: it binds nobody")
        } else if unmeasured {
            (false, "NotMeasured", "snapshots are not counted yet: that bound binds nobody")
        } else {
            (true, "AsExpected", "it is kept")
        };
        let mut list = Conditions::new(&told.status, quota.metadata.generation.unwrap_or_default(), now_ms);
        list.put("Valid", Some(valid), reason, message);
        (with_conditions(serde_json::to_value(&status).unwrap_or_default(), list), again)
    }

    fn of_grant(&self, key: &Key, told: &Told<Grant>, now_ms: i64) -> Value {
        let (grant, spec) = (&told.object, &told.object.spec);
        let system = &self.rules.system_namespace;
        let matched = self.labels.iter().filter(|(workspace, labels)| {
            spec.reaches(Some(&key.namespace), system, &workspace.namespace)
                && spec.selector.as_ref().is_none_or(|selector| selector.matches(labels))
        });
        let in_use = self.launched.values().filter(|by| *by == key).count();
        let at = |time: Option<Time>| time.map(|time| time.millis());
        let (valid, reason, message) = if let Some(from) = at(spec.not_before).filter(|from| now_ms < *from) {
            (false, "NotYet", format!("it holds from {} on", crate::status::time(from)))
        } else if let Some(until) = at(spec.not_after).filter(|until| now_ms >= *until) {
            (false, "Ended", format!("it held until {}", crate::status::time(until)))
        } else if !self.rules.knows_roles && spec.subjects.iter().all(|subject| subject.kind == SubjectKind::Role) {
            (false, "RolesUnknown", "nobody says yet who has which role: it allows nobody anything".to_owned())
        } else {
            (true, "AsExpected", "it holds".to_owned())
        };
        let mut list = Conditions::new(&told.status, grant.metadata.generation.unwrap_or_default(), now_ms);
        list.put("Valid", Some(valid), reason, &message);
        let status = json!({
            "observedGeneration": grant.metadata.generation, "matched": matched.count(), "inUse": in_use,
        });
        with_conditions(status, list)
    }
}

pub(crate) fn with_conditions(mut status: Value, list: Conditions<'_>) -> Value {
    if let Some(fields) = status.as_object_mut() {
        fields.insert("conditions".to_owned(), list.done());
        fields.retain(|_, value| !value.is_null());
    }
    status
}

/// The status to write, where it is not what stands there.
pub(crate) fn differs(kind: Owned, key: &Key, stands: &Value, status: Value) -> Option<Standing> {
    if *stands == status {
        return None;
    }
    let mut meta = Map::from_iter([("name".to_owned(), key.name.as_str().into())]);
    if !key.namespace.is_empty() {
        meta.insert("namespace".to_owned(), key.namespace.as_str().into());
    }
    let object = json!({
        "apiVersion": kind.api_version(), "kind": kind.kind(), "metadata": meta, "status": status,
    });
    Some(Standing { kind, key: key.clone(), object })
}

/// How many of a queue a status names.
const MOST_QUEUED: usize = 256;
