//! What doors do to workspaces: each act is a job.

use super::seeing::{Named, org_of};
use super::{DoorError, Workspaces, namespace, target};
use crate::acts::{self, ActError};
use crate::catalogue;
use crate::jobs::{Ask, Begun, Opened};
use crate::launch::{Launch, Meant, Repository, Said};
use crate::mounts;
use crate::source::{self, Sourced};
use crate::story::likeness;
use crate::until::Until;
use api::ErrorBody;
use api::workspace::{
    Workspace, WorkspaceAccepted, WorkspaceAct, WorkspaceActing, WorkspaceCreate, WorkspaceStopping, WorkspaceUpdate,
};

use base::{ClusterName, Code, RequestId};
use policy::action::{self, WorkspaceDelete, WorkspaceStart, WorkspaceStop};
use policy::{Answers, Outcome, Principal};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

impl Workspaces {
    /// Makes a workspace for whoever asks. `key` is the name of the request: under one name it is carried out once.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn create(
        &self,
        principal: &Principal,
        asked: WorkspaceCreate,
        key: Option<String>,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        let looks = key.is_none();
        self.whole(async move { this.created(&principal, asked, key, looks).await }).await
    }

    /// The same without looking first whether the name is free: the API server says so.
    ///
    /// # Errors
    /// As [`DoorError`] says; [`DoorError::is_taken`] when there is one of this name.
    pub async fn create_at_once(
        &self,
        principal: &Principal,
        asked: WorkspaceCreate,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        self.whole(async move { this.created(&principal, asked, None, false).await }).await
    }

    async fn created(
        &self,
        principal: &Principal,
        asked: WorkspaceCreate,
        key: Option<String>,
        looks: bool,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let digest = {
            let asked = WorkspaceCreate { answers: api::rest::Answers::default(), ..asked.clone() };
            hex::encode(Sha256::digest(serde_json::to_vec(&asked).unwrap_or_default()))
        };
        let given = answers(&asked.answers);
        let meant = self.asked(principal, &asked).await?;
        let cluster = self.cluster(principal, &asked.cluster)?;
        let (blueprints, namespace) = self.catalogue(principal, &asked.cluster, asked.namespace.as_deref()).await?;
        let named = Named { cluster: asked.cluster.clone(), namespace, name: meant.name.clone() };
        let blueprint = asked.blueprint.filter(|name| !name.is_empty()).or(meant.blueprint);
        let image = asked.image.filter(|image| !image.is_empty());
        let usual = || {
            // The first by name that there is.
            let (library, _) = blueprints.library(&named.namespace);
            let asks = image.is_none() && meant.source.is_none();
            asks.then(|| library.names().first().map(|name| (*name).to_owned())).flatten()
        };
        let mut launch = Launch {
            owner: principal.name().to_owned(),
            org: org_of(principal, asked.org),
            blueprint: blueprint.or_else(usual),
            source: meant.source.clone(),
            params: asked.params,
            preset: asked.preset,
            dotfiles: asked.dotfiles.filter(|said| !said.trim().is_empty()),
            overrides: asked.overrides,
            args: asked.args,
            env: asked.env,
            ports: asked.ports.into_iter().map(|one| (one.port, one.name)).collect(),
            labels: asked.labels,
            cpu: asked.cpu,
            memory: asked.memory,
            notes: asked.notes,
            stopped: asked.stopped,
            blueprint_kind: None,
            image,
        };
        launch.by_file();
        let (spec, object) = (launch.spec(), target(&named.cluster, &named.namespace, &named.name));
        let request = key.map(|key| (key, digest));
        if looks {
            self.free(principal, &named).await?;
        }
        let sourced = self.sourced(principal, &blueprints, object.clone(), &launch).await;
        let mut action = launch.action(object.clone());
        let composed = catalogue::effective(&blueprints, &named.namespace, &named.name, &launch, &sourced);
        match (&sourced, &composed) {
            (_, Ok(made)) => action.blueprint = made.built_on().to_owned(),
            // It may be one that its owner has credentials for: the operator knows.
            (Sourced::Failed(Code::RepositoryNotFound, ..), Err(_)) if launch.is_by_file() => {}
            (_, Err(wrong)) => return Err(wrong.clone().into()),
        }
        if let Ok(made) = &composed {
            let roles = principal.who().roles.clone();
            let whom = (launch.owner.as_str(), launch.org.as_str(), roles);
            for joined in blueprints.joins(&named.namespace, &named.name, &spec, made) {
                let asked = mounts::action(object.clone(), whom.clone(), &joined, None);
                let claim = asked.claim.clone();
                let permit = self.0.gate.permit(principal, asked, &Answers::default())?;
                permit.finish(Outcome::Done { message: format!("{claim} may be mounted") });
            }
        }
        let permit = self.0.gate.permit(principal, action, &given)?;
        let likeness = likeness(&named.cluster, &serde_json::json!({ "spec": spec }));
        let ask = Ask { principal, act: WorkspaceAct::Create, object: &object, request, likeness };
        let opened = match self.0.jobs.begin(ask).await? {
            Begun::New(opened) => opened,
            Begun::There(job) => {
                let workspace = self.show(principal, &named).await?;
                return Ok(WorkspaceAccepted { job: *job, workspace });
            }
        };
        let until = if launch.stopped { Until::Stopped } else { Until::Ready };
        match acts::create_for(&cluster, permit, &spec, &opened.id()).await {
            Ok(made) => Ok(self.accepted(principal, &named, opened, &made, until).await),
            Err(error) => {
                opened.fails(body(&error)).await;
                if matches!(error, ActError::Exists(_)) {
                    self.free(principal, &named).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Wants a workspace to run.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn start(
        &self,
        principal: &Principal,
        named: Named,
        asked: WorkspaceActing,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        self.whole(async move {
            let there = this.object(&principal, &named).await?;
            this.goes_on(&named, &there)?;
            let action = WorkspaceStart { object: named.target() };
            let permit = this.0.gate.permit(&principal, action, &answers(&asked.answers))?;
            let opened = match this.opened(&principal, &named, WorkspaceAct::Start, &there).await? {
                Ok(opened) => opened,
                Err(accepted) => return Ok(*accepted),
            };
            let cluster = this.cluster(&principal, &named.cluster)?;
            let done = acts::start(&cluster, permit).await;
            this.done(&principal, &named, opened, done, Until::Ready).await
        })
        .await
    }

    /// Wants a workspace to stop.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn stop(
        &self,
        principal: &Principal,
        named: Named,
        asked: WorkspaceStopping,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        if asked.delay_seconds > 60 {
            return Err(DoorError::Bad("delay_seconds is 60 at most".to_owned()));
        }
        self.whole(async move {
            let there = this.object(&principal, &named).await?;
            this.goes_on(&named, &there)?;
            let action = WorkspaceStop { object: named.target(), delay_seconds: asked.delay_seconds };
            let permit = this.0.gate.permit(&principal, action, &answers(&asked.answers))?;
            let opened = match this.opened(&principal, &named, WorkspaceAct::Stop, &there).await? {
                Ok(opened) => opened,
                Err(accepted) => return Ok(*accepted),
            };
            let cluster = this.cluster(&principal, &named.cluster)?;
            if asked.delay_seconds == 0 {
                let done = acts::stop(&cluster, permit).await;
                return this.done(&principal, &named, opened, done, Until::Stopped).await;
            }
            let accepted = WorkspaceAccepted { job: opened.job(), workspace: this.told(&principal, &named, &there) };
            let due_ms = opened.job().created_ms.saturating_add(i64::from(asked.delay_seconds) * 1_000);
            opened.is_for(due_ms, there.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default()).await;
            let later = this.clone();
            this.0.tasks.spawn(async move {
                let wait = Duration::from_secs(asked.delay_seconds.into());
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = permit.ended() => {}
                    () = opened.left() => return,
                }
                let done = acts::stop(&cluster, permit).await;
                // The job says how it went.
                drop(later.done(&principal, &named, opened, done, Until::Stopped).await);
            });
            Ok(accepted)
        })
        .await
    }

    /// Deletes a workspace; its volumes go as it says itself.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn delete(
        &self,
        principal: &Principal,
        named: Named,
        asked: WorkspaceActing,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        self.whole(async move {
            let there = this.object(&principal, &named).await?;
            // The one that was seen, and none that is made of the same name meanwhile.
            let uid = there.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
            let action = WorkspaceDelete { object: named.target(), uid };
            let permit = this.0.gate.permit(&principal, action, &answers(&asked.answers))?;
            let opened = match this.opened(&principal, &named, WorkspaceAct::Delete, &there).await? {
                Ok(opened) => opened,
                Err(accepted) => return Ok(*accepted),
            };
            let cluster = this.cluster(&principal, &named.cluster)?;
            let done = acts::delete(&cluster, permit).await.map(|_| there);
            this.done(&principal, &named, opened, done, Until::Gone).await
        })
        .await
    }

    /// Changes what a workspace asks for.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn update(
        &self,
        principal: &Principal,
        named: &Named,
        asked: WorkspaceUpdate,
    ) -> Result<Workspace, DoorError> {
        self.visible(principal, named)?;
        if asked.spec.is_empty() {
            return Err(DoorError::Bad("the patch changes nothing: name a field of spec".to_owned()));
        }
        for (field, why) in FIXED {
            if asked.spec.contains_key(*field) {
                return Err(DoorError::Fixed { field: (*field).to_owned(), why });
            }
        }
        let fields = asked.spec.keys().map(|field| format!("/spec/{field}")).collect();
        let action = action::WorkspaceUpdate { object: named.target(), fields };
        let permit = self.0.gate.permit(principal, action, &answers(&asked.answers))?;
        let cluster = self.cluster(principal, &named.cluster)?;
        let object = acts::update(&cluster, permit, &Value::Object(asked.spec), asked.generation).await?;
        Ok(self.told(principal, named, &object))
    }

    /// Takes back what a job began: what was to be made is deleted, and what was to run is stopped. Volumes stay, whatever the
    /// workspace says of them. The job that does so.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn cancel(
        &self,
        principal: &Principal,
        id: &str,
        asked: WorkspaceActing,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let job = self.job(principal, id).await?.job();
        if job.state.is_over() {
            return Err(DoorError::Bad(format!("the job is over: it has {}", job.state.as_str())));
        }
        if job.user.is_some() {
            return Err(DoorError::Bad(NOT_BACK.to_owned()));
        }
        let named = Named { cluster: job.cluster, namespace: job.namespace, name: job.name };
        let there = self.object(principal, &named).await?;
        let goes = there.pointer("/spec/storage/onDelete").and_then(Value::as_str) == Some("Delete");
        match job.act {
            WorkspaceAct::Create if !goes => self.delete(principal, named, asked).await,
            WorkspaceAct::Create | WorkspaceAct::Start => {
                self.stop(principal, named, WorkspaceStopping { delay_seconds: 0, answers: asked.answers }).await
            }
            _ => Err(DoorError::Bad(NOT_BACK.to_owned())),
        }
    }

    /// Carries out an act to its end, whether whoever asked goes on waiting or not.
    pub(super) async fn whole<T: Send + 'static>(
        &self,
        act: impl Future<Output = Result<T, DoorError>> + Send + 'static,
    ) -> Result<T, DoorError> {
        let broken = |_| DoorError::Act(ActError::Busy("the server is ending".to_owned()));
        self.0.tasks.spawn(act).await.map_err(broken)?
    }

    /// Whether a name is free; the workspace that has it is told where it may be seen.
    async fn free(&self, principal: &Principal, named: &Named) -> Result<(), DoorError> {
        match self.show(principal, named).await {
            Ok(there) => {
                let free = self.another(principal, named).await;
                Err(DoorError::Exists(Box::new(there), free))
            }
            Err(DoorError::Act(ActError::NotFound(_))) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A name like this one that is free, as far as whoever asks may know.
    async fn another(&self, principal: &Principal, named: &Named) -> Option<String> {
        for number in 2..=MOST_TRIED {
            let ending = format!("-{number}");
            let stem: String = named.name.chars().take(MOST_NAME.saturating_sub(ending.len())).collect();
            let other = Named { name: format!("{}{ending}", stem.trim_end_matches('-')), ..named.clone() };
            if matches!(self.show(principal, &other).await, Err(DoorError::Act(ActError::NotFound(_)))) {
                return Some(other.name);
            }
        }
        None
    }

    /// A job for an act; the one that is at it already is the answer.
    /// What is being deleted neither starts nor changes any more.
    fn goes_on(&self, named: &Named, there: &Value) -> Result<(), DoorError> {
        if there.pointer("/metadata/deletionTimestamp").is_none() {
            return Ok(());
        }
        let job = self.0.jobs.on(&named.target()).filter(|job| job.act == WorkspaceAct::Delete);
        Err(DoorError::Ending(format!("{}/{}", named.namespace, named.name), job.map(|job| job.id)))
    }

    pub(super) async fn opened(
        &self,
        principal: &Principal,
        named: &Named,
        act: WorkspaceAct,
        there: &Value,
    ) -> Result<Result<Opened, Box<WorkspaceAccepted>>, DoorError> {
        let object = named.target();
        let likeness = likeness(&named.cluster, there);
        Ok(match self.0.jobs.begin(Ask { principal, act, object: &object, request: None, likeness }).await? {
            Begun::New(opened) => Ok(opened),
            Begun::There(job) => {
                let workspace = self.told(principal, named, there);
                Err(Box::new(WorkspaceAccepted { job: *job, workspace }))
            }
        })
    }

    pub(super) async fn done(
        &self,
        principal: &Principal,
        named: &Named,
        opened: Opened,
        done: Result<Value, ActError>,
        until: Until,
    ) -> Result<WorkspaceAccepted, DoorError> {
        match done {
            Ok(object) => Ok(self.accepted(principal, named, opened, &object, until).await),
            Err(error) => {
                opened.fails(body(&error)).await;
                Err(error.into())
            }
        }
    }

    async fn accepted(
        &self,
        principal: &Principal,
        named: &Named,
        opened: Opened,
        object: &Value,
        until: Until,
    ) -> WorkspaceAccepted {
        let generation = object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        let job = opened.runs(uid, generation, until).await;
        WorkspaceAccepted { job, workspace: self.told(principal, named, object) }
    }

    /// Which workspace a request to make one means.
    async fn asked(&self, principal: &Principal, asked: &WorkspaceCreate) -> Result<Meant, DoorError> {
        let repository = asked.repository.as_deref().filter(|address| !address.trim().is_empty());
        let said = match (&asked.name, &asked.user_string, repository.map(Repository::parse).transpose()?) {
            (Some(name), None, repository) => {
                return Ok(Meant { source: repository.map(|repository| repository.source()), ..Meant::name(name)? });
            }
            (None, Some(text), None) => Said::user_string(text)?,
            (None, None, Some(repository)) => Said::repository(&repository, principal.name())?,
            (None, Some(_), Some(_)) => {
                return Err(DoorError::Bad("a user string says itself which repository it is for".to_owned()));
            }
            _ => return Err(DoorError::Bad("say either name or user_string".to_owned())),
        };
        if let Some(user) = said.user().filter(|user| !user.eq_ignore_ascii_case(principal.name())) {
            return Err(DoorError::Other { user: user.to_owned(), you: principal.name().to_owned() });
        }
        if said.cluster().is_some_and(|cluster| cluster != asked.cluster.as_str()) {
            return Err(DoorError::Bad(format!("the user string is for another cluster than {}", asked.cluster)));
        }
        let namespace = namespace(&self.cluster(principal, &asked.cluster)?, asked.namespace.as_deref());
        self.meant(principal, said, &asked.cluster, &namespace).await
    }

    /// The workspace that words mean, for whoever asks.
    pub(super) async fn meant(
        &self,
        principal: &Principal,
        said: Said,
        cluster: &ClusterName,
        namespace: &str,
    ) -> Result<Meant, DoorError> {
        let object = target(cluster, namespace, "");
        let repositories = self.0.platform.repositories.as_ref();
        Ok(source::meant(said, repositories, &self.0.gate, principal, object).await?)
    }
}

pub(super) fn answers(given: &api::rest::Answers) -> Answers {
    let api::rest::Answers { confirm, typed_name, reason } = given.clone();
    Answers { confirm, typed_name, reason }
}

fn body(error: &ActError) -> ErrorBody {
    ErrorBody::of(error, RequestId::new())
}

/// What a job has begun that takes things away.
const NOT_BACK: &str = "what stops or goes is not held back: start it, or make it again";
/// The longest name of a workspace.
const MOST_NAME: usize = 52;
/// Of names like one that is taken.
const MOST_TRIED: u32 = 5;
/// Fields of `spec` that are not changed by a patch.
const FIXED: &[(&str, &str)] = &[
    ("owner", "a workspace stays with its owner"),
    ("org", "a workspace stays in its organization"),
    ("mode", "make another workspace"),
    ("target", "make another workspace"),
    ("state", "start or stop it"),
];
