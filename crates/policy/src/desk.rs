//! The desk's policy: you may what your kubeconfig may. It adds care, not rights: a confirmation before a change, the
//! typed name before a destructive one in production, and nothing but reads under `--read-only`.

use crate::action::{Asked, ObjectTarget, ShellPurpose, TapStart, WorkspaceDeleteAll};
use crate::answer::{Need, Requirements};
use crate::decide::{Decide, Facts, Input, Ruling};
use crate::principal::Who;
use crate::provision::{self, ProvisionRule, Verdict};
use crate::tapping::{self, TapRule};
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
    /// What workspaces may be made of, and how that is patched.
    pub provision: Vec<ProvisionRule>,
    /// What taps have to keep.
    pub taps: Vec<TapRule>,
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
            | Asked::ClusterAdd(_)
            | Asked::ObjectView(_)
            | Asked::ObjectRead(_)
            | Asked::SecretReveal(_)
            | Asked::PlanMake(_)
            | Asked::SessionOpen(_)
            | Asked::TapView(_)
            | Asked::TapPayload(_)
            | Asked::PodLogs(_)
            | Asked::TapExport(_)
            | Asked::TapControl(_)
            | Asked::WorkspaceView(_)
            | Asked::WorkspaceSource(_)
            | Asked::WorkspaceMount(_)
            | Asked::BlueprintReload(_)
            | Asked::WorkspaceLogs(_)
            | Asked::WorkspaceReconcile(_)
            | Asked::WorkspaceExpire(_)
            | Asked::OperatorRun(_)
            | Asked::AuditQuery(_)
            | Asked::AuditVerify(_) => Ruling::allow("desk.allow"),
            Asked::WorkspaceProvision(a) => match provision::judge(&self.provision, a) {
                Verdict::Silent => Ruling::allow("desk.allow"),
                Verdict::Denied(rule, reason) => Ruling::deny(format!("provision.{rule}"), Code::PolicyDenied, reason),
                Verdict::Obliged(rules, obligations) => {
                    Ruling { obligations, ..Ruling::allow(format!("provision.{rules}")) }
                }
            },
            Asked::TapStart(a) => self.tap(&input.who, a, &input.asked),
            // Its own yes, wherever: a node says what all of its pods say.
            Asked::TapHostNetwork(_) => Ruling::needs("desk.host_network", Requirements(vec![Need::Confirm])),
            // Making and starting one harms nobody; in production it is worth a yes.
            Asked::WorkspaceCreate(a) => self.mild(&a.object),
            Asked::WorkspaceImport(a) => self.care(&a.object, 1, false),
            Asked::WorkspaceStart(a) => self.mild(&a.object),
            Asked::WorkspaceConnect(a) if a.purpose == ShellPurpose::List => Ruling::allow("desk.allow"),
            // What is typed there is not known before.
            Asked::WorkspaceConnect(a) => self.mild(&a.object),
            Asked::WorkspaceExec(a) => self.mild(&a.object),
            // One's own ports, files and apps, and what wakes for them, are worth no more than a shell.
            Asked::WorkspaceProxy(a) => self.mild(&a.object),
            Asked::WorkspaceFiles(a) if !a.writes => Ruling::allow("desk.allow"),
            Asked::WorkspaceFiles(a) => self.mild(&a.object),
            Asked::WorkspaceApps(a) if matches!(a.act.as_str(), "list" | "logs") => Ruling::allow("desk.allow"),
            Asked::WorkspaceApps(a) => self.mild(&a.object),
            Asked::WorkspaceWake(a) => self.mild(&a.object),
            // Nobody is there to say yes: in production it is deleted from outside.
            Asked::WorkspaceAsk(a) if a.ask == "delete" => self.mild(&a.object),
            Asked::WorkspaceAsk(_) => Ruling::allow("desk.allow"),
            Asked::WorkspaceKeep(a) => self.mild(&a.object),
            // What is in volumes comes back by nothing: its name, wherever.
            Asked::WorkspacePurge(a) => {
                let need = Need::TypedName { name: a.object.name.clone() };
                Ruling::needs("desk.purge", Requirements(vec![need]))
            }
            Asked::BlueprintRollout(a) => self.care(&a.object, 1, false),
            Asked::WorkspaceUpdate(a) => self.care(&a.object, 1, false),
            Asked::WorkspaceStop(a) => self.care(&a.object, 1, false),
            Asked::WorkspaceDelete(a) => self.care(&a.object, 1, true),
            Asked::WorkspaceDeleteAll(a) => self.all(a),
            // Its own yes, wherever: new kinds are seen by everybody in the cluster.
            Asked::OperatorInstall(_) => Ruling::needs("desk.install", Requirements(vec![Need::Confirm])),
            Asked::ObjectDelete(a) => self.care(&a.object, a.batch, true),
            Asked::ObjectScale(a) => self.care(&a.object, a.batch, a.replicas == 0),
            Asked::RolloutRestart(a) => self.care(&a.object, a.batch, false),
        }
    }

    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"desk-2");
        // A struct of flags, texts and JSON values always has a JSON form.
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

    /// Everything that somebody has is worth a yes wherever, and their name in production, unless it is kept.
    fn all(&self, asked: &WorkspaceDeleteAll) -> Ruling {
        if self.production_contexts.contains(&asked.cluster) && asked.kept_seconds == 0 {
            let need = Need::TypedName { name: asked.owner.clone() };
            return Ruling::needs("desk.production", Requirements(vec![need]));
        }
        Ruling::needs("desk.confirm", Requirements(vec![Need::Confirm]))
    }

    /// What asks for a yes in production alone.
    fn mild(&self, object: &ObjectTarget) -> Ruling {
        if self.production_contexts.contains(&object.cluster) {
            return Ruling::needs("desk.confirm", Requirements(vec![Need::Confirm]));
        }
        Ruling::allow("desk.allow")
    }

    /// What a tap asks for first. A container of ours in pods of production is worth a yes; secrets of production that
    /// leave its pods as they are, or a privileged container, the name of the context.
    fn tap(&self, who: &Who, tap: &TapStart, asked: &Asked) -> Ruling {
        let grave = tap.unredacted || tap.privileged;
        let production = asked.clusters().into_iter().find(|cluster| self.production_contexts.contains(*cluster));
        let ruling = match production {
            None => Ruling::allow("desk.allow"),
            Some(cluster) if grave => {
                let need = Need::TypedName { name: cluster.as_str().to_owned() };
                Ruling::needs("desk.production", Requirements(vec![need]))
            }
            Some(_) => Ruling::needs("desk.confirm", Requirements(vec![Need::Confirm])),
        };
        match tapping::obliged(&self.taps, who, tap) {
            None => ruling,
            Some((rules, kept)) => {
                // A struct of flags and numbers always has a JSON form.
                let obligations = serde_json::to_value(kept).unwrap_or_default();
                Ruling { rule: format!("tap.{rules}"), obligations, ..ruling }
            }
        }
    }
}

#[cfg(test)]
mod tests;
