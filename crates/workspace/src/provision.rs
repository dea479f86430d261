//! What the policy says of what a workspace is made of: whether it may be, and which fields it obliges to.
//!
//! The operator's decisions stand in the journal, one for each state of a workspace's fields; those of doors, which only show what
//! would be made, do not.

use base::{Code, Coded as _};
use blueprint::{Effective, Mark, Pointer, Problem};
use parking_lot::Mutex;
use policy::action::{ObjectTarget, WorkspaceProvision, WorkspaceProvisionObligations};
use policy::{Answers, Decision, Gate, Outcome, Principal, Refusal};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// Asks the policy.
pub struct Provision {
    gate: Gate,
    principal: Principal,
    journals: bool,
    /// What was said of a workspace, by its cluster, namespace and name.
    kept: Mutex<HashMap<[String; 3], Said>>,
}

/// What the policy obliges to.
pub(crate) type Patches = Vec<(Pointer, Value)>;

/// Of what, by its digest, and what was said.
type Said = (String, Result<Patches, Problem>);

/// Which workspace is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) owner: &'a str,
    pub(crate) org: &'a str,
    /// The blueprint that grants name.
    pub(crate) blueprint: &'a str,
}

impl std::fmt::Debug for Provision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provision").field("journals", &self.journals).finish_non_exhaustive()
    }
}

impl Provision {
    /// For whoever makes workspaces: what is decided stands in the journal.
    #[must_use]
    pub fn acting(gate: Gate, principal: Principal) -> Self {
        Self { gate, principal, journals: true, kept: Mutex::default() }
    }

    /// For whoever shows what would be made.
    #[must_use]
    pub fn showing(gate: Gate, principal: Principal) -> Self {
        Self { journals: false, ..Self::acting(gate, principal) }
    }

    /// What the policy obliges to.
    pub(crate) fn patches(&self, meant: Meant<'_>, effective: &Effective) -> Result<Patches, Problem> {
        let object = ObjectTarget::workspace(&base::ClusterName::new(meant.cluster), meant.namespace, meant.name);
        let action = asked(object, (meant.owner, meant.org), meant.blueprint, effective);
        if self.journals { self.decided(meant, action) } else { self.shown(&action) }
    }

    fn shown(&self, action: &WorkspaceProvision) -> Result<Patches, Problem> {
        match self.gate.preview(&self.principal, action) {
            Decision::Allow(obligations) => Ok(read(obligations)),
            Decision::Needs(_) => Err(problem(Code::PolicyDenied, "the policy asks for what nobody is here to give")),
            Decision::Deny(denial) => Err(problem(denial.code, &format!("{} ({})", denial.reason, denial.rule))),
        }
    }

    fn decided(&self, meant: Meant<'_>, action: WorkspaceProvision) -> Result<Patches, Problem> {
        let key = [meant.cluster, meant.namespace, meant.name].map(str::to_owned);
        let asked = format!("{}\0{}\0{}\0{}", action.owner, action.org, action.blueprint, action.fields);
        let asked = hex::encode(Sha256::digest(asked.as_bytes()));
        if let Some((_, said)) = self.kept.lock().get(&key).filter(|(of, _)| *of == asked) {
            return said.clone();
        }
        let said = match self.gate.permit(&self.principal, action, &Answers::default()) {
            Ok(permit) => {
                let patches = read(permit.obligations().clone());
                permit.finish(Outcome::Done { message: format!("{} patches", patches.len()) });
                Ok(patches)
            }
            // It could not be decided, and may be in a moment.
            Err(refusal) if refusal.code() != Code::PolicyDenied => return Err(refused(&refusal)),
            Err(refusal) => Err(refused(&refusal)),
        };
        let mut kept = self.kept.lock();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, (asked, said.clone()));
        said
    }
}

/// What the policy is asked about a workspace, of whose owner and organization.
#[must_use]
pub fn asked(object: ObjectTarget, whose: (&str, &str), blueprint: &str, effective: &Effective) -> WorkspaceProvision {
    let mut fields = effective.node.to_json();
    WITHHELD.iter().for_each(|at| withhold(&mut fields, at));
    let (owner, org) = (whose.0.to_owned(), whose.1.to_owned());
    WorkspaceProvision { object, owner, org, blueprint: blueprint.to_owned(), fields }
}

/// Puts a word in the place of every text at these members, where `*` is each. Decisions stand in the journal, and what people
/// write into files, programs and their environment may be a secret, or large.
fn withhold(node: &mut Value, at: &[&str]) {
    match (at.split_first(), node) {
        (None, node) => *node = "withheld".into(),
        (Some((&"*", rest)), Value::Object(all)) => all.values_mut().for_each(|one| withhold(one, rest)),
        (Some((&"*", rest)), Value::Array(all)) => all.iter_mut().for_each(|one| withhold(one, rest)),
        (Some((name, rest)), node) => {
            if let Some(one) = node.get_mut(*name) {
                withhold(one, rest);
            }
        }
    }
}

const WITHHELD: &[&[&str]] = &[
    &["env", "*"],
    &["splash"],
    &["initScripts", "*", "script"],
    &["extFiles", "*"],
    &["podman", "extFiles", "*"],
    &["apps", "*", "install"],
    &["apps", "*", "start"],
];

fn read(obligations: WorkspaceProvisionObligations) -> Patches {
    let WorkspaceProvisionObligations { patch } = obligations;
    patch.into_iter().map(|(at, value)| (Pointer::parse(&at), value)).collect()
}

fn refused(refusal: &Refusal) -> Problem {
    let decision = refusal.decision().map(|id| format!(" (decision {id})")).unwrap_or_default();
    problem(refusal.code(), &format!("{refusal}{decision}"))
}

fn problem(code: Code, message: &str) -> Problem {
    Problem {
        code,
        warning: false,
        blueprint: String::new(),
        pointer: String::new(),
        mark: Mark::start("policy"),
        message: message.to_owned(),
    }
}

/// Workspaces of which what was said is kept.
const MOST_KEPT: usize = 20_000;

#[cfg(test)]
mod tests;
