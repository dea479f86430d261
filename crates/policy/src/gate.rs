//! The gate: decides, journals, and gives permits.

use crate::action::{Action, Asked};
use crate::answer::{Answers, Requirements};
use crate::decide::{Decide, Decision, Denial, Facts, Input, Ruling};
use crate::epoch::Epochs;
use crate::journal::{AuditUnavailable, Journal, Receipt};
use crate::permit::{Held, Permit};
use crate::principal::{Door, Principal};
use crate::refusal::Refusal;
use base::{Clock, Code, RequestId};
use evidence::{Anchor, Body, Decided, DecisionId, Draft, Stamp, Tag, Verdict};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Decides, journals, gives permits. Clones are the same gate. Built in [`crate::compose`] alone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    decide: Arc<dyn Decide>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    epochs: Epochs,
}

impl Gate {
    pub(crate) fn new(
        decide: Arc<dyn Decide>,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        epochs: Epochs,
    ) -> Self {
        Self(Arc::new(Inner { decide, journal, clock, epochs }))
    }

    /// Decides, journals the allow or the refusal, and gives the permit.
    ///
    /// # Errors
    /// When policy denies or wants something first, or the journal cannot take the decision.
    pub fn permit<A: Action>(&self, principal: &Principal, action: A, answers: &Answers) -> Result<Permit<A>, Refusal> {
        let epoch = self.0.epochs.current(principal.id());
        let asked = action.asked();
        let input = Input { who: principal.who().clone(), asked };
        let facts = self.facts(&input);
        let mut ruling = self.rule(&input, &facts);
        let decision = typed::<A>(&mut ruling, answers);
        let id = DecisionId::new();
        let anchors = anchors(id, principal, &input.asked);
        let receipt = self.record(id, principal, &input, &facts, &ruling, answers, &decision, anchors.clone())?;
        match decision {
            Decision::Allow(obligations) => {
                let held = Held {
                    name: A::NAME,
                    changes: A::CHANGES,
                    decision: id,
                    principal: principal.clone(),
                    receipt,
                    epoch,
                    journal: self.0.journal.clone(),
                    clock: self.0.clock.clone(),
                    bytes: AtomicU64::new(0),
                    outcome: None,
                    anchors,
                    summary: input.asked.summary(),
                };
                Ok(Permit::new(action, obligations, held))
            }
            Decision::Needs(unmet) => Err(Refusal::Needs { decision: id, action: A::NAME, unmet }),
            Decision::Deny(denial) => Err(Refusal::Denied { decision: id, denial }),
        }
    }

    /// Journals that a door turned somebody away whom it could not verify. No policy is asked: there is nobody to rule
    /// on.
    ///
    /// # Errors
    /// When the journal cannot take the entry.
    pub fn turn_away<A: Action>(
        &self,
        door: Door,
        request: RequestId,
        action: &A,
        reason: &str,
    ) -> Result<Receipt, AuditUnavailable> {
        let stranger = Principal::stranger(door, request);
        let input = Input { who: stranger.who().clone(), asked: action.asked() };
        let facts = Facts { now_ms: self.0.clock.now_ms(), workspace: None };
        let ruling = Ruling::deny("door.key", Code::TokenInvalid, reason);
        let denial = Denial { code: Code::TokenInvalid, rule: ruling.rule.clone(), reason: reason.to_owned() };
        let id = DecisionId::new();
        let anchors = anchors(id, &stranger, &input.asked);
        let decision = Decision::<A::Obligations>::Deny(denial);
        self.record(id, &stranger, &input, &facts, &ruling, &Answers::default(), &decision, anchors)
    }

    /// What the gate would say now if nothing were answered. For plans: not journalled, and nothing can be done with
    /// it; the commit decides again.
    #[must_use]
    pub fn preview<A: Action>(&self, principal: &Principal, action: &A) -> Decision<A::Obligations> {
        let input = Input { who: principal.who().clone(), asked: action.asked() };
        let mut ruling = self.rule(&input, &self.facts(&input));
        typed::<A>(&mut ruling, &Answers::default())
    }

    fn facts(&self, input: &Input) -> Facts {
        self.0.decide.facts(input, self.0.clock.now_ms())
    }

    fn rule(&self, input: &Input, facts: &Facts) -> Ruling {
        if self.0.epochs.is_closed() {
            return Ruling::deny("gate.closed", Code::PolicyDenied, "this process is ending: nothing new is opened");
        }
        self.0.decide.decide(input, facts)
    }

    #[expect(clippy::too_many_arguments, reason = "these are the fields of one journal entry")]
    fn record<O>(
        &self,
        id: DecisionId,
        principal: &Principal,
        input: &Input,
        facts: &Facts,
        ruling: &Ruling,
        answers: &Answers,
        decision: &Decision<O>,
        anchors: Vec<Anchor>,
    ) -> Result<Receipt, AuditUnavailable> {
        let info = input.asked.info();
        let (verdict, reason) = match decision {
            Decision::Allow(_) => (Verdict::Allow, String::new()),
            Decision::Needs(unmet) => (Verdict::Needs, format!("needs {unmet}")),
            Decision::Deny(denial) => (Verdict::Deny, denial.reason.clone()),
        };
        let asked_for = (!ruling.requirements.is_empty()).then_some(&ruling.requirements);
        let given = (asked_for.is_some() && *answers != Answers::default()).then_some(answers);
        let body = Decided {
            decision: id,
            request: principal.request(),
            action: info.name.to_owned(),
            verdict,
            rule: ruling.rule.clone(),
            reason,
            input: json(input)?,
            facts: json(facts)?,
            obligations: ruling.obligations.clone(),
            needs: json(&asked_for)?,
            answers: json(&given)?,
            policy: self.0.decide.digest(),
        };
        self.0.journal.append(Draft {
            stamp: Stamp::from_ms(facts.now_ms),
            anchors,
            summary: format!("{} {}: {}", info.name, verdict.as_str(), input.asked.summary()),
            body: Body::Decided(Box::new(body)),
        })
    }
}

/// Reads a ruling as a decision on `A`. An obligation that `A` does not know denies, whatever else was ruled.
fn typed<A: Action>(ruling: &mut Ruling, answers: &Answers) -> Decision<A::Obligations> {
    if let Some(denied) = &ruling.denied {
        let denial = Denial { code: denied.code, rule: ruling.rule.clone(), reason: denied.reason.clone() };
        return Decision::Deny(denial);
    }
    // A list would be read as the struct's fields in order: only an object names what it obliges to.
    let read = match &ruling.obligations {
        object @ serde_json::Value::Object(_) => serde_json::from_value(object.clone()).map_err(|e| e.to_string()),
        _ => Err("obligations are an object".to_owned()),
    };
    let obligations = match read {
        Ok(obligations) => obligations,
        Err(error) => {
            let reason = format!("policy obliges {} to something that this version cannot keep: {error}", A::NAME);
            ruling.rule = "gate.obligation_unknown".to_owned();
            return Decision::Deny(Denial { code: Code::PolicyDenied, rule: ruling.rule.clone(), reason });
        }
    };
    let unmet = ruling.requirements.unmet(answers);
    if unmet.is_empty() { Decision::Allow(obligations) } else { Decision::Needs(unmet) }
}

/// What entries of this decision join with. Objects of a large plan are in the body alone.
fn anchors(id: DecisionId, principal: &Principal, asked: &Asked) -> Vec<Anchor> {
    let mut anchors = vec![
        Anchor::new(Tag::Decision, id.to_string()),
        Anchor::new(Tag::Principal, principal.id()),
        Anchor::new(Tag::Action, asked.info().name),
    ];
    if let Some(request) = principal.request() {
        anchors.push(Anchor::new(Tag::Request, request.to_string()));
    }
    anchors.extend(asked.clusters().into_iter().map(|cluster| Anchor::new(Tag::Cluster, cluster.as_str())));
    anchors.extend(asked.objects().iter().take(OBJECT_ANCHORS).map(|object| Anchor::new(Tag::Object, object.anchor())));
    anchors
}

/// A decision that cannot be written down is not taken. (Serializing plain data to a value does not fail.)
fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, AuditUnavailable> {
    serde_json::to_value(value).map_err(|_| AuditUnavailable)
}

/// Most objects that one entry is found by.
const OBJECT_ANCHORS: usize = 16;

/// What `Requirements` of a plan's steps come to.
impl FromIterator<Requirements> for Requirements {
    fn from_iter<T: IntoIterator<Item = Requirements>>(iter: T) -> Self {
        let mut all = Self::default();
        for one in iter {
            all.merge(&one);
        }
        all
    }
}

#[cfg(test)]
mod tests;
