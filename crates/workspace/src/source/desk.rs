//! What the operator reads of repositories: each time as the policy allows it, with the credentials of the workspace's owner
//! where there are some.

use super::{Repositories, Sourced, Wanted};
use crate::desired::Desired;
use crate::key::Key;
use crate::upward::credentials;
use base::{Code, Coded, RequestId};
use cluster::{Cluster, Hands, Owned};
use policy::action::{ObjectTarget, WorkspaceSource};
use policy::{Answers, Decision, Door, Gate, Outcome, Principal};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Reads for the operator.
pub(crate) struct Desk {
    pub(crate) repositories: Repositories,
    pub(crate) cluster: Cluster,
    pub(crate) gate: Gate,
    /// The process: it reads for the owner of a workspace.
    pub(crate) principal: Principal,
}

/// Reads one repository for somebody.
pub(crate) struct Asking<'a> {
    pub(crate) repositories: &'a Repositories,
    pub(crate) gate: &'a Gate,
    pub(crate) principal: &'a Principal,
    pub(crate) object: ObjectTarget,
    pub(crate) owner: &'a str,
}

impl Asking<'_> {
    pub(super) fn action(&self, wanted: &Wanted) -> WorkspaceSource {
        WorkspaceSource {
            object: self.object.clone(),
            owner: self.owner.to_owned(),
            host: wanted.remote.host.clone(),
            repository: wanted.remote.path.clone(),
            reference: wanted.reference.to_string(),
        }
    }

    /// Whether its host may be asked at all.
    pub(super) fn may(&self, action: &WorkspaceSource) -> Result<(), Failed> {
        match self.gate.preview(self.principal, action) {
            Decision::Deny(denial) => Err(Failed(denial.code, denial.reason)),
            _ => Ok(()),
        }
    }

    /// Asks its host, as was decided and is written down; `done` says what came of it.
    pub(super) async fn asks<T, E: Coded>(
        &self,
        action: WorkspaceSource,
        asking: impl Future<Output = Result<T, E>>,
        done: impl FnOnce(&T) -> String,
    ) -> Result<Result<T, E>, Failed> {
        let permit = self.gate.permit(self.principal, action, &Answers::default());
        let permit = permit.map_err(|refusal| Failed(refusal.code(), refusal.to_string()))?;
        if permit.settled().await.is_err() {
            let words = "the journal takes no entries, so its host was not asked".to_owned();
            return Err(Failed(Code::AuditUnavailable, words));
        }
        let said = asking.await;
        permit.finish(match &said {
            Ok(said) => Outcome::Done { message: done(said) },
            Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
        });
        Ok(said)
    }

    /// Reads it; what was read is told to those alone who may read it.
    pub(crate) async fn read(&self, wanted: &Wanted, login: Option<&git::Login>, age: Duration) -> Sourced {
        let action = self.action(wanted);
        if let Err(failed) = self.may(&action) {
            return failed.into();
        }
        let whose = login.map(|_| (self.object.namespace.as_str(), self.owner));
        let reading = Box::pin(self.repositories.read(wanted, login, whose, age));
        if !self.repositories.asks(wanted, whose, age) {
            return reading.await.into();
        }
        match self.asks(action, reading, |read| format!("commit {}", read.commit)).await {
            Ok(read) => read.into(),
            Err(failed) => failed.into(),
        }
    }
}

/// Why a host was not asked, or did not say.
pub(super) struct Failed(pub(super) Code, pub(super) String);

impl Failed {
    pub(super) fn of(error: impl Coded) -> Self {
        Self(error.code(), error.to_string())
    }
}

impl From<Failed> for Sourced {
    fn from(Failed(code, why): Failed) -> Self {
        Self::Failed(code, why)
    }
}

impl Desk {
    /// What there is of the repository of a workspace. Who is not answered soon comes again: it goes on meanwhile.
    pub(crate) async fn look(
        self: &Arc<Self>,
        hands: &Hands,
        desired: &Desired,
        object: &Value,
        makes: bool,
    ) -> Sourced {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let Some(wanted) = Wanted::of(spec, self.repositories.host()) else { return Sourced::None };
        // What is made now is made of what stands there now.
        let age = if makes { SOON } else { LATER };
        if let Some(known) = self.known(desired, &wanted, age) {
            return known;
        }
        let login = self.login(hands, desired, &wanted).await;
        let (this, key, owner) = (self.clone(), desired.key.clone(), desired.owner.clone());
        let words = wanted.remote.to_string();
        let task = tokio::spawn(async move { this.read(&key, &owner, &wanted, login, age).await });
        match tokio::time::timeout(PATIENCE, task).await {
            Ok(Ok(sourced)) => sourced,
            Ok(Err(_)) => Sourced::Failed(Code::Internal, format!("{words} could not be read")),
            Err(_) => Sourced::Pending(format!("repository {words} is being read")),
        }
    }

    /// What is known without asking anybody: the owner's credentials are wanted only where its host is.
    fn known(&self, desired: &Desired, wanted: &Wanted, age: Duration) -> Option<Sourced> {
        let (key, owner) = (&desired.key, desired.owner.as_str());
        let principal = self.principal.asking(RequestId::new(), Door::Process);
        let asking = self.asking(&principal, key, owner);
        asking.may(&asking.action(wanted)).err().map(Sourced::from).or_else(|| {
            let whose = [Some((key.namespace.as_str(), owner)), None];
            whose.into_iter().find_map(|whose| self.repositories.kept(wanted, whose, age)).map(Sourced::Read)
        })
    }

    async fn read(&self, key: &Key, owner: &str, wanted: &Wanted, login: Option<git::Login>, age: Duration) -> Sourced {
        let principal = self.principal.asking(RequestId::new(), Door::Process);
        self.asking(&principal, key, owner).read(wanted, login.as_ref(), age).await
    }

    fn asking<'a>(&'a self, principal: &'a Principal, key: &Key, owner: &'a str) -> Asking<'a> {
        let object = ObjectTarget {
            cluster: self.cluster.name().clone(),
            kind: Owned::Workspace.id().to_owned(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        };
        Asking { repositories: &self.repositories, gate: &self.gate, principal, object, owner }
    }

    /// The owner's credentials for the host.
    async fn login(&self, hands: &Hands, desired: &Desired, wanted: &Wanted) -> Option<git::Login> {
        let name = credentials::name_of(&desired.owner);
        match hands.get(Owned::Secret, &name).await {
            Ok(secret) => credentials::git_login(&secret?, &desired.owner, &wanted.remote.host),
            Err(error) => {
                tracing::debug!(workspace = %desired.key, %error, "the credentials of its owner cannot be read");
                None
            }
        }
    }
}

/// How old may be what a workspace is made of that starts.
const SOON: Duration = Duration::from_secs(1);
/// And what one is made of that runs.
const LATER: Duration = Duration::from_secs(300);
/// For one look: others wait for their turn.
const PATIENCE: Duration = Duration::from_millis(700);
