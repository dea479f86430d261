//! A job on all workspaces of somebody: one at a time for each, over when the last of them is where it was asked to.

use super::follower::{PAUSE, Wrong, is_passing, view};
use super::{JobError, Jobs, Live, Opened};
use crate::acts::ActError;
use crate::story::{News, Seen};
use crate::until::{Look, Until, look};
use api::job::{Job, JobState};
use api::workspace::WorkspaceAct;
use base::{ClusterName, Code};
use policy::Principal;
use policy::action::ObjectTarget;
use serde::{Deserialize, Serialize};
use store::KeptJob;
use tokio::time::{Instant, sleep, timeout_at};

/// What is asked for.
pub struct AskAll<'a> {
    /// By whom.
    pub principal: &'a Principal,
    /// What.
    pub act: WorkspaceAct,
    /// In this cluster.
    pub cluster: &'a ClusterName,
    /// In this namespace; empty for all.
    pub namespace: &'a str,
    /// Whose workspaces.
    pub user: &'a str,
}

/// Where they are to come to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct All {
    until: Until,
    each: Vec<Each>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Each {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Only this one.
    pub uid: String,
    /// From when on it counts.
    pub generation: i64,
    /// Why nothing was done to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<(Code, String)>,
}

impl Jobs {
    /// Writes down that something is to be done to all workspaces of somebody, if nothing is being done to all of them.
    ///
    /// # Errors
    /// [`JobError::Running`] while one is at them; when it cannot be kept.
    pub async fn begin_all(&self, ask: AskAll<'_>) -> Result<Opened, JobError> {
        let now = i64::try_from(self.0.parts.clock.now_ms()).unwrap_or(i64::MAX);
        let AskAll { principal, act, cluster, namespace, user } = ask;
        let job = Job {
            id: uuid::Uuid::new_v4().to_string(),
            act,
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            name: String::new(),
            user: Some(user.to_owned()),
            principal: principal.id().to_owned(),
            state: JobState::Queued,
            stage: String::new(),
            message: String::new(),
            created_ms: now,
            changed_ms: now,
            error: None,
        };
        let live = self.alone(super::Body::new(job), cluster, user)?;
        let kept = {
            let body = live.told.borrow();
            KeptJob {
                id: body.job.id.clone(),
                principal: principal.id().to_owned(),
                request: None,
                digest: String::new(),
                subject: format!("{cluster}/{namespace}/"),
                likeness: String::new(),
                created_ms: now,
                open: true,
                body: body.text(),
            }
        };
        if let Err(error) = self.0.parts.store.add_job(&kept).await {
            self.0.live.lock().remove(&kept.id);
            return Err(error.into());
        }
        Ok(Opened { jobs: self.clone(), live, done: false })
    }

    /// Takes its place, unless another one has it: looked at and taken in one.
    fn alone(&self, body: super::Body, cluster: &ClusterName, user: &str) -> Result<Live, JobError> {
        let mut all = self.0.live.lock();
        let other = all.values().find_map(|one| {
            let job = &one.told.borrow().job;
            let same = &job.cluster == cluster && job.user.as_deref() == Some(user) && !job.state.is_over();
            same.then(|| job.id.clone())
        });
        if let Some(other) = other {
            return Err(JobError::Running(user.to_owned(), other));
        }
        let id = body.job.id.clone();
        let live =
            Live { told: tokio::sync::watch::channel(body).0, other: tokio_util::sync::CancellationToken::new() };
        all.insert(id, live.clone());
        Ok(live)
    }
}

impl Opened {
    /// The acts were done: each goes where it was asked to, or says why nothing was done to it.
    pub async fn runs_all(mut self, until: Until, each: Vec<Each>) -> Job {
        self.done = true;
        let mine = self.id();
        let (cluster, jobs) = (self.job().cluster, self.jobs.clone());
        for one in each.iter().filter(|one| one.wrong.is_none()) {
            let object = ObjectTarget::workspace(&cluster, &one.namespace, &one.name);
            while let Some(other) = jobs.working(&object, |body| body.job.id != mine) {
                other.other.cancel();
                jobs.write(&other, |body| body.give_way(&mine)).await;
            }
        }
        jobs.write(&self.live, |body| {
            body.job.state = JobState::Running;
            body.job.message = format!("0 of {}", each.len());
            body.all = Some(All { until, each });
        })
        .await;
        jobs.follow(&self.live);
        self.job()
    }
}

/// Follows them until the last one is there.
pub(super) async fn reached(jobs: &Jobs, live: &Live, all: &All, end: Instant) -> Result<String, Wrong> {
    let cluster = live.told.borrow().job.cluster.clone();
    let (mut done, mut wrong): (usize, Vec<(String, Code, String)>) = (0, Vec::new());
    for one in &all.each {
        let object = ObjectTarget::workspace(&cluster, &one.namespace, &one.name);
        let came = match &one.wrong {
            Some((code, message)) => Err(Wrong { code: *code, message: message.clone() }),
            None => arrived(jobs, &object, one, all.until, end).await,
        };
        match came {
            Ok(()) => done += 1,
            Err(Wrong { code, message }) => wrong.push((format!("{}/{}", one.namespace, one.name), code, message)),
        }
        jobs.write(live, |body| body.job.message = format!("{done} of {}", all.each.len())).await;
    }
    let count = all.each.len();
    let Some((_, code, _)) = wrong.first() else {
        return Ok(match all.until {
            Until::Gone => format!("all {count} are gone"),
            _ => format!("all {count} are stopped"),
        });
    };
    let words: Vec<String> = wrong.iter().take(MOST_TOLD).map(|(name, _, why)| format!("{name}: {why}")).collect();
    let message = format!("{} of {count} did not come to it: {}", wrong.len(), words.join("; "));
    Err(Wrong { code: *code, message })
}

async fn arrived(jobs: &Jobs, object: &ObjectTarget, one: &Each, until: Until, end: Instant) -> Result<(), Wrong> {
    loop {
        match listened(jobs, object, one, until, end).await {
            Ok(result) => return result,
            Err(error) if is_passing(&error) && Instant::now() < end => sleep(PAUSE).await,
            Err(error) => return Err(Wrong { code: base::Coded::code(&error), message: error.to_string() }),
        }
    }
}

/// Listens to one of them until it is there. `Err` where nothing more is told, and it may help to ask again.
async fn listened(
    jobs: &Jobs,
    object: &ObjectTarget,
    one: &Each,
    until: Until,
    end: Instant,
) -> Result<Result<(), Wrong>, ActError> {
    let mut watcher = jobs.0.parts.stories.listen(&jobs.0.cluster(object)?, view(jobs, object)?, None)?;
    let mut last = String::new();
    loop {
        let Ok(news) = timeout_at(end, watcher.news()).await else {
            return Ok(Err(Wrong { code: Code::WorkspaceTimeout, message: format!("not in time; last: {last}") }));
        };
        let News { seen, .. } = news.map_err(|error| ActError::Busy(error.to_string()))?;
        let there = match &seen {
            Seen::Unknown => continue,
            Seen::Gone => None,
            Seen::There(there) => Some(there.as_ref()),
        };
        let there = there.filter(|there| crate::about::text(there, "/metadata/uid") == one.uid);
        match look(there, until, one.generation) {
            Look::Done => return Ok(Ok(())),
            Look::Going(words) => last = words,
            Look::Failed(code, message) => return Ok(Err(Wrong { code, message })),
        }
    }
}

/// Of those that did not come to it, in words.
const MOST_TOLD: usize = 10;
