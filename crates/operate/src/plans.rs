//! The plans of this process: made, kept ten minutes, committed once.

use crate::act;
use crate::commit;
use crate::detail::refused;
use crate::error::Error;
use crate::port::Clusters;
use crate::preview::Step;
use api::rest::{Act, Answers, Committed, Need, ObjectRef, Plan, PlanRequest, Verdict};
use base::{Clock, ClusterName, RequestId};
use catalog::Kind;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use policy::action::{ObjectDelete, ObjectScale, ObjectTarget, PlanMake, PlanMakeObligations, RolloutRestart};
use policy::{Action, Gate, Outcome, Permit, Principal, Requirements};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Makes and carries out plans. Clones are the same service.
#[derive(Clone)]
pub struct Plans(Arc<Inner>);

struct Inner {
    gate: Gate,
    clusters: Arc<dyn Clusters>,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, Arc<Kept>>>,
    commits: TaskTracker,
}

/// A plan that is kept.
pub(crate) struct Kept {
    pub(crate) principal: String,
    pub(crate) plan: Plan,
    pub(crate) steps: Vec<Step>,
    /// Locked while a commit runs.
    pub(crate) state: Arc<tokio::sync::Mutex<State>>,
}

/// What became of a plan.
pub(crate) enum State {
    /// Nothing yet.
    Open,
    /// It was carried out.
    Done(Committed),
    /// Objects moved: it is dead.
    Stale(Vec<String>),
}

impl Plans {
    /// Plans over these clusters, decided by this gate.
    #[must_use]
    pub fn new(gate: Gate, clusters: Arc<dyn Clusters>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { gate, clusters, clock, kept: Mutex::default(), commits: TaskTracker::new() }))
    }

    /// Makes a plan. Nothing changes; under `--read-only` nothing is sent either.
    ///
    /// # Errors
    /// When the request asks for something that cannot be, or the journal takes nothing. What stands against single
    /// objects is in their steps.
    pub async fn plan(&self, principal: &Principal, request: PlanRequest) -> Result<Plan, Error> {
        let request_id = principal.request().unwrap_or_default();
        let objects = self.objects(&request, request_id).await?;
        let batch = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        let mut needs = Requirements::default();
        let mut steps = Vec::with_capacity(objects.len());
        for (object, kind) in objects {
            let (step, asks) = self.preview(principal, &request.act, object, kind, batch);
            needs.merge(&asks);
            steps.push(step);
        }
        if needs.0.iter().filter(|need| matches!(need, policy::Need::TypedName { .. })).count() > 1 {
            let message = "this asks for several names to be typed: plan the production clusters one by one";
            return Err(Error::Invalid { message: message.to_owned() });
        }
        self.dry_run(principal, &request.act, &mut steps, request_id).await?;
        if steps.iter().all(|step| step.missing) {
            for step in &mut steps {
                step.shown.error = Some(commit::missing(&step.object, &request.act, request_id));
            }
        }
        let ready = steps.iter().all(|step| step.shown.decision != Verdict::Deny && step.shown.error.is_none());
        let now = self.0.clock.now_ms();
        let plan = Plan {
            id: uuid::Uuid::new_v4().simple().to_string(),
            act: request.act,
            steps: steps.iter().map(|step| step.shown.clone()).collect(),
            needs: needs.0.into_iter().map(need).collect(),
            ready,
            expires_ms: i64::try_from(now.saturating_add(PLAN_LIFE_MS)).unwrap_or(i64::MAX),
        };
        self.keep(principal, plan.clone(), steps, now)?;
        Ok(plan)
    }

    /// A plan as it was made.
    ///
    /// # Errors
    /// When there is none with this id, or it is somebody else's.
    pub fn get(&self, principal: &Principal, id: &str) -> Result<Plan, Error> {
        Ok(self.find(principal, id)?.plan.clone())
    }

    /// Carries a plan out: decides again, looks whether the objects are still the same, acts. Committing again gives
    /// the same result. A commit that was begun is finished even when nobody waits for it any more.
    ///
    /// # Errors
    /// When nothing was done. What single objects refused is in their results.
    pub async fn commit(&self, principal: &Principal, id: &str, answers: &Answers) -> Result<Committed, Error> {
        let kept = self.find(principal, id)?;
        let mut state = kept.state.clone().lock_owned().await;
        match &*state {
            State::Done(committed) => return Ok(committed.clone()),
            State::Stale(objects) => return Err(Error::PlanStale { objects: objects.clone() }),
            State::Open => {}
        }
        let now = self.0.clock.now_ms();
        if i64::try_from(now).unwrap_or(i64::MAX) >= kept.plan.expires_ms {
            return Err(Error::PlanExpired);
        }
        let answers = policy::Answers {
            confirm: answers.confirm,
            typed_name: answers.typed_name.clone(),
            reason: answers.reason.clone(),
        };
        let (inner, principal) = (self.0.clone(), principal.clone());
        let run = self.0.commits.spawn(async move {
            let commit = commit::Commit {
                gate: &inner.gate,
                clusters: &*inner.clusters,
                principal: &principal,
                kept: &kept,
                answers: &answers,
                now_ms: now,
            };
            let result = commit.run().await;
            match &result {
                Ok(committed) => *state = State::Done(committed.clone()),
                Err(Error::PlanStale { objects }) => *state = State::Stale(objects.clone()),
                Err(_) => {}
            }
            result
        });
        run.await.map_err(Error::internal)?
    }

    /// Waits for the commits that run.
    pub async fn shutdown(&self) {
        self.0.commits.close();
        self.0.commits.wait().await;
    }

    /// The objects, each once, with the kinds that their clusters serve.
    async fn objects(
        &self,
        request: &PlanRequest,
        request_id: RequestId,
    ) -> Result<Vec<(ObjectTarget, Arc<Kind>)>, Error> {
        if request.objects.is_empty() {
            return Err(Error::Invalid { message: "the plan names no object".to_owned() });
        }
        if request.objects.len() > MOST_OBJECTS {
            let message = format!("a plan has at most {MOST_OBJECTS} objects: narrow the selection");
            return Err(Error::Limit { message });
        }
        let mut kinds: HashMap<(ClusterName, String), Arc<Kind>> = HashMap::new();
        let mut seen = HashSet::new();
        let mut objects = Vec::with_capacity(request.objects.len());
        for asked in &request.objects {
            let key = (asked.cluster.clone(), asked.kind.clone());
            let kind =
                match kinds.get(&key) {
                    Some(kind) => kind.clone(),
                    None => {
                        let kind =
                            self.0.clusters.kind(&asked.cluster, &asked.kind).await.map_err(|error| {
                                refused(&error, act::verb(&request.act), &as_asked(asked), request_id)
                            })?;
                        kinds.insert(key, kind.clone());
                        kind
                    }
                };
            let object = normal(asked, &kind)?;
            if seen.insert(object.clone()) {
                objects.push((object, kind));
            }
        }
        Ok(objects)
    }

    fn preview(
        &self,
        principal: &Principal,
        act: &Act,
        object: ObjectTarget,
        kind: Arc<Kind>,
        batch: u32,
    ) -> (Step, Requirements) {
        let gate = &self.0.gate;
        match act {
            Act::Delete { .. } => {
                let decision = gate.preview(principal, &delete_of(act, object.clone(), None, batch));
                Step::decided(object, kind, decision)
            }
            Act::Scale { replicas } => {
                let action = ObjectScale { object: object.clone(), replicas: *replicas, batch };
                Step::decided(object, kind, gate.preview(principal, &action))
            }
            Act::Restart => {
                let action = RolloutRestart { object: object.clone(), batch };
                Step::decided(object, kind, gate.preview(principal, &action))
            }
        }
    }

    /// Lets the API servers try the steps that are not denied, under one permit.
    async fn dry_run(
        &self,
        principal: &Principal,
        act: &Act,
        steps: &mut [Step],
        request_id: RequestId,
    ) -> Result<(), Error> {
        let tried: Vec<&mut Step> = steps.iter_mut().filter(|step| step.shown.decision != Verdict::Deny).collect();
        if tried.is_empty() {
            return Ok(());
        }
        let objects = tried.iter().map(|step| step.object.clone()).collect();
        let action = PlanMake { action: name(act).to_owned(), objects };
        let permit: Permit<PlanMake> = self.0.gate.permit(principal, action, &policy::Answers::default())?;
        let PlanMakeObligations {} = permit.obligations();
        let now = commit::timestamp(self.0.clock.now_ms());
        let (clusters, permit_ref, now) = (&*self.0.clusters, &permit, now.as_str());
        stream::iter(tried)
            .for_each_concurrent(PARALLEL, |step| async move {
                match clusters.tries(&step.object.cluster, permit_ref) {
                    Ok(acts) => step.dry_run(&*acts, act, now, request_id).await,
                    Err(error) => step.shown.error = Some(api::ErrorBody::of(&error, request_id)),
                }
            })
            .await;
        permit.finish(Outcome::Done { message: "planned".to_owned() });
        Ok(())
    }

    fn keep(&self, principal: &Principal, plan: Plan, steps: Vec<Step>, now: u64) -> Result<(), Error> {
        let mut kept = self.0.kept.lock();
        // Expired plans stay a while, to be told from plans that never were and for commits that are repeated.
        let oldest = i64::try_from(now.saturating_sub(PLAN_LIFE_MS)).unwrap_or(i64::MAX);
        kept.retain(|_, plan| plan.plan.expires_ms > oldest);
        if kept.len() >= MOST_PLANS {
            let message = format!("there are {MOST_PLANS} plans already: commit some, or wait ten minutes");
            return Err(Error::Limit { message });
        }
        let state = Arc::new(tokio::sync::Mutex::new(State::Open));
        let id = plan.id.clone();
        kept.insert(id, Arc::new(Kept { principal: principal.id().to_owned(), plan, steps, state }));
        Ok(())
    }

    fn find(&self, principal: &Principal, id: &str) -> Result<Arc<Kept>, Error> {
        let kept = self.0.kept.lock().get(id).cloned().ok_or_else(|| Error::PlanUnknown { id: id.to_owned() })?;
        if kept.principal == principal.id() { Ok(kept) } else { Err(Error::PlanForeign) }
    }
}

/// The deletion that an act asks for.
pub(crate) fn delete_of(act: &Act, object: ObjectTarget, uid: Option<String>, batch: u32) -> ObjectDelete {
    use api::rest::Propagation as Asked;
    use policy::action::Propagation;
    let (propagation, grace_seconds) = match act {
        Act::Delete { propagation, grace_seconds } => (*propagation, *grace_seconds),
        Act::Scale { .. } | Act::Restart => (None, None),
    };
    let propagation = match propagation {
        None | Some(Asked::Background) => Propagation::Background,
        Some(Asked::Foreground) => Propagation::Foreground,
        Some(Asked::Orphan) => Propagation::Orphan,
    };
    ObjectDelete { object, propagation, grace_seconds, uid, batch }
}

/// Name of the action that an act comes to.
const fn name(act: &Act) -> &'static str {
    match act {
        Act::Delete { .. } => ObjectDelete::NAME,
        Act::Scale { .. } => ObjectScale::NAME,
        Act::Restart => RolloutRestart::NAME,
    }
}

fn need(need: policy::Need) -> Need {
    match need {
        policy::Need::Confirm => Need::Confirm,
        policy::Need::TypedName { name } => Need::TypedName { name },
        policy::Need::Reason => Need::Reason,
    }
}

fn as_asked(asked: &ObjectRef) -> ObjectTarget {
    ObjectTarget {
        cluster: asked.cluster.clone(),
        kind: asked.kind.clone(),
        namespace: asked.namespace.clone(),
        name: asked.name.clone(),
    }
}

/// The object by its kind's own id, with a namespace exactly when the kind has them.
fn normal(asked: &ObjectRef, kind: &Kind) -> Result<ObjectTarget, Error> {
    let mut object = ObjectTarget { kind: kind.id.clone(), ..as_asked(asked) };
    if object.name.is_empty() {
        return Err(Error::Invalid { message: format!("an object of {} has no name in this request", kind.id) });
    }
    match (kind.namespaced, object.namespace.is_empty()) {
        (true, true) => {
            let message = format!("{} {} needs a namespace", kind.id, object.name);
            return Err(Error::Invalid { message });
        }
        (false, false) => object.namespace.clear(),
        _ => {}
    }
    Ok(object)
}

/// How long a plan can be committed.
pub const PLAN_LIFE_MS: u64 = 10 * 60 * 1000;
/// Most objects in one plan.
const MOST_OBJECTS: usize = 1000;
/// Most plans at a time.
const MOST_PLANS: usize = 256;
/// Requests at a time for one plan.
pub(crate) const PARALLEL: usize = 16;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
