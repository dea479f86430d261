//! All workspaces of somebody at once: deleted, or stopped and kept for a while, as when somebody goes or comes to another
//! organization. One decision and one job for all of them.

use super::acting::answers;
use super::seeing::Named;
use super::{DoorError, Workspaces};
use crate::about::{self, text};
use crate::acts::{self, ActError};
use crate::jobs::{AskAll, Each};
use crate::until::Until;
use api::ErrorBody;
use api::workspace::{WorkspaceAct, WorkspaceActing, WorkspaceAllAccepted};
use base::{ClusterName, Coded as _, RequestId};
use policy::action::{ObjectTarget, WorkspaceDeleteAll};
use policy::{Decision, Principal};
use serde_json::Value;

/// Whose workspaces are meant.
#[derive(Clone, Debug)]
pub struct AllOf {
    /// Of this cluster.
    pub cluster: ClusterName,
    /// Of this namespace; empty for all.
    pub namespace: String,
    /// Of this person.
    pub user: String,
    /// Of this organization; absent for that of whoever asks where they ask for their own, else for any.
    pub org: Option<String>,
    /// They are stopped and kept for a week instead.
    pub preserve: bool,
}

impl Workspaces {
    /// Deletes all workspaces of somebody, or has them stopped and kept.
    ///
    /// # Errors
    /// As [`DoorError`] says; [`crate::jobs::JobError::Running`] while a job is at them.
    pub async fn delete_all(
        &self,
        principal: &Principal,
        all: AllOf,
        asked: WorkspaceActing,
    ) -> Result<WorkspaceAllAccepted, DoorError> {
        let (this, principal) = (self.clone(), principal.clone());
        self.whole(async move { this.all_go(&principal, all, &asked).await }).await
    }

    async fn all_go(
        &self,
        principal: &Principal,
        all: AllOf,
        asked: &WorkspaceActing,
    ) -> Result<WorkspaceAllAccepted, DoorError> {
        let AllOf { cluster: name, namespace, user, org, preserve } = all;
        if user.is_empty() {
            return Err(DoorError::Bad("say whose workspaces: user=".to_owned()));
        }
        let own = || Some(principal.who().org.clone()).filter(|_| user == principal.name());
        let org = org.or_else(own).unwrap_or_default();
        let mut found = self.listed(principal, &name, &namespace).await?;
        found.retain(|object| {
            text(object, "/spec/owner") == user
                && (org.is_empty() || text(object, "/spec/org") == org)
                && self.visible(principal, &named(&name, object)).is_ok()
        });
        if found.is_empty() {
            let whose = if org.is_empty() { user } else { format!("{user} of {org}") };
            return Err(ActError::NotFound(format!("of {whose} in {name}")).into());
        }
        if found.len() > acts::MOST_AT_ONCE {
            let (many, most) = (found.len(), acts::MOST_AT_ONCE);
            let words = format!("{user} has {many} workspaces there, and {most} go at once: name a namespace");
            return Err(DoorError::Bad(words));
        }
        let action = WorkspaceDeleteAll {
            cluster: name.clone(),
            owner: user.clone(),
            org,
            kept_seconds: if preserve { acts::KEPT_SECONDS } else { 0 },
            workspaces: found.iter().map(|object| named(&name, object).target()).collect(),
            uids: found.iter().map(|object| text(object, "/metadata/uid")).collect(),
        };
        let permit = self.0.gate.permit(principal, action, &answers(&asked.answers))?;
        let act = if preserve { WorkspaceAct::KeepAll } else { WorkspaceAct::DeleteAll };
        let ask = AskAll { principal, act, cluster: &name, namespace: &namespace, user: &user };
        let opened = self.0.jobs.begin_all(ask).await?;
        let cluster = self.cluster(principal, &name)?;
        let done = match acts::delete_all(&cluster, permit).await {
            Ok(done) => done,
            Err(error) => {
                opened.fails(ErrorBody::of(&error, RequestId::new())).await;
                return Err(error.into());
            }
        };
        let each = found.iter().zip(done).map(|(object, done)| each(object, &done)).collect();
        let until = if preserve { Until::Stopped } else { Until::Gone };
        let job = opened.runs_all(until, each).await;
        Ok(WorkspaceAllAccepted { job, workspaces: found.iter().map(|object| about::row(&name, object)).collect() })
    }

    /// Whoever may do that to all of somebody's workspaces may look how it goes, and they themselves.
    pub(super) fn sees_all(&self, principal: &Principal, cluster: &ClusterName, user: &str) -> bool {
        let action = WorkspaceDeleteAll {
            cluster: cluster.clone(),
            owner: user.to_owned(),
            org: if user == principal.name() { principal.who().org.clone() } else { String::new() },
            kept_seconds: acts::KEPT_SECONDS,
            workspaces: Vec::new(),
            uids: Vec::new(),
        };
        !matches!(self.0.gate.preview(principal, &action), Decision::Deny(_))
    }
}

fn named(cluster: &ClusterName, object: &Value) -> Named {
    Named::of(&ObjectTarget::workspace(cluster, text(object, "/metadata/namespace"), text(object, "/metadata/name")))
}

/// What is waited for of one of them. One that went by itself meanwhile is where it was asked to.
fn each(object: &Value, done: &Result<Value, ActError>) -> Each {
    let generation = |of: &Value| of.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
    Each {
        namespace: text(object, "/metadata/namespace"),
        name: text(object, "/metadata/name"),
        uid: text(object, "/metadata/uid"),
        generation: done.as_ref().map_or(0, generation),
        wrong: match done {
            Ok(_) | Err(ActError::NotFound(_)) => None,
            Err(error) => Some((error.code(), error.to_string())),
        },
    }
}
