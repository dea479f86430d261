//! What doors look at.

use super::{DoorError, Workspaces, namespace, target};
use crate::acts::{self, ActError};
use crate::jobs::Told;
use crate::launch::{Launch, Meant, Repository};
use crate::reach::Reaches;
use crate::roles::Roles;
use crate::source::{Asking, Sourced, Wanted};
use crate::story::Watcher;
use crate::{Blueprints, Platform, Reloaded, about, catalogue};
use api::blueprint::{BlueprintList, BlueprintPreview, BlueprintReloaded, BlueprintValidate, BlueprintValidated};
use api::rest::{Need, Verdict};
use api::workspace::{Workspace, WorkspaceAct, WorkspaceHandshake, WorkspaceMay, WorkspaceWhy};
use base::{ClusterName, Code, Coded};
use bytes::Bytes;
use policy::action::{
    BlueprintReload, ObjectTarget, ObjectView, ShellPurpose, WorkspaceApps, WorkspaceConnect, WorkspaceCreate,
    WorkspaceDelete, WorkspaceFiles, WorkspaceKeep, WorkspaceLogs, WorkspaceProxy, WorkspacePurge, WorkspaceStart,
    WorkspaceStop, WorkspaceUpdate, WorkspaceView,
};
use policy::{Action, Answers, Decision, Outcome, Permit, Principal, Refusal};
use serde_json::Value;
use std::time::Duration;

/// Which workspace a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Named {
    /// The one that an action names.
    #[must_use]
    pub fn of(target: &ObjectTarget) -> Self {
        let ObjectTarget { cluster, namespace, name, .. } = target.clone();
        Self { cluster, namespace, name }
    }

    /// As actions name it.
    #[must_use]
    pub fn target(&self) -> ObjectTarget {
        target(&self.cluster, &self.namespace, &self.name)
    }
}

impl Workspaces {
    /// One workspace, with what whoever asks may do to it.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn show(&self, principal: &Principal, named: &Named) -> Result<Workspace, DoorError> {
        let object = self.object(principal, named).await?;
        Ok(self.told(principal, named, &object))
    }

    /// Why it is as it is.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn why(&self, principal: &Principal, named: &Named) -> Result<WorkspaceWhy, DoorError> {
        let object = self.object(principal, named).await?;
        let now_ms = i64::try_from(self.0.clock.now_ms()).unwrap_or(i64::MAX);
        Ok(about::why(&named.cluster, &object, now_ms, &self.0.platform.prices))
    }

    /// The last lines of one of its containers.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn logs(
        &self,
        principal: &Principal,
        named: &Named,
        container: &str,
        lines: u32,
        previous: bool,
    ) -> Result<Bytes, DoorError> {
        self.visible(principal, named)?;
        let cluster = self.cluster(principal, &named.cluster)?;
        let permit = self.0.gate.permit(principal, WorkspaceLogs { object: named.target() }, &Answers::default())?;
        Ok(acts::logs(&cluster, permit, container, lines, previous).await?)
    }

    /// Listens to what happens to it: after the event of this id, if that is still known.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn listen(
        &self,
        principal: &Principal,
        named: &Named,
        after: Option<&str>,
    ) -> Result<(WorkspaceHandshake, Watcher), DoorError> {
        // With their own rights, before a watch that others may share.
        self.object(principal, named).await?;
        let watcher =
            self.0.stories.listen(&self.cluster(principal, &named.cluster)?, self.view(principal, named)?, after)?;
        let job = self.0.jobs.on(&named.target());
        let handshake = WorkspaceHandshake {
            workspace: format!("{}/{}", named.namespace, named.name),
            jobid: job.map(|job| job.id).unwrap_or_default(),
            error: String::new(),
            resumed: watcher.resumed(),
        };
        Ok((handshake, watcher))
    }

    /// A job, for whoever asked for it or may see its workspace.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn job(&self, principal: &Principal, id: &str) -> Result<Told, DoorError> {
        let told = self.0.jobs.get(id).await?;
        let job = told.job();
        if let Some(user) = job.user.as_ref().filter(|_| job.principal != principal.id()) {
            // It names workspaces that not everybody knows.
            let sees = self.sees_all(principal, &job.cluster, user);
            return if sees { Ok(told) } else { Err(crate::jobs::JobError::NotFound(id.to_owned()).into()) };
        }
        if job.principal != principal.id() {
            let named = Named { cluster: job.cluster, namespace: job.namespace, name: job.name };
            self.visible(principal, &named).map_err(|error| match error {
                DoorError::Act(ActError::NotFound(_)) => crate::jobs::JobError::NotFound(id.to_owned()).into(),
                other => other,
            })?;
        }
        Ok(told)
    }

    /// The blueprints that a namespace sees.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn blueprints(
        &self,
        principal: &Principal,
        name: &ClusterName,
        said: Option<&str>,
        org: Option<&str>,
    ) -> Result<BlueprintList, DoorError> {
        let (blueprints, namespace) = self.catalogue(principal, name, said).await?;
        Ok(catalogue::list(&blueprints, &namespace, principal.name(), &org_of(principal, org.map(str::to_owned))))
    }

    /// What a workspace would be made of.
    ///
    /// # Errors
    /// As [`DoorError`] says; what is wrong with the blueprint stands in the answer.
    pub async fn preview(
        &self,
        principal: &Principal,
        asked: api::workspace::WorkspaceCreate,
    ) -> Result<BlueprintPreview, DoorError> {
        let (blueprints, namespace) = self.catalogue(principal, &asked.cluster, asked.namespace.as_deref()).await?;
        let name = asked.name.as_deref().filter(|name| Meant::name(name).is_ok()).unwrap_or("preview").to_owned();
        let repository = asked.repository.as_deref().filter(|address| !address.trim().is_empty());
        let mut launch = Launch {
            owner: principal.name().to_owned(),
            org: org_of(principal, asked.org),
            blueprint: asked.blueprint.filter(|name| !name.is_empty()),
            image: asked.image.filter(|image| !image.is_empty()),
            // One that is half typed is none yet.
            source: repository.and_then(|address| Repository::parse(address).ok()).map(|found| found.source()),
            params: asked.params,
            preset: asked.preset,
            dotfiles: asked.dotfiles.filter(|said| !said.trim().is_empty()),
            overrides: asked.overrides,
            cpu: asked.cpu,
            memory: asked.memory,
            ..Launch::default()
        };
        launch.by_file();
        let object = target(&asked.cluster, &namespace, &name);
        let sourced = self.sourced(principal, &blueprints, object, &launch).await;
        Ok(catalogue::preview(&blueprints, &namespace, &name, &launch, &sourced))
    }

    /// Reads the platform's folder or repository of blueprints again, and takes what is there if that is right.
    ///
    /// # Errors
    /// As [`DoorError`] says; what is wrong with what is there stands in the answer.
    pub async fn reload(&self, principal: &Principal) -> Result<BlueprintReloaded, DoorError> {
        let platform = &self.0.platform;
        let source = platform.folder.as_ref().map_or("no folder and no repository".to_owned(), |folder| folder.words());
        let permit = self.0.gate.permit(principal, BlueprintReload { source }, &Answers::default())?;
        let Some(folder) = &platform.folder else {
            let why = "[blueprints] names neither a folder nor a repository: those of the cluster are followed anyway";
            return Err(DoorError::Bad(why.to_owned()));
        };
        permit.settled().await.map_err(Refusal::from)?;
        let Reloaded { source, commit, files, changed, problems } = folder.reload(&platform.env).await;
        let message = if problems.is_empty() { format!("{files} files hold") } else { problems.join("; ") };
        permit.finish(Outcome::Done { message });
        Ok(BlueprintReloaded { source, commit, files, changed, problems })
    }

    /// What is wrong with a file of blueprints, for the organization of whoever asks.
    ///
    /// # Errors
    /// As [`DoorError`] says; what is wrong with the file stands in the answer.
    pub async fn validate(
        &self,
        principal: &Principal,
        asked: BlueprintValidate,
    ) -> Result<BlueprintValidated, DoorError> {
        let (blueprints, namespace) = self.catalogue(principal, &asked.cluster, asked.namespace.as_deref()).await?;
        let org = org_of(principal, asked.org.clone());
        Ok(catalogue::validate(&blueprints, &namespace, &asked, principal.name(), &org))
    }

    /// What there is of the repository of a workspace that is to be.
    pub(super) async fn sourced(
        &self,
        principal: &Principal,
        blueprints: &Blueprints,
        object: ObjectTarget,
        launch: &Launch,
    ) -> Sourced {
        let Some(repositories) = blueprints.repositories() else { return Sourced::None };
        let Some(wanted) = Wanted::of(&launch.spec(), repositories.host()) else { return Sourced::None };
        let asking = Asking { repositories, gate: &self.0.gate, principal, object, owner: &launch.owner };
        asking.read(&wanted, None, FRESH).await
    }

    pub(super) async fn catalogue(
        &self,
        principal: &Principal,
        name: &ClusterName,
        said: Option<&str>,
    ) -> Result<(crate::Blueprints, String), DoorError> {
        let cluster = self.cluster(principal, name)?;
        let namespace = namespace(&cluster, said);
        let view = ObjectView {
            kind: "blueprints.quarterdeck.dev".to_owned(),
            clusters: vec![name.clone()],
            namespaces: vec![namespace.clone()],
        };
        let permit = self.0.gate.permit(principal, view, &Answers::default())?;
        let (asks, own) = (principal.name().to_owned(), principal.who().roles.clone());
        let of = move |person: &str| if person == asks { own.clone() } else { Vec::new() };
        let platform = Platform { roles: Roles::new(of), ..self.0.platform.clone() };
        let blueprints = catalogue::read(&cluster, &platform, &namespace).await;
        drop(permit);
        Ok((blueprints?, namespace))
    }

    /// The object of a workspace that may be seen.
    pub(super) async fn object(&self, principal: &Principal, named: &Named) -> Result<Value, DoorError> {
        let permit = self.view(principal, named)?;
        let cluster = self.cluster(principal, &named.cluster)?;
        Ok(acts::show(&cluster, &permit).await?)
    }

    /// What is hidden is not there: in the same words.
    fn view(&self, principal: &Principal, named: &Named) -> Result<Permit<WorkspaceView>, DoorError> {
        let permit = self.0.gate.permit(principal, seen(named), &Answers::default());
        permit.map_err(|refusal| match refusal {
            Refusal::Denied { .. } => hidden(named),
            other => other.into(),
        })
    }

    /// Decides what somebody wants in a workspace. Whoever is refused and may not see it either is told that it is not there, as of
    /// one that is not.
    ///
    /// # Errors
    /// When it is refused.
    pub fn permit<A: Reaches>(
        &self,
        principal: &Principal,
        action: A,
        answers: &Answers,
    ) -> Result<Permit<A>, DoorError> {
        let named = Named::of(action.workspace());
        let permit = self.0.gate.permit(principal, action, answers);
        permit.map_err(|refusal| self.hides(principal, &named, refusal.code()).unwrap_or_else(|| refusal.into()))
    }

    /// What is said in the place of a refusal with this code: whoever may not see it is not told what else they may not do.
    #[must_use]
    pub fn hides(&self, principal: &Principal, named: &Named, code: Code) -> Option<DoorError> {
        if code == Code::PolicyDenied { self.visible(principal, named).err() } else { None }
    }

    /// Whoever may not see it is not told what else they may not do.
    ///
    /// # Errors
    /// When it is not there, for whoever asks.
    pub(super) fn visible(&self, principal: &Principal, named: &Named) -> Result<(), DoorError> {
        match self.0.gate.preview(principal, &seen(named)) {
            Decision::Deny(_) => Err(hidden(named)),
            _ => Ok(()),
        }
    }

    /// A workspace as whoever asks sees it.
    pub(super) fn told(&self, principal: &Principal, named: &Named, object: &Value) -> Workspace {
        let mut told = about::whole(&named.cluster, object);
        let stopped = told.row.wanted == "Stopped";
        let deleting = told.row.phase == "Terminating";
        let (up, ready) = (!stopped && !deleting, told.row.ready);
        let object = named.target();
        let may = |act, applies| self.may(principal, act, &object, applies);
        told.acts = vec![
            may(WorkspaceAct::Start, stopped && !deleting),
            may(WorkspaceAct::Stop, up),
            may(WorkspaceAct::Update, !deleting),
            may(WorkspaceAct::Delete, !deleting),
            may(WorkspaceAct::Connect, up && ready),
            may(WorkspaceAct::Files, up && ready),
            may(WorkspaceAct::Apps, up && ready),
            may(WorkspaceAct::Proxy, up && ready),
            may(WorkspaceAct::Logs, up),
            may(WorkspaceAct::Keep, up && ready),
            may(WorkspaceAct::Purge, !deleting),
        ];
        told
    }

    fn may(&self, principal: &Principal, act: WorkspaceAct, object: &ObjectTarget, applies: bool) -> WorkspaceMay {
        let object = object.clone();
        let (list, path) = ("list".to_owned(), "/".to_owned());
        let (decision, reason, needs) = match act {
            WorkspaceAct::Create => {
                let owner = principal.name().to_owned();
                let (org, blueprint, image) = (String::new(), String::new(), String::new());
                self.said(principal, &WorkspaceCreate { object, owner, org, blueprint, image })
            }
            WorkspaceAct::Start => self.said(principal, &WorkspaceStart { object }),
            WorkspaceAct::Stop => self.said(principal, &WorkspaceStop { object, delay_seconds: 0 }),
            WorkspaceAct::Update => self.said(principal, &WorkspaceUpdate { object, fields: Vec::new() }),
            WorkspaceAct::Delete => self.said(principal, &WorkspaceDelete { object, uid: None }),
            WorkspaceAct::Connect => {
                let purpose = ShellPurpose::Shell { program: String::new() };
                self.said(principal, &WorkspaceConnect { object, purpose })
            }
            WorkspaceAct::Files => self.said(principal, &WorkspaceFiles { object, act: list, path, writes: false }),
            WorkspaceAct::Apps => self.said(principal, &WorkspaceApps { object, act: list, app: String::new() }),
            WorkspaceAct::Proxy => self.said(principal, &WorkspaceProxy { object, port: 0, app: String::new() }),
            WorkspaceAct::Logs => self.said(principal, &WorkspaceLogs { object }),
            WorkspaceAct::Keep => self.said(principal, &WorkspaceKeep { object, seconds: 0, reason: String::new() }),
            WorkspaceAct::DeleteAll | WorkspaceAct::KeepAll => {
                let reason = "that is done to all workspaces of somebody at once".to_owned();
                (Verdict::Deny, reason, Vec::new())
            }
            WorkspaceAct::Purge => self.said(principal, &WorkspacePurge { object, uid: None, claims: Vec::new() }),
        };
        WorkspaceMay { act, decision, reason, needs, applies }
    }

    fn said<A: Action>(&self, principal: &Principal, action: &A) -> (Verdict, String, Vec<Need>) {
        match self.0.gate.preview(principal, action) {
            Decision::Allow(_) => (Verdict::Allow, String::new(), Vec::new()),
            Decision::Needs(needs) => (Verdict::Needs, String::new(), needs.0.into_iter().map(need).collect()),
            Decision::Deny(denial) => (Verdict::Deny, denial.reason, Vec::new()),
        }
    }
}

fn seen(named: &Named) -> WorkspaceView {
    WorkspaceView { cluster: named.cluster.clone(), namespace: named.namespace.clone(), name: named.name.clone() }
}

fn hidden(named: &Named) -> DoorError {
    ActError::NotFound(format!("{}/{}", named.namespace, named.name)).into()
}

fn need(need: policy::Need) -> Need {
    match need {
        policy::Need::Confirm => Need::Confirm,
        policy::Need::TypedName { name } => Need::TypedName { name },
        policy::Need::Reason => Need::Reason,
    }
}

/// The organization that is asked for; else that of whoever asks.
pub(super) fn org_of(principal: &Principal, asked: Option<String>) -> String {
    let own = Some(principal.who().org.clone()).filter(|org| !org.is_empty());
    asked.or(own).unwrap_or_else(|| ORG.to_owned())
}

/// How old may be what is shown of a repository.
const FRESH: Duration = Duration::from_secs(2);
/// The organization of whoever has none.
const ORG: &str = "default";
