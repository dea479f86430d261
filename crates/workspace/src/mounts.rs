//! Volumes that a workspace joins: each is a decision (`workspace:mount`), by what its claim says of itself and by who the workspace's
//! owner is, and never by its name.
//!
//! The operator asks before it makes anything of a workspace that has no pod: what runs goes on as it is. Whoever asks for one at a
//! door is told the same before it is made, as far as it is known without the claims. What was decided is kept as long as nothing of
//! it changes, so that the journal has it once.

use crate::desired::Desired;
use crate::key::{Key, ORG, OWNER};
use crate::render::{Refused, Rendered};
use base::{ClusterName, Code, Coded as _};
use blueprint::objects::{Joined, Joining, label_value};
use cluster::{Error, Hands, Owned};
use parking_lot::Mutex;
use policy::action::{MountKind, MountOwner, ObjectTarget, WorkspaceMount};
use policy::{Answers, Gate, Outcome, Principal};
use serde_json::Value;
use std::collections::HashMap;

/// Asks the policy for the operator.
pub(crate) struct Mounts {
    gate: Gate,
    principal: Principal,
    cluster: ClusterName,
    /// What was said of a workspace, and of what.
    kept: Mutex<HashMap<Key, Vec<Said>>>,
}

/// Of what, and what was said.
type Said = (WorkspaceMount, Result<(), String>);

/// A refusal, and when to ask again.
type Denied = (Refused, Option<i64>);

impl Mounts {
    pub(crate) fn new(gate: Gate, principal: Principal, cluster: ClusterName) -> Self {
        Self { gate, principal, cluster, kept: Mutex::default() }
    }

    /// Whether a workspace may join what it says.
    pub(crate) async fn look(
        &self,
        hands: &Hands,
        desired: &Desired,
        rendered: &Rendered,
        roles: Vec<String>,
        now_ms: i64,
    ) -> Result<(), Denied> {
        let mut said = Vec::new();
        let mut denied = Ok(());
        for one in &rendered.joins {
            let whose = match hands.get(Owned::Claim, &one.claim).await {
                Ok(claim) => whose(claim.as_ref(), desired),
                Err(error) => return Err(unknown(&error, now_ms)),
            };
            let object = ObjectTarget::workspace(&self.cluster, &desired.key.namespace, &desired.key.name);
            let whom = (desired.owner.as_str(), desired.org.as_str(), roles.clone());
            let asked = action(object, whom, one, Some(whose));
            let decided = match self.earlier(&desired.key, &asked) {
                Some(earlier) => earlier,
                None => self.decide(asked.clone()).await.map_err(|error| (error, Some(now_ms + AGAIN_MS)))?,
            };
            if let (Ok(()), Err(message)) = (&denied, &decided) {
                denied = Err(refused("PolicyDenied", message.clone(), false));
            }
            said.push((asked, decided));
        }
        let mut kept = self.kept.lock();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(desired.key.clone(), said);
        denied.map_err(|refused| (refused, None))
    }

    fn earlier(&self, key: &Key, asked: &WorkspaceMount) -> Option<Result<(), String>> {
        let kept = self.kept.lock();
        kept.get(key)?.iter().find(|(of, _)| of == asked).map(|(_, said)| said.clone())
    }

    /// `Err` where it could not be decided.
    async fn decide(&self, asked: WorkspaceMount) -> Result<Result<(), String>, Refused> {
        let claim = asked.claim.clone();
        match self.gate.permit(&self.principal, asked, &Answers::default()) {
            Ok(permit) => {
                if let Err(error) = permit.settled().await {
                    return Err(refused("Unknown", error.to_string(), true));
                }
                permit.finish(Outcome::Done { message: format!("{claim} may be mounted") });
                Ok(Ok(()))
            }
            Err(refusal) if refusal.code() == Code::PolicyDenied => {
                let decision = refusal.decision().map(|id| format!(" (decision {id})")).unwrap_or_default();
                Ok(Err(format!("{refusal}{decision}")))
            }
            Err(refusal) => Err(refused("Unknown", refusal.to_string(), true)),
        }
    }
}

/// The act on one of the volumes that a workspace joins: of whom, of which organization, with which roles.
pub(crate) fn action(
    object: ObjectTarget,
    (owner, org, roles): (&str, &str, Vec<String>),
    joined: &Joined,
    whose: Option<MountOwner>,
) -> WorkspaceMount {
    let how = match joined.how {
        Joining::Shared => MountKind::Shared,
        Joining::Named => MountKind::Named,
        Joining::Existing => MountKind::Existing,
    };
    let (owner, org, claim, id) = (owner.to_owned(), org.to_owned(), joined.claim.clone(), joined.id.clone());
    WorkspaceMount { object, owner, org, roles, claim, how, id, whose }
}

/// Whose a claim is, by its labels: those of a person count before those of an organization.
fn whose(claim: Option<&Value>, desired: &Desired) -> MountOwner {
    let Some(claim) = claim else { return MountOwner::Absent };
    let label = |name: &str| claim.pointer("/metadata/labels")?.get(name)?.as_str().filter(|text| !text.is_empty());
    let (owner, org) = (label(OWNER), label(ORG));
    match (owner, org) {
        (Some(owner), _) if owner != label_value(&desired.owner) => MountOwner::Person(owner.to_owned()),
        (_, Some(org)) if org != label_value(&desired.org) => MountOwner::Org(org.to_owned()),
        (None, None) => MountOwner::Unsaid,
        _ => MountOwner::Same,
    }
}

fn refused(reason: &'static str, message: String, queued: bool) -> Refused {
    Refused { condition: "Accepted", reason, message, queued }
}

fn unknown(error: &Error, now_ms: i64) -> Denied {
    let message = format!("whose its volumes are is not known now: {error}");
    (refused("Unknown", message, true), Some(now_ms + AGAIN_MS))
}

/// Workspaces of which what was said is kept.
const MOST_KEPT: usize = 20_000;
/// What could not be decided is tried again.
const AGAIN_MS: i64 = 5_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{action, whose};
    use crate::desired::Desired;
    use base::ClusterName;
    use blueprint::objects::{Joined, Joining};
    use policy::action::{MountKind, MountOwner, ObjectTarget};
    use serde_json::json;

    #[test]
    fn bp_11d_whose_a_claim_is_its_labels_say_and_not_its_name() {
        let object = json!({
            "metadata": { "namespace": "n", "name": "ada-x", "uid": "u" }, "spec": { "owner": "ada", "org": "lab" },
        });
        let desired = Desired::of(&object).unwrap();
        let claim = |labels: serde_json::Value| json!({ "metadata": { "name": "pvc-ada-x-home", "labels": labels } });
        let (owner, org) = ("quarterdeck.dev/owner", "quarterdeck.dev/org");
        for (labels, said) in [
            (json!({}), MountOwner::Unsaid),
            (json!({ owner: "", "app": "x" }), MountOwner::Unsaid),
            (json!({ owner: "ada", org: "lab" }), MountOwner::Same),
            (json!({ org: "lab" }), MountOwner::Same),
            (json!({ owner: "bob", org: "lab" }), MountOwner::Person("bob".to_owned())),
            (json!({ org: "shop" }), MountOwner::Org("shop".to_owned())),
            (json!({ owner: "ada", org: "shop" }), MountOwner::Org("shop".to_owned())),
        ] {
            assert_eq!(whose(Some(&claim(labels.clone())), &desired), said, "{labels}");
        }
        assert_eq!(whose(None, &desired), MountOwner::Absent);

        let joined = Joined { claim: "pvc-t-lab-red".to_owned(), how: Joining::Shared, id: "red".to_owned() };
        let target = ObjectTarget::workspace(&ClusterName::new("c"), "n", "ada-x");
        let asked = action(target, ("ada", "lab", vec!["blue".to_owned()]), &joined, None);
        assert_eq!((asked.how, asked.id.as_str(), asked.roles), (MountKind::Shared, "red", vec!["blue".to_owned()]));
    }
}
