//! Jobs: what is done to workspaces and takes longer than one request. Each stands in the store before anything is done, is
//! followed to its end, and is taken up again by the next process when this one ends before it.
//!
//! ```text
//! Jobs::begin ─► store: queued ─► (the caller acts) ─► Opened::runs ─► a task follows the story ─► store: succeeded, failed
//! Jobs::resume ─► store: what was open ─► the same task
//! ```
//!
//! One job works on a workspace: another act cancels it, the same act finds it.

mod all;
mod body;
mod follower;
mod list;

use crate::acts::ActError;
use crate::story::Stories;
use crate::until::Until;
pub use all::{AskAll, Each};
use api::ErrorBody;
use api::job::{Job, JobState};
use api::workspace::{WorkspaceAct, WorkspaceEvent};
use base::{Clock, Code, Coded, RequestId};
use body::Body;
use cluster::Cluster;
use mirror::Mirror;
use parking_lot::Mutex;
use policy::action::ObjectTarget;
use policy::{Door, Gate, Principal};
use std::collections::HashMap;
use std::sync::Arc;
use store::{KeptJob, Store, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The jobs of this process. Clones are the same.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    parts: Parts,
    live: Mutex<HashMap<String, Live>>,
    tasks: TaskTracker,
    end: CancellationToken,
}

/// What they stand on.
pub struct Parts {
    /// Keeps them.
    pub store: Store,
    /// Where workspaces are.
    pub mirror: Mirror,
    /// Decides.
    pub gate: Gate,
    /// As whom they are followed.
    pub process: Principal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What happens to workspaces.
    pub stories: Stories,
}

/// A job that is not over.
#[derive(Clone)]
struct Live {
    told: watch::Sender<Body>,
    /// Cancelled: somebody wants something else.
    other: CancellationToken,
}

/// What is asked for.
pub struct Ask<'a> {
    /// By whom.
    pub principal: &'a Principal,
    /// What.
    pub act: WorkspaceAct,
    /// To which workspace.
    pub object: &'a ObjectTarget,
    /// The name that was given to the request, and a digest of it.
    pub request: Option<(String, String)>,
    /// What takes about as long.
    pub likeness: String,
}

/// What came of asking.
pub enum Begun {
    /// A job that does nothing yet.
    New(Opened),
    /// The one that does it already, or did.
    There(Box<Job>),
}

/// A job that stands in the store and waits for its act. Dropped, it has failed.
pub struct Opened {
    jobs: Jobs,
    live: Live,
    done: bool,
}

/// A job as somebody sees it: as it goes on, or as it was kept.
pub struct Told {
    now: watch::Receiver<Body>,
    next: usize,
    /// The job as it was told last.
    state: Option<(JobState, String)>,
}

/// Why there is no such job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is none.
    #[error("there is no job {0}; jobs are kept for 48 hours")]
    NotFound(String),
    /// All workspaces of somebody are at work already, by this job.
    #[error("job {1} is at all workspaces of {0} already: wait until it is over")]
    Running(String, String),
    /// The name of a request was given to another one.
    #[error("another request came with this Idempotency-Key: give each its own")]
    Reused,
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for JobError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) => Code::JobNotFound,
            Self::Reused => Code::IdempotencyReused,
            Self::Running(..) => Code::WorkspaceBusy,
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Store(error) => error.details(),
            Self::Running(user, job) => Some(serde_json::json!({ "job": job, "user": user })),
            Self::NotFound(_) | Self::Reused => None,
        }
    }
}

impl Jobs {
    /// No job is followed yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let (tasks, end) = (TaskTracker::new(), CancellationToken::new());
        Self(Arc::new(Inner { parts, live: Mutex::default(), tasks, end }))
    }

    /// Takes up what another process left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn resume(&self) -> Result<(), StoreError> {
        for kept in self.0.parts.store.open_jobs().await? {
            let Ok(body) = serde_json::from_str::<Body>(&kept.body) else {
                tracing::error!(job = kept.id, "a job cannot be read");
                self.0.parts.store.change_job(&kept.id, false, &kept.body).await?;
                continue;
            };
            let live = self.live(body);
            self.follow(&live);
        }
        Ok(())
    }

    /// Writes down that something is to be done. The same act on the same workspace is done once at a time.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn begin(&self, ask: Ask<'_>) -> Result<Begun, JobError> {
        let now = i64::try_from(self.0.parts.clock.now_ms()).unwrap_or(i64::MAX);
        let Ask { principal, act, object, request, likeness } = ask;
        let job = Job {
            id: uuid::Uuid::new_v4().to_string(),
            act,
            cluster: object.cluster.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            principal: principal.id().to_owned(),
            state: JobState::Queued,
            stage: String::new(),
            message: String::new(),
            created_ms: now,
            changed_ms: now,
            user: None,
            error: None,
        };
        if request.is_none()
            && let Some(there) = self.working(object, |one| one.job.act == act && act != WorkspaceAct::Create)
        {
            return Ok(Begun::There(Box::new(there.told.borrow().job.clone())));
        }
        let body = Body::new(job);
        let (request, digest) = request.unzip();
        let kept = KeptJob {
            id: body.job.id.clone(),
            principal: principal.id().to_owned(),
            request,
            digest: digest.clone().unwrap_or_default(),
            subject: format!("{}/{}/{}", object.cluster, object.namespace, object.name),
            likeness,
            created_ms: now,
            open: true,
            body: body.text(),
        };
        if let Some(there) = self.0.parts.store.add_job(&kept).await? {
            if Some(&there.digest) != digest.as_ref() {
                return Err(JobError::Reused);
            }
            let body: Option<Body> = serde_json::from_str(&there.body).ok();
            return body.map(|body| Begun::There(Box::new(body.job))).ok_or(JobError::NotFound(there.id));
        }
        let live = self.live(body);
        Ok(Begun::New(Opened { jobs: self.clone(), live, done: false }))
    }

    /// A job, as it goes on.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn get(&self, id: &str) -> Result<Told, JobError> {
        let live = self.0.live.lock().get(id).cloned();
        if let Some(live) = live {
            return Ok(Told { now: live.told.subscribe(), next: 0, state: None });
        }
        let kept = self.0.parts.store.job(id).await?.ok_or_else(|| JobError::NotFound(id.to_owned()))?;
        let body: Body = serde_json::from_str(&kept.body).map_err(|_| JobError::NotFound(id.to_owned()))?;
        Ok(Told { now: watch::channel(body).1, next: 0, state: None })
    }

    /// The job that works on a workspace now.
    #[must_use]
    pub fn on(&self, object: &ObjectTarget) -> Option<Job> {
        self.working(object, |_| true).map(|live| live.told.borrow().job.clone())
    }

    /// What waits for its time is left to the next process.
    pub fn ending(&self) {
        self.0.end.cancel();
    }

    /// Lets go of what is followed: it stays open in the store, for the next process.
    pub async fn shutdown(&self) {
        self.ending();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn working(&self, object: &ObjectTarget, which: impl Fn(&Body) -> bool) -> Option<Live> {
        let live = self.0.live.lock();
        let mut found = live.values().filter(|one| {
            let body = one.told.borrow();
            let job = &body.job;
            (&job.cluster, &job.namespace, &job.name) == (&object.cluster, &object.namespace, &object.name)
                && !job.state.is_over()
                && which(&body)
        });
        found.next().cloned()
    }

    fn live(&self, body: Body) -> Live {
        let id = body.job.id.clone();
        let live = Live { told: watch::channel(body).0, other: CancellationToken::new() };
        self.0.live.lock().insert(id, live.clone());
        live
    }

    fn follow(&self, live: &Live) {
        let (jobs, live) = (self.clone(), live.clone());
        self.0.tasks.spawn(async move { follower::follow(&jobs, &live).await });
    }

    /// Writes how a job goes, in memory and in the store.
    async fn write(&self, live: &Live, change: impl FnOnce(&mut Body)) {
        let now = i64::try_from(self.0.parts.clock.now_ms()).unwrap_or(i64::MAX);
        let mut kept = None;
        // In its place: events of a job are many, and another may write at the same time.
        live.told.send_if_modified(|body| {
            let open = !body.job.state.is_over();
            if open {
                change(body);
                body.job.changed_ms = now;
                kept = Some((body.job.id.clone(), body.job.state.is_over(), body.text()));
            }
            open
        });
        let Some((id, over, text)) = kept else { return };
        if let Err(error) = self.0.parts.store.change_job(&id, !over, &text).await {
            tracing::error!(%error, job = id, "how a job goes is not written");
        }
        if over {
            self.0.live.lock().remove(&id);
        }
    }
}

impl Opened {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        self.live.told.borrow().job.id.clone()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> Job {
        self.live.told.borrow().job.clone()
    }

    /// The act was done: the object is of this generation then, and it goes where it was asked to.
    pub async fn runs(mut self, uid: &str, generation: i64, until: Until) -> Job {
        self.done = true;
        let mine = self.id();
        let object = {
            let body = self.live.told.borrow();
            body.target()
        };
        // Whatever was asked for before is not waited for any more.
        while let Some(other) = self.jobs.working(&object, |body| body.job.id != mine) {
            other.other.cancel();
            self.jobs.write(&other, |body| body.give_way(&mine)).await;
        }
        self.jobs
            .write(&self.live, |body| {
                body.job.state = JobState::Running;
                body.goal = Some(body::Goal { uid: uid.to_owned(), generation, until });
            })
            .await;
        self.jobs.follow(&self.live);
        self.live.told.borrow().job.clone()
    }

    /// The act is for later: the next process does it then, should this one end before.
    pub async fn is_for(&self, due_ms: i64, uid: &str) {
        let later = body::Later { due_ms, uid: uid.to_owned() };
        self.jobs.write(&self.live, |body| body.later = Some(later)).await;
    }

    /// Waits until it is not to be done any more: somebody wants something else, or this process ends.
    pub async fn left(&self) {
        tokio::select! {
            () = self.live.other.cancelled() => {}
            () = self.jobs.0.end.cancelled() => {}
        }
    }

    /// It was not done. The same request may be made again.
    pub async fn fails(mut self, error: ErrorBody) {
        self.done = true;
        let id = self.id();
        self.jobs.write(&self.live, |job| job.fail(error)).await;
        if let Err(error) = self.jobs.0.parts.store.free_job_request(&id).await {
            tracing::error!(%error, job = id, "the name of a request is not free again");
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if !self.done {
            // Whoever asked went away meanwhile: what became of it is looked up.
            self.jobs.follow(&self.live);
        }
    }
}

impl Told {
    /// The job as it is.
    #[must_use]
    pub fn job(&self) -> Job {
        self.now.borrow().job.clone()
    }

    /// Begins after the event of this id; false where it has none.
    pub fn after(&mut self, id: &str) -> bool {
        let at = self.now.borrow().events.iter().position(|event| event.id == id);
        self.next = at.map_or(0, |at| at + 1);
        at.is_some()
    }

    /// Waits for what is new: events, and the job as it is then. `None` once it is over and all was told.
    pub async fn news(&mut self) -> Option<(Vec<WorkspaceEvent>, Job)> {
        loop {
            {
                let body = self.now.borrow_and_update();
                let events: Vec<WorkspaceEvent> = body.events.iter().skip(self.next).cloned().collect();
                let state = (body.job.state, body.job.message.clone());
                if !events.is_empty() || self.state.as_ref() != Some(&state) {
                    self.next = body.events.len();
                    self.state = Some(state);
                    return Some((events, body.job.clone()));
                }
                if body.job.state.is_over() {
                    return None;
                }
            }
            // Nobody writes on it any more: it is as it is.
            self.now.changed().await.ok()?;
        }
    }
}

impl Inner {
    fn process(&self) -> Principal {
        self.parts.process.asking(RequestId::new(), Door::Process)
    }

    fn cluster(&self, object: &ObjectTarget) -> Result<Cluster, ActError> {
        self.parts.mirror.cluster(&object.cluster).map_err(|error| ActError::Busy(error.to_string()))
    }
}
