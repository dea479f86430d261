//! Follows the workspace of a job until the job is over.

use super::body::{Goal, Later};
use super::{Jobs, Live};
use crate::acts::{ActError, show, stop_for};
use crate::key::JOB;
use crate::story::{News, Seen};
use crate::until::{Look, Until, look};
use api::ErrorBody;
use api::job::JobState;
use api::workspace::{WorkspaceAct, WorkspaceEvent};
use base::{Code, Coded, RequestId};
use policy::Answers;
use policy::action::{ObjectTarget, WorkspaceStop, WorkspaceView};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// How a job came to its end.
pub(super) struct Wrong {
    pub(super) code: Code,
    pub(super) message: String,
}

pub(super) async fn follow(jobs: &Jobs, live: &Live) {
    let end = Instant::now() + TOTAL;
    let result = tokio::select! {
        result = reached(jobs, live, end) => result,
        () = live.other.cancelled() => return,
        // It stays open, for the next process.
        () = jobs.0.end.cancelled() => return,
    };
    let (object, mine) = {
        let body = live.told.borrow();
        (body.target(), body.job.id.clone())
    };
    // What somebody asked for meanwhile took away what this one waits for: that is no failure.
    let later = result.as_ref().err().and_then(|_| jobs.working(&object, |body| body.job.id != mine));
    let later = later.map(|other| other.told.borrow().job.id.clone());
    jobs.write(live, |body| match (result, later) {
        (Ok(message), _) => {
            body.job.state = JobState::Succeeded;
            body.job.message = message;
        }
        (Err(_), Some(later)) => body.give_way(&later),
        (Err(wrong), None) => {
            let Wrong { code, message } = wrong;
            let details = crate::until::details(&message);
            body.fail(ErrorBody { code, message, details, request_id: RequestId::new() });
        }
    })
    .await;
}

async fn reached(jobs: &Jobs, live: &Live, end: Instant) -> Result<String, Wrong> {
    let (object, since) = {
        let body = live.told.borrow();
        (body.target(), body.job.created_ms)
    };
    let all = live.told.borrow().all.clone();
    if let Some(all) = all {
        return super::all::reached(jobs, live, &all, end).await;
    }
    let goal = loop {
        match goal(jobs, live, &object).await {
            Ok(Some(goal)) => break goal,
            Ok(None) => {
                let message = "the server ended before it was done: ask again".to_owned();
                return Err(Wrong { code: Code::WorkspaceFailed, message });
            }
            Err(error) if is_passing(&error) && Instant::now() < end => sleep(PAUSE).await,
            Err(error) => return Err(Wrong { code: error.code(), message: error.to_string() }),
        }
    };
    let mut last = String::new();
    loop {
        match listened(jobs, live, &object, &goal, since, end, &mut last).await {
            Ok(result) => return result,
            Err(error) if is_passing(&error) && Instant::now() < end => sleep(PAUSE).await,
            Err(error) => return Err(Wrong { code: error.code(), message: error.to_string() }),
        }
    }
}

/// Listens to the workspace until it is there. `Err` where nothing more is told, and it may help to ask again.
async fn listened(
    jobs: &Jobs,
    live: &Live,
    object: &ObjectTarget,
    goal: &Goal,
    since: i64,
    end: Instant,
    last: &mut String,
) -> Result<Result<String, Wrong>, ActError> {
    let cluster = jobs.0.cluster(object)?;
    let permit = view(jobs, object)?;
    let mut watcher = jobs.0.parts.stories.listen(&cluster, permit, None)?;
    // What is known already when a listener is lost is not told twice.
    let mut known = live.told.borrow().events.len();
    loop {
        let Ok(news) = timeout_at(end, watcher.news()).await else {
            let message = format!("not within {} min; last: {last}", TOTAL.as_secs() / 60);
            return Ok(Err(Wrong { code: Code::WorkspaceTimeout, message }));
        };
        let News { events, seen } = news.map_err(|error| ActError::Busy(error.to_string()))?;
        let new = events.iter().filter(|event| is_since(event, since)).skip(std::mem::take(&mut known));
        let new: Vec<WorkspaceEvent> = new.map(|event| WorkspaceEvent::clone(event)).collect();
        if !new.is_empty() {
            jobs.write(live, |body| body.tell(new.into_iter())).await;
        }
        let object = match &seen {
            Seen::Unknown => continue,
            Seen::Gone => None,
            Seen::There(object) => Some(object.as_ref()),
        };
        let other = object.is_some_and(|object| crate::about::text(object, "/metadata/uid") != goal.uid);
        match look(object.filter(|_| !other), goal.until, goal.generation) {
            Look::Done => return Ok(Ok(done(goal.until).to_owned())),
            Look::Going(words) => {
                if words != *last {
                    last.clone_from(&words);
                    jobs.write(live, |body| body.job.message = words).await;
                }
            }
            Look::Failed(code, message) => return Ok(Err(Wrong { code, message })),
        }
    }
}

/// Where it goes. Where whoever asked did not live to say so, what is there tells whether the act was done.
async fn goal(jobs: &Jobs, live: &Live, object: &ObjectTarget) -> Result<Option<Goal>, ActError> {
    let (goal, id, act, later) = {
        let body = live.told.borrow();
        (body.goal.clone(), body.job.id.clone(), body.job.act, body.later.clone())
    };
    if let (None, WorkspaceAct::Stop, Some(later)) = (&goal, act, later) {
        return stopped(jobs, live, object, &later).await;
    }
    if goal.is_some() || act != WorkspaceAct::Create {
        return Ok(goal);
    }
    let permit = view(jobs, object)?;
    let there = match show(&jobs.0.cluster(object)?, &permit).await {
        Ok(there) => there,
        Err(ActError::NotFound(_)) => return Ok(None),
        Err(other) => return Err(other),
    };
    let mine = there.pointer("/metadata/annotations").and_then(|all| all.get(JOB)).and_then(Value::as_str);
    if mine != Some(id.as_str()) {
        return Ok(None);
    }
    let goal = Goal {
        uid: crate::about::text(&there, "/metadata/uid"),
        generation: there.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default(),
        until: if crate::about::text(&there, "/spec/state") == "Stopped" { Until::Stopped } else { Until::Ready },
    };
    runs(jobs, live, &goal).await;
    Ok(Some(goal))
}

async fn runs(jobs: &Jobs, live: &Live, goal: &Goal) {
    let kept = goal.clone();
    jobs.write(live, |body| {
        body.job.state = JobState::Running;
        body.goal = Some(kept);
    })
    .await;
}

/// Stops it at its time, as the process that was asked to would have done. It was decided on when it was asked for.
async fn stopped(jobs: &Jobs, live: &Live, object: &ObjectTarget, later: &Later) -> Result<Option<Goal>, ActError> {
    let now = i64::try_from(jobs.0.parts.clock.now_ms()).unwrap_or(i64::MAX);
    let wait = u64::try_from(later.due_ms.saturating_sub(now)).unwrap_or_default().min(LONGEST_DELAY_MS);
    sleep(Duration::from_millis(wait)).await;
    let cluster = jobs.0.cluster(object)?;
    let there = match show(&cluster, &view(jobs, object)?).await {
        Ok(there) => there,
        Err(ActError::NotFound(_)) => return Ok(None),
        Err(other) => return Err(other),
    };
    if crate::about::text(&there, "/metadata/uid") != later.uid {
        return Ok(None);
    }
    let action = WorkspaceStop { object: object.clone(), delay_seconds: 0 };
    let answers = Answers { confirm: true, ..Answers::default() };
    let permit = jobs.0.parts.gate.permit(&jobs.0.process(), action, &answers);
    let permit = permit.map_err(|refusal| ActError::Busy(refusal.to_string()))?;
    let who = live.told.borrow().job.principal.clone();
    let stopped = stop_for(&cluster, permit, &who).await?;
    let generation = stopped.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
    let goal = Goal { uid: later.uid.clone(), generation, until: Until::Stopped };
    runs(jobs, live, &goal).await;
    Ok(Some(goal))
}

pub(super) fn view(jobs: &Jobs, object: &ObjectTarget) -> Result<policy::Permit<WorkspaceView>, ActError> {
    let ObjectTarget { cluster, namespace, name, .. } = object.clone();
    let action = WorkspaceView { cluster, namespace, name };
    let permit = jobs.0.parts.gate.permit(&jobs.0.process(), action, &Answers::default());
    permit.map_err(|refusal| ActError::Busy(refusal.to_string()))
}

/// A listener may be lost, and a cluster come back.
pub(super) fn is_passing(error: &ActError) -> bool {
    match error {
        ActError::Busy(_) => true,
        ActError::Cluster(error) => error.is_passing(),
        _ => false,
    }
}

/// What happened before it was asked for is no part of it; clocks of nodes may differ by a little.
fn is_since(event: &WorkspaceEvent, since: i64) -> bool {
    let at = event.timestamp.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond);
    at.is_ok_and(|at| at >= since - SLACK_MS)
}

fn done(until: Until) -> &'static str {
    match until {
        Until::Ready | Until::Near => "it is ready",
        Until::Stopped => "it is stopped",
        Until::Gone => "it is gone",
    }
}

/// Beside the limits that the operator keeps.
const TOTAL: Duration = Duration::from_secs(30 * 60);
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// Clocks are set: nobody asks for more.
const LONGEST_DELAY_MS: u64 = 60_000;
const SLACK_MS: i64 = 2_000;
