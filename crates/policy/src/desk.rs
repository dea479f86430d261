//! The desk's policy: you may what your kubeconfig may. It adds care, not rights: a confirmation before a change, the
//! typed name before a destructive one in production, and nothing but reads under `--read-only`.

use crate::action::{Asked, ObjectTarget};
use crate::answer::{Need, Requirements};
use crate::decide::{Decide, Facts, Input, Ruling};
use base::{ClusterName, Code};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The desk's policy.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Desk {
    /// Nothing but reads.
    pub read_only: bool,
    /// Contexts in which a destructive act asks for the typed name.
    pub production_contexts: BTreeSet<ClusterName>,
    /// Changes outside production go without a confirmation.
    pub skip_confirm: bool,
}

impl Decide for Desk {
    fn decide(&self, input: &Input, _: &Facts) -> Ruling {
        let info = input.asked.info();
        if self.read_only && info.changes {
            let reason = format!("{} changes the cluster, and this console was started with --read-only", info.name);
            return Ruling::deny("desk.read_only", Code::ReadOnly, reason);
        }
        match &input.asked {
            Asked::ClusterView(_)
            | Asked::ObjectView(_)
            | Asked::ObjectRead(_)
            | Asked::SecretReveal(_)
            | Asked::PlanMake(_)
            | Asked::AuditQuery(_)
            | Asked::AuditVerify(_) => Ruling::allow("desk.allow"),
            Asked::ObjectDelete(a) => self.care(&a.object, a.batch, true),
            Asked::ObjectScale(a) => self.care(&a.object, a.batch, a.replicas == 0),
            Asked::RolloutRestart(a) => self.care(&a.object, a.batch, false),
        }
    }

    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"desk-1");
        // A struct of a flag, a set of texts and a flag always has a JSON form.
        hasher.update(serde_json::to_vec(self).unwrap_or_default());
        hex::encode(hasher.finalize())
    }
}

impl Desk {
    /// What a change asks for first. For one object its name is typed; for many, the name of the context they are in.
    fn care(&self, object: &ObjectTarget, batch: u32, destructive: bool) -> Ruling {
        let production = self.production_contexts.contains(&object.cluster);
        if production && destructive {
            let name = if batch > 1 { object.cluster.as_str() } else { object.name.as_str() };
            let need = Need::TypedName { name: name.to_owned() };
            return Ruling::needs("desk.production", Requirements(vec![need]));
        }
        if self.skip_confirm && !production {
            return Ruling::allow("desk.allow");
        }
        Ruling::needs("desk.confirm", Requirements(vec![Need::Confirm]))
    }
}

#[cfg(test)]
mod tests;
