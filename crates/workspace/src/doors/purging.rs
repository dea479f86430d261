//! Volumes that go for good: with the workspace, or after it. Only those that say of themselves that they are its own.

use super::acting::answers;
use super::seeing::Named;
use super::{DoorError, Workspaces};
use crate::about::text;
use crate::acts::{self, ActError};
use crate::key::{STORAGE, WORKSPACE};
use crate::pages;
use crate::until::Until;
use api::workspace::{WorkspaceAccepted, WorkspaceAct, WorkspaceActing, WorkspaceRemains, WorkspaceVolume};
use catalog::Kind;
use policy::Principal;
use policy::action::WorkspacePurge;
use serde_json::Value;

impl Workspaces {
    /// Deletes a workspace with its own volumes.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn purge(
        &self,
        principal: &Principal,
        named: Named,
        asked: WorkspaceActing,
    ) -> Result<WorkspaceAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        self.whole(async move {
            let there = this.object(&principal, &named).await?;
            let uid = there.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
            let volumes = there.pointer("/status/volumes").and_then(Value::as_array).into_iter().flatten();
            let claims = volumes.map(|one| text(one, "/claim")).filter(|claim| !claim.is_empty()).collect();
            let action = WorkspacePurge { object: named.target(), uid, claims };
            let permit = this.0.gate.permit(&principal, action, &answers(&asked.answers))?;
            let opened = match this.opened(&principal, &named, WorkspaceAct::Delete, &there).await? {
                Ok(opened) => opened,
                Err(accepted) => return Ok(*accepted),
            };
            let cluster = this.cluster(&principal, &named.cluster)?;
            let done = acts::purge(&cluster, permit).await.map(|_| there);
            this.done(&principal, &named, opened, done, Until::Gone).await
        })
        .await
    }

    /// The volumes that a workspace of this name left.
    ///
    /// # Errors
    /// As [`DoorError`] says; [`DoorError::Bad`] while there is one of this name.
    pub async fn remains(&self, principal: &Principal, named: &Named) -> Result<WorkspaceRemains, DoorError> {
        match self.object(principal, named).await {
            Err(DoorError::Act(ActError::NotFound(_))) => {}
            Err(error) => return Err(error),
            Ok(_) => {
                let words = "the workspace is there, and so are its volumes: delete it with purge=true";
                return Err(DoorError::Bad(words.to_owned()));
            }
        }
        self.visible(principal, named)?;
        let cluster = self.cluster(principal, &named.cluster)?;
        let kind = claims()?;
        let selector = format!("{WORKSPACE}={},{STORAGE}=own", named.name);
        let found = pages::selected(&cluster, &kind, &named.namespace, &selector, "").await;
        let found = found.map_err(|error| DoorError::Act(acts::narrow(error, &named.namespace, &named.name)))?;
        Ok(WorkspaceRemains { volumes: found.iter().map(|claim| volume(&named.name, claim)).collect() })
    }

    /// Deletes them. Those that it deleted.
    ///
    /// # Errors
    /// As [`Workspaces::remains`]; as [`DoorError`] says.
    pub async fn purge_remains(
        &self,
        principal: &Principal,
        named: Named,
        asked: WorkspaceActing,
    ) -> Result<WorkspaceRemains, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        self.whole(async move {
            let remains = this.remains(&principal, &named).await?;
            let claims: Vec<String> = remains.volumes.iter().map(|volume| volume.claim.clone()).collect();
            if claims.is_empty() {
                return Ok(remains);
            }
            let action = WorkspacePurge { object: named.target(), uid: None, claims };
            let permit = this.0.gate.permit(&principal, action, &answers(&asked.answers))?;
            let cluster = this.cluster(&principal, &named.cluster)?;
            acts::purge_claims(&cluster, permit).await?;
            Ok(remains)
        })
        .await
    }
}

fn claims() -> Result<std::sync::Arc<Kind>, ActError> {
    Kind::builtin("persistentvolumeclaims").ok_or(ActError::NotInstalled)
}

fn volume(workspace: &str, claim: &Value) -> WorkspaceVolume {
    let name = text(claim, "/metadata/name");
    WorkspaceVolume {
        name: name.strip_prefix(&format!("pvc-{workspace}-")).unwrap_or(&name).to_owned(),
        claim: name,
        kind: "local".to_owned(),
        size: Some(text(claim, "/status/capacity/storage"))
            .filter(|size| !size.is_empty())
            .unwrap_or_else(|| text(claim, "/spec/resources/requests/storage")),
        used: String::new(),
        kept_until_ms: crate::remains::until(claim),
    }
}
