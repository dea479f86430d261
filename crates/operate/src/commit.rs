//! Carries a plan out, in three passes over its steps: permits for all, all still the same, then the acts. Whatever
//! fails in the first two leaves everything undone.

use crate::act::{self, Failed};
use crate::detail::{doing, failed, reference};
use crate::error::Error;
use crate::plans::{Kept, PARALLEL, delete_of};
use crate::port::{Changing, Clusters, Grant};
use crate::preview::Step;
use crate::seen::Seen;
use crate::words;
use api::ErrorBody;
use api::rest::{Act, Committed, StepResult};
use base::{Code, RequestId};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use policy::action::{Changes, ObjectDelete, ObjectScale, ObjectTarget, RolloutRestart};
use policy::{Answers, AuditUnavailable, DecisionId, Gate, Outcome, Permit, Principal, Refusal};

/// One commit.
pub(crate) struct Commit<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) clusters: &'a dyn Clusters,
    pub(crate) principal: &'a Principal,
    pub(crate) kept: &'a Kept,
    pub(crate) answers: &'a Answers,
    pub(crate) now_ms: u64,
}

/// The permit of one step.
enum Granted {
    Delete(Permit<ObjectDelete>),
    Scale(Permit<ObjectScale>),
    Restart(Permit<RolloutRestart>),
}

/// A step with its permit.
struct Allowed<'a> {
    step: &'a Step,
    granted: Granted,
}

/// What acts on a step's object, and the object as it is now.
type Looked = Result<(Box<dyn Changing>, Option<Seen>), Error>;

/// A step that is to be done.
struct Checked<'a> {
    allowed: Allowed<'a>,
    acts: Box<dyn Changing>,
    /// As it is now; `None` when it is gone or may not be read.
    now: Option<Seen>,
}

impl Commit<'_> {
    pub(crate) async fn run(&self) -> Result<Committed, Error> {
        let allowed = self.permits()?;
        if let Err(error) = self.ready(&allowed).await {
            return Err(undone(allowed, error));
        }
        let checked = self.check(allowed).await?;
        let acts: Vec<BoxFuture<'_, StepResult>> =
            checked.into_iter().map(|checked| self.act(checked).boxed()).collect();
        let results = stream::iter(acts).buffered(PARALLEL).collect().await;
        Ok(Committed { plan: self.kept.plan.id.clone(), results })
    }

    /// Decides again, for every step. The first refusal ends it: nothing is done in part.
    fn permits(&self) -> Result<Vec<Allowed<'_>>, Error> {
        let batch = u32::try_from(self.kept.steps.len()).unwrap_or(u32::MAX);
        let mut allowed = Vec::with_capacity(self.kept.steps.len());
        for step in &self.kept.steps {
            match self.permit(step, batch) {
                Ok(granted) => allowed.push(Allowed { step, granted }),
                Err(refusal) => return Err(undone(allowed, refusal.into())),
            }
        }
        Ok(allowed)
    }

    fn permit(&self, step: &Step, batch: u32) -> Result<Granted, Refusal> {
        let (gate, principal, answers) = (self.gate, self.principal, self.answers);
        let object = step.object.clone();
        match &self.kept.plan.act {
            act @ Act::Delete { .. } => {
                gate.permit(principal, delete_of(act, object, step.uid(), batch), answers).map(Granted::Delete)
            }
            Act::Scale { replicas } => {
                let action = ObjectScale { object, replicas: *replicas, batch };
                gate.permit(principal, action, answers).map(Granted::Scale)
            }
            Act::Restart => gate.permit(principal, RolloutRestart { object, batch }, answers).map(Granted::Restart),
        }
    }

    /// The plan can be carried out, and every decision is on disk.
    async fn ready(&self, allowed: &[Allowed<'_>]) -> Result<(), Error> {
        if let Some(first) = allowed.iter().find_map(|allowed| allowed.step.shown.error.clone()) {
            return Err(Error::NotReady { first: Box::new(first) });
        }
        for allowed in allowed {
            allowed.granted.settled().await?;
        }
        Ok(())
    }

    /// Looks at every object again.
    async fn check<'s>(&self, allowed: Vec<Allowed<'s>>) -> Result<Vec<Checked<'s>>, Error> {
        let looks: Vec<BoxFuture<'_, _>> = allowed.into_iter().map(|allowed| self.look_at(allowed).boxed()).collect();
        let looked: Vec<(Allowed<'_>, Looked)> = stream::iter(looks).buffered(PARALLEL).collect().await;
        let stale: Vec<String> = looked
            .iter()
            .filter(|(_, now)| matches!(now, Err(Error::PlanStale { .. })))
            .map(|(allowed, _)| allowed.step.object.to_string())
            .collect();
        let mut checked = Vec::with_capacity(looked.len());
        let (mut refused, mut first) = (Vec::new(), None);
        for (allowed, now) in looked {
            match now {
                Ok((acts, now)) => checked.push(Checked { allowed, acts, now }),
                Err(error) => {
                    refused.push(allowed);
                    first.get_or_insert(error);
                }
            }
        }
        let Some(first) = first else { return Ok(checked) };
        refused.extend(checked.into_iter().map(|checked| checked.allowed));
        Err(undone(refused, if stale.is_empty() { first } else { Error::PlanStale { objects: stale } }))
    }

    async fn look_at<'s>(&self, allowed: Allowed<'s>) -> (Allowed<'s>, Looked) {
        let looked = self.look(&allowed).await;
        (allowed, looked)
    }

    async fn look(&self, allowed: &Allowed<'_>) -> Looked {
        let step = allowed.step;
        let plain = |error: &cluster::Error| Error::Cluster(Box::new(self.plain(error, &step.object)));
        let acts = self.clusters.changes(&step.object.cluster, allowed.granted.grant()).map_err(|e| plain(&e))?;
        let stale = || Error::PlanStale { objects: vec![step.object.to_string()] };
        let deleting = matches!(allowed.granted, Granted::Delete(_));
        match (acts.get(step.target(), "").await, &step.seen) {
            (Ok(object), Some(seen)) => {
                let now = Seen::of(&object);
                if seen.is_same(&now) { Ok((acts, Some(now))) } else { Err(stale()) }
            }
            // It was missing when planned, and now there is one: nobody planned for that.
            (Ok(_), None) => Err(stale()),
            (Err(cluster::Error::NotFound { .. }), _) if deleting => Ok((acts, None)),
            (Err(cluster::Error::Denied { .. }), None) if deleting && !step.missing => Ok((acts, None)),
            (Err(error), _) => Err(plain(&error)),
        }
    }

    async fn act(&self, checked: Checked<'_>) -> StepResult {
        let Checked { allowed: Allowed { step, granted }, acts, now } = checked;
        let at = timestamp(self.now_ms);
        let done = match (&granted, now) {
            (Granted::Delete(permit), _) => act::delete(&*acts, &step.kind, permit).await,
            (Granted::Scale(permit), Some(now)) => act::scale(&*acts, &step.kind, permit, now).await,
            (Granted::Restart(permit), Some(now)) => act::restart(&*acts, &step.kind, permit, now, &at).await,
            (Granted::Scale(_) | Granted::Restart(_), None) => Err(Failed::Stale),
        };
        let decision = granted.decision_id().to_string();
        let object = reference(&step.object);
        match done {
            Ok(message) => {
                granted.finish(Outcome::Done { message: message.clone() });
                StepResult { object, done: true, message, decision, error: None }
            }
            Err(why) => {
                let error = match why {
                    Failed::Cluster(error) => self.plain(&error, &step.object),
                    Failed::Stale => words::own(
                        Code::PlanStale,
                        format!("{} changed while the plan was carried out: make a new plan", step.object),
                        self.request(),
                    ),
                };
                granted
                    .finish(Outcome::Failed { code: error.code.as_str().to_owned(), message: error.message.clone() });
                StepResult { object, done: false, message: error.message.clone(), decision, error: Some(error) }
            }
        }
    }

    fn plain(&self, error: &cluster::Error, object: &ObjectTarget) -> ErrorBody {
        words::plain(error, &doing(act::verb(&self.kept.plan.act), object), self.request())
    }

    fn request(&self) -> RequestId {
        self.principal.request().unwrap_or_default()
    }
}

impl Granted {
    fn grant(&self) -> &dyn Grant<Changes> {
        match self {
            Self::Delete(permit) => permit,
            Self::Scale(permit) => permit,
            Self::Restart(permit) => permit,
        }
    }

    fn decision_id(&self) -> DecisionId {
        self.grant().decision_id()
    }

    async fn settled(&self) -> Result<(), AuditUnavailable> {
        match self {
            Self::Delete(permit) => permit.settled().await,
            Self::Scale(permit) => permit.settled().await,
            Self::Restart(permit) => permit.settled().await,
        }
    }

    fn finish(self, outcome: Outcome) {
        match self {
            Self::Delete(permit) => permit.finish(outcome),
            Self::Scale(permit) => permit.finish(outcome),
            Self::Restart(permit) => permit.finish(outcome),
        }
    }
}

/// Ends permits whose acts were not tried, each with the reason.
fn undone(allowed: Vec<Allowed<'_>>, error: Error) -> Error {
    for allowed in allowed {
        allowed.granted.finish(failed(&error));
    }
    error
}

/// The error of a deletion of which nothing is there.
pub(crate) fn missing(object: &ObjectTarget, act: &Act, request: RequestId) -> ErrorBody {
    words::own(Code::NotFound, format!("cannot {}: it does not exist", doing(act::verb(act), object)), request)
}

/// RFC 3339 in whole seconds, as kubectl writes it.
pub(crate) fn timestamp(now_ms: u64) -> String {
    let seconds = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
